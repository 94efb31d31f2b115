// operators.cpp: which operators libtorch has, and which overload fits given arguments.
//
// Each name's schemas are compiled once into the few kinds that Lua can give.
// An overload's cost is the sum of what converting its arguments costs; the
// lowest wins, then fewer arguments, then the name.
#include "overload.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

using namespace moonlark;
using namespace std::string_literals;

namespace moonlark {
namespace {

constexpr int never = -1;

// Names whose Tensor arguments also take plain numbers, as Python's operators do.
const std::set<std::string> arithmetic_names = {
    "add", "sub", "rsub", "mul", "div", "true_divide", "floor_divide", "divide", "multiply", "subtract",
    "remainder", "fmod", "pow", "float_power", "maximum", "minimum", "fmax", "fmin", "atan2", "arctan2", "hypot",
    "copysign", "logaddexp", "logaddexp2", "xlogy", "where", "eq", "ne", "lt", "le", "gt", "ge", "clamp_min",
    "clamp_max", "bitwise_and", "bitwise_or", "bitwise_xor", "logical_and", "logical_or", "logical_xor",
    "heaviside", "nextafter", "gcd", "lcm",
};

bool is_arithmetic(std::string name)
{
    if (!name.empty() && name.back() == '_')
        name.pop_back();
    return arithmetic_names.count(name) > 0;
}

Kind kind_of(const c10::Type &type)
{
    switch (type.kind()) {
    case c10::TypeKind::TensorType: return Kind::tensor;
    case c10::TypeKind::NumberType: return Kind::scalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::integer;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType: return Kind::number;
    case c10::TypeKind::ComplexType: return Kind::complex;
    case c10::TypeKind::BoolType: return Kind::boolean;
    case c10::TypeKind::StringType: return Kind::string;
    case c10::TypeKind::ScalarTypeType: return Kind::dtype;
    case c10::TypeKind::LayoutType: return Kind::layout;
    case c10::TypeKind::MemoryFormatType: return Kind::memory_format;
    case c10::TypeKind::DeviceObjType: return Kind::device;
    case c10::TypeKind::GeneratorType: return Kind::generator;
    case c10::TypeKind::ListType: return Kind::list;
    default: return Kind::unsupported;
    }
}

Parameter compile(const c10::Argument &argument)
{
    Parameter parameter;
    parameter.name = argument.name();
    parameter.keyword_only = argument.kwarg_only();
    parameter.written = argument.alias_info() && argument.alias_info()->isWrite();
    parameter.size = argument.N() ? *argument.N() : -1;
    if (argument.default_value()) {
        parameter.has_default = true;
        parameter.fallback = *argument.default_value();
    }
    c10::TypePtr type = argument.real_type();
    if (auto optional = type->cast<c10::OptionalType>()) {
        parameter.optional = true;
        type = optional->getElementType();
    }
    parameter.kind = kind_of(*type);
    if (parameter.kind == Kind::integer && parameter.name == "reduction")
        parameter.kind = Kind::reduction;
    if (parameter.kind == Kind::list) {
        c10::TypePtr element = type->expectRef<c10::ListType>().getElementType();
        if (auto optional = element->cast<c10::OptionalType>()) {
            parameter.element_optional = true;
            element = optional->getElementType();
        }
        parameter.element = kind_of(*element);
        if (parameter.element == Kind::list || parameter.element == Kind::unsupported)
            parameter.kind = Kind::unsupported;
    }
    return parameter;
}

bool is_dimname(const Parameter &parameter)
{
    static const std::set<std::string> names = {"dim", "dim0", "dim1", "out_dim", "start_dim"};
    bool text = parameter.kind == Kind::string && names.count(parameter.name);
    return text || (parameter.kind == Kind::list && parameter.element == Kind::string);
}

// The reason why Lua cannot call this overload; empty when it can.
std::string reason_unusable(const mlk_overload &overload)
{
    for (const Parameter &parameter : overload.parameters) {
        if ((parameter.written && parameter.keyword_only) || parameter.name == "out")
            return "writes to an out= argument";
        if (is_dimname(parameter))
            return "names its dimensions";
        bool droppable = parameter.has_default || parameter.optional;
        if (parameter.kind == Kind::unsupported && !droppable)
            return "takes " + parameter.name + ", of a type that Lua has no value for";
        if (parameter.kind == Kind::generator && !droppable)
            return "takes a generator";
    }
    return "";
}

// Schemas as people write them: without the namespace.
std::string schema_text(const c10::FunctionSchema &schema)
{
    std::string text = c10::toString(schema);
    size_t at = text.find("::");
    return at == std::string::npos ? text : text.substr(at + 2);
}

mlk_overload compile(const c10::OperatorHandle &handle)
{
    const c10::FunctionSchema &schema = handle.schema();
    mlk_overload overload(handle);
    overload.family = schema.name().substr(schema.name().find("::") + 2);
    overload.name = overload.family + (schema.overload_name().empty() ? "" : "." + schema.overload_name());
    overload.schema = schema_text(schema);
    int index = 0;
    bool dtype = false, device = false;
    for (const c10::Argument &argument : schema.arguments()) {
        overload.parameters.push_back(compile(argument));
        const Parameter &parameter = overload.parameters.back();
        if (parameter.name == "self")
            overload.self = index;
        if (!parameter.keyword_only)
            overload.n_positional = index + 1;
        dtype |= parameter.kind == Kind::dtype && parameter.keyword_only;
        device |= parameter.kind == Kind::device && parameter.keyword_only;
        index++;
    }
    if (overload.self < 0 && overload.n_positional > 0 && overload.parameters[0].kind == Kind::tensor)
        overload.self = 0; // conv2d calls it `input`
    overload.factory = dtype && device;
    const auto &returns = schema.returns();
    overload.returns_tensor = returns.size() == 1 && returns[0].type()->kind() == c10::TypeKind::TensorType;
    overload.returns_dtype = returns.size() == 1 && returns[0].real_type()->kind() == c10::TypeKind::ScalarTypeType;
    overload.returns_self = overload.returns_tensor && returns[0].alias_info() && returns[0].alias_info()->isWrite()
        && !overload.parameters.empty() && overload.parameters[0].written;
    return overload;
}

// Every operator of libtorch, by name, and ours, by "moonlark::name". Names are read once; schemas compile at first
// use.
struct Registry {
    std::mutex lock;
    std::unordered_map<std::string, std::vector<c10::OperatorName>> names;
    std::unordered_map<std::string, std::unique_ptr<mlk_family>> families;
    std::vector<std::string> sorted;
    std::vector<const char *> listed;

