// library.cpp: libtorch as a whole: loading, threads, seeds, CUDA, warnings.
#include "internal.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>
#include <c10/util/Logging.h>
#include <torch/cuda.h>
#include <torch/csrc/autograd/autograd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <mutex>
#include <sched.h>
#include <set>
#include <unistd.h>

using namespace moonlark;

namespace {

std::atomic<bool> warnings_shown{true};

// One line, once: libtorch's warnings run on into advice for Python.
void print_warning(const std::string &message)
{
    static std::mutex lock;
    static auto *seen = new std::set<std::string>;
    std::lock_guard<std::mutex> hold(lock);
    std::string line = message.substr(0, message.find('\n'));
    if (warnings_shown && seen->insert(line).second)
        std::fprintf(stderr, "moonlark: libtorch warns: %s\n", line.c_str());
}

// From 2.0 a warning is an object; before, Warning was a namespace of functions.
#ifdef MOONLARK_WARNING_OBJECTS
struct Warnings : c10::WarningHandler {
    void process(const c10::Warning &warning) override { print_warning(warning.msg()); }
};
void install(Warnings *handler) { c10::WarningUtils::set_warning_handler(handler); }
#else
struct Warnings : c10::WarningHandler {
    void process(const c10::SourceLocation &, const std::string &message, const bool) override
    {
        print_warning(message);
    }
};
void install(Warnings *handler) { c10::Warning::set_warning_handler(handler); }
#endif

// The path of libtorch_cpu.so: the shared object that holds one of its functions.
std::string find_library()
{
    Dl_info info;
    auto *function = reinterpret_cast<void *>(&torch::cuda::device_count);
    if (dladdr(function, &info) && info.dli_fname)
        return info.dli_fname;
    return "";
}

std::string &library()
{
    static auto *path = new std::string(find_library());
    return *path;
}

std::string &cuda_reason()
{
    static auto *reason = new std::string;
    return *reason;
}

// This must come before the first question about devices, for libtorch remembers the answer.
void load_cuda()
{
    std::string folder = library().substr(0, library().rfind('/') + 1);
    std::string path = folder + "libtorch_cuda.so";
    if (access(path.c_str(), F_OK) != 0) {
        cuda_reason() = "this libtorch (" + folder + ") is built for the CPU only; build with "
                        "-DMOONLARK_TORCH_DIR= and one that has libtorch_cuda.so";
        return;
    }
    if (!dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
        cuda_reason() = "no NVIDIA driver (libcuda.so.1) on this machine";
        return;
    }
    if (!dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
        cuda_reason() = std::string("libtorch_cuda.so does not load: ") + dlerror();
}

// A function of the OpenBLAS that multiplies matrices for Debian's libtorch; null where libtorch brings its own BLAS.
void *openblas(const char *name)
{
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&openblas), &info))
        return nullptr;
    void *self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    if (!self)
        return nullptr;
    void *function = dlsym(self, name);
    dlclose(self);
    return function;
}

// The library that a function is from.
std::string file_of(void *function)
{
    Dl_info info;
    return dladdr(function, &info) && info.dli_fname ? info.dli_fname : "";
}

std::string describe_blas()
{
    auto core = reinterpret_cast<char *(*)()>(openblas("openblas_get_corename"));
    auto parallel = reinterpret_cast<int (*)()>(openblas("openblas_get_parallel"));
    auto threads = reinterpret_cast<int (*)()>(openblas("openblas_get_num_threads"));
    if (!core || !parallel || !threads)
        return at::hasMKL() ? "its own, MKL" : "its own";
    const char *kinds[] = {"serial", "pthreads", "openmp"};
    int kind = parallel();
    return file_of(reinterpret_cast<void *>(core)) + ", " + (kind >= 0 && kind < 3 ? kinds[kind] : "unknown") +
           ", kernels for " + core() + ", " + std::to_string(threads()) + " threads";
}

// The dtype that autocast computes in. PyTorch 2 takes the device's type as an argument, 1 has a function for each.
void set_autocast_dtype(c10::DeviceType type, at::ScalarType dtype)
{
#ifdef MOONLARK_AUTOCAST_BY_DEVICE
    at::autocast::set_autocast_dtype(type, dtype);
#else
    if (type == c10::kCUDA)
        at::autocast::set_autocast_gpu_dtype(dtype);
    else
        at::autocast::set_autocast_cpu_dtype(dtype);
#endif
}

