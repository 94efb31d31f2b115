#include "store/safetensors.h"

#include "store/atomic.h"
#include "store/json.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_HEADER = 100000000, MOST_TENSORS = 1000000 };

static const struct {
    const char *name;
    mlk_dtype dtype;
} dtypes[] = {
    {"F64", MLK_FLOAT64}, {"F32", MLK_FLOAT32}, {"F16", MLK_FLOAT16}, {"BF16", MLK_BFLOAT16},
    {"I64", MLK_INT64},   {"I32", MLK_INT32},   {"I16", MLK_INT16},   {"I8", MLK_INT8},
    {"U8", MLK_UINT8},    {"BOOL", MLK_BOOL},   {"C64", MLK_COMPLEX64},
};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

/* Where a tensor lies in the data section. */
typedef struct extent {
    int64_t begin, end;
} extent;

/* The header while it is read: extents[i] belongs to tensors->items[i]. */
typedef struct header {
    mlk_json json;
    mlk_tensors *tensors;
    extent *extents;
    bool has_metadata;
    mlk_status *status;
} header;

static mlk_code expect(header *h, char character)
{
    if (mlk_json_take(&h->json, character))
        return MLK_OK;
    return mlk_fail(h->status, MLK_INVALID, "not JSON of a safetensors header: '%c' was expected", character);
}

/* --- reading ---------------------------------------------------------------- */

static mlk_code read_metadata(header *h)
{
    if (h->has_metadata)
        return mlk_fail(h->status, MLK_INVALID, "__metadata__ comes twice");
    h->has_metadata = true;
    if (expect(h, '{'))
        return MLK_INVALID;
    if (mlk_json_take(&h->json, '}'))
        return MLK_OK;
    mlk_tensors *tensors = h->tensors;
    int room = 0;
    do {
        if (tensors->metadata_count == room) {
            room = room ? 2 * room : 4;
            mlk_text_pair *grown = realloc(tensors->metadata, (size_t)room * sizeof *grown);
            if (!grown)
                return mlk_fail_memory(h->status, "metadata");
            tensors->metadata = grown;
        }
        if (tensors->metadata_count == MOST_TENSORS)
            return mlk_fail(h->status, MLK_INVALID, "more than %d metadata keys", MOST_TENSORS);
        mlk_text_pair *pair = &tensors->metadata[tensors->metadata_count];
        if (mlk_json_string(&h->json, &pair->key, h->status))
            return h->status->code;
        mlk_code code = expect(h, ':');
        if (!code && mlk_json_string(&h->json, &pair->value, h->status))
            code = mlk_fail(h->status, MLK_INVALID, "metadata '%.80s' must be a string", pair->key);
        if (code) {
            free(pair->key);
            return code;
        }
        tensors->metadata_count++;
    } while (mlk_json_take(&h->json, ','));
    return expect(h, '}');
}

static mlk_code read_dtype(header *h, const char *name, mlk_dtype *dtype)
{
    char *word;
    if (mlk_json_string(&h->json, &word, h->status))
        return h->status->code;
    for (int i = 0; i < N_DTYPES; i++) {
        if (strcmp(word, dtypes[i].name) == 0) {
            *dtype = dtypes[i].dtype;
            free(word);
            return MLK_OK;
        }
    }
    mlk_fail(h->status, MLK_UNSUPPORTED,
             "tensor '%.40s' has dtype '%.20s'; handled are F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL C64", name,
             word);
    free(word);
    return MLK_UNSUPPORTED;
}

