// team.cpp: work of our own on libtorch's threads.
#include "internal.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <dlfcn.h>

using namespace moonlark;

namespace {

struct Team {
    const std::function<void(int64_t)> &task;
    int64_t count;
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{false};
    std::exception_ptr error = nullptr;

    void work() noexcept
    {
        c10::NoGradGuard without_gradients; // a thread has a mode of its own
        try {
            for (int64_t i; !failed && (i = next++) < count;)
                task(i);
        } catch (...) {
            if (!failed.exchange(true))
                error = std::current_exception();
        }
    }
};

using Region = void (*)(void (*)(void *), void *, unsigned, unsigned);

// The entry of the OpenMP that libtorch itself was linked with: two of them would fight for the cores. NULL: it has
// another kind of threads.
Region region()
{
    static const Region found = [] {
        void *torch = dlopen(mlk_torch_path(), RTLD_NOW | RTLD_NOLOAD);
        return torch ? reinterpret_cast<Region>(dlsym(torch, "GOMP_parallel")) : nullptr;
    }();
    return found;
}

} // namespace

void moonlark::in_parallel(int64_t count, const std::function<void(int64_t)> &task)
{
    Team team{task, count};
    if (count > 1 && at::get_num_threads() > 1 && !at::in_parallel_region() && region())
        region()([](void *data) { static_cast<Team *>(data)->work(); }, &team, 0, 0);
    else
        team.work();
    if (team.error)
        std::rethrow_exception(team.error);
}
