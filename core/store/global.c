#include "store/global.h"

#include "store/npy.h"
#include "store/tensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum meaning {
    ORDERED_DICT,
    COUNTER,
    TENSOR_V2,
    TENSOR_V3,
    PARAMETER,
    SIZE,
    DEVICE,
    STORAGE, /* of the row's dtype */
    DTYPE,
    ENCODE,
    BYTES,
    NUMPY_ARRAY,
    NUMPY_DTYPE,
    NUMPY_RECONSTRUCT,
    NUMPY_SCALAR,
} meaning;

enum { UNTYPED = -1 };

static const struct {
    const char *module, *name;
    meaning meaning;
    int dtype;
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, 0},
    {"collections", "Counter", COUNTER, 0},
    {"torch._utils", "_rebuild_tensor_v2", TENSOR_V2, 0},
    {"torch._utils", "_rebuild_tensor_v3", TENSOR_V3, 0},
    {"torch._utils", "_rebuild_parameter", PARAMETER, 0},
    {"torch", "FloatStorage", STORAGE, MLK_FLOAT32},
    {"torch", "DoubleStorage", STORAGE, MLK_FLOAT64},
    {"torch", "HalfStorage", STORAGE, MLK_FLOAT16},
    {"torch", "BFloat16Storage", STORAGE, MLK_BFLOAT16},
    {"torch", "LongStorage", STORAGE, MLK_INT64},
    {"torch", "IntStorage", STORAGE, MLK_INT32},
    {"torch", "ShortStorage", STORAGE, MLK_INT16},
    {"torch", "CharStorage", STORAGE, MLK_INT8},
    {"torch", "ByteStorage", STORAGE, MLK_UINT8},
    {"torch", "BoolStorage", STORAGE, MLK_BOOL},
    {"torch", "ComplexFloatStorage", STORAGE, MLK_COMPLEX64},
    {"torch", "ComplexDoubleStorage", STORAGE, MLK_COMPLEX128},
    {"torch.storage", "UntypedStorage", STORAGE, UNTYPED},
    {"torch", "float32", DTYPE, MLK_FLOAT32},
    {"torch", "float64", DTYPE, MLK_FLOAT64},
    {"torch", "float16", DTYPE, MLK_FLOAT16},
    {"torch", "bfloat16", DTYPE, MLK_BFLOAT16},
    {"torch", "int64", DTYPE, MLK_INT64},
    {"torch", "int32", DTYPE, MLK_INT32},
    {"torch", "int16", DTYPE, MLK_INT16},
    {"torch", "int8", DTYPE, MLK_INT8},
    {"torch", "uint8", DTYPE, MLK_UINT8},
    {"torch", "bool", DTYPE, MLK_BOOL},
    {"torch", "complex64", DTYPE, MLK_COMPLEX64},
    {"torch", "complex128", DTYPE, MLK_COMPLEX128},
    {"torch", "Size", SIZE, 0},
    {"torch", "device", DEVICE, 0},
    {"_codecs", "encode", ENCODE, 0},
    {"__builtin__", "bytes", BYTES, 0},
    {"numpy", "ndarray", NUMPY_ARRAY, 0},
    {"numpy", "dtype", NUMPY_DTYPE, 0},
    {"numpy.core.multiarray", "_reconstruct", NUMPY_RECONSTRUCT, 0},
    {"numpy._core.multiarray", "_reconstruct", NUMPY_RECONSTRUCT, 0},
    {"numpy.core.multiarray", "scalar", NUMPY_SCALAR, 0},
    {"numpy._core.multiarray", "scalar", NUMPY_SCALAR, 0},
};
enum { N_GLOBALS = sizeof globals / sizeof *globals };

static bool same(const char *text, mlk_tree_text other)
{
    return strlen(text) == other.length && memcmp(text, other.at, other.length) == 0;
}

/* How much of a text a message shows. */
static int shown(mlk_tree_text text)
{
    return text.length < 100 ? (int)text.length : 100;
}

