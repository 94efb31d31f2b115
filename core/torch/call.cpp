// call.cpp: converts values by the schema, calls the operator boxed, converts what comes back.
#include "overload.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/List.h>

using namespace moonlark;

namespace {

at::Scalar scalar_of(const mlk_value &value)
{
    switch (value.kind) {
    case MLK_BOOLEAN: return at::Scalar(value.boolean);
    case MLK_INTEGER: return at::Scalar(value.integer);
    case MLK_COMPLEX: return at::Scalar(c10::complex<double>(value.complex[0], value.complex[1]));
    default: return at::Scalar(value.number);
    }
}

int64_t integer_of(const mlk_value &value)
{
    return value.kind == MLK_INTEGER ? value.integer : (int64_t)value.number;
}

double number_of(const mlk_value &value)
{
    return value.kind == MLK_INTEGER ? (double)value.integer : value.number;
}

// A plain number beside a tensor: takes part in type promotion as Python's numbers do.
at::Tensor tensor_from(const mlk_value &value)
{
    if (value.kind == MLK_TENSOR)
        return tensor_of(value.tensor);
    at::Tensor wrapped = c10::scalar_to_tensor(scalar_of(value));
    wrapped.unsafeGetTensorImpl()->set_wrapped_number(true);
    return wrapped;
}

at::Layout parse_layout(const std::string &name)
{
    if (name == "strided")
        return at::kStrided;
    if (name == "sparse_coo")
        return at::kSparse;
    if (name == "sparse_csr")
        return at::kSparseCsr;
    throw Invalid("layout must be strided, sparse_coo or sparse_csr, got " + name);
}

at::MemoryFormat parse_memory_format(const std::string &name)
{
    if (name == "contiguous_format")
        return at::MemoryFormat::Contiguous;
    if (name == "preserve_format")
        return at::MemoryFormat::Preserve;
    if (name == "channels_last")
        return at::MemoryFormat::ChannelsLast;
    if (name == "channels_last_3d")
        return at::MemoryFormat::ChannelsLast3d;
    throw Invalid("memory_format must be contiguous_format, preserve_format, channels_last or channels_last_3d, got "
                  + name);
}

c10::IValue convert(Kind kind, const mlk_value &value)
{
    switch (kind) {
    case Kind::tensor: return tensor_from(value);
    case Kind::scalar: return scalar_of(value);
    case Kind::integer: return integer_of(value);
    case Kind::number: return number_of(value);
    case Kind::complex:
        if (value.kind == MLK_COMPLEX)
            return c10::complex<double>(value.complex[0], value.complex[1]);
        return c10::complex<double>(number_of(value), 0);
    case Kind::boolean: return value.boolean;
    case Kind::string: return std::string(value.text);
    case Kind::reduction:
        return value.kind == MLK_STRING ? reduction_number(value.text) : value.integer;
    case Kind::dtype: {
        at::ScalarType type = at::kFloat;
        parse_dtype(value.text, &type);
        return type;
    }
    case Kind::layout: return parse_layout(value.text);
    case Kind::memory_format: return parse_memory_format(value.text);
    case Kind::device: return parse_device(value.text);
    default: throw Invalid("this type of argument cannot come from Lua");
    }
}

// The items of a list, or one number that stands for each axis.
struct Items {
    const mlk_value *first;
    size_t count, repeat;

    Items(const Parameter &parameter, const mlk_value &value)
        : first(value.kind == MLK_LIST ? value.list.items : &value),
          count(value.kind == MLK_LIST ? value.list.count : 1),
          repeat(value.kind == MLK_LIST ? 1 : (size_t)parameter.size)
    {
    }

    template <class Push> void each(Push &&push) const
    {
        for (size_t r = 0; r < repeat; r++)
            for (size_t i = 0; i < count; i++)
                push(first[i]);
    }
};

template <class Element, class Convert> c10::IValue list_of(const Items &items, Convert &&convert_item)
{
    c10::List<Element> list;
    list.reserve(items.count * items.repeat);
    items.each([&](const mlk_value &item) { list.push_back(convert_item(item)); });
    return list;
}

// A list whose items may be missing, or of any number.
c10::IValue mixed_list(const Parameter &parameter, const Items &items)
{
    c10::TypePtr element = c10::TensorType::get();
    if (parameter.element == Kind::scalar)
        element = c10::NumberType::get();
    else if (parameter.element == Kind::integer)
        element = c10::IntType::get();
    else if (parameter.element != Kind::tensor)
        throw Invalid(parameter.name + ": such a list cannot come from Lua");
    if (parameter.element_optional)
        element = c10::OptionalType::create(element);
    c10::impl::GenericList list(element);
    items.each([&](const mlk_value &item) {
        list.push_back(item.kind == MLK_NIL ? c10::IValue() : convert(parameter.element, item));
    });
    return list;
}

c10::IValue convert_list(const Parameter &parameter, const mlk_value &value)
{
    const Items items(parameter, value);
    if (parameter.element_optional)
        return mixed_list(parameter, items);
    switch (parameter.element) {
    case Kind::tensor:
        return list_of<at::Tensor>(items, [](const mlk_value &item) { return tensor_of(item.tensor); });
    case Kind::integer: return list_of<int64_t>(items, integer_of);
    case Kind::number: return list_of<double>(items, number_of);
    case Kind::boolean: return list_of<bool>(items, [](const mlk_value &item) { return item.boolean; });
    default: return mixed_list(parameter, items);
    }
}

} // namespace

