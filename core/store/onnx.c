#include "store/onnx.h"

#include "store/npy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- the wire format: fields with a number, of four kinds --- */

enum { VARINT = 0, EIGHT_BYTES = 1, BYTES = 2, FOUR_BYTES = 5 };

typedef struct message {
    unsigned char *at, *end;
} message;

typedef struct field {
    int number, kind;
    uint64_t value; /* of VARINT */
    message bytes;  /* of the others */
} field;

/* Little-endian groups of seven bits; false when they do not end, or hold more than 64. */
static bool take_varint(message *m, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64 && m->at < m->end; shift += 7) {
        unsigned char byte = *m->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_bytes(message *m, uint64_t n, message *bytes)
{
    if (n > (uint64_t)(m->end - m->at))
        return false;
    *bytes = (message){m->at, m->at + n};
    m->at += n;
    return true;
}

static bool take_field(message *m, field *f)
{
    uint64_t key, length;
    if (!take_varint(m, &key) || key >> 3 == 0 || key >> 3 > INT32_MAX)
        return false;
    f->number = (int)(key >> 3);
    f->kind = (int)(key & 7);
    switch (f->kind) {
    case VARINT: return take_varint(m, &f->value);
    case EIGHT_BYTES: return take_bytes(m, 8, &f->bytes);
    case FOUR_BYTES: return take_bytes(m, 4, &f->bytes);
    case BYTES: return take_varint(m, &length) && take_bytes(m, length, &f->bytes);
    default: return false;
    }
}

static mlk_code damaged(mlk_status *status)
{
    return mlk_fail(status, MLK_INVALID, "not an ONNX file, or damaged");
}

/* --- a tensor --- */

enum { DIMS = 1, DATA_TYPE = 2, FLOATS = 4, INT32S = 5, INT64S = 7, NAME = 8, RAW = 9, DOUBLES = 10, UINT64S = 11,
       EXTERNAL = 13, LOCATION = 14 };

/* By number: TensorProto.DataType. */
static const struct {
    const char *name;
    int dtype;        /* -1: not handled */
    int field;        /* where its values stand that are not raw */
    const char *code; /* numpy's, of what is widened */
} types[] = {
    {"undefined", -1, 0, NULL},
    {"float", MLK_FLOAT32, FLOATS, NULL},
    {"uint8", MLK_UINT8, INT32S, NULL},
    {"int8", MLK_INT8, INT32S, NULL},
    {"uint16", MLK_INT32, INT32S, "<u2"},
    {"int16", MLK_INT16, INT32S, NULL},
    {"int32", MLK_INT32, INT32S, NULL},
    {"int64", MLK_INT64, INT64S, NULL},
    {"string", -1, 0, NULL},
    {"bool", MLK_BOOL, INT32S, NULL},
    {"float16", MLK_FLOAT16, INT32S, NULL},
    {"double", MLK_FLOAT64, DOUBLES, NULL},
    {"uint32", MLK_INT64, UINT64S, "<u4"},
    {"uint64", MLK_INT64, UINT64S, "<u8"},
    {"complex64", MLK_COMPLEX64, FLOATS, NULL},
    {"complex128", MLK_COMPLEX128, DOUBLES, NULL},
    {"bfloat16", MLK_BFLOAT16, INT32S, NULL},
};
enum { N_TYPES = sizeof types / sizeof *types };

typedef struct tensor {
    char *name;
    uint64_t type;
    mlk_array array;
    message raw;
    bool is_raw, external;
    mlk_status *status;
} tensor;

static mlk_code fault(const tensor *t, mlk_code code, const char *what)
{
    return mlk_fail(t->status, code, "tensor '%.80s' %s", t->name, what);
}

static mlk_code set_name(char **name, message bytes, mlk_status *status)
{
    char *copy = strndup((const char *)bytes.at, (size_t)(bytes.end - bytes.at));
    if (!copy)
        return mlk_fail_memory(status, "a name");
    free(*name);
    *name = copy;
    return strlen(copy) == (size_t)(bytes.end - bytes.at) ? MLK_OK : damaged(status);
}

static mlk_code add_size(tensor *t, uint64_t size)
{
    if (t->array.rank == MLK_MAX_RANK)
        return mlk_fail(t->status, MLK_UNSUPPORTED, "a tensor has more than %d axes", MLK_MAX_RANK);
    if (size > INT64_MAX)
        return damaged(t->status);
    t->array.shape[t->array.rank++] = (int64_t)size;
    return MLK_OK;
}

static mlk_code add_sizes(tensor *t, field f)
{
    uint64_t size;
    if (f.kind == VARINT)
        return add_size(t, f.value);
    mlk_code code = f.kind == BYTES ? MLK_OK : damaged(t->status);
    while (!code && f.bytes.at < f.bytes.end)
        code = take_varint(&f.bytes, &size) ? add_size(t, size) : damaged(t->status);
    return code;
}

/* All but the values. */
static mlk_code read_about(tensor *t, message m)
{
    field f;
    mlk_code code = MLK_OK;
    while (!code && m.at < m.end) {
        if (!take_field(&m, &f))
            return damaged(t->status);
        bool bytes = f.kind == BYTES;
        if (f.number == DIMS)
            code = add_sizes(t, f);
        else if (f.number == DATA_TYPE && f.kind == VARINT)
            t->type = f.value;
        else if (f.number == NAME && bytes)
            code = set_name(&t->name, f.bytes, t->status);
        else if (f.number == RAW && bytes)
            t->raw = f.bytes, t->is_raw = true;
        else if (f.number == EXTERNAL || (f.number == LOCATION && f.kind == VARINT && f.value == 1))
            t->external = true;
    }
    return code;
}

/* One value of a field of values; false at its end. */
static bool next_value(field *f, const unsigned char **value, size_t size, uint64_t *integer)
{
    message bytes;
    if (size > 0) {
        if (f->kind == VARINT || !take_bytes(&f->bytes, size, &bytes))
            return false;
        *value = bytes.at;
        return true;
    }
    *value = (const unsigned char *)integer; /* this machine is little-endian, as all that is built for */
    if (f->kind == VARINT) {
        *integer = f->value;
        f->kind = -1;
        return true;
    }
    return f->kind == BYTES && take_varint(&f->bytes, integer);
}

/* The values of the tensor's field, one after the other, as many as there are; -1: damaged. */
static int64_t copy_values(const tensor *t, message m, unsigned char *to, int64_t room)
{
    int wanted = types[t->type].field;
    size_t size = mlk_dtype_size(t->array.dtype), stored = wanted == FLOATS ? 4 : wanted == DOUBLES ? 8 : 0;
    int64_t count = 0, parts = stored ? (int64_t)(size / stored) : 1; /* complex numbers are two */
    if (stored)
        size = stored;
    while (m.at < m.end) {
        field f;
        uint64_t integer;
        const unsigned char *value;
        if (!take_field(&m, &f))
            return -1;
        if (f.number != wanted)
            continue;
        while (next_value(&f, &value, stored, &integer)) {
            if (count == room * parts)
                return -1;
            memcpy(to + (size_t)count++ * size, value, size);
        }
    }
    return count % parts ? -1 : count / parts;
}

static mlk_code read_values(tensor *t, message m, void **owned)
{
    int64_t count = mlk_array_count(&t->array), bytes;
    mlk_array_bytes(&t->array, &bytes);
    if (count > m.end - m.at) /* each value takes a byte at least */
        return fault(t, MLK_INVALID, "lacks values");
    if (!(*owned = calloc((size_t)bytes + 1, 1)))
        return mlk_fail_memory(t->status, "a tensor");
    t->array.data = *owned;
    return copy_values(t, m, *owned, count) == count ? MLK_OK : fault(t, MLK_INVALID, "has too few or too many values");
}

static mlk_code place_raw(tensor *t, void **owned)
{
    int64_t bytes;
    size_t found = (size_t)(t->raw.end - t->raw.at), size = mlk_dtype_size(t->array.dtype);
    if (types[t->type].code) {
        mlk_code code = mlk_npy_decode(types[t->type].code, false, t->raw.at, found, &t->array, t->status);
        *owned = code ? NULL : t->array.data;
        return code;
    }
    mlk_array_bytes(&t->array, &bytes);
    if (found != (uint64_t)bytes)
        return fault(t, MLK_INVALID, "has too few or too many bytes");
    t->array.data = t->raw.at;
    if ((uintptr_t)t->raw.at % (size < 8 ? size : 8) == 0 || bytes == 0)
        return MLK_OK;
    if (!(*owned = malloc(found)))
        return mlk_fail_memory(t->status, "a tensor");
    t->array.data = memcpy(*owned, t->raw.at, found);
    return MLK_OK;
}

static mlk_code check_booleans(const tensor *t)
{
    int64_t count = t->array.dtype == MLK_BOOL ? mlk_array_count(&t->array) : 0;
    for (int64_t i = 0; i < count; i++)
        if (((const unsigned char *)t->array.data)[i] > 1)
            return fault(t, MLK_INVALID, "holds booleans that are neither 0 nor 1");
    return MLK_OK;
}

static mlk_code read_data(tensor *t, message m, void **owned)
{
    int64_t bytes;
    if (t->external)
        return fault(t, MLK_UNSUPPORTED, "has its data in another file; save the model in one file");
    if (t->type >= N_TYPES || types[t->type].dtype < 0)
        return mlk_fail(t->status, MLK_UNSUPPORTED, "tensor '%.80s' is of type %s (%" PRIu64 "), which is not handled",
                        t->name, t->type < N_TYPES ? types[t->type].name : "unknown", t->type);
    t->array.dtype = (mlk_dtype)types[t->type].dtype;
    if (!mlk_array_bytes(&t->array, &bytes))
        return fault(t, MLK_INVALID, "has a shape that is too large");
    mlk_code code = t->is_raw ? place_raw(t, owned) : read_values(t, m, owned);
    return code ? code : check_booleans(t);
}

/* `name` in place of its own, where it is not NULL. */
static mlk_code read_tensor(message m, const char *name, mlk_tensors *tensors, mlk_status *status)
{
    tensor t = {.name = strdup(""), .status = status};
    void *owned = NULL;
    if (!t.name)
        return mlk_fail_memory(status, "a name");
    mlk_code code = read_about(&t, m);
    if (!code && name)
        code = set_name(&t.name, (message){(unsigned char *)name, (unsigned char *)name + strlen(name)}, status);
    if (!code)
        code = read_data(&t, m, &owned);
    if (code) {
        free(t.name);
        free(owned);
        return code;
    }
    return mlk_tensors_add(tensors, t.name, &t.array, owned, status);
}

/* --- the graph --- */

enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, NODE_OUTPUT = 2, NODE_TYPE = 4, NODE_ATTRIBUTE = 5,
       ATTRIBUTE_TENSOR = 5 };