mlk_code mlk_global_find(mlk_tree_text module, mlk_tree_text name, mlk_tree_node *node, mlk_status *status)
{
    for (int i = 0; i < N_GLOBALS; i++)
        if (same(globals[i].module, module) && same(globals[i].name, name)) {
            bool word = globals[i].meaning == DTYPE;
            *node = (mlk_tree_node){.kind = MLK_TREE_GLOBAL, .count = i, .text = {word ? globals[i].name : NULL,
                                                                                  word ? name.length : 0}};
            return MLK_OK;
        }
    return mlk_fail(status, MLK_UNSUPPORTED,
                    "it asks for %.*s.%.*s, which is none of the names that weights need: nothing of the file was run",
                    shown(module), module.at, shown(name), name.at);
}

/* --- arguments --- */

/* One call: its arguments are nodes of the tuple. */
typedef struct call {
    mlk_tree *tree;
    int global;     /* in the table; -1: none */
    const int *arguments;
    int count;
    mlk_tree_text name;
    mlk_status *status;
} call;

static mlk_code misused(const call *c, const char *what)
{
    return mlk_fail(c->status, MLK_INVALID, "%s.%s is given wrong arguments: %s%s%.*s", globals[c->global].module,
                    globals[c->global].name, what, c->name.length ? ", near " : "", shown(c->name), c->name.at);
}

static mlk_tree_node *argument(const call *c, int i)
{
    return &c->tree->nodes[c->arguments[i]];
}

static bool is(const call *c, int i, mlk_tree_kind kind)
{
    return i < c->count && argument(c, i)->kind == kind;
}

/* True for a global of that meaning; *dtype is its row's. */
static bool means(const mlk_tree_node *node, meaning wanted, int *dtype)
{
    if (node->kind != MLK_TREE_GLOBAL || globals[node->count].meaning != wanted)
        return false;
    *dtype = globals[node->count].dtype;
    return true;
}

/* A tuple (or list) of counts 0 or more; their number, or -1. */
static int read_counts(const mlk_tree *tree, const mlk_tree_node *node, int64_t *values, int most)
{
    if ((node->kind != MLK_TREE_TUPLE && node->kind != MLK_TREE_LIST) || node->count > most)
        return -1;
    for (int i = 0; i < node->count; i++) {
        const mlk_tree_node *item = &tree->nodes[node->items[i]];
        if (item->kind != MLK_TREE_INTEGER || item->integer < 0)
            return -1;
        values[i] = item->integer;
    }
    return node->count;
}

/* --- tensors --- */

mlk_code mlk_global_storage(mlk_tree *tree, int tuple, int *result, mlk_status *status)
{
    const mlk_tree_node *node = &tree->nodes[tuple];
    if (node->kind != MLK_TREE_TUPLE || node->count < 1)
        return mlk_fail(status, MLK_INVALID, "a storage is not named by a tuple");
    call c = {tree, -1, node->items, node->count, {0}, status};
    if (!mlk_tree_is(argument(&c, 0), "storage")) {
        const mlk_tree_node *first = argument(&c, 0);
        mlk_tree_text what = first->kind == MLK_TREE_STRING ? first->text : (mlk_tree_text){"?", 1};
        return mlk_fail(status, MLK_UNSUPPORTED, "it refers to a '%.*s' outside of the pickle; handled are storages",
                        shown(what), what.at);
    }
    int dtype;
    if (c.count < 5 || c.count > 6 || !means(argument(&c, 1), STORAGE, &dtype) || !is(&c, 2, MLK_TREE_STRING) ||
        !is(&c, 3, MLK_TREE_STRING) || !is(&c, 4, MLK_TREE_INTEGER) || argument(&c, 4)->integer < 0)
        return mlk_fail(status, MLK_INVALID, "a storage is not (\"storage\", its class, key, place, count)");
    mlk_tree_text key = argument(&c, 2)->text;
    if (c.count == 6 && !is(&c, 5, MLK_TREE_NONE))
        return mlk_fail(status, MLK_UNSUPPORTED, "storage '%.*s' is a part of another; save the file anew",
                        shown(key), key.at);
    int index;
    mlk_code code = mlk_tree_add_storage(
        tree, &(mlk_tree_storage){key, dtype, argument(&c, 4)->integer, NULL}, &index, status);
    if (!code)
        code = mlk_tree_add(tree, MLK_TREE_STORAGE, result, status);
    if (!code)
        tree->nodes[*result].index = index;
    return code;
}

