// tensors.cpp: making, viewing, asking, moving and indexing tensors.
#include "internal.h"

#include <ATen/TensorIndexing.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scalar_tensor.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace moonlark;

namespace {

struct Dtype {
    at::ScalarType type;
    mlk_dtype array;
    const char *name;
    const char *aliases[3];
};

constexpr Dtype dtypes[] = {
    {at::kFloat, MLK_FLOAT32, "float32", {"float"}},
    {at::kDouble, MLK_FLOAT64, "float64", {"double"}},
    {at::kHalf, MLK_FLOAT16, "float16", {"half"}},
    {at::kBFloat16, MLK_BFLOAT16, "bfloat16", {}},
    {at::kLong, MLK_INT64, "int64", {"long"}},
    {at::kInt, MLK_INT32, "int32", {"int"}},
    {at::kShort, MLK_INT16, "int16", {"short"}},
    {at::kChar, MLK_INT8, "int8", {"char"}},
    {at::kByte, MLK_UINT8, "uint8", {"byte"}},
    {at::kBool, MLK_BOOL, "bool", {}},
    {at::kComplexFloat, MLK_COMPLEX64, "complex64", {"cfloat"}},
    {at::kComplexDouble, MLK_COMPLEX128, "complex128", {"cdouble"}},
};

const Dtype *find_dtype(at::ScalarType type)
{
    for (const Dtype &dtype : dtypes)
        if (dtype.type == type)
            return &dtype;
    return nullptr;
}

const char *dtype_list = "float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool, complex64 or "
                         "complex128";

} // namespace

at::ScalarType moonlark::scalar_type(mlk_dtype dtype)
{
    return dtypes[dtype].type; // the table is in the order of mlk_dtype
}

bool moonlark::parse_dtype(const char *name, at::ScalarType *out)
{
    for (const Dtype &dtype : dtypes) {
        bool same = std::strcmp(name, dtype.name) == 0;
        for (const char *alias : dtype.aliases)
            same |= alias && std::strcmp(name, alias) == 0;
        if (same) {
            *out = dtype.type;
            return true;
        }
    }
    return false;
}

const char *moonlark::dtype_name(at::ScalarType type)
{
    const Dtype *dtype = find_dtype(type);
    return dtype ? dtype->name : c10::toString(type);
}

at::Device moonlark::parse_device(const char *name)
{
    const char *reason;
    at::Device device("cpu");
    try {
        device = at::Device(std::string(name));
    } catch (const c10::Error &) {
        throw Invalid(std::string("device must be like cpu, cuda or cuda:1, got ") + name);
    }
    if (device.is_cuda() && mlk_torch_cuda_devices(&reason) == 0)
        throw Invalid(std::string("device ") + name + " is not there: " + reason);
    return device;
}

std::string moonlark::describe(const mlk_value &value)
{
    const char *type = value.kind == MLK_STRING ? "string " : value.kind == MLK_BOOLEAN ? "boolean " : "";
    if (value.kind == MLK_INTEGER || value.kind == MLK_NUMBER)
        type = "number ";
    return type + literal(value);
}

std::string moonlark::literal(const mlk_value &value)
{
    switch (value.kind) {
    case MLK_NIL: return "nil";
    case MLK_BOOLEAN: return value.boolean ? "true" : "false";
    case MLK_INTEGER: return std::to_string(value.integer);
    case MLK_NUMBER: {
        char text[40];
        std::snprintf(text, sizeof text, "%.14g", value.number);
        return text;
    }
    case MLK_COMPLEX: return "a complex number";
    case MLK_STRING: return "\"" + std::string(value.text).substr(0, 40) + "\"";
    case MLK_OTHER: return value.text;
    case MLK_TENSOR: {
        char text[160];
        mlk_tensor_describe(value.tensor, text, sizeof text);
        return text;
    }
    case MLK_LIST: {
        std::string text = "{";
        for (size_t i = 0; i < value.list.count && i < 4; i++)
            text += (i ? ", " : "") + literal(value.list.items[i]);
        return text + (value.list.count > 4 ? ", ...}" : "}");
    }
    }
    return "?";
}