mlk_results::mlk_results(std::vector<c10::IValue> stack) : held(std::move(stack))
{
    for (const c10::IValue &value : held)
        values.push_back(convert(value));
}

mlk_value mlk_results::convert(const c10::IValue &value)
{
    mlk_value out = {};
    auto text = [&](std::string string) {
        texts.push_back(std::move(string));
        out.kind = MLK_STRING;
        out.text = texts.back().c_str();
    };
    auto list = [&](const auto &elements) {
        std::vector<mlk_value> converted;
        for (const auto &element : elements) {
            held_parts.emplace_back(element);
            converted.push_back(convert(held_parts.back()));
        }
        items.push_back(std::move(converted));
        out.kind = MLK_LIST;
        out.list.items = items.back().data();
        out.list.count = items.back().size();
    };
    if (value.isTensor()) {
        const at::Tensor &tensor = value.toTensor();
        if (tensor.defined()) {
            out.kind = MLK_TENSOR;
            out.tensor = reinterpret_cast<mlk_tensor *>(tensor.unsafeGetTensorImpl());
        }
    } else if (value.isInt()) {
        out.kind = MLK_INTEGER;
        out.integer = value.toInt();
    } else if (value.isDouble()) {
        out.kind = MLK_NUMBER;
        out.number = value.toDouble();
    } else if (value.isBool()) {
        out.kind = MLK_BOOLEAN;
        out.boolean = value.toBool();
    } else if (value.isComplexDouble()) {
        c10::complex<double> number = value.toComplexDouble();
        out.kind = MLK_COMPLEX;
        out.complex[0] = number.real();
        out.complex[1] = number.imag();
    } else if (value.isString()) {
        text(value.toStringRef());
    } else if (value.isDevice()) {
        text(value.toDevice().str());
    } else if (value.isTuple()) {
        list(value.toTupleRef().elements());
    } else if (value.isList()) {
        list(value.toListRef());
    }
    return out;
}

extern "C" {

int mlk_overload_call(const mlk_overload *overload, const mlk_arguments *arguments, mlk_outcome *outcome,
                      mlk_status *status)
{
    return computed(status, overload->family.c_str(), [&] {
        Binding binding;
        if (bind(*overload, *arguments, &binding) < 0)
            throw Invalid("the arguments do not fit " + overload->schema);
        std::vector<c10::IValue> stack;
        stack.reserve(overload->parameters.size());
        for (size_t i = 0; i < overload->parameters.size(); i++) {
            const Parameter &parameter = overload->parameters[i];
            const mlk_value *value = binding.values[i];
            if (!value || (value->kind == MLK_NIL && !parameter.optional))
                stack.push_back(parameter.fallback);
            else if (value->kind == MLK_NIL)
                stack.emplace_back();
            else if (parameter.kind == Kind::list)
                stack.push_back(convert_list(parameter, *value));
            else
                stack.push_back(convert(parameter.kind, *value));
        }
        overload->handle.callBoxed(&stack);
        *outcome = {};
        if (overload->returns_tensor && stack.size() == 1) {
            at::Tensor tensor = std::move(stack[0]).toTensor();
            if (binding.requires_grad)
                tensor.set_requires_grad(true);
            outcome->tensor = hand_over(std::move(tensor));
        }
        if (overload->returns_dtype && stack.size() == 1)
            stack[0] = std::string(dtype_name((at::ScalarType)stack[0].toInt()));
        if (!outcome->tensor)
            outcome->results = new mlk_results(std::move(stack));
        return (int)MLK_OK;
    });
}

size_t mlk_results_count(const mlk_results *results)
{
    return results->values.size();
}

const mlk_value *mlk_results_get(const mlk_results *results, size_t index)
{
    return &results->values[index];
}

void mlk_results_free(mlk_results *results)
{
    delete results;
}

} // extern "C"