/* The last element's place must be within the storage. */
static mlk_code check_reach(const call *c, const mlk_tree_array *item, int64_t count)
{
    int64_t last = item->offset, step, bytes;
    bool fits = mlk_array_bytes(&item->array, &bytes);
    if (fits && mlk_array_count(&item->array) == 0)
        return MLK_OK;
    for (int axis = 0; axis < item->array.rank; axis++)
        fits = fits && !__builtin_mul_overflow(item->array.shape[axis] - 1, item->stride[axis], &step) &&
               !__builtin_add_overflow(last, step, &last);
    return fits && last < count ? MLK_OK : misused(c, "the tensor reaches beyond its storage");
}

static mlk_code add_array(const call *c, const mlk_tree_array *item, int *result)
{
    int index;
    mlk_code code = mlk_tree_add_array(c->tree, item, &index, c->status);
    if (!code)
        code = mlk_tree_add(c->tree, MLK_TREE_ARRAY, result, c->status);
    if (!code)
        c->tree->nodes[*result].index = index;
    return code;
}

/* (storage, offset, size, stride, requires_grad, hooks[, dtype in v3][, metadata]) */
static mlk_code rebuild_tensor(const call *c, bool v3, int *result)
{
    int least = v3 ? 7 : 6;
    mlk_tree_array item = {.name = c->name};
    if (c->count < least || c->count > least + 1 || !is(c, 0, MLK_TREE_STORAGE) || !is(c, 1, MLK_TREE_INTEGER) ||
        argument(c, 1)->integer < 0)
        return misused(c, "a storage, an offset, sizes, strides … are wanted");
    int rank = read_counts(c->tree, argument(c, 2), item.array.shape, MLK_MAX_RANK);
    if (rank < 0 || read_counts(c->tree, argument(c, 3), item.stride, MLK_MAX_RANK) != rank)
        return misused(c, "sizes and strides must be as many numbers of 0 or more, 8 at most");
    const mlk_tree_node *hooks = argument(c, 5);
    if (hooks->kind != MLK_TREE_NONE &&
        ((hooks->kind != MLK_TREE_ORDERED && hooks->kind != MLK_TREE_DICT) || hooks->count > 0))
        return misused(c, "it has hooks");
    if (c->count > least && !is(c, least, MLK_TREE_NONE) && (!is(c, least, MLK_TREE_DICT) || argument(c, least)->count))
        return misused(c, "it has metadata");
    item.storage = argument(c, 0)->index;
    item.offset = argument(c, 1)->integer;
    item.array.rank = rank;
    const mlk_tree_storage *storage = &c->tree->storages[item.storage];
    int dtype = storage->dtype;
    int64_t count = storage->count;
    if (v3 && (dtype != UNTYPED || !means(argument(c, 6), DTYPE, &dtype)))
        return misused(c, "an untyped storage and a dtype are wanted");
    if (dtype == UNTYPED)
        return misused(c, "a storage with a type is wanted");
    item.array.dtype = (mlk_dtype)dtype;
    if (v3)
        count /= (int64_t)mlk_dtype_size(item.array.dtype);
    mlk_code code = check_reach(c, &item, count);
    return code ? code : add_array(c, &item, result);
}

static mlk_code rebuild_parameter(const call *c, int *result)
{
    if (c->count != 3 || !is(c, 0, MLK_TREE_ARRAY))
        return misused(c, "a tensor is wanted");
    *result = c->arguments[0];
    return MLK_OK;
}

/* --- containers and words --- */