namespace {

using at::indexing::Slice;
using at::indexing::TensorIndex;

int64_t whole_number(const mlk_value &value, const char *what)
{
    if (value.kind == MLK_INTEGER)
        return value.integer;
    if (value.kind == MLK_NUMBER && value.number == (double)(int64_t)value.number)
        return (int64_t)value.number;
    throw Invalid(std::string(what) + " must be an integer, got " + describe(value));
}

// {from, to, step}, each of which may be nil.
Slice slice_of(const mlk_value *parts, size_t n)
{
    if (n > 3)
        throw Invalid("a slice is {from, to, step}, got " + std::to_string(n) + " values");
    bool given[3];
    int64_t part[3] = {0, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        given[i] = i < n && parts[i].kind != MLK_NIL;
        if (given[i])
            part[i] = whole_number(parts[i], "a part of a slice");
    }
    if (part[2] < 1)
        throw Invalid("the step of a slice must be 1 or more, got " + std::to_string(part[2]) +
                      " (to reverse: t:flip(0))");
    if (given[0] && given[1])
        return Slice(part[0], part[1], part[2]);
    if (given[0])
        return Slice(part[0], {}, part[2]);
    if (given[1])
        return Slice({}, part[1], part[2]);
    return Slice({}, {}, part[2]);
}

// One axis of a text index: "3", ":", "1:", ":-1", "::2", "...", "none".
TensorIndex parse_axis(std::string text)
{
    size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
    text = first == std::string::npos ? "" : text.substr(first, last - first + 1);
    if (text == "...")
        return at::indexing::Ellipsis;
    if (text == "none" || text == "None")
        return at::indexing::None;
    mlk_value parts[3] = {};
    size_t n = 0;
    bool slice = text.find(':') != std::string::npos;
    const char *at = text.c_str();
    for (;; at++) {
        char *end;
        long long number = std::strtoll(at, &end, 10);
        if (n < 3 && end != at) {
            parts[n].kind = MLK_INTEGER;
            parts[n].integer = number;
        }
        n++;
        at = end;
        if (*at != ':')
            break;
    }
    if (*at || text.empty() || n > 3 || (!slice && parts[0].kind == MLK_NIL))
        throw Invalid("cannot read the index \"" + text + "\": write integers and from:to:step, such as \"1:3, :, 0\"");
    if (slice)
        return slice_of(parts, n);
    return parts[0].integer;
}

void parse_text(const char *text, std::vector<TensorIndex> *out)
{
    std::string rest(text);
    for (size_t comma; (comma = rest.find(',')) != std::string::npos; rest = rest.substr(comma + 1))
        out->push_back(parse_axis(rest.substr(0, comma)));
    out->push_back(parse_axis(rest));
}

std::vector<TensorIndex> indices_of(const mlk_value *indices, size_t n)
{
    std::vector<TensorIndex> out;
    for (size_t i = 0; i < n; i++) {
        const mlk_value &index = indices[i];
        switch (index.kind) {
        case MLK_NIL: out.push_back(Slice()); break;
        case MLK_BOOLEAN: out.push_back(index.boolean); break;
        case MLK_TENSOR: out.push_back(tensor_of(index.tensor)); break;
        case MLK_LIST: out.push_back(slice_of(index.list.items, index.list.count)); break;
        case MLK_STRING: parse_text(index.text, &out); break;
        default: out.push_back(whole_number(index, "an index")); break;
        }
    }
    return out;
}

at::Scalar scalar_of(const mlk_value &value)
{
    switch (value.kind) {
    case MLK_BOOLEAN: return at::Scalar(value.boolean);
    case MLK_INTEGER: return at::Scalar(value.integer);
    case MLK_COMPLEX: return at::Scalar(c10::complex<double>(value.complex[0], value.complex[1]));
    case MLK_NUMBER: return at::Scalar(value.number);
    default: throw Invalid("the value to set must be a tensor, a number or a boolean, got " + describe(value));
    }
}

void check_index(const at::Tensor &tensor, const mlk_value &index)
{
    if (tensor.dim() == 0)
        throw Invalid("a tensor without axes cannot be indexed (its number: t:item())");
    int64_t size = tensor.size(0);
    if (index.integer >= size || index.integer < -size)
        throw Invalid("index " + std::to_string(index.integer) + " is out of range: axis 0 has " + std::to_string(size)
                      + " entries, 0.." + std::to_string(size - 1));
}

} // namespace

