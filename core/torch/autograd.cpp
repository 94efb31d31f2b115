// autograd.cpp: gradients.
#include "internal.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

using namespace moonlark;

namespace {

std::vector<at::Tensor> tensors_of(const mlk_value &list, const char *name)
{
    std::vector<at::Tensor> tensors;
    auto add = [&](const mlk_value &value) {
        if (value.kind != MLK_TENSOR)
            throw Invalid(std::string(name) + " must be tensors, got " + describe(value));
        tensors.push_back(tensor_of(value.tensor));
    };
    if (list.kind == MLK_LIST) {
        for (size_t i = 0; i < list.list.count; i++)
            add(list.list.items[i]);
    } else if (list.kind != MLK_NIL) {
        add(list);
    }
    return tensors;
}

} // namespace

extern "C" {

bool mlk_autograd_enabled(void)
{
    return c10::GradMode::is_enabled();
}

void mlk_autograd_enable(bool enabled)
{
    c10::GradMode::set_enabled(enabled);
}

bool mlk_tensor_requires_grad(const mlk_tensor *tensor)
{
    bool requires_grad = false;
    guarded(nullptr, "requires_grad", [&] {
        requires_grad = tensor_of(tensor).requires_grad();
        return (int)MLK_OK;
    });
    return requires_grad;
}

int mlk_tensor_set_requires_grad(mlk_tensor *tensor, bool requires_grad, mlk_status *status)
{
    return guarded(status, "requires_grad_", [&] {
        at::Tensor t = tensor_of(tensor);
        if (!requires_grad && !t.is_leaf())
            throw Invalid("only a leaf's requires_grad can be changed; t:detach() gives a tensor without history");
        t.set_requires_grad(requires_grad);
        return (int)MLK_OK;
    });
}

bool mlk_tensor_is_leaf(const mlk_tensor *tensor)
{
    bool leaf = true;
    guarded(nullptr, "is_leaf", [&] {
        leaf = tensor_of(tensor).is_leaf();
        return (int)MLK_OK;
    });
    return leaf;
}

int mlk_tensor_grad(mlk_tensor *tensor, mlk_tensor **out, mlk_status *status)
{
    return computed(status, "grad", [&] {
        *out = hand_over(tensor_of(tensor).grad());
        return (int)MLK_OK;
    });
}

int mlk_tensor_set_grad(mlk_tensor *tensor, mlk_tensor *grad, mlk_status *status)
{
    return guarded(status, "set_grad", [&] {
        at::Tensor t = tensor_of(tensor);
        at::Tensor g = grad ? tensor_of(grad) : at::Tensor();
        if (g.defined() && g.sizes() != t.sizes())
            throw Invalid("the gradient must have the tensor's shape");
        t.mutable_grad() = g;
        return (int)MLK_OK;
    });
}

int mlk_tensor_backward(mlk_tensor *tensor, mlk_tensor *gradient, const mlk_autograd_options *options,
                        mlk_status *status)
{
    return computed(status, "backward", [&] {
        at::Tensor g = gradient ? tensor_of(gradient) : at::Tensor();
        tensor_of(tensor).backward(g, options->retain_graph || options->create_graph, options->create_graph);
        return (int)MLK_OK;
    });
}

int mlk_autograd_grad(const mlk_value *outputs, const mlk_value *inputs, const mlk_value *gradients,
                      const mlk_autograd_options *options, mlk_results **out, mlk_status *status)
{
    return guarded(status, "grad", [&] {
        std::vector<at::Tensor> found = torch::autograd::grad(
            tensors_of(*outputs, "outputs"), tensors_of(*inputs, "inputs"), tensors_of(*gradients, "grad_outputs"),
            options->retain_graph || options->create_graph, options->create_graph, options->allow_unused);
        std::vector<c10::IValue> values;
        for (at::Tensor &tensor : found)
            values.emplace_back(std::move(tensor));
        *out = new mlk_results(std::move(values));
        return (int)MLK_OK;
    });
}

} // extern "C"
