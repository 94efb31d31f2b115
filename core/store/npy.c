#include "store/npy.h"

#include "store/atomic.h"
#include "store/file.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code; /* kind and size, as numpy's descr has them after the byte order */
    mlk_dtype dtype;
    size_t size; /* of an element in the file */
    size_t word; /* bytes that are reversed together in the other byte order */
} dtypes[] = {
    {"f4", MLK_FLOAT32, 4, 4}, {"f8", MLK_FLOAT64, 8, 8}, {"f2", MLK_FLOAT16, 2, 2},   {"i8", MLK_INT64, 8, 8},
    {"i4", MLK_INT32, 4, 4},   {"i2", MLK_INT16, 2, 2},   {"i1", MLK_INT8, 1, 1},      {"u1", MLK_UINT8, 1, 1},
    {"b1", MLK_BOOL, 1, 1},    {"c8", MLK_COMPLEX64, 8, 4}, {"c16", MLK_COMPLEX128, 16, 8},
    /* read only: there are no such tensors */
    {"u2", MLK_INT32, 2, 2},   {"u4", MLK_INT64, 4, 4},   {"u8", MLK_INT64, 8, 8},
};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6 };

/* --- the header: a Python dictionary with three known keys ---------------------- */

typedef struct header {
    const char *at, *end;
    int dtype;    /* index into dtypes, of numbers */
    char letters; /* 'U' or 'S' of strings, 0 of numbers */
    size_t size;  /* of an element in the file */
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

/* U5: strings of 5 characters of 4 bytes; S5: of 5 bytes. */
static bool read_letters(header *h, const char *kind)
{
    enum { LONGEST = 1 << 28 };
    size_t length = 0;
    const char *digit = kind + 1;
    for (; *digit >= '0' && *digit <= '9' && length < LONGEST; digit++)
        length = length * 10 + (size_t)(*digit - '0');
    if ((*kind != 'U' && *kind != 'S') || length == 0 || *digit)
        return false;
    h->letters = *kind;
    h->size = length * (*kind == 'U' ? 4 : 1);
    return true;
}

/* A type's code, with or without its byte order. */
static mlk_code set_type(header *h, const char *word)
{
    const char *kind = strchr("<>=|", word[0]) && word[0] ? word + 1 : word;
    h->big_endian = word[0] == '>';
    if (read_letters(h, kind))
        return MLK_OK;
    for (h->dtype = 0; h->dtype < N_DTYPES; h->dtype++) {
        if (strcmp(kind, dtypes[h->dtype].code) == 0) {
            h->array->dtype = dtypes[h->dtype].dtype;
            h->size = dtypes[h->dtype].size;
            return MLK_OK;
        }
    }
    if (*kind == 'O')
        return mlk_fail(h->status, MLK_UNSUPPORTED,
                        "dtype '%s' (Python objects, a pickle) is not handled; astype(str) makes strings of them",
                        word);
    return mlk_fail(h->status, MLK_UNSUPPORTED, "dtype '%s' is not handled; handled are %s", word,
                    "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 c8 c16 and strings (U, S)");
}

static mlk_code read_descr(header *h)
{
    char word[32];
    if (take(h, "["))
        return mlk_fail(h->status, MLK_UNSUPPORTED, "the array is structured (several named fields); save each field");
    return read_word(h, word, sizeof word) ? MLK_INVALID : set_type(h, word);
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

/* Unsigned numbers to the signed type that holds them, in place of a block with room for it: from the last. */
static mlk_code widen(unsigned char *data, int64_t count, size_t size, mlk_status *status)
{
    for (int64_t i = count - 1; i >= 0; i--) {
        if (size == 2) {
            uint16_t value;
            memcpy(&value, data + i * 2, sizeof value);
            memcpy(data + i * 4, &(int32_t){value}, sizeof(int32_t));
            continue;
        }
        uint64_t value = 0;
        memcpy(&value, data + i * (int64_t)size, size);
        if (value > INT64_MAX)
            return mlk_fail(status, MLK_UNSUPPORTED, "uint64 %" PRIu64 " does not fit in int64", value);
        memcpy(data + i * 8, &value, sizeof value);
    }
    return MLK_OK;
}

/* The shape must need the bytes that are there. */
static mlk_code check_size(const header *h, size_t found)
{
    int64_t wanted;
    mlk_array shape = *h->array;
    shape.dtype = MLK_COMPLEX128; /* the widest: what follows counts and widens without looking */
    if (!mlk_array_bytes(&shape, &wanted) || __builtin_mul_overflow(wanted / 16, (int64_t)h->size, &wanted))
        return mlk_fail(h->status, MLK_INVALID, "the shape is too large");
    if ((uint64_t)wanted != found)
        return mlk_fail(h->status, MLK_INVALID, "the data is %s: %zu bytes, the shape needs %" PRId64,
                        found < (uint64_t)wanted ? "cut short" : "too long", found, wanted);
    return MLK_OK;
}

/* The file's header; fills array's shape and type, and says where the data is and that it is all there. */
static mlk_code open_array(const unsigned char *bytes, size_t size, header *h, const unsigned char **data)
{
    mlk_array *array = h->array;
    *array = (mlk_array){0};
    if (size < 10 || memcmp(bytes, magic, MAGIC) != 0)
        return mlk_fail(h->status, MLK_INVALID, "not an .npy file");
    int version = bytes[MAGIC];
    if (version < 1 || version > 3 || bytes[MAGIC + 1] != 0)
        return mlk_fail(h->status, MLK_UNSUPPORTED, ".npy version %d.%d; known are 1.0, 2.0 and 3.0", version,
                        bytes[MAGIC + 1]);
    size_t start = version == 1 ? 10 : 12, length = bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1 && size >= start)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (size < start || length > size - start)
        return mlk_fail(h->status, MLK_INVALID, "the .npy header is cut short");
    h->at = (const char *)bytes + start;
    h->end = h->at + length;
    mlk_code code = read_header(h);
    if (code)
        return code;
    *data = bytes + start + length;
    return check_size(h, size - start - length);
}

/* A copy of the data, row-major and little-endian, with room for each element to become `room` bytes. */
static mlk_code copy_data(const header *h, const unsigned char *from, size_t room, unsigned char **copy)
{
    const mlk_array *array = h->array;
    size_t count = (size_t)mlk_array_count(array), bytes = count * h->size;
    unsigned char *data = malloc(count * (room > h->size ? room : h->size) + 1);
    if (!data)
        return mlk_fail_memory(h->status, "the array");
    if (h->fortran_order && array->rank > 1 && bytes > 0)
        mlk_copy_columns(array->rank, array->shape, from, data, h->size);
    else
        memcpy(data, from, bytes);
    if (h->big_endian && h->letters != 'S')
        reverse_words(data, bytes, h->letters ? 4 : dtypes[h->dtype].word);
    *copy = data;
    return MLK_OK;
}

static mlk_code read_numbers(const header *h, const unsigned char *from)
{
    mlk_array *array = h->array;
    unsigned char *data = NULL;
    size_t count = (size_t)mlk_array_count(array);
    mlk_code code = copy_data(h, from, mlk_dtype_size(array->dtype), &data);
    if (code)
        return code;
    if (dtypes[h->dtype].code[0] == 'u' && h->size > 1 && widen(data, (int64_t)count, h->size, h->status)) {
        free(data);
        return h->status->code;
    }
    for (size_t i = 0; array->dtype == MLK_BOOL && i < count; i++)
        data[i] = data[i] != 0;
    array->data = data;
    return MLK_OK;
}

/* --- strings -------------------------------------------------------------------- */

/* One element of the file as text, without the zeros that fill it; NULL when no text may hold it. */
static char *decode_element(const header *h, const unsigned char *from, char *to)
{
    if (h->letters == 'S') {
        size_t length = strnlen((const char *)from, h->size);
        memcpy(to, from, length);
        to[length] = '\0';
        return to + length + 1;
    }
    char *first = to;
    for (size_t i = 0; i < h->size; i += 4) {
        uint32_t code;
        memcpy(&code, from + i, 4);
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
            return NULL;
        if (code == 0)
            break;
        to = mlk_utf8_write(to, code);
    }
    *to = '\0';
    mlk_utf8_restore(first);
    return first + strlen(first) + 1;
}

static mlk_code read_strings(const header *h, const unsigned char *from, mlk_strings *strings)
{
    unsigned char *data = NULL;
    char *to;
    size_t count = (size_t)mlk_array_count(h->array);
    *strings = (mlk_strings){.rank = h->array->rank};
    memcpy(strings->shape, h->array->shape, sizeof strings->shape);
    mlk_code code = copy_data(h, from, 0, &data);
    if (code)
        return code;
    code = mlk_strings_make(strings, count * (h->size + 1), &to, h->status);
    for (size_t i = 0; !code && i < count; i++) {
        strings->items[i] = to;
        if (!(to = decode_element(h, data + i * h->size, to)))
            code = mlk_fail(h->status, MLK_INVALID, "string number %zu holds no Unicode", i + 1);
    }
    free(data);
    if (code) {
        free(strings->items);
        strings->items = NULL;
    }
    return code;
}

/* --- whole arrays --------------------------------------------------------------- */

mlk_code mlk_npy_parse(const unsigned char *bytes, size_t size, mlk_array *array, mlk_status *status)
{
    header h = {.array = array, .status = status};
    const unsigned char *data = NULL;
    mlk_code code = open_array(bytes, size, &h, &data);
    if (!code && h.letters)
        return mlk_fail(status, MLK_UNSUPPORTED, "the array holds strings, not numbers");
    return code ? code : read_numbers(&h, data);
}

mlk_code mlk_npy_decode(const char *type, bool columns, const unsigned char *bytes, size_t size, mlk_array *array,
                        mlk_status *status)
{
    header h = {.array = array, .fortran_order = columns, .status = status};
    mlk_code code = set_type(&h, type);
    if (!code && h.letters)
        return mlk_fail(status, MLK_UNSUPPORTED, "dtype '%s' holds strings, not numbers", type);
    if (!code)
        code = check_size(&h, size);
    return code ? code : read_numbers(&h, bytes);
}

mlk_code mlk_npy_parse_item(const unsigned char *bytes, size_t size, const char *name, mlk_tensors *tensors,
                            mlk_status *status)
{
    mlk_array array;
    mlk_strings strings;
    header h = {.array = &array, .status = status};
    const unsigned char *data = NULL;
    mlk_code code = open_array(bytes, size, &h, &data);
    if (!code)
        code = h.letters ? read_strings(&h, data, &strings) : read_numbers(&h, data);
    if (code)
        return code;
    return h.letters ? mlk_tensors_add_strings(tensors, name, &strings, status)
                     : mlk_tensors_add_copy(tensors, name, &array, array.data, status);
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

static void write_header(const char *descr, int rank, const int64_t *sizes, char header[MLK_NPY_HEADER_SIZE],
                         size_t *length)
{
    char shape[MLK_MAX_RANK * 22 + 1] = "";
    size_t n = 0;
    for (int axis = 0; axis < rank; axis++)
        n += (size_t)snprintf(shape + n, sizeof shape - n, axis ? ", %" PRId64 : "%" PRId64, sizes[axis]);
    size_t text = (size_t)snprintf(header + 10, MLK_NPY_HEADER_SIZE - 10,
                                   "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }", descr, shape,
                                   rank == 1 ? "," : "");
    *length = (10 + text + 1 + 63) / 64 * 64;
    memset(header + 10 + text, ' ', *length - 10 - text);
    header[*length - 1] = '\n';
    memcpy(header, magic, MAGIC);
    header[6] = 1;
    header[7] = 0;
    header[8] = (char)((*length - 10) & 0xFF);
    header[9] = (char)((*length - 10) >> 8);
}

mlk_code mlk_npy_header(const mlk_array *array, char header[MLK_NPY_HEADER_SIZE], size_t *length, mlk_status *status)
{
    int dtype = 0;
    char descr[8];
    while (dtype < N_DTYPES && dtypes[dtype].dtype != array->dtype)
        dtype++;
    if (dtype == N_DTYPES)
        return mlk_fail(status, MLK_UNSUPPORTED, ".npy has no %s; convert it to float32 first",
                        mlk_dtype_name(array->dtype));
    snprintf(descr, sizeof descr, "%c%s", dtypes[dtype].word > 1 ? '<' : '|', dtypes[dtype].code);
    write_header(descr, array->rank, array->shape, header, length);
    return MLK_OK;
}

/* Characters of a text; a byte that is no UTF-8 is one. */
static int64_t count_characters(const char *text)
{
    int64_t count = 0;
    for (const char *end = text + strlen(text); text < end; count++) {
        int step = mlk_utf8_as_is(text, end);
        text += step ? step : 1;
    }
    return count;
}

static void encode_element(const char *text, uint32_t *to)
{
    enum { KEPT = 0x10DC00 };
    for (const char *end = text + strlen(text); text < end;) {
        int step = mlk_utf8_as_is(text, end);
        *to++ = step ? mlk_utf8_code(text, step) : (uint32_t)KEPT + (unsigned char)*text;
        text += step ? step : 1;
    }
}

mlk_code mlk_npy_encode(const mlk_strings *strings, char header[MLK_NPY_HEADER_SIZE], size_t *length, void **data,
                        int64_t *bytes, mlk_status *status)
{
    char descr[24];
    int64_t count = mlk_strings_count(strings), widest = 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t characters = count_characters(strings->items[i]);
        widest = characters > widest ? characters : widest;
    }
    bool fits = !__builtin_mul_overflow(count, 4 * widest, bytes);
    uint32_t *to = fits ? calloc((size_t)*bytes + 1, 1) : NULL;
    if (!to)
        return mlk_fail_memory(status, "a list of strings");
    for (int64_t i = 0; i < count; i++)
        encode_element(strings->items[i], to + i * widest);
    snprintf(descr, sizeof descr, "<U%" PRId64, widest);
    write_header(descr, strings->rank, strings->shape, header, length);
    *data = to;
    return MLK_OK;
}

static mlk_code write_file(const char *path, const char *header, size_t length, const void *data, int64_t bytes,
                           mlk_status *status)
{
    mlk_atomic file;
    mlk_code code = mlk_atomic_open(path, &file, status);
    if (code)
        return code;
    code = mlk_atomic_write(&file, header, length, status);
    if (!code)
        code = mlk_atomic_write(&file, data, (size_t)bytes, status);
    if (!code)
        return mlk_atomic_commit(&file, status);
    mlk_atomic_abort(&file);
    return code;
}

mlk_code mlk_npy_write(const char *path, const mlk_array *array, mlk_status *status)
{
    char header[MLK_NPY_HEADER_SIZE];
    size_t length;
    int64_t bytes;
    if (!mlk_array_bytes(array, &bytes))
        return mlk_fail(status, MLK_INVALID, "the shape is too large");
    mlk_code code = mlk_npy_header(array, header, &length, status);
    return code ? code : write_file(path, header, length, array->data, bytes, status);
}

static mlk_code write_strings(const char *path, const mlk_strings *strings, mlk_status *status)
{
    char header[MLK_NPY_HEADER_SIZE];
    size_t length;
    int64_t bytes;
    void *data;
    mlk_code code = mlk_npy_encode(strings, header, &length, &data, &bytes, status);
    if (code)
        return code;
    code = write_file(path, header, length, data, bytes, status);
    free(data);
    return code;
}

/* --- as a list of one --- */

mlk_code mlk_npy_read_list(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    mlk_file file;
    *tensors = (mlk_tensors){0};
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = mlk_npy_parse_item(file.bytes, file.size, "", tensors, status);
    if (code)
        mlk_file_blame(path, status);
    mlk_file_close(&file);
    return code;
}

mlk_code mlk_npy_write_list(const char *path, const mlk_tensors *tensors, mlk_status *status)
{
    if (tensors->metadata_count > 0)
        return mlk_fail(status, MLK_INVALID, "an .npy file has no place for metadata; write .safetensors");
    return tensors->strings_count > 0 ? write_strings(path, &tensors->strings[0].strings, status)
                                      : mlk_npy_write(path, &tensors->items[0].array, status);
}