/* () or one list of pairs, or a dict. */
static mlk_code make_dict(const call *c, mlk_tree_kind kind, int *result)
{
    mlk_tree *tree = c->tree;
    mlk_code code = mlk_tree_add(tree, kind, result, c->status);
    if (code || c->count == 0)
        return code;
    const mlk_tree_node *given = argument(c, 0);
    bool dict = given->kind == MLK_TREE_DICT;
    if (c->count != 1 || (!dict && given->kind != MLK_TREE_LIST))
        return misused(c, "a dict or a list of pairs is wanted");
    for (int i = 0; !code && i < given->count; i++) {
        const mlk_tree_node *pair = &tree->nodes[given->items[i]];
        if (dict) {
            code = mlk_tree_append(tree, *result, given->items[i], c->status);
            continue;
        }
        if ((pair->kind != MLK_TREE_LIST && pair->kind != MLK_TREE_TUPLE) || pair->count != 2)
            return misused(c, "a list of pairs is wanted");
        code = mlk_tree_append(tree, *result, pair->items[0], c->status);
        if (!code)
            code = mlk_tree_append(tree, *result, pair->items[1], c->status);
    }
    return code;
}

static mlk_code make_size(const call *c, int *result)
{
    int64_t sizes[64];
    if (c->count != 1 || read_counts(c->tree, argument(c, 0), sizes, 64) < 0)
        return misused(c, "a tuple of numbers is wanted");
    *result = c->arguments[0];
    return MLK_OK;
}

static mlk_code add_text(const call *c, mlk_tree_kind kind, const char *at, size_t length, int *result)
{
    mlk_code code = mlk_tree_add(c->tree, kind, result, c->status);
    if (!code)
        c->tree->nodes[*result].text = (mlk_tree_text){at, length};
    return code;
}

/* "cuda", or "cuda:0" of ("cuda", 0) */
static mlk_code make_device(const call *c, int *result)
{
    enum { LONGEST = 20 };
    if (c->count < 1 || c->count > 2 || !is(c, 0, MLK_TREE_STRING) || argument(c, 0)->text.length > LONGEST ||
        (c->count == 2 && !is(c, 1, MLK_TREE_INTEGER)))
        return misused(c, "a word and a number are wanted");
    mlk_tree_text word = argument(c, 0)->text;
    if (c->count == 1)
        return add_text(c, MLK_TREE_STRING, word.at, word.length, result);
    char *text;
    int64_t number = argument(c, 1)->integer;
    mlk_code code = mlk_tree_make_text(c->tree, LONGEST + 24, &text, c->status);
    if (code)
        return code;
    int length = snprintf(text, LONGEST + 24, "%.*s:%" PRId64, (int)word.length, word.at, number);
    return add_text(c, MLK_TREE_STRING, text, (size_t)length, result);
}

/* Bytes as protocol 2 has them: a text whose characters up to U+00FF are the bytes. */
static mlk_code encode(const call *c, int *result)
{
    if (c->count != 2 || !is(c, 0, MLK_TREE_STRING) || !is(c, 1, MLK_TREE_STRING))
        return misused(c, "a text and the name of a codec are wanted");
    mlk_tree_text from = argument(c, 0)->text, codec = argument(c, 1)->text;
    if (!mlk_tree_is(argument(c, 1), "latin1") && !mlk_tree_is(argument(c, 1), "latin-1"))
        return mlk_fail(c->status, MLK_UNSUPPORTED, "_codecs.encode is asked for the codec '%.*s'; handled is latin1",
                        shown(codec), codec.at);
    char *to;
    size_t length = 0;
    mlk_code code = mlk_tree_make_text(c->tree, from.length, &to, c->status);
    if (code)
        return code;
    for (size_t i = 0; i < from.length; i++) {
        unsigned char byte = (unsigned char)from.at[i];
        if (byte >= 0x80) {
            unsigned char next = i + 1 < from.length ? (unsigned char)from.at[i + 1] : 0;
            if ((byte != 0xC2 && byte != 0xC3) || (next & 0xC0) != 0x80)
                return misused(c, "a character is above U+00FF");
            byte = (unsigned char)((byte & 3) << 6 | (next & 0x3F));
            i++;
        }
        to[length++] = (char)byte;
    }
    return add_text(c, MLK_TREE_BYTES, to, length, result);
}

/* --- numpy --- */

