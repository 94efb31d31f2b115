// overload.h: an operator's schema, compiled into the form that choosing and calling it need.
#pragma once

#include "internal.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace moonlark {

enum class Kind {
    tensor,
    scalar, // int, float, bool or complex, as the value is
    integer,
    number,
    complex,
    boolean,
    string,
    reduction, // an int in the schema: none, mean or sum
    dtype,
    layout,
    memory_format,
    device,
    generator,
    list,
    unsupported,
};

struct Parameter {
    std::string name;
    Kind kind = Kind::unsupported;
    Kind element = Kind::unsupported; // of a list
    int size = -1;                    // int[2] has 2
    bool optional = false;
    bool element_optional = false;
    bool keyword_only = false;
    bool written = false;
    bool has_default = false;
    c10::IValue fallback;
};

constexpr int max_parameters = 64;

// Which given value goes to which parameter; NULL takes the default.
struct Binding {
    const mlk_value *values[max_parameters];
    int varargs;           // the parameter that view(2, 3) collects into, or -1
    mlk_value vararg_list;
    bool requires_grad;    // the caller asks a factory for it, whose schema has no such argument
};

} // namespace moonlark

struct mlk_overload {
    explicit mlk_overload(const c10::OperatorHandle &handle) : handle(handle) {}

    c10::OperatorHandle handle;
    std::string family, name, schema, unusable;
    std::vector<moonlark::Parameter> parameters;
    int self = -1; // which parameter a method's tensor is
    int n_positional = 0;
    bool arithmetic = false, factory = false, returns_tensor = false, returns_self = false, returns_dtype = false;
};

struct mlk_family {
    std::string name;
    bool arithmetic = false, is_method = false;
    std::vector<mlk_overload> overloads, unusable;
};

namespace moonlark {

// libtorch's number for "none", "mean" or "sum"; -1 for another word.
int reduction_number(const std::string &word);

// Total cost of giving these arguments to the overload, or -1 when they do not fit.
int bind(const mlk_overload &overload, const mlk_arguments &arguments, Binding *binding);

} // namespace moonlark