static bool same(message bytes, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(bytes.end - bytes.at) == length && memcmp(bytes.at, text, length) == 0;
}

/* The attribute's tensor, where it has one. */
static mlk_code read_attribute(message m, const char *name, mlk_tensors *tensors, mlk_status *status)
{
    field f;
    mlk_code code = MLK_OK;
    while (!code && m.at < m.end) {
        if (!take_field(&m, &f))
            return damaged(status);
        if (f.number == ATTRIBUTE_TENSOR && f.kind == BYTES)
            code = read_tensor(f.bytes, name, tensors, status);
    }
    return code;
}

/* Of a Constant node, its tensor under the name of its output. */
static mlk_code read_node(message m, mlk_tensors *tensors, mlk_status *status)
{
    field f;
    char *output = NULL;
    message attribute = {0};
    bool constant = false;
    mlk_code code = MLK_OK;
    while (!code && m.at < m.end) {
        if (!take_field(&m, &f))
            code = damaged(status);
        else if (f.number == NODE_TYPE && f.kind == BYTES)
            constant = same(f.bytes, "Constant");
        else if (f.number == NODE_OUTPUT && f.kind == BYTES && !output)
            code = set_name(&output, f.bytes, status);
        else if (f.number == NODE_ATTRIBUTE && f.kind == BYTES)
            attribute = f.bytes;
    }
    if (!code && constant && output && attribute.at)
        code = read_attribute(attribute, output, tensors, status);
    free(output);
    return code;
}