/* A list of at most `most` counts. */
static mlk_code read_counts(header *h, const char *name, const char *field, int most, int64_t *values, int *n)
{
    *n = 0;
    if (expect(h, '['))
        return MLK_INVALID;
    if (mlk_json_take(&h->json, ']'))
        return MLK_OK;
    do {
        if (*n == most)
            return mlk_fail(h->status, MLK_INVALID, "%s of tensor '%.80s' has more than %d numbers", field, name,
                            most);
        if (mlk_json_count(&h->json, &values[(*n)++], h->status))
            return h->status->code;
    } while (mlk_json_take(&h->json, ','));
    return expect(h, ']');
}

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]} in any order. */
static mlk_code read_tensor(header *h, const char *name, mlk_array *array, extent *where)
{
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, ALL = 7 };
    int seen = 0;
    if (expect(h, '{'))
        return MLK_INVALID;
    do {
        char *field;
        if (mlk_json_string(&h->json, &field, h->status))
            return h->status->code;
        int which = strcmp(field, "dtype") == 0          ? DTYPE
                    : strcmp(field, "shape") == 0        ? SHAPE
                    : strcmp(field, "data_offsets") == 0 ? OFFSETS
                                                         : 0;
        if (!which || (seen & which))
            mlk_fail(h->status, MLK_INVALID, "tensor '%.80s' has %s field '%.40s'", name,
                     which ? "twice the" : "an unknown", field);
        free(field);
        if (!which || (seen & which))
            return MLK_INVALID;
        seen |= which;
        if (expect(h, ':'))
            return MLK_INVALID;
        int64_t offsets[2];
        int n = 2;
        mlk_code code = which == DTYPE   ? read_dtype(h, name, &array->dtype)
                        : which == SHAPE ? read_counts(h, name, "shape", MLK_MAX_RANK, array->shape, &array->rank)
                                         : read_counts(h, name, "data_offsets", 2, offsets, &n);
        if (code)
            return code;
        if (n != 2)
            return mlk_fail(h->status, MLK_INVALID, "data_offsets of tensor '%.80s' must be two numbers", name);
        if (which == OFFSETS)
            *where = (extent){offsets[0], offsets[1]};
    } while (mlk_json_take(&h->json, ','));
    if (seen != ALL)
        return mlk_fail(h->status, MLK_INVALID, "tensor '%.80s' lacks %s", name,
                        !(seen & DTYPE)   ? "dtype"
                        : !(seen & SHAPE) ? "shape"
                                          : "data_offsets");
    return expect(h, '}');
}

static mlk_code check_tensor(header *h, const char *name, const mlk_array *array, const extent *where)
{
    int64_t bytes;
    if (where->end < where->begin)
        return mlk_fail(h->status, MLK_INVALID, "tensor '%.80s' ends (%" PRId64 ") before it begins (%" PRId64 ")",
                        name, where->end, where->begin);
    if (!mlk_array_bytes(array, &bytes))
        return mlk_fail(h->status, MLK_INVALID, "the shape of tensor '%.80s' is too large", name);
    if (bytes != where->end - where->begin)
        return mlk_fail(h->status, MLK_INVALID,
                        "tensor '%.80s' takes %" PRId64 " bytes by its shape, %" PRId64 " by its data_offsets", name,
                        bytes, where->end - where->begin);
    return MLK_OK;
}

static mlk_code read_item(header *h)
{
    char *name;
    if (mlk_json_string(&h->json, &name, h->status))
        return h->status->code;
    mlk_code code = expect(h, ':');
    if (!code && strcmp(name, "__metadata__") == 0) {
        code = read_metadata(h);
        free(name);
        return code;
    }
    mlk_array array = {0};
    extent where = {0};
    if (!code)
        code = read_tensor(h, name, &array, &where);
    if (!code)
        code = check_tensor(h, name, &array, &where);
    int count = h->tensors->count;
    if (!code && count == MOST_TENSORS)
        code = mlk_fail(h->status, MLK_INVALID, "more than %d tensors", MOST_TENSORS);
    if (!code && (count & (count - 1)) == 0) { /* grows at powers of two, as the items do */
        extent *grown = realloc(h->extents, (count ? 2 * (size_t)count : 1) * sizeof *grown);
        if (grown)
            h->extents = grown;
        else
            code = mlk_fail_memory(h->status, "the list of tensors");
    }
    if (code) {
        free(name);
        return code;
    }
    h->extents[count] = where;
    return mlk_tensors_add(h->tensors, name, &array, NULL, h->status);
}

static mlk_code read_header(header *h)
{
    if (expect(h, '{'))
        return MLK_INVALID;
    if (!mlk_json_take(&h->json, '}')) {
        do {
            mlk_code code = read_item(h);
            if (code)
                return code;
        } while (mlk_json_take(&h->json, ','));
        if (expect(h, '}'))
            return MLK_INVALID;
    }
    if (!mlk_json_at_end(&h->json))
        return mlk_fail(h->status, MLK_INVALID, "the header goes on after its JSON");
    return MLK_OK;
}