    Registry()
    {
        for (const c10::OperatorName &name : c10::Dispatcher::singleton().getAllOpNames())
            if (name.name.compare(0, 6, "aten::") == 0)
                names[name.name.substr(6)].push_back(name);
            else if (name.name.compare(0, 10, "moonlark::") == 0)
                names[name.name].push_back(name);
    }

    const mlk_family *find(const std::string &name)
    {
        std::lock_guard<std::mutex> hold(lock);
        return find_locked(name);
    }

    const mlk_family *find_locked(const std::string &name)
    {
        auto known = families.find(name);
        if (known != families.end())
            return known->second.get();
        auto listed_names = names.find(name);
        if (listed_names == names.end())
            return nullptr;
        auto family = std::make_unique<mlk_family>();
        family->name = name;
        family->arithmetic = is_arithmetic(name);
        for (const c10::OperatorName &operator_name : listed_names->second) {
            auto handle = c10::Dispatcher::singleton().findSchema(operator_name);
            if (!handle)
                continue;
            mlk_overload overload = compile(*handle);
            overload.arithmetic = family->arithmetic;
            overload.unusable = reason_unusable(overload);
            family->is_method |= overload.unusable.empty() && overload.self >= 0;
            (overload.unusable.empty() ? family->overloads : family->unusable).push_back(std::move(overload));
        }
        auto by_name = [](const mlk_overload &a, const mlk_overload &b) { return a.name < b.name; };
        std::sort(family->overloads.begin(), family->overloads.end(), by_name);
        std::sort(family->unusable.begin(), family->unusable.end(), by_name);
        return (families[name] = std::move(family)).get();
    }

    const std::vector<const char *> &list()
    {
        std::lock_guard<std::mutex> hold(lock);
        if (listed.empty()) {
            for (const auto &entry : names)
                if (entry.first.find(':') == std::string::npos)
                    sorted.push_back(entry.first);
            std::sort(sorted.begin(), sorted.end());
            for (const std::string &name : sorted)
                listed.push_back(name.c_str());
        }
        return listed;
    }

