#include "store/npy.h"

#include "store/atomic.h"
#include "store/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code; /* kind and size, as numpy's descr has them after the byte order */
    mlk_dtype dtype;
    size_t word; /* bytes that are reversed together in the other byte order */
} dtypes[] = {
    {"f4", MLK_FLOAT32, 4}, {"f8", MLK_FLOAT64, 8}, {"f2", MLK_FLOAT16, 2},   {"i8", MLK_INT64, 8},
    {"i4", MLK_INT32, 4},   {"i2", MLK_INT16, 2},   {"i1", MLK_INT8, 1},      {"u1", MLK_UINT8, 1},
    {"b1", MLK_BOOL, 1},    {"c8", MLK_COMPLEX64, 4}, {"c16", MLK_COMPLEX128, 8},
};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6 };

/* --- the header: a Python dictionary with three known keys ---------------------- */

typedef struct header {
    const char *at, *end;
    int dtype; /* index into dtypes */
    bool big_endian, fortran_order;
    mlk_array *array;
    mlk_status *status;
} header;

static bool take(header *h, const char *word)
{
    size_t length = strlen(word);
    while (h->at < h->end && *h->at == ' ')
        h->at++;
    if ((size_t)(h->end - h->at) < length || memcmp(h->at, word, length) != 0)
        return false;
    h->at += length;
    return true;
}

static mlk_code fail_header(header *h, const char *expected)
{
    return mlk_fail(h->status, MLK_INVALID, "not an .npy header: %s was expected", expected);
}

/* A string in either quotes, without escapes, in word. */
static mlk_code read_word(header *h, char *word, size_t room)
{
    char quote = take(h, "'") ? '\'' : take(h, "\"") ? '"' : 0;
    size_t n = 0;
    if (!quote)
        return fail_header(h, "a string");
    while (h->at < h->end && *h->at != quote && *h->at != '\\' && n + 1 < room)
        word[n++] = *h->at++;
    word[n] = '\0';
    if (h->at == h->end || *h->at++ != quote)
        return fail_header(h, "the end of a short string");
    return MLK_OK;
}

static mlk_code read_descr(header *h)
{
    char word[32];
    if (take(h, "["))
        return mlk_fail(h->status, MLK_UNSUPPORTED, "the array is structured (several named fields); save each field");
    if (read_word(h, word, sizeof word))
        return MLK_INVALID;
    for (h->dtype = 0; h->dtype < N_DTYPES; h->dtype++) {
        const char *kind = strchr("<>=|", word[0]) && word[0] ? word + 1 : word;
        if (strcmp(kind, dtypes[h->dtype].code) == 0) {
            h->big_endian = word[0] == '>';
            h->array->dtype = dtypes[h->dtype].dtype;
            return MLK_OK;
        }
    }
    bool object = word[0] == 'O' || (word[0] && word[1] == 'O');
    return mlk_fail(h->status, MLK_UNSUPPORTED, "dtype '%s'%s is not handled; handled are %s", word,
                    object ? " (Python objects, a pickle)" : "", "f2 f4 f8 i1 i2 i4 i8 u1 b1 c8 c16");
}

/* (), (3,), (3, 4); Python 2 wrote 3L. */
static mlk_code read_shape(header *h)
{
    mlk_array *array = h->array;
    if (!take(h, "("))
        return fail_header(h, "'(' of the shape");
    while (!take(h, ")")) {
        if (array->rank == MLK_MAX_RANK)
            return mlk_fail(h->status, MLK_UNSUPPORTED, "the array has more than %d axes", MLK_MAX_RANK);
        int64_t size = 0;
        int digits = 0;
        take(h, "");
        for (; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++, digits++)
            if (__builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, *h->at - '0', &size))
                return mlk_fail(h->status, MLK_INVALID, "the shape is too large");
        if (digits == 0)
            return fail_header(h, "a size in the shape");
        array->shape[array->rank++] = size;
        take(h, "L");
        if (!take(h, ",") && !(h->at < h->end && *h->at == ')'))
            return fail_header(h, "',' or ')' in the shape");
    }
    return MLK_OK;
}

