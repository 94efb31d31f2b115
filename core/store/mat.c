#include "store/mat.h"

#include "store/atomic.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a variable becomes in the file. */
static const struct {
    mlk_dtype dtype;
    unsigned class, type, flags;
    size_t size; /* of a number in the file */
} kinds[] = {
    {MLK_FLOAT64, MLK_MAT_DOUBLE_CLASS, MLK_MAT_DOUBLE, 0, 8},
    {MLK_FLOAT32, MLK_MAT_SINGLE_CLASS, MLK_MAT_SINGLE, 0, 4},
    {MLK_COMPLEX128, MLK_MAT_DOUBLE_CLASS, MLK_MAT_DOUBLE, MLK_MAT_COMPLEX, 8},
    {MLK_COMPLEX64, MLK_MAT_SINGLE_CLASS, MLK_MAT_SINGLE, MLK_MAT_COMPLEX, 4},
    {MLK_INT8, 8, MLK_MAT_INT8, 0, 1},
    {MLK_UINT8, 9, MLK_MAT_UINT8, 0, 1},
    {MLK_BOOL, 9, MLK_MAT_UINT8, MLK_MAT_LOGICAL, 1},
    {MLK_INT16, 10, MLK_MAT_INT16, 0, 2},
    {MLK_INT32, 12, MLK_MAT_INT32, 0, 4},
    {MLK_INT64, 14, MLK_MAT_INT64, 0, 8},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* --- pieces --- */

static void put(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t padded(uint64_t size)
{
    return (size + 7) / 8 * 8;
}

static mlk_code write_tag(mlk_atomic *file, unsigned type, size_t size, mlk_status *status)
{
    unsigned char tag[8];
    put(tag, type);
    put(tag + 4, (uint32_t)size);
    return mlk_atomic_write(file, tag, sizeof tag, status);
}

/* What an element of so many bytes takes in the file: up to four of them stand in the tag itself. */
static uint64_t whole(uint64_t size)
{
    return size <= 4 ? 8 : 8 + padded(size);
}

static mlk_code write_small(mlk_atomic *file, unsigned type, const void *bytes, size_t size, mlk_status *status)
{
    unsigned char words[8] = {0};
    put(words, (uint32_t)size << 16 | type);
    if (size > 0)
        memcpy(words + 4, bytes, size);
    return mlk_atomic_write(file, words, sizeof words, status);
}

/* An element: its tag, its bytes, zeros up to 8. */
static mlk_code write_element(mlk_atomic *file, unsigned type, const void *bytes, size_t size, mlk_status *status)
{
    if (size <= 4)
        return write_small(file, type, bytes, size, status);
    mlk_code code = write_tag(file, type, size, status);
    if (!code)
        code = mlk_atomic_write(file, bytes, size, status);
    return code ? code : mlk_atomic_write(file, "\0\0\0\0\0\0\0", padded(size) - size, status);
}

/* The tag of a matrix whose parts take `content` bytes, its flags, its size and its name. */
static mlk_code write_head(mlk_atomic *file, const char *name, unsigned flags, int rank, const int64_t *shape,
                           uint64_t content, mlk_status *status)
{
    unsigned char words[8] = {0}, sizes[4 * MLK_MAX_RANK];
    uint64_t size = 16 + whole(4 * (size_t)rank) + whole(strlen(name)) + content;
    if (size > UINT32_MAX)
        return mlk_fail(status, MLK_UNSUPPORTED, "variable '%.80s' takes %" PRIu64
                        " bytes: a .mat file holds 4 GB a variable; write .npz or .safetensors", name, size);
    put(words, flags);
    for (int axis = 0; axis < rank; axis++) {
        if (shape[axis] > INT32_MAX)
            return mlk_fail(status, MLK_UNSUPPORTED, "variable '%.80s' is longer than MATLAB's 2^31 - 1", name);
        put(sizes + 4 * axis, (uint32_t)shape[axis]);
    }
    mlk_code code = write_tag(file, MLK_MAT_MATRIX, (size_t)size, status);
    if (!code)
        code = write_element(file, MLK_MAT_UINT32, words, sizeof words, status);
    if (!code)
        code = write_element(file, MLK_MAT_INT32, sizes, 4 * (size_t)rank, status);
    return code ? code : write_element(file, MLK_MAT_INT8, name, strlen(name), status);
}

/* --- numbers --- */

/* Takes the real or imaginary parts out of complex numbers. */
static void part_of(const char *from, int64_t count, size_t size, int part, char *to)
{
    for (int64_t i = 0; i < count; i++)
        memcpy(to + (size_t)i * size, from + ((size_t)i * 2 + (size_t)part) * size, size);
}

/* The parts of an array, column-major, one or two. */
static mlk_code write_parts(mlk_atomic *file, int kind, int64_t count, const char *columns, char *part,
                            mlk_status *status)
{
    size_t size = kinds[kind].size, bytes = (size_t)count * size;
    if (!(kinds[kind].flags & MLK_MAT_COMPLEX))
        return write_element(file, kinds[kind].type, columns, bytes, status);
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < 2; i++) {
        part_of(columns, count, size, i, part);
        code = write_element(file, kinds[kind].type, part, bytes, status);
    }
    return code;
}

/* The shape as MATLAB has it, two axes at least: a vector is a row. */
static int full_shape(int rank, const int64_t *shape, int64_t *full)
{
    int added = rank < 2 ? 2 - rank : 0;
    full[0] = full[1] = 1;
    for (int axis = 0; axis < rank; axis++)
        full[axis + added] = shape[axis];
    return rank + added;
}

static mlk_code write_numbers(mlk_atomic *file, const mlk_named_array *item, mlk_status *status)
{
    const mlk_array *array = &item->array;
    int64_t shape[MLK_MAX_RANK], reversed[MLK_MAX_RANK], bytes, count = mlk_array_count(array);
    int kind = 0, rank = full_shape(array->rank, array->shape, shape);
    while (kind < N_KINDS && kinds[kind].dtype != array->dtype)
        kind++;
    if (kind == N_KINDS)
        return mlk_fail(status, MLK_UNSUPPORTED, "variable '%.80s': MATLAB has no %s; convert it to float32 first",
                        item->name, mlk_dtype_name(array->dtype));
    if (!mlk_array_bytes(array, &bytes))
        return mlk_fail(status, MLK_INVALID, "the shape of variable '%.80s' is too large", item->name);
    for (int axis = 0; axis < rank; axis++)
        reversed[axis] = shape[rank - 1 - axis];
    uint64_t part = whole((uint64_t)count * kinds[kind].size);
    int parts = kinds[kind].flags & MLK_MAT_COMPLEX ? 2 : 1;
    char *columns = malloc((size_t)bytes + 1), *half = malloc(parts == 2 ? (size_t)bytes + 1 : 1);
    mlk_code code = columns && half ? MLK_OK : mlk_fail_memory(status, "a matrix");
    if (!code) {
        mlk_copy_columns(rank, reversed, array->data, columns, mlk_dtype_size(array->dtype));
        code = write_head(file, item->name, kinds[kind].class | kinds[kind].flags, rank, shape,
                          (uint64_t)parts * part, status);
    }
    if (!code)
        code = write_parts(file, kind, count, columns, half, status);
    free(columns);
    free(half);
    return code;
}

/* --- strings --- */

static int64_t count_characters(const char *text)
{
    int64_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* UTF-8, of as many characters as its size says: what scipy writes, and reads whatever the characters. */
static mlk_code write_text(mlk_atomic *file, const char *name, const char *kept, mlk_status *status)
{
    size_t length = strlen(kept);
    int64_t shape[] = {length > 0, count_characters(kept)};
    mlk_code code = write_head(file, name, MLK_MAT_CHAR_CLASS, 2, shape, whole(length), status);
    return code ? code : write_element(file, MLK_MAT_UTF8, kept, length, status);
}

/* A list is a column of cells. */
static mlk_code write_cells(mlk_atomic *file, const char *name, char *const *kept, int64_t count, mlk_status *status)
{
    uint64_t content = 0;
    for (int64_t i = 0; i < count; i++)
        content += 8 + 16 + whole(8) + whole(0) + whole(strlen(kept[i]));
    mlk_code code = write_head(file, name, MLK_MAT_CELL_CLASS, 2, (int64_t[]){count, 1}, content, status);
    for (int64_t i = 0; !code && i < count; i++)
        code = write_text(file, "", kept[i], status);
    return code;
}

static mlk_code write_strings(mlk_atomic *file, const mlk_named_strings *item, mlk_status *status)
{
    int64_t count = mlk_strings_count(&item->strings);
    char **kept = calloc((size_t)count + 1, sizeof *kept);
    bool enough = kept;
    for (int64_t i = 0; enough && i < count; i++)
        enough = (kept[i] = mlk_utf8_keep(item->strings.items[i]));
    mlk_code code = !enough                     ? mlk_fail_memory(status, "strings")
                    : item->strings.rank == 0 ? write_text(file, item->name, kept[0], status)
                                              : write_cells(file, item->name, kept, count, status);
    for (int64_t i = 0; kept && i < count; i++)
        free(kept[i]);
    free(kept);
    return code;
}

/* --- files --- */

static mlk_code check_name(const char *name, mlk_status *status)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    bool fine = *name && strchr(letters, *name) && *name != '_' && !(*name >= '0' && *name <= '9');
    if (fine && strspn(name, letters) == strlen(name) && strlen(name) < 64)
        return MLK_OK;
    return mlk_fail(status, MLK_INVALID,
                    "a variable of MATLAB's must be named by a letter, then letters, digits or '_', 63 at most, got "
                    "'%.80s'", name);
}

static mlk_code check_names(const mlk_tensors *tensors, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < tensors->count; i++)
        code = check_name(tensors->items[i].name, status);
    for (int i = 0; !code && i < tensors->strings_count; i++)
        code = check_name(tensors->strings[i].name, status);
    if (!code && tensors->metadata_count > 0)
        code = mlk_fail(status, MLK_INVALID, "a .mat file has no place for metadata; write .safetensors");
    return code;
}

static mlk_code write_header(mlk_atomic *file, mlk_status *status)
{
    char header[MLK_MAT_HEADER_SIZE] = "MATLAB 5.0 MAT-file, written by Moonlark";
    size_t length = strlen(header);
    memset(header + length, ' ', 116 - length);
    memset(header + 116, 0, 8);
    memcpy(header + 124, "\0\1IM", 4);
    return mlk_atomic_write(file, header, sizeof header, status);
}

mlk_code mlk_mat_write(const char *path, const mlk_tensors *tensors, mlk_status *status)
{
    mlk_atomic file;
    if (check_names(tensors, status) || mlk_atomic_open(path, &file, status))
        return status->code;
    mlk_code code = write_header(&file, status);
    for (int i = 0; !code && i < tensors->count; i++)
        code = write_numbers(&file, &tensors->items[i], status);
    for (int i = 0; !code && i < tensors->strings_count; i++)
        code = write_strings(&file, &tensors->strings[i], status);
    if (!code)
        return mlk_atomic_commit(&file, status);
    mlk_atomic_abort(&file);
    return code;
}