static mlk_code read_graph(message m, mlk_tensors *tensors, mlk_status *status)
{
    field f;
    mlk_code code = MLK_OK;
    while (!code && m.at < m.end) {
        if (!take_field(&m, &f))
            return damaged(status);
        if (f.number == GRAPH_INITIALIZER && f.kind == BYTES)
            code = read_tensor(f.bytes, NULL, tensors, status);
        else if (f.number == GRAPH_NODE && f.kind == BYTES)
            code = read_node(f.bytes, tensors, status);
    }
    return code;
}

mlk_code mlk_onnx_parse(unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status)
{
    message model = {bytes, bytes + size};
    field f;
    bool found = false;
    mlk_code code = MLK_OK;
    *tensors = (mlk_tensors){0};
    while (!code && model.at < model.end) {
        if (!take_field(&model, &f)) {
            code = damaged(status);
        } else if (f.number == MODEL_GRAPH && f.kind == BYTES) {
            found = true;
            code = read_graph(f.bytes, tensors, status);
        }
    }
    if (!code && !found)
        code = damaged(status);
    if (!code)
        code = mlk_tensors_sort(tensors, status);
    if (code)
        mlk_tensors_free(tensors);
    return code;
}

mlk_code mlk_onnx_read(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    return mlk_tensors_map(path, mlk_onnx_parse, tensors, status);
}