/* ("f4", copy, align): in this machine's order until its state says otherwise */
static mlk_code numpy_dtype(const call *c, int *result)
{
    if (c->count < 1 || c->count > 3 || !is(c, 0, MLK_TREE_STRING) || argument(c, 0)->text.length > 8)
        return misused(c, "the code of a type is wanted");
    char *text;
    mlk_tree_text code = argument(c, 0)->text;
    if (mlk_tree_make_text(c->tree, code.length + 1, &text, c->status))
        return c->status->code;
    text[0] = '<';
    memcpy(text + 1, code.at, code.length);
    return add_text(c, MLK_TREE_DTYPE, text, code.length + 1, result);
}

/* (3, "<", subtype, names, fields, …): the byte order; types that have parts are refused */
static mlk_code build_dtype(const call *c, mlk_tree_node *dtype)
{
    bool plain = c->count >= 5 && is(c, 1, MLK_TREE_STRING) && argument(c, 1)->text.length == 1;
    for (int i = 2; plain && i < 5; i++)
        plain = is(c, i, MLK_TREE_NONE);
    char order = plain ? *argument(c, 1)->text.at : 0;
    if (order != '<' && order != '>' && order != '|' && order != '=')
        return mlk_fail(c->status, MLK_UNSUPPORTED, "numpy.dtype '%.*s' has parts; handled are plain numbers",
                        (int)dtype->text.length - 1, dtype->text.at + 1);
    ((char *)dtype->text.at)[0] = order == '>' ? '>' : '<';
    return MLK_OK;
}

static mlk_code numpy_array(const call *c, const mlk_tree_node *dtype, mlk_array *array, bool columns,
                            mlk_tree_text bytes)
{
    mlk_code code = mlk_npy_decode(dtype->text.at, columns, (const unsigned char *)bytes.at, bytes.length, array,
                                   c->status);
    if (code && c->name.length)
        mlk_fail(c->status, code, "numpy's array '%.*s': %s", shown(c->name), c->name.at, c->status->message);
    return code;
}

/* (ndarray, (0,), b"b"): an array that its state fills */
static mlk_code reconstruct(const call *c, int *result)
{
    int dtype;
    if (c->count != 3 || !means(argument(c, 0), NUMPY_ARRAY, &dtype))
        return misused(c, "numpy.ndarray is wanted");
    return mlk_tree_add(c->tree, MLK_TREE_BLANK, result, c->status);
}

/* (1, shape, dtype, columns first, bytes) */
static mlk_code build_array(const call *c, int object)
{
    mlk_tree_array item = {.storage = -1, .name = c->name};
    int rank = c->count == 5 ? read_counts(c->tree, argument(c, 1), item.array.shape, MLK_MAX_RANK) : -1;
    if (rank < 0 || !is(c, 2, MLK_TREE_DTYPE) || !is(c, 3, MLK_TREE_BOOLEAN) || !is(c, 4, MLK_TREE_BYTES))
        return mlk_fail(c->status, MLK_UNSUPPORTED, "the state of a numpy.ndarray is no shape, dtype and bytes");
    item.array.rank = rank;
    mlk_code code = numpy_array(c, argument(c, 2), &item.array, argument(c, 3)->boolean, argument(c, 4)->text);
    if (code)
        return code;
    item.owned = item.array.data;
    int index;
    code = mlk_tree_add_array(c->tree, &item, &index, c->status);
    if (!code) {
        c->tree->nodes[object].kind = MLK_TREE_ARRAY;
        c->tree->nodes[object].index = index;
    }
    return code;
}

/* (dtype, bytes): a number */
static mlk_code scalar(const call *c, int *result)
{
    mlk_array array = {0};
    if (c->count != 2 || !is(c, 0, MLK_TREE_DTYPE) || !is(c, 1, MLK_TREE_BYTES))
        return misused(c, "a dtype and bytes are wanted");
    mlk_code code = numpy_array(c, argument(c, 0), &array, false, argument(c, 1)->text);
    if (code)
        return code;
    mlk_tree_node value = {.kind = MLK_TREE_INTEGER};
    switch (array.dtype) {
    case MLK_BOOL: value.kind = MLK_TREE_BOOLEAN, value.boolean = *(bool *)array.data; break;
    case MLK_INT64: value.integer = *(int64_t *)array.data; break;
    case MLK_INT32: value.integer = *(int32_t *)array.data; break;
    case MLK_INT16: value.integer = *(int16_t *)array.data; break;
    case MLK_INT8: value.integer = *(int8_t *)array.data; break;
    case MLK_UINT8: value.integer = *(uint8_t *)array.data; break;
    case MLK_FLOAT32: value.kind = MLK_TREE_NUMBER, value.number = *(float *)array.data; break;
    case MLK_FLOAT64: value.kind = MLK_TREE_NUMBER, value.number = *(double *)array.data; break;
    default: /* an array of no axes: half precision, complex */
        return add_array(c, &(mlk_tree_array){array, array.data, -1, 0, {0}, c->name}, result);
    }
    free(array.data);
    code = mlk_tree_add(c->tree, value.kind, result, c->status);
    if (!code)
        c->tree->nodes[*result] = value;
    return code;
}