    static Registry &instance()
    {
        static auto *registry = new Registry; // never destroyed: tensors outlive static destructors
        return *registry;
    }
};

// --- costs --------------------------------------------------------------------

bool integral(double number)
{
    return number >= -9007199254740992.0 && number <= 9007199254740992.0 && number == (double)(int64_t)number;
}

int element_cost(Kind kind, const mlk_value &value, bool arithmetic)
{
    at::ScalarType type;
    switch (kind) {
    case Kind::tensor:
        if (value.kind == MLK_TENSOR)
            return 0;
        return arithmetic && (value.kind == MLK_INTEGER || value.kind == MLK_NUMBER) ? 10 : never;
    case Kind::scalar:
        if (value.kind == MLK_BOOLEAN)
            return 3;
        return value.kind == MLK_INTEGER || value.kind == MLK_NUMBER || value.kind == MLK_COMPLEX ? 1 : never;
    case Kind::integer:
        if (value.kind == MLK_INTEGER)
            return 0;
        return value.kind == MLK_NUMBER && integral(value.number) ? 4 : never;
    case Kind::number:
        if (value.kind == MLK_NUMBER)
            return 0;
        return value.kind == MLK_INTEGER ? 2 : never;
    case Kind::complex:
        if (value.kind == MLK_COMPLEX)
            return 0;
        return value.kind == MLK_INTEGER || value.kind == MLK_NUMBER ? 2 : never;
    case Kind::boolean:
        return value.kind == MLK_BOOLEAN ? 0 : never;
    case Kind::string:
        return value.kind == MLK_STRING ? 0 : never;
    case Kind::reduction:
        return value.kind == MLK_INTEGER || (value.kind == MLK_STRING && reduction_number(value.text) >= 0) ? 0 : never;
    case Kind::dtype:
        return value.kind == MLK_STRING && parse_dtype(value.text, &type) ? 0 : never;
    case Kind::layout:
    case Kind::memory_format:
    case Kind::device:
        return value.kind == MLK_STRING ? 0 : never;
    default:
        return never;
    }
}

int list_cost(const Parameter &parameter, const mlk_value &value)
{
    if (value.kind != MLK_LIST) { // one number where a list of fixed length is wanted stands for each axis
        if (parameter.size <= 0)
            return never;
        int cost = element_cost(parameter.element, value, false);
        return cost == never ? never : cost + 2;
    }
    int dearest = 0;
    for (size_t i = 0; i < value.list.count; i++) {
        const mlk_value &item = value.list.items[i];
        if (item.kind == MLK_NIL && parameter.element_optional)
            continue;
        int cost = element_cost(parameter.element, item, false);
        if (cost == never)
            return never;
        dearest = std::max(dearest, cost);
    }
    return dearest;
}

int cost_of(const Parameter &parameter, const mlk_value &value, bool arithmetic)
{
    if (value.kind == MLK_NIL)
        return parameter.optional ? 0 : parameter.has_default ? 1 : never;
    if (parameter.kind == Kind::list)
        return list_cost(parameter, value);
    return element_cost(parameter.kind, value, arithmetic);
}

const char *type_word(const Parameter &parameter)
{
    static const char *const words[] = {"a tensor", "a number", "an integer", "a number", "a complex number",
                                        "true or false", "a string", "\"none\", \"mean\" or \"sum\"",
                                        "a dtype such as \"float32\"", "a layout",
                                        "a memory format", "a device such as \"cpu\"", "a generator", "a list",
                                        "a value that Lua has not"};
    static const char *const lists[] = {"a list of tensors", "a list of numbers", "a list of integers",
                                        "a list of numbers", "a list of numbers", "a list of booleans",
                                        "a list of strings"};
    if (parameter.kind == Kind::list && parameter.element <= Kind::string)
        return lists[(int)parameter.element];
    return words[(int)parameter.kind];
}

// --- binding ------------------------------------------------------------------

// What is wrong with the nearest overload: the one that took most arguments.
struct Explanation {
    int matched = -1;
    std::string subject; // a parameter's name, or the operator itself
    std::string wanted;  // several overloads that are equally near may want different things
    std::string got;

    void offer(int taken, const std::string &about, const std::string &want, const std::string &came = "")
    {
        if (taken > matched)
            *this = {taken, about, want, came};
        else if (taken == matched && about == subject && !came.empty() && wanted.find(want) == std::string::npos)
            wanted += " or " + want.substr(want.compare(0, 8, "must be ") ? 0 : 8);
    }

    std::string text(const std::string &name) const
    {
        if (matched < 0)
            return name + " is no method of tensors: call torch." + name + "(...)";
        if (subject.empty())
            return name + " " + wanted;
        return name + ": " + subject + " " + wanted + (got.empty() ? "" : ", got " + got);
    }
};

// One overload being given arguments: which value goes to which parameter, and what the conversions cost so far.
struct Attempt {
    const mlk_overload &overload;
    const mlk_arguments &arguments;
    Binding &binding;
    Explanation *why; // NULL: only whether it fits is asked
    int cost = 0, matched = 0;

