// repairs.cpp: faults of older libtorch that would spoil results in silence.
#include "internal.h"

#include <torch/version.h>

#if TORCH_VERSION_MAJOR < 2
#include <ATen/ops/gelu_backward_cpu_dispatch.h>
#include <torch/library.h>
#endif

namespace moonlark {

#if TORCH_VERSION_MAJOR < 2

namespace {

// 1.13 hands gradients to oneDNN, which writes nothing sensible where they are transposed.
at::Tensor gelu_backward(const at::Tensor &gradient, const at::Tensor &x, c10::string_view approximate)
{
    return at::cpu::gelu_backward(gradient.contiguous(), x, approximate);
}

} // namespace

void repair()
{
    static auto *mended = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
    mlk_torch_show_warnings(false); // that a function takes another's place
    mended->impl("gelu_backward", TORCH_FN(gelu_backward));
    mlk_torch_show_warnings(true);
}

#else

void repair() {}

#endif

} // namespace moonlark