int cores()
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int wanted_threads()
{
    for (const char *name : {"MOONLARK_THREADS", "OMP_NUM_THREADS"}) {
        const char *text = std::getenv(name);
        int threads = text ? std::atoi(text) : 0;
        if (threads > 0)
            return threads;
    }
    return cores();
}

} // namespace

extern "C" {

int mlk_torch_load(mlk_status *status)
{
    return guarded(status, "libtorch", [&] {
        static bool loaded = false;
        if (loaded)
            return (int)MLK_OK;
        load_cuda();
        c10::SetStackTraceFetcher(std::function<std::string()>([] { return std::string(); }));
        install(new Warnings);
        install_allocator();
        repair();
        mlk_torch_set_threads(wanted_threads());
        loaded = true;
        return (int)MLK_OK;
    });
}

const char *mlk_torch_version(void)
{
    return MOONLARK_TORCH_VERSION;
}

const char *mlk_torch_path(void)
{
    return library().c_str();
}

const char *mlk_torch_blas(void)
{
    static auto *text = new std::string;
    guarded(nullptr, "blas", [&] {
        *text = describe_blas();
        return (int)MLK_OK;
    });
    return text->c_str();
}

int mlk_torch_cuda_devices(const char **reason)
{
    int devices = 0;
    guarded(nullptr, "cuda", [&] {
        devices = cuda_reason().empty() ? (int)torch::cuda::device_count() : 0;
        if (devices == 0 && cuda_reason().empty())
            cuda_reason() = "the NVIDIA driver shows no device";
        return (int)MLK_OK;
    });
    *reason = devices ? nullptr : cuda_reason().c_str();
    return devices;
}

int mlk_torch_synchronize(mlk_status *status)
{
    return guarded(status, "synchronize", [&] {
        const char *reason;
        if (mlk_torch_cuda_devices(&reason))
            torch::cuda::synchronize();
        return (int)MLK_OK;
    });
}

int mlk_torch_threads(void)
{
    return at::get_num_threads();
}

void mlk_torch_set_threads(int threads)
{
    computed(nullptr, "threads", [&] {
        at::set_num_threads(threads);
        // This is for threads that exist already, perhaps made by another library; a new one begins as its maker is.
        at::parallel_for(0, threads, 1, [](int64_t, int64_t) { mlk_subnormal_flush(); });
        // libtorch does not tell an OpenBLAS that has threads of its own.
        if (auto set = reinterpret_cast<void (*)(int)>(openblas("openblas_set_num_threads")))
            set(threads);
        return (int)MLK_OK;
    });
}

int mlk_torch_set_deterministic(bool deterministic, mlk_status *status)
{
    return guarded(status, "set_deterministic", [&] {
        if (deterministic) {
            setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
            at::globalContext().setBenchmarkCuDNN(false);
        }
        at::globalContext().setDeterministicAlgorithms(deterministic, false);
        at::globalContext().setDeterministicCuDNN(deterministic);
        return (int)MLK_OK;
    });
}

int mlk_torch_autocast(const char *device, const char *dtype, mlk_status *status)
{
    return guarded(status, "autocast", [&] {
        c10::DeviceType type = c10::Device(std::string(device)).type();
        if (type != c10::kCPU && type != c10::kCUDA)
            throw Invalid(std::string("autocast: device must be cpu or cuda, got ") + device);
        if (dtype) {
            std::string name = dtype;
            if (name != "bfloat16" && name != "float16")
                throw Invalid("autocast: dtype must be bfloat16 or float16, got " + name);
            set_autocast_dtype(type, name == "bfloat16" ? at::kBFloat16 : at::kHalf);
        } else {
            at::autocast::clear_cache();
        }
        auto key = type == c10::kCUDA ? c10::DispatchKey::AutocastCUDA : c10::DispatchKey::AutocastCPU;
        c10::impl::tls_set_dispatch_key_excluded(key, dtype == nullptr);
        return (int)MLK_OK;
    });
}

int mlk_torch_seed(uint64_t seed, mlk_status *status)
{
    return guarded(status, "manual_seed", [&] {
        at::manual_seed(seed);
        return (int)MLK_OK;
    });
}

void mlk_torch_show_warnings(bool shown)
{
    warnings_shown = shown;
}

} // extern "C"
