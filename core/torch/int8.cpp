// int8.cpp: linear layers whose weights are 8-bit integers, as operators of ours: int8_pack and int8_linear.
#include "internal.h"

extern "C" {
#include "kernels/int8.h"
}

#include <ATen/ops/empty.h>
#include <torch/library.h>

using namespace moonlark;

namespace {

constexpr int64_t rows_at_once = 120; // of a task: a multiple of 6, whose rounded numbers stay in a core's cache

at::Tensor numbers(const at::Tensor &tensor, const char *what)
{
    if (tensor.scalar_type() != at::kFloat)
        throw Invalid(std::string("int8: ") + what + " must be float32, got " + dtype_name(tensor.scalar_type()));
    return tensor.contiguous();
}

// The packed weights [panels, k] and the scale of each output.
std::tuple<at::Tensor, at::Tensor> pack(const at::Tensor &given)
{
    const at::Tensor weight = numbers(given, "the weight");
    if (weight.dim() != 2 || weight.size(1) < 1 || weight.size(1) > MLK_INT8_MOST_K)
        throw Invalid("int8: the weight must be [outputs, inputs], at most 130000 inputs");
    const size_t outputs = (size_t)weight.size(0), k = (size_t)weight.size(1);
    at::Tensor packed = at::empty({(int64_t)mlk_int8_packed_size(outputs, k)}, weight.options().dtype(at::kByte));
    at::Tensor scales = at::empty({weight.size(0)}, weight.options());
    mlk_int8_pack(weight.data_ptr<float>(), outputs, k, packed.data_ptr<uint8_t>(), scales.data_ptr<float>());
    return {packed, scales};
}

// The input's rows, rounded.
struct Rounded {
    std::vector<int8_t> numbers;
    std::vector<float> scales;
    std::vector<int32_t> sums;

    Rounded(const float *x, int64_t rows, size_t k)
        : numbers((size_t)rows * mlk_int8_depth(k)), scales((size_t)rows), sums((size_t)rows)
    {
        in_parallel((rows + rows_at_once - 1) / rows_at_once, [&](int64_t task) {
            const int64_t end = std::min(rows, (task + 1) * rows_at_once);
            for (auto i = (size_t)(task * rows_at_once); i < (size_t)end; i++)
                mlk_int8_round(x + i * k, k, &numbers[i * mlk_int8_depth(k)], &scales[i], &sums[i]);
        });
    }
};

at::Tensor linear(const at::Tensor &given, const at::Tensor &packed, const at::Tensor &scales, const at::Tensor &bias)
{
    const at::Tensor x = numbers(given, "the input");
    const int64_t outputs = scales.size(0);
    const size_t k = x.dim() > 0 ? (size_t)x.size(-1) : 0;
    if (k < 1 || packed.numel() != (int64_t)mlk_int8_packed_size((size_t)outputs, k) || !packed.is_contiguous())
        throw Invalid("int8: the input does not fit the packed weight");
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = outputs;
    at::Tensor result = at::empty(shape, x.options());
    const int64_t rows = x.numel() / (int64_t)k, panels = (outputs + MLK_INT8_PANEL - 1) / MLK_INT8_PANEL;
    const size_t depth = mlk_int8_depth(k);
    const Rounded rounded(x.data_ptr<float>(), rows, k);
    const mlk_int8_way way = mlk_int8_best();
    float *out = result.data_ptr<float>();
    in_parallel((rows + rows_at_once - 1) / rows_at_once * panels, [&](int64_t task) {
        const auto from = (size_t)(task / panels * rows_at_once), at = (size_t)(task % panels * MLK_INT8_PANEL);
        const mlk_int8_rows some = {&rounded.numbers[from * depth], &rounded.scales[from], &rounded.sums[from],
                                    std::min((size_t)rows_at_once, (size_t)rows - from), k};
        const mlk_int8_panel panel = {packed.data_ptr<uint8_t>() + at * depth, scales.data_ptr<float>() + at,
                                      bias.defined() ? bias.data_ptr<float>() + at : nullptr,
                                      std::min((size_t)MLK_INT8_PANEL, (size_t)outputs - at)};
        mlk_int8_product(way, &some, &panel, out + from * (size_t)outputs + at, (size_t)outputs);
    });
    return result;
}

// By the stack, since optional tensors have other types in other versions.
void linear_boxed(const c10::OperatorHandle &, std::vector<c10::IValue> *stack)
{
    auto argument = [&](size_t i) -> c10::IValue & { return (*stack)[stack->size() - 4 + i]; };
    at::Tensor bias = argument(3).isNone() ? at::Tensor() : argument(3).toTensor();
    at::Tensor result = linear(argument(0).toTensor(), argument(1).toTensor(), argument(2).toTensor(), bias);
    stack->resize(stack->size() - 4);
    stack->emplace_back(std::move(result));
}

} // namespace

TORCH_LIBRARY_FRAGMENT(moonlark, library)
{
    library.def("int8_pack(Tensor weight) -> (Tensor, Tensor)");
    library.def("int8_linear(Tensor input, Tensor packed, Tensor scales, Tensor? bias) -> Tensor");
}

TORCH_LIBRARY_IMPL(moonlark, CPU, library)
{
    library.impl("int8_pack", &pack);
    library.impl("int8_linear", torch::CppFunction::makeFromBoxedFunction<&linear_boxed>());
}