extern "C" {

mlk_tensor *mlk_tensor_retain(mlk_tensor *tensor)
{
    c10::raw::intrusive_ptr::incref(reinterpret_cast<c10::TensorImpl *>(tensor));
    return tensor;
}

void mlk_tensor_release(mlk_tensor *tensor)
{
    if (tensor)
        guarded(nullptr, "release", [&] {
            Implementation::reclaim(reinterpret_cast<c10::TensorImpl *>(tensor));
            return (int)MLK_OK;
        });
}

int mlk_tensor_new(mlk_dtype dtype, int rank, const int64_t *shape, mlk_tensor **out, mlk_status *status)
{
    return guarded(status, "new tensor", [&] {
        *out = hand_over(at::empty(at::IntArrayRef(shape, rank), at::TensorOptions().dtype(scalar_type(dtype))));
        return (int)MLK_OK;
    });
}

int mlk_tensor_wrap(const mlk_array *array, void (*release)(void *owner), void *owner, mlk_tensor **out,
                    mlk_status *status)
{
    const int64_t bytes = mlk_array_count(array) * (int64_t)mlk_dtype_size(array->dtype);
    note_wrapped(bytes);
    return guarded(status, "wrap memory", [&] {
        std::shared_ptr<void> held(owner, [=](void *) {
            note_wrapped(-bytes);
            release(owner);
        });
        *out = hand_over(at::from_blob(array->data, at::IntArrayRef(array->shape, array->rank), [held](void *) {},
                                       at::TensorOptions().dtype(scalar_type(array->dtype))));
        return (int)MLK_OK;
    });
}

int mlk_tensor_read(mlk_tensor *tensor, int dtype, mlk_tensor **owner, mlk_array *array, mlk_status *status)
{
    return computed(status, "read tensor", [&] {
        at::Tensor read = tensor_of(tensor).detach();
        if (dtype >= 0)
            read = read.to(at::kCPU, scalar_type((mlk_dtype)dtype));
        else
            read = read.to(at::kCPU);
        read = read.contiguous().resolve_conj().resolve_neg();
        const Dtype *known = find_dtype(read.scalar_type());
        if (!known)
            throw Invalid(std::string("a tensor of dtype ") + c10::toString(read.scalar_type()) + " cannot be read");
        if (read.dim() > MLK_MAX_RANK)
            throw Invalid("a tensor of " + std::to_string(read.dim()) + " axes cannot be read; the limit is 8");
        array->dtype = known->array;
        array->rank = (int)read.dim();
        for (int axis = 0; axis < array->rank; axis++)
            array->shape[axis] = read.size(axis);
        array->data = read.data_ptr();
        *owner = hand_over(std::move(read));
        return (int)MLK_OK;
    });
}

int mlk_tensor_rank(const mlk_tensor *tensor)
{
    return (int)peek(tensor)->dim();
}

int64_t mlk_tensor_size(const mlk_tensor *tensor, int axis)
{
    return peek(tensor)->sizes()[axis];
}

int64_t mlk_tensor_count(const mlk_tensor *tensor)
{
    return peek(tensor)->numel();
}

const char *mlk_tensor_dtype(const mlk_tensor *tensor)
{
    return dtype_name(c10::typeMetaToScalarType(peek(tensor)->dtype()));
}

void mlk_tensor_device(const mlk_tensor *tensor, char text[32])
{
    std::snprintf(text, 32, "?");
    guarded(nullptr, "device", [&] {
        std::snprintf(text, 32, "%s", peek(tensor)->device().str().c_str());
        return (int)MLK_OK;
    });
}

void mlk_tensor_describe(const mlk_tensor *tensor, char *text, size_t capacity)
{
    std::snprintf(text, capacity, "tensor");
    guarded(nullptr, "describe", [&] {
        std::string words = "tensor ";
        for (int axis = 0; axis < mlk_tensor_rank(tensor); axis++)
            words += (axis ? "×" : "") + std::to_string(mlk_tensor_size(tensor, axis));
        words += std::string(mlk_tensor_rank(tensor) ? " " : "of one ") + mlk_tensor_dtype(tensor);
        if (!peek(tensor)->device().is_cpu())
            words += " " + peek(tensor)->device().str();
        std::snprintf(text, capacity, "%s", words.c_str());
        return (int)MLK_OK;
    });
}

uint64_t mlk_tensor_device_bytes(const mlk_tensor *tensor)
{
    const c10::TensorImpl *implementation = peek(tensor);
    if (implementation->device_type() == at::kCPU)
        return 0;
    return (uint64_t)implementation->numel() * implementation->itemsize();
}

int mlk_tensor_item(mlk_tensor *tensor, mlk_value *out, mlk_status *status)
{
    return guarded(status, "item", [&] {
        at::Tensor t = tensor_of(tensor);
        if (t.numel() != 1)
            throw Invalid("a tensor of one element is needed, this one has " + std::to_string(t.numel())
                          + " (all of them: t:totable())");
        at::Scalar scalar = t.item();
        *out = {};
        if (scalar.isBoolean()) {
            out->kind = MLK_BOOLEAN;
            out->boolean = scalar.toBool();
        } else if (scalar.isComplex()) {
            c10::complex<double> number = scalar.toComplexDouble();
            out->kind = MLK_COMPLEX;
            out->complex[0] = number.real();
            out->complex[1] = number.imag();
        } else if (scalar.isIntegral(false)) {
            out->kind = MLK_INTEGER;
            out->integer = scalar.toLong();
        } else {
            out->kind = MLK_NUMBER;
            out->number = scalar.toDouble();
        }
        return (int)MLK_OK;
    });
}

bool mlk_dtype_known(const char *name)
{
    at::ScalarType type;
    return parse_dtype(name, &type);
}

int mlk_tensor_to(mlk_tensor *tensor, const char *dtype, const char *device, bool copy, bool non_blocking,
                  mlk_tensor **out, mlk_status *status)
{
    return computed(status, "to", [&] {
        at::Tensor t = tensor_of(tensor);
        at::ScalarType type = t.scalar_type();
        if (dtype && !parse_dtype(dtype, &type))
            throw Invalid(std::string("dtype must be ") + dtype_list + ", got " + dtype);
        at::Device place = device ? parse_device(device) : t.device();
        *out = hand_over(t.to(place, type, non_blocking, copy));
        return (int)MLK_OK;
    });
}

int mlk_tensor_index(mlk_tensor *tensor, const mlk_value *indices, size_t n, mlk_tensor **out, mlk_status *status)
{
    return computed(status, "index", [&] {
        at::Tensor t = tensor_of(tensor);
        if (n == 1 && indices[0].kind == MLK_INTEGER) {
            check_index(t, indices[0]);
            *out = hand_over(t.select(0, indices[0].integer));
        } else {
            *out = hand_over(t.index(indices_of(indices, n)));
        }
        return (int)MLK_OK;
    });
}

int mlk_tensor_index_put(mlk_tensor *tensor, const mlk_value *indices, size_t n, const mlk_value *value,
                         mlk_status *status)
{
    return computed(status, "assignment", [&] {
        at::Tensor t = tensor_of(tensor);
        if (n == 1 && indices[0].kind == MLK_INTEGER) {
            check_index(t, indices[0]);
            at::Tensor row = t.select(0, indices[0].integer);
            if (value->kind == MLK_TENSOR)
                row.copy_(tensor_of(value->tensor));
            else
                row.fill_(scalar_of(*value));
        } else if (value->kind == MLK_TENSOR) {
            t.index_put_(indices_of(indices, n), tensor_of(value->tensor));
        } else {
            t.index_put_(indices_of(indices, n), scalar_of(*value));
        }
        return (int)MLK_OK;
    });
}

} // extern "C"