    bool take(int index, const mlk_value &value);
    bool wants_integers(int index, const mlk_value &value) const;
    bool take_integers(int index, size_t given);
    bool nothing_left(size_t given);
    bool by_position();
    int index_of(const char *name) const;
    bool by_name(const mlk_named &named);
    bool all_by_name();
    bool defaults();
};

bool Attempt::take(int index, const mlk_value &value)
{
    const Parameter &parameter = overload.parameters[index];
    int step = cost_of(parameter, value, overload.arithmetic);
    if (step == never) {
        if (why)
            why->offer(matched, parameter.name, "must be "s + type_word(parameter), describe(value));
        return false;
    }
    cost += step;
    matched++;
    binding.values[index] = &value;
    return true;
}

// view(2, 3): the integers themselves may be given where a list of integers is the only argument.
bool Attempt::wants_integers(int index, const mlk_value &value) const
{
    const Parameter &parameter = overload.parameters[index];
    bool integers = parameter.kind == Kind::list && parameter.element == Kind::integer && parameter.size < 0;
    bool has_self = overload.self >= 0 && overload.self < overload.n_positional;
    bool sole = overload.n_positional - (has_self ? 1 : 0) == 1;
    return integers && sole && (value.kind == MLK_INTEGER || value.kind == MLK_NUMBER);
}

bool Attempt::take_integers(int index, size_t given)
{
    for (size_t i = given; i < arguments.n_positional; i++) {
        int step = element_cost(Kind::integer, arguments.positional[i], false);
        if (step == never) {
            if (why)
                why->offer(matched, overload.parameters[index].name, "must be integers",
                           describe(arguments.positional[i]));
            return false;
        }
        cost += step;
    }
    cost += 3;
    binding.varargs = index;
    binding.vararg_list.kind = MLK_LIST;
    binding.vararg_list.list.items = arguments.positional + given;
    binding.vararg_list.list.count = arguments.n_positional - given;
    binding.values[index] = &binding.vararg_list;
    return true;
}

// Every parameter has its value: an empty table of options may follow, but nothing else.
bool Attempt::nothing_left(size_t given)
{
    const mlk_value &value = arguments.positional[given];
    if (given + 1 == arguments.n_positional && value.kind == MLK_LIST && value.list.count == 0) {
        cost += 1;
        return true;
    }
    if (why)
        why->offer(matched, "", "takes " + std::to_string(overload.n_positional) + " positional arguments, got "
                                    + std::to_string(arguments.n_positional));
    return false;
}

bool Attempt::by_position()
{
    size_t given = 0;
    int next = 0;
    if (arguments.method && !take(overload.self, arguments.positional[given++]))
        return false;
    for (; given < arguments.n_positional; given++) {
        const mlk_value &value = arguments.positional[given];
        while (next < overload.n_positional && binding.values[next])
            next++;
        if (next >= overload.n_positional)
            return nothing_left(given);
        if (wants_integers(next, value))
            return take_integers(next, given);
        if (!take(next, value))
            return false;
    }
    return true;
}

// The parameter of that name; -1: none.
int Attempt::index_of(const char *name) const
{
    const int n = (int)overload.parameters.size();
    for (int index = 0; index < n; index++)
        if (overload.parameters[index].name == name)
            return index;
    return -1;
}

bool Attempt::by_name(const mlk_named &named)
{
    int index = index_of(named.name);
    if (index < 0) {
        bool asked = overload.factory && std::string(named.name) == "requires_grad";
        if (asked && named.value.kind == MLK_BOOLEAN) {
            binding.requires_grad = named.value.boolean;
            return true;
        }
        if (why)
            why->offer(matched, "", "has no argument '"s + named.name + "'");
        return false;
    }
    if (binding.values[index]) {
        if (why)
            why->offer(matched, named.name, "is given twice");
        return false;
    }
    return take(index, named.value);
}

bool Attempt::all_by_name()
{
    for (size_t i = 0; i < arguments.n_named; i++)
        if (!by_name(arguments.named[i]))
            return false;
    return true;
}

// Parameters that were not given take their defaults.
bool Attempt::defaults()
{
    const int n = (int)overload.parameters.size();
    for (int i = 0; i < n; i++) {
        const Parameter &parameter = overload.parameters[i];
        if (!binding.values[i] && !parameter.has_default) {
            if (why)
                why->offer(matched, parameter.name, "is missing: "s + type_word(parameter));
            return false;
        }
    }
    return true;
}

// Finds a value for each parameter; returns the total cost, or -1.
int bind(const mlk_overload &overload, const mlk_arguments &arguments, Binding *binding, Explanation *why)
{
    const int n = (int)overload.parameters.size();
    if (n > max_parameters || (arguments.method && overload.self < 0))
        return never;
    std::fill(binding->values, binding->values + n, nullptr);
    binding->varargs = -1;
    binding->requires_grad = false;
    Attempt attempt{overload, arguments, *binding, why};
    return attempt.by_position() && attempt.all_by_name() && attempt.defaults() ? attempt.cost : never;
}

std::string complaint(const mlk_family &family, const mlk_arguments &arguments)
{
    if (family.overloads.empty()) {
        std::string reason = family.unusable.empty() ? "" : ": " + family.unusable[0].unusable;
        return family.name + " cannot be called from Lua" + reason;
    }
    Explanation why;
    Binding binding;
    for (const mlk_overload &overload : family.overloads)
        bind(overload, arguments, &binding, &why);
    std::string text = why.text(family.name);
    text += "\n  got: " + family.name + "(";
    for (size_t i = 0; i < arguments.n_positional; i++)
        text += (i ? ", " : "") + literal(arguments.positional[i]);
    for (size_t i = 0; i < arguments.n_named; i++)
        text += std::string(i || arguments.n_positional ? ", " : "") + arguments.named[i].name + " = "
            + literal(arguments.named[i].value);
    text += ")";
    for (const mlk_overload &overload : family.overloads)
        text += "\n  schema: " + overload.schema;
    return text;
}

} // namespace

int reduction_number(const std::string &word)
{
    return word == "none" ? 0 : word == "mean" ? 1 : word == "sum" ? 2 : -1;
}

int bind(const mlk_overload &overload, const mlk_arguments &arguments, Binding *binding)
{
    return bind(overload, arguments, binding, nullptr);
}

} // namespace moonlark