/* --- calls --- */

mlk_code mlk_global_call(mlk_tree *tree, int callee, int arguments, mlk_tree_text name, int *result,
                         mlk_status *status)
{
    const mlk_tree_node *called = &tree->nodes[callee], *tuple = &tree->nodes[arguments];
    if (called->kind != MLK_TREE_GLOBAL)
        return mlk_fail(status, MLK_UNSUPPORTED, "it calls what is no known name: nothing of the file was run");
    call c = {tree, called->count, tuple->items, tuple->count, name, status};
    if (tuple->kind != MLK_TREE_TUPLE)
        return misused(&c, "they are no tuple");
    switch (globals[called->count].meaning) {
    case ORDERED_DICT: return make_dict(&c, MLK_TREE_ORDERED, result);
    case COUNTER: return make_dict(&c, MLK_TREE_DICT, result);
    case TENSOR_V2: return rebuild_tensor(&c, false, result);
    case TENSOR_V3: return rebuild_tensor(&c, true, result);
    case PARAMETER: return rebuild_parameter(&c, result);
    case SIZE: return make_size(&c, result);
    case DEVICE: return make_device(&c, result);
    case ENCODE: return encode(&c, result);
    case BYTES:
        return c.count == 0 ? add_text(&c, MLK_TREE_BYTES, "", 0, result) : misused(&c, "none are wanted");
    case NUMPY_DTYPE: return numpy_dtype(&c, result);
    case NUMPY_RECONSTRUCT: return reconstruct(&c, result);
    case NUMPY_SCALAR: return scalar(&c, result);
    case STORAGE:
    case DTYPE:
    case NUMPY_ARRAY: break;
    }
    return misused(&c, "it is not for calling");
}

/* A dict of attributes, of which only _metadata is known: the versions of a network's modules. */
static mlk_code check_attributes(const mlk_tree *tree, const mlk_tree_node *state, mlk_status *status)
{
    if (state->kind != MLK_TREE_DICT)
        return mlk_fail(status, MLK_UNSUPPORTED, "BUILD gives an OrderedDict a state that is no dict");
    for (int i = 0; i < state->count; i += 2) {
        const mlk_tree_node *key = &tree->nodes[state->items[i]];
        if (!mlk_tree_is(key, "_metadata"))
            return mlk_fail(status, MLK_UNSUPPORTED, "BUILD sets the attribute '%.*s' of an OrderedDict",
                            key->kind == MLK_TREE_STRING ? shown(key->text) : 1,
                            key->kind == MLK_TREE_STRING ? key->text.at : "?");
    }
    return MLK_OK;
}

mlk_code mlk_global_build(mlk_tree *tree, int object, int state, mlk_tree_text name, mlk_status *status)
{
    mlk_tree_node *target = &tree->nodes[object];
    const mlk_tree_node *given = &tree->nodes[state];
    call c = {tree, -1, given->items, given->count, name, status};
    bool tuple = given->kind == MLK_TREE_TUPLE;
    if (target->kind == MLK_TREE_ORDERED)
        return check_attributes(tree, given, status);
    if (target->kind == MLK_TREE_DTYPE && tuple)
        return build_dtype(&c, target);
    if (target->kind == MLK_TREE_BLANK && tuple)
        return build_array(&c, object);
    return mlk_fail(status, MLK_UNSUPPORTED, "BUILD changes what is no OrderedDict and no array of numpy's");
}
