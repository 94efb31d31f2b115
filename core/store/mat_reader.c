/* mat_reader.c: reads MATLAB's files of level 5. */
#include "store/mat.h"

#include "store/inflate.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements that follow each other, in the file or in a matrix. */
typedef struct reader {
    const unsigned char *at, *end;
    bool big_endian;
    mlk_status *status;
} reader;

/* One of them: its type and bytes. */
typedef struct element {
    unsigned type;
    const unsigned char *at;
    size_t size;
} element;

/* A matrix, before its numbers are read. */
typedef struct matrix {
    char name[256];
    unsigned class;
    bool is_complex, is_logical;
    int rank;
    int64_t shape[MLK_MAX_RANK];
    int64_t count;
} matrix;

static mlk_code damaged(const reader *r, const char *what)
{
    return mlk_fail(r->status, MLK_INVALID, "not a .mat file, or damaged: %s", what);
}

static uint64_t number(const unsigned char *at, size_t size, bool big_endian)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[big_endian ? i : size - 1 - i];
    return value;
}

/* The next element; moves behind it and what fills it up to 8 bytes. */
static mlk_code next_element(reader *r, element *e)
{
    size_t left = (size_t)(r->end - r->at);
    *e = (element){0};
    if (left < 8)
        return damaged(r, "an element is cut short");
    unsigned type = (unsigned)number(r->at, 4, r->big_endian), small = type >> 16;
    *e = small ? (element){type & 0xFFFF, r->at + 4, small}
               : (element){type, r->at + 8, (size_t)number(r->at + 4, 4, r->big_endian)};
    if (small ? small > 4 : e->size > left - 8)
        return damaged(r, "an element is longer than what holds it");
    size_t taken = small ? 8 : 8 + e->size;
    if (!small && e->type != MLK_MAT_COMPRESSED)
        taken = (taken + 7) / 8 * 8;
    r->at += taken < left ? taken : left;
    return MLK_OK;
}

static size_t type_size(unsigned type)
{
    static const unsigned char sizes[] = {[MLK_MAT_INT8] = 1,   [MLK_MAT_UINT8] = 1,  [MLK_MAT_INT16] = 2,
                                          [MLK_MAT_UINT16] = 2, [MLK_MAT_INT32] = 4,  [MLK_MAT_UINT32] = 4,
                                          [MLK_MAT_SINGLE] = 4, [MLK_MAT_DOUBLE] = 8, [MLK_MAT_INT64] = 8,
                                          [MLK_MAT_UINT64] = 8, [MLK_MAT_UTF8] = 1,   [MLK_MAT_UTF16] = 2,
                                          [MLK_MAT_UTF32] = 4};
    return type < sizeof sizes ? sizes[type] : 0;
}

/* --- numbers --- */

static bool is_signed(unsigned type)
{
    return type == MLK_MAT_INT8 || type == MLK_MAT_INT16 || type == MLK_MAT_INT32 || type == MLK_MAT_INT64;
}

/* Number i of an element, as an integer; those of floats are cut off. */
static int64_t integer(const element *e, int64_t i, bool big_endian)
{
    size_t size = type_size(e->type);
    uint64_t bits = number(e->at + (size_t)i * size, size, big_endian);
    if (!is_signed(e->type) || size == 8)
        return (int64_t)bits;
    int shift = 64 - 8 * (int)size;
    return (int64_t)(bits << shift) >> shift;
}