extern "C" {

int mlk_family_names(const char *const **names, size_t *count, mlk_status *status)
{
    return guarded(status, "operators", [&] {
        const std::vector<const char *> &listed = Registry::instance().list();
        *names = listed.data();
        *count = listed.size();
        return (int)MLK_OK;
    });
}

int mlk_family_find(const char *name, const mlk_family **found, mlk_status *status)
{
    return guarded(status, name, [&] {
        *found = Registry::instance().find(name);
        return (int)MLK_OK;
    });
}

bool mlk_family_is_method(const mlk_family *family)
{
    return family->is_method;
}

size_t mlk_family_size(const mlk_family *family)
{
    return family->overloads.size() + family->unusable.size();
}

const mlk_overload *mlk_family_overload(const mlk_family *family, size_t index)
{
    size_t usable = family->overloads.size();
    return index < usable ? &family->overloads[index] : &family->unusable[index - usable];
}

const char *mlk_overload_unusable(const mlk_overload *overload)
{
    return overload->unusable.empty() ? nullptr : overload->unusable.c_str();
}

const char *mlk_overload_name(const mlk_overload *overload)
{
    return overload->name.c_str();
}

const char *mlk_overload_schema(const mlk_overload *overload)
{
    return overload->schema.c_str();
}

bool mlk_overload_returns_tensor(const mlk_overload *overload)
{
    return overload->returns_tensor;
}

bool mlk_overload_returns_self(const mlk_overload *overload)
{
    return overload->returns_self;
}

int mlk_family_resolve(const mlk_family *family, const mlk_arguments *arguments, const mlk_overload **found,
                       mlk_status *status)
{
    return guarded(status, family->name.c_str(), [&] {
        const mlk_overload *best = nullptr;
        int best_cost = 0;
        Binding binding;
        for (const mlk_overload &overload : family->overloads) {
            int cost = bind(overload, *arguments, &binding);
            if (cost < 0)
                continue;
            bool wins = !best || cost < best_cost
                || (cost == best_cost && overload.parameters.size() < best->parameters.size());
            if (wins) {
                best = &overload;
                best_cost = cost;
            }
        }
        if (!best)
            return (int)mlk_fail(status, MLK_INVALID, "%s", complaint(*family, *arguments).c_str());
        *found = best;
        return (int)MLK_OK;
    });
}

} // extern "C"