static mlk_code read_header(header *h)
{
    enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
    int seen = 0;
    if (!take(h, "{"))
        return fail_header(h, "'{'");
    while (!take(h, "}")) {
        char key[32];
        if (read_word(h, key, sizeof key))
            return MLK_INVALID;
        int which = strcmp(key, "descr") == 0           ? DESCR
                    : strcmp(key, "fortran_order") == 0 ? ORDER
                    : strcmp(key, "shape") == 0         ? SHAPE
                                                        : 0;
        if (!which || (seen & which))
            return mlk_fail(h->status, MLK_INVALID, "not an .npy header: key '%s' %s", key,
                            which ? "comes twice" : "is unknown");
        seen |= which;
        if (!take(h, ":"))
            return fail_header(h, "':'");
        mlk_code code = which == DESCR ? read_descr(h) : which == SHAPE ? read_shape(h) : MLK_OK;
        if (code)
            return code;
        if (which == ORDER) {
            h->fortran_order = take(h, "True");
            if (!h->fortran_order && !take(h, "False"))
                return fail_header(h, "True or False");
        }
        if (!take(h, ",") && !(h->at < h->end && *h->at == '}'))
            return fail_header(h, "',' or '}'");
    }
    for (; h->at < h->end; h->at++)
        if (*h->at != ' ' && *h->at != '\n')
            return fail_header(h, "nothing more");
    return seen == ALL ? MLK_OK : fail_header(h, "descr, fortran_order and shape");
}

/* --- the data ------------------------------------------------------------------- */

/* Column-major elements at `from` to row-major ones at `to`. */
static void copy_fortran(const mlk_array *array, const unsigned char *from, unsigned char *to, size_t size)
{
    int64_t count = mlk_array_count(array), index[MLK_MAX_RANK] = {0}, stride[MLK_MAX_RANK];
    int64_t step = 1, at = 0;
    for (int axis = 0; axis < array->rank; axis++) {
        stride[axis] = step;
        step *= array->shape[axis];
    }
    for (int64_t i = 0; i < count; i++) {
        memcpy(to + (size_t)i * size, from + (size_t)at * size, size);
        for (int axis = array->rank - 1; axis >= 0; axis--) {
            at += stride[axis];
            if (++index[axis] < array->shape[axis])
                break;
            at -= stride[axis] * array->shape[axis];
            index[axis] = 0;
        }
    }
}

static void reverse_words(unsigned char *bytes, size_t n, size_t word)
{
    for (unsigned char *at = bytes; at < bytes + n; at += word) {
        for (size_t i = 0; i < word / 2; i++) {
            unsigned char byte = at[i];
            at[i] = at[word - 1 - i];
            at[word - 1 - i] = byte;
        }
    }
}

mlk_code mlk_npy_parse(const unsigned char *bytes, size_t size, mlk_array *array, mlk_status *status)
{
    *array = (mlk_array){0};
    if (size < 10 || memcmp(bytes, magic, MAGIC) != 0)
        return mlk_fail(status, MLK_INVALID, "not an .npy file");
    int version = bytes[MAGIC];
    if (version < 1 || version > 3 || bytes[MAGIC + 1] != 0)
        return mlk_fail(status, MLK_UNSUPPORTED, ".npy version %d.%d; known are 1.0, 2.0 and 3.0", version,
                        bytes[MAGIC + 1]);
    size_t start = version == 1 ? 10 : 12, length = bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1 && size >= start)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (size < start || length > size - start)
        return mlk_fail(status, MLK_INVALID, "the .npy header is cut short");

    header h = {.at = (const char *)bytes + start, .end = (const char *)bytes + start + length, .array = array,
                .status = status};
    mlk_code code = read_header(&h);
    if (code)
        return code;
    int64_t wanted;
    size_t found = size - start - length;
    if (!mlk_array_bytes(array, &wanted))
        return mlk_fail(status, MLK_INVALID, "the shape is too large");
    if ((uint64_t)wanted != found)
        return mlk_fail(status, MLK_INVALID, "the data is %s: %zu bytes, the shape needs %" PRId64,
                        found < (uint64_t)wanted ? "cut short" : "too long", found, wanted);
    const unsigned char *from = bytes + start + length;
    unsigned char *data = malloc(found ? found : 1);
    if (!data)
        return mlk_fail_memory(status, "the array");
    if (h.fortran_order && array->rank > 1 && found > 0)
        copy_fortran(array, from, data, mlk_dtype_size(array->dtype));
    else
        memcpy(data, from, found);
    if (h.big_endian)
        reverse_words(data, found, dtypes[h.dtype].word);
    for (size_t i = 0; array->dtype == MLK_BOOL && i < found; i++)
        data[i] = data[i] != 0;
    array->data = data;
    return MLK_OK;
}