static double real(const element *e, int64_t i, bool big_endian)
{
    if (e->type == MLK_MAT_DOUBLE) {
        uint64_t bits = number(e->at + (size_t)i * 8, 8, big_endian);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (e->type == MLK_MAT_SINGLE) {
        uint32_t bits = (uint32_t)number(e->at + (size_t)i * 4, 4, big_endian);
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    int64_t value = integer(e, i, big_endian);
    return e->type == MLK_MAT_UINT64 ? (double)(uint64_t)value : (double)value;
}

/* The type here of a class of numbers. */
static mlk_dtype dtype_of(const matrix *m)
{
    static const mlk_dtype integers[] = {MLK_INT8,  MLK_UINT8, MLK_INT16, MLK_INT32,
                                         MLK_INT32, MLK_INT64, MLK_INT64, MLK_INT64};
    if (m->is_complex)
        return m->class == MLK_MAT_SINGLE_CLASS ? MLK_COMPLEX64 : MLK_COMPLEX128;
    if (m->is_logical)
        return MLK_BOOL;
    return m->class == MLK_MAT_DOUBLE_CLASS   ? MLK_FLOAT64
           : m->class == MLK_MAT_SINGLE_CLASS ? MLK_FLOAT32
                                              : integers[m->class - MLK_MAT_INT8_CLASS];
}

/* Stores number i of an element, at every `step` numbers of a block. */
static void store(mlk_dtype dtype, void *to, int64_t at, const element *e, int64_t i, bool big_endian)
{
    switch (dtype) {
    case MLK_FLOAT64:
    case MLK_COMPLEX128: ((double *)to)[at] = real(e, i, big_endian); break;
    case MLK_FLOAT32:
    case MLK_COMPLEX64: ((float *)to)[at] = (float)real(e, i, big_endian); break;
    case MLK_INT64: ((int64_t *)to)[at] = integer(e, i, big_endian); break;
    case MLK_INT32: ((int32_t *)to)[at] = (int32_t)integer(e, i, big_endian); break;
    case MLK_INT16: ((int16_t *)to)[at] = (int16_t)integer(e, i, big_endian); break;
    case MLK_BOOL: ((uint8_t *)to)[at] = integer(e, i, big_endian) != 0; break;
    default: ((uint8_t *)to)[at] = (uint8_t)integer(e, i, big_endian);
    }
}

/* True of numbers that lie in the file as they do in memory. */
static bool is_stored_so(const element *e, mlk_dtype dtype)
{
    return (dtype == MLK_FLOAT64 && e->type == MLK_MAT_DOUBLE) || (dtype == MLK_FLOAT32 && e->type == MLK_MAT_SINGLE);
}

/* Numbers of one part, real or imaginary, to every `step`th place from `first`. */
static mlk_code read_part(reader *r, const matrix *m, mlk_dtype dtype, void *to, int first, int step)
{
    element e;
    if (next_element(r, &e))
        return r->status->code;
    size_t size = type_size(e.type);
    bool floats = e.type == MLK_MAT_SINGLE || e.type == MLK_MAT_DOUBLE;
    if (size == 0 || e.size / size != (size_t)m->count || e.size % size != 0)
        return damaged(r, "a matrix has another number of values than its size says");
    if (floats && !m->is_complex && m->class > MLK_MAT_SINGLE_CLASS)
        return damaged(r, "a matrix of integers holds fractions");
    if (is_stored_so(&e, dtype) && !r->big_endian) {
        memcpy(to, e.at, e.size);
        return MLK_OK;
    }
    for (int64_t i = 0; i < m->count; i++) {
        store(dtype, to, first + i * step, &e, i, r->big_endian);
        if (e.type == MLK_MAT_UINT64 && dtype == MLK_INT64 && ((int64_t *)to)[i] < 0)
            return mlk_fail(r->status, MLK_UNSUPPORTED, "variable '%.80s': uint64 %" PRIu64 " does not fit in int64",
                            m->name, ((uint64_t *)to)[i]);
    }
    return MLK_OK;
}

static mlk_code read_numbers(reader *r, const matrix *m, mlk_tensors *tensors)
{
    mlk_array array = {.dtype = dtype_of(m), .rank = m->rank};
    size_t size = mlk_dtype_size(array.dtype);
    memcpy(array.shape, m->shape, sizeof array.shape);
    /* Each value takes a byte of the file at least. */
    if (m->count > r->end - r->at)
        return damaged(r, "a matrix claims more values than there are bytes");
    void *columns = malloc((size_t)m->count * size + 1), *rows = malloc((size_t)m->count * size + 1);
    mlk_code code = columns && rows ? MLK_OK : mlk_fail_memory(r->status, "a matrix");
    if (!code)
        code = read_part(r, m, array.dtype, columns, 0, m->is_complex ? 2 : 1);
    if (!code && m->is_complex)
        code = read_part(r, m, array.dtype, columns, 1, 2);
    if (!code)
        mlk_copy_columns(m->rank, m->shape, columns, rows, size);
    free(columns);
    if (code) {
        free(rows);
        return code;
    }
    array.data = rows;
    return mlk_tensors_add_copy(tensors, m->name, &array, rows, r->status);
}

/* --- characters --- */

/* The code points of a character array, column after column: *codes (malloc), *count of them. */
static mlk_code decode(reader *r, uint32_t **codes, int64_t *count)
{
    element e;
    if (next_element(r, &e))
        return r->status->code;
    size_t size = type_size(e.type), n = size ? e.size / size : 0;
    if (size == 0 || size == 8)
        return damaged(r, "characters of an unknown type");
    uint32_t *to = malloc((n + 1) * sizeof *to);
    if (!to)
        return mlk_fail_memory(r->status, "characters");
    *codes = to;
    const char *text = (const char *)e.at, *end = text + e.size;
    for (size_t i = 0; i < n; i++) {
        int step = e.type == MLK_MAT_UTF8 ? mlk_utf8_sequence(text, end) : 0;
        uint32_t low = size == 2 && i + 1 < n ? (uint32_t)number(e.at + (i + 1) * 2, 2, r->big_endian) : 0;
        uint32_t code = (uint32_t)number(e.at + i * size, size, r->big_endian);
        if (step > 0) {
            code = mlk_utf8_code(text, step);
            text += step;
            i += (size_t)step - 1;
        } else if (size == 2 && code >> 10 == 0x36 && low >> 10 == 0x37) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i++;
        }
        *to++ = code;
    }
    *count = to - *codes;
    return MLK_OK;
}

/* Row `row` of `rows` as UTF-8; without the blanks that make rows equally long. */
static char *write_row(const uint32_t *codes, int64_t count, int64_t row, int64_t rows, char *to)
{
    char *first = to;
    while (rows > 1 && count > row && codes[(count - row - 1) / rows * rows + row] == ' ')
        count -= rows;
    for (int64_t i = row; i < count; i += rows) {
        bool scalar = codes[i] > 0 && codes[i] <= 0x10FFFF && !(codes[i] >= 0xD800 && codes[i] < 0xE000);
        to = mlk_utf8_write(to, scalar ? codes[i] : 0xFFFD);
    }
    *to = '\0';
    mlk_utf8_restore(first);
    return first + strlen(first) + 1;
}

/* A string of one row, or none; a list of several. */
static mlk_code read_text(reader *r, const matrix *m, mlk_strings *strings)
{
    uint32_t *codes = NULL;
    int64_t count = 0, rows = m->count > 0 ? m->shape[0] : 0;
    char *to;
    mlk_code code = decode(r, &codes, &count);
    if (code)
        return code;
    *strings = (mlk_strings){.rank = rows > 1, .shape = {rows > 1 ? rows : 0}};
    if (rows > 1 && (count != m->count || m->rank > 2))
        code = damaged(r, "characters in rows of different lengths");
    rows = rows > 1 ? rows : 1;
    if (!code)
        code = mlk_strings_make(strings, (size_t)count * 4 + (size_t)rows, &to, r->status);
    for (int64_t row = 0; !code && row < rows; row++) {
        strings->items[row] = to;
        to = write_row(codes, count, row, rows, to);
    }
    free(codes);
    return code;
}

/* --- variables --- */

static mlk_code read_shape(reader *r, matrix *m)
{
    element e;
    if (next_element(r, &e))
        return r->status->code;
    if (e.type != MLK_MAT_INT32 || e.size < 8 || e.size % 4 != 0)
        return damaged(r, "a matrix without its size");
    m->rank = (int)(e.size / 4);
    if (m->rank > MLK_MAX_RANK)
        return mlk_fail(r->status, MLK_UNSUPPORTED, "a matrix of %d axes; %d at most", m->rank, MLK_MAX_RANK);
    mlk_array array = {.dtype = MLK_COMPLEX128, .rank = m->rank};
    for (int axis = 0; axis < m->rank; axis++) {
        array.shape[axis] = m->shape[axis] = integer(&e, axis, r->big_endian);
        if (m->shape[axis] < 0)
            return damaged(r, "a matrix of a negative size");
    }
    int64_t bytes;
    if (!mlk_array_bytes(&array, &bytes))
        return damaged(r, "a matrix that is too large");
    m->count = bytes / 16;
    return MLK_OK;
}

static mlk_code read_head(reader *r, matrix *m)
{
    element flags, name;
    *m = (matrix){0};
    if (next_element(r, &flags))
        return r->status->code;
    if (flags.type != MLK_MAT_UINT32 || flags.size != 8)
        return damaged(r, "a matrix without its flags");
    unsigned bits = (unsigned)number(flags.at, 4, r->big_endian);
    m->class = bits & 0xFF;
    m->is_complex = bits & MLK_MAT_COMPLEX;
    m->is_logical = bits & MLK_MAT_LOGICAL;
    if (m->class == 0 || m->class > 18)
        return damaged(r, "a matrix of an unknown class");
    if (m->class == 17) /* an object: what follows has another form */
        return MLK_OK;
    if (read_shape(r, m) || next_element(r, &name))
        return r->status->code;
    if (name.size >= sizeof m->name || memchr(name.at, 0, name.size))
        return damaged(r, "a name that is too long, or holds a zero byte");
    memcpy(m->name, name.at, name.size);
    return MLK_OK;
}

/* All characters of the cells of a row or column; false, and no failure, where one is something else. */
static mlk_code read_cells(reader *r, const matrix *m, mlk_strings *strings, bool *texts)
{
    reader from = *r;
    size_t bytes = 0;
    *texts = m->count > 0 && (m->shape[0] == 1 || m->shape[1] == 1) && m->rank == 2 && m->count <= r->end - r->at;
    char **made = *texts ? calloc((size_t)m->count, sizeof *made) : NULL, *to;
    mlk_code code = *texts && !made ? mlk_fail_memory(r->status, "cells") : MLK_OK;
    for (int64_t i = 0; !code && *texts && i < m->count; i++) {
        element e;
        matrix cell;
        mlk_strings one;
        if ((code = next_element(&from, &e)))
            break;
        reader inner = {e.at, e.at + e.size, r->big_endian, r->status};
        *texts = e.type == MLK_MAT_MATRIX && e.size > 0;
        if (*texts)
            code = read_head(&inner, &cell);
        *texts = *texts && !code && cell.class == MLK_MAT_CHAR_CLASS && (cell.count == 0 || cell.shape[0] == 1);
        if (*texts && !(code = read_text(&inner, &cell, &one))) {
            bytes += strlen(one.items[0]) + 1;
            made[i] = strdup(one.items[0]);
            free(one.items);
            code = made[i] ? MLK_OK : mlk_fail_memory(r->status, "cells");
        }
    }
    *strings = (mlk_strings){.rank = 1, .shape = {m->count}};
    if (!code && *texts)
        code = mlk_strings_make(strings, bytes, &to, r->status);
    for (int64_t i = 0; made && i < m->count; i++) {
        if (!code && *texts) {
            strings->items[i] = to;
            to = stpcpy(to, made[i]) + 1;
        }
        free(made[i]);
    }
    free(made);
    return code;
}

static const char *class_name(unsigned class)
{
    static const char *const names[] = {[1] = "cell", [2] = "struct", [3] = "object", [5] = "sparse",
                                        [16] = "function", [17] = "object", [18] = "object"};
    return class < sizeof names / sizeof *names && names[class] ? names[class] : "unknown";
}

static mlk_code read_matrix(reader *r, mlk_tensors *tensors)
{
    matrix m;
    mlk_strings strings;
    bool texts = false;
    mlk_code code = read_head(r, &m);
    if (code)
        return code;
    if (m.class >= MLK_MAT_DOUBLE_CLASS && m.class <= MLK_MAT_UINT64_CLASS)
        return read_numbers(r, &m, tensors);
    if (m.class == MLK_MAT_CHAR_CLASS) {
        texts = true;
        code = read_text(r, &m, &strings);
    } else if (m.class == MLK_MAT_CELL_CLASS) {
        code = read_cells(r, &m, &strings, &texts);
    }
    if (code)
        return code;
    if (texts)
        return mlk_tensors_add_strings(tensors, m.name, &strings, r->status);
    return *m.name ? mlk_tensors_add_text(tensors, m.name, class_name(m.class), r->status) : MLK_OK;
}

/* --- compression --- */

static mlk_code inflate_element(const reader *r, const element *e, unsigned char **bytes, size_t *size)
{
    unsigned char tag[8];
    if (!mlk_inflate_start(MLK_INFLATE_ZLIB, e->at, e->size, tag, sizeof tag))
        return damaged(r, "a compressed element does not begin");
    *size = 8 + (size_t)number(tag + 4, 4, r->big_endian);
    if (number(tag, 4, r->big_endian) != MLK_MAT_MATRIX || *size / MLK_INFLATE_RATIO > e->size)
        return damaged(r, "a compressed element is no matrix, or claims too much");
    if (!(*bytes = malloc(*size)))
        return mlk_fail_memory(r->status, "a matrix");
    if (mlk_inflate(MLK_INFLATE_ZLIB, e->at, e->size, *bytes, *size))
        return MLK_OK;
    free(*bytes);
    *bytes = NULL;
    return damaged(r, "a compressed element does not inflate to its size");
}

static mlk_code read_element(reader *r, mlk_tensors *tensors)
{
    element e;
    unsigned char *inflated = NULL;
    size_t size = 0;
    mlk_code code = next_element(r, &e);
    if (!code && e.type == MLK_MAT_COMPRESSED) {
        code = inflate_element(r, &e, &inflated, &size);
        if (!code)
            e = (element){MLK_MAT_MATRIX, inflated + 8, size - 8};
    }
    if (!code && e.type == MLK_MAT_MATRIX && e.size > 0) {
        reader inner = {e.at, e.at + e.size, r->big_endian, r->status};
        code = read_matrix(&inner, tensors);
    }
    free(inflated);
    return code;
}

/* --- files --- */

static mlk_code check_header(reader *r, size_t size)
{
    if (size >= 4 && memchr(r->at, 0, 4))
        return mlk_fail(r->status, MLK_UNSUPPORTED, "a .mat file of level 4, or none; save it with -v7");
    if (size < MLK_MAT_HEADER_SIZE)
        return damaged(r, "its header is cut short");
    const unsigned char *mark = r->at + 126;
    r->big_endian = mark[0] == 'M' && mark[1] == 'I';
    if (!r->big_endian && !(mark[0] == 'I' && mark[1] == 'M'))
        return damaged(r, "its header says no byte order");
    unsigned version = (unsigned)number(r->at + 124, 2, r->big_endian);
    if (version == 0x0200)
        return mlk_fail(r->status, MLK_UNSUPPORTED, "a .mat file of version 7.3 (HDF5); save it with -v7");
    if (version != 0x0100)
        return mlk_fail(r->status, MLK_UNSUPPORTED, "a .mat file of version %#x; known is 0x100", version);
    r->at += MLK_MAT_HEADER_SIZE;
    return MLK_OK;
}

/* Of a file that has nothing that can be read, what it has instead. */
static mlk_code refuse_rest(const mlk_tensors *tensors, mlk_status *status)
{
    char list[512] = "";
    size_t at = 0;
    for (int i = 0; i < tensors->metadata_count && at + 120 < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%.80s (%s)", i ? ", " : "", tensors->metadata[i].key,
                               tensors->metadata[i].value);
    return mlk_fail(status, MLK_UNSUPPORTED, "it holds no arrays%s%s", at ? ", only " : "", list);
}

mlk_code mlk_mat_parse(const unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status)
{
    reader r = {.at = bytes, .end = bytes + size, .status = status};
    *tensors = (mlk_tensors){0};
    mlk_code code = check_header(&r, size);
    while (!code && r.at < r.end)
        code = read_element(&r, tensors);
    if (!code && tensors->count + tensors->strings_count == 0)
        code = refuse_rest(tensors, status);
    if (!code)
        code = mlk_tensors_sort(tensors, status);
    if (code)
        mlk_tensors_free(tensors);
    return code;
}

mlk_code mlk_mat_read(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    mlk_file file;
    *tensors = (mlk_tensors){0};
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = mlk_mat_parse(file.bytes, file.size, tensors, status);
    if (code)
        mlk_file_blame(path, status);
    mlk_file_close(&file);
    return code;
}