static int by_place(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* The tensors must fill the data section from its start to its end: no gap, no overlap. */
static mlk_code check_layout(const header *h, int64_t data_size)
{
    int count = h->tensors->count;
    extent *sorted = malloc(((size_t)count + 1) * sizeof *sorted);
    if (!sorted)
        return mlk_fail_memory(h->status, "the list of tensors");
    if (count > 0) {
        memcpy(sorted, h->extents, (size_t)count * sizeof *sorted);
        qsort(sorted, (size_t)count, sizeof *sorted, by_place);
    }
    mlk_code code = MLK_OK;
    int64_t end = 0;
    for (int i = 0; i < count && !code; i++) {
        if (sorted[i].begin != end)
            code = mlk_fail(h->status, MLK_INVALID, "tensors %s at byte %" PRId64 " of the data",
                            sorted[i].begin > end ? "leave a gap" : "overlap", end);
        end = sorted[i].end;
    }
    free(sorted);
    if (!code && end != data_size)
        code = mlk_fail(h->status, MLK_INVALID, "the tensors take %" PRId64 " bytes, the file has %" PRId64 " for them",
                        end, data_size);
    return code;
}

/* Points each array at its data; copies what does not lie where its type may lie. */
static mlk_code place_arrays(const header *h, unsigned char *data)
{
    for (int i = 0; i < h->tensors->count; i++) {
        mlk_named_array *item = &h->tensors->items[i];
        size_t bytes = (size_t)(h->extents[i].end - h->extents[i].begin);
        unsigned char *at = data + h->extents[i].begin;
        size_t alignment = mlk_dtype_size(item->array.dtype);
        if ((uintptr_t)at % (alignment < 8 ? alignment : 8) != 0 && bytes > 0) {
            item->owned = malloc(bytes);
            if (!item->owned)
                return mlk_fail_memory(h->status, "a tensor");
            at = memcpy(item->owned, at, bytes);
        }
        item->array.data = at;
        for (size_t k = 0; item->array.dtype == MLK_BOOL && k < bytes; k++)
            if (at[k] > 1)
                return mlk_fail(h->status, MLK_INVALID, "bool tensor '%.80s' holds a byte %d", item->name, at[k]);
    }
    return MLK_OK;
}

mlk_code mlk_safetensors_parse(unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status)
{
    mlk_status own;
    *tensors = (mlk_tensors){0};
    if (!status)
        status = &own;
    if (size < 8)
        return mlk_fail(status, MLK_INVALID, "not a safetensors file: %zu bytes, shorter than the header's length",
                        size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > LONGEST_HEADER || length > size - 8)
        return mlk_fail(status, MLK_INVALID,
                        "not a safetensors file, or cut short: a header of %" PRIu64 " bytes in a file of %zu", length,
                        size);
    const char *text = (const char *)bytes + 8;
    if (length == 0 || *text != '{')
        return mlk_fail(status, MLK_INVALID, "not a safetensors file: the header does not begin with '{'");
    if (!mlk_utf8_valid(text, length))
        return mlk_fail(status, MLK_INVALID, "the header is not UTF-8");

    header h = {.json = {text, text + length}, .tensors = tensors, .status = status};
    mlk_code code = read_header(&h);
    if (!code)
        code = check_layout(&h, (int64_t)(size - 8 - length));
    if (!code)
        code = place_arrays(&h, bytes + 8 + length);
    if (!code)
        code = mlk_tensors_sort(tensors, status);
    free(h.extents);
    if (code)
        mlk_tensors_free(tensors);
    return code;
}

mlk_code mlk_safetensors_read(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    return mlk_tensors_map(path, mlk_safetensors_parse, tensors, status);
}

/* --- writing ---------------------------------------------------------------- */

/* Wider types first, so that each is aligned; then by name. */
static int by_width(const void *a, const void *b)
{
    const mlk_named_array *x = *(const mlk_named_array *const *)a, *y = *(const mlk_named_array *const *)b;
    size_t wide_x = mlk_dtype_size(x->array.dtype), wide_y = mlk_dtype_size(y->array.dtype);
    if (wide_x != wide_y)
        return wide_x > wide_y ? -1 : 1;
    return strcmp(x->name, y->name);
}

static mlk_code check_writable(const mlk_tensors *tensors, mlk_status *status)
{
    if (tensors->strings_count > 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "'%.80s': safetensors has no strings, only metadata; .npz has them",
                        tensors->strings[0].name);
    for (int i = 0; i < tensors->count; i++) {
        const mlk_named_array *item = &tensors->items[i];
        int64_t bytes;
        if (item->array.dtype == MLK_COMPLEX128)
            return mlk_fail(status, MLK_UNSUPPORTED, "tensor '%.80s': safetensors has no complex128, only complex64",
                            item->name);
        if (strcmp(item->name, "__metadata__") == 0)
            return mlk_fail(status, MLK_INVALID, "a tensor's name must not be __metadata__");
        if (!mlk_array_bytes(&item->array, &bytes))
            return mlk_fail(status, MLK_INVALID, "the shape of tensor '%.80s' is too large", item->name);
    }
    return MLK_OK;
}

static void write_header(FILE *out, const mlk_tensors *tensors, const mlk_named_array *const *order)
{
    putc('{', out);
    if (tensors->metadata_count > 0) {
        fputs("\"__metadata__\":{", out);
        for (int i = 0; i < tensors->metadata_count; i++) {
            if (i > 0)
                putc(',', out);
            mlk_json_write_string(out, tensors->metadata[i].key);
            putc(':', out);
            mlk_json_write_string(out, tensors->metadata[i].value);
        }
        fputs(tensors->count > 0 ? "}," : "}", out);
    }
    int64_t begin = 0, bytes;
    for (int i = 0; i < tensors->count; i++, begin += bytes) {
        const mlk_array *array = &order[i]->array;
        int dtype = 0;
        while (dtypes[dtype].dtype != array->dtype)
            dtype++;
        mlk_array_bytes(array, &bytes);
        mlk_json_write_string(out, order[i]->name);
        fprintf(out, ":{\"dtype\":\"%s\",\"shape\":[", dtypes[dtype].name);
        for (int axis = 0; axis < array->rank; axis++)
            fprintf(out, axis ? ",%" PRId64 : "%" PRId64, array->shape[axis]);
        fprintf(out, "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}%s", begin, begin + bytes,
                i + 1 < tensors->count ? "," : "");
    }
    putc('}', out);
    while (ftell(out) % 8 != 0) /* the data begins at a multiple of 8 */
        putc(' ', out);
}

static mlk_code write_all(mlk_atomic *file, const mlk_tensors *tensors, const mlk_named_array *const *order,
                          mlk_status *status)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (!memory)
        return mlk_fail_memory(status, "the header");
    write_header(memory, tensors, order);
    bool lost = ferror(memory);
    if (fclose(memory) || lost) {
        free(text);
        return mlk_fail_memory(status, "the header");
    }
    unsigned char prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (unsigned char)((uint64_t)length >> (8 * i));
    mlk_code code = length > LONGEST_HEADER
                        ? mlk_fail(status, MLK_INVALID, "the header would take %zu bytes; at most %d are allowed",
                                   length, LONGEST_HEADER)
                        : mlk_atomic_write(file, prefix, sizeof prefix, status);
    if (!code)
        code = mlk_atomic_write(file, text, length, status);
    free(text);
    for (int i = 0; i < tensors->count && !code; i++) {
        int64_t bytes;
        mlk_array_bytes(&order[i]->array, &bytes);
        code = mlk_atomic_write(file, order[i]->array.data, (size_t)bytes, status);
    }
    return code;
}

mlk_code mlk_safetensors_write(const char *path, const mlk_tensors *tensors, mlk_status *status)
{
    mlk_code code = check_writable(tensors, status);
    if (code)
        return code;
    const mlk_named_array **order = malloc(((size_t)tensors->count + 1) * sizeof *order);
    if (!order)
        return mlk_fail_memory(status, "the list of tensors");
    for (int i = 0; i < tensors->count; i++)
        order[i] = &tensors->items[i];
    if (tensors->count > 1)
        qsort(order, (size_t)tensors->count, sizeof *order, by_width);
    mlk_atomic file;
    code = mlk_atomic_open(path, &file, status);
    if (!code) {
        code = write_all(&file, tensors, order, status);
        if (code)
            mlk_atomic_abort(&file);
        else
            code = mlk_atomic_commit(&file, status);
    }
    free(order);
    return code;
}