mlk_code mlk_npy_read(const char *path, mlk_array *array, mlk_status *status)
{
    mlk_status own;
    mlk_file file;
    if (!status)
        status = &own;
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = mlk_npy_parse(file.bytes, file.size, array, status);
    if (code)
        mlk_file_blame(path, status);
    mlk_file_close(&file);
    return code;
}

mlk_code mlk_npy_header(const mlk_array *array, char header[MLK_NPY_HEADER_SIZE], size_t *length, mlk_status *status)
{
    int dtype = 0;
    while (dtype < N_DTYPES && dtypes[dtype].dtype != array->dtype)
        dtype++;
    if (dtype == N_DTYPES)
        return mlk_fail(status, MLK_UNSUPPORTED, ".npy has no %s; convert it to float32 first",
                        mlk_dtype_name(array->dtype));
    char shape[MLK_MAX_RANK * 22 + 1] = "";
    size_t n = 0;
    for (int axis = 0; axis < array->rank; axis++)
        n += (size_t)snprintf(shape + n, sizeof shape - n, axis ? ", %" PRId64 : "%" PRId64, array->shape[axis]);
    size_t text = (size_t)snprintf(header + 10, MLK_NPY_HEADER_SIZE - 10,
                                   "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s%s), }",
                                   dtypes[dtype].word > 1 ? '<' : '|', dtypes[dtype].code, shape,
                                   array->rank == 1 ? "," : "");
    *length = (10 + text + 1 + 63) / 64 * 64;
    memset(header + 10 + text, ' ', *length - 10 - text);
    header[*length - 1] = '\n';
    memcpy(header, magic, MAGIC);
    header[6] = 1;
    header[7] = 0;
    header[8] = (char)((*length - 10) & 0xFF);
    header[9] = (char)((*length - 10) >> 8);
    return MLK_OK;
}

mlk_code mlk_npy_write(const char *path, const mlk_array *array, mlk_status *status)
{
    char header[MLK_NPY_HEADER_SIZE];
    size_t length;
    int64_t bytes;
    mlk_atomic file;
    if (!mlk_array_bytes(array, &bytes))
        return mlk_fail(status, MLK_INVALID, "the shape is too large");
    mlk_code code = mlk_npy_header(array, header, &length, status);
    if (!code)
        code = mlk_atomic_open(path, &file, status);
    if (code)
        return code;
    code = mlk_atomic_write(&file, header, length, status);
    if (!code)
        code = mlk_atomic_write(&file, array->data, (size_t)bytes, status);
    if (!code)
        return mlk_atomic_commit(&file, status);
    mlk_atomic_abort(&file);
    return code;
}

/* --- as a list of one --- */

mlk_code mlk_npy_read_list(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    mlk_array array;
    mlk_code code = mlk_npy_read(path, &array, status);
    return code ? code : mlk_tensors_add_copy(tensors, "", &array, array.data, status);
}

mlk_code mlk_npy_write_list(const char *path, const mlk_tensors *tensors, mlk_status *status)
{
    if (tensors->metadata_count > 0)
        return mlk_fail(status, MLK_INVALID, "an .npy file has no place for metadata; write .safetensors");
    return mlk_npy_write(path, &tensors->items[0].array, status);
}
