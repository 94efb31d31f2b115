#include "store/tensors.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const mlk_named_array *)a)->name, ((const mlk_named_array *)b)->name);
}

static int by_strings_name(const void *a, const void *b)
{
    return strcmp(((const mlk_named_strings *)a)->name, ((const mlk_named_strings *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const mlk_text_pair *)a)->key, ((const mlk_text_pair *)b)->key);
}

const mlk_array *mlk_tensors_find(const mlk_tensors *tensors, const char *name)
{
    if (tensors->count == 0)
        return NULL;
    mlk_named_array wanted = {.name = (char *)name};
    mlk_named_array *found = bsearch(&wanted, tensors->items, (size_t)tensors->count, sizeof wanted, by_name);
    return found ? &found->array : NULL;
}

const mlk_strings *mlk_tensors_find_strings(const mlk_tensors *tensors, const char *name)
{
    for (int i = 0; i < tensors->strings_count; i++)
        if (strcmp(tensors->strings[i].name, name) == 0)
            return &tensors->strings[i].strings;
    return NULL;
}

void mlk_tensors_free(mlk_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++) {
        free(tensors->items[i].name);
        free(tensors->items[i].owned);
    }
    for (int i = 0; i < tensors->strings_count; i++) {
        free(tensors->strings[i].name);
        free(tensors->strings[i].strings.items);
    }
    for (int i = 0; i < tensors->metadata_count; i++) {
        free(tensors->metadata[i].key);
        free(tensors->metadata[i].value);
    }
    free(tensors->items);
    free(tensors->strings);
    free(tensors->metadata);
    mlk_file_close(&tensors->file);
    *tensors = (mlk_tensors){0};
}

mlk_code mlk_tensors_add(mlk_tensors *tensors, char *name, const mlk_array *array, void *owned,
                         mlk_status *status)
{
    /* Grows at powers of two. */
    if ((tensors->count & (tensors->count - 1)) == 0) {
        size_t room = tensors->count ? 2 * (size_t)tensors->count : 1;
        mlk_named_array *items = realloc(tensors->items, room * sizeof *items);
        if (!items) {
            free(name);
            free(owned);
            return mlk_fail_memory(status, "the list of tensors");
        }
        tensors->items = items;
    }
    tensors->items[tensors->count++] = (mlk_named_array){name, *array, owned};
    return MLK_OK;
}

mlk_code mlk_tensors_add_copy(mlk_tensors *tensors, const char *name, const mlk_array *array, void *owned,
                              mlk_status *status)
{
    char *copy = strdup(name);
    if (!copy) {
        free(owned);
        return mlk_fail_memory(status, "a name");
    }
    return mlk_tensors_add(tensors, copy, array, owned, status);
}

mlk_code mlk_tensors_add_strings(mlk_tensors *tensors, const char *name, const mlk_strings *strings,
                                 mlk_status *status)
{
    int count = tensors->strings_count;
    mlk_named_strings *grown = tensors->strings;
    if ((count & (count - 1)) == 0)
        grown = realloc(grown, (count ? 2 * (size_t)count : 1) * sizeof *grown);
    if (grown)
        tensors->strings = grown;
    char *copy = grown ? strdup(name) : NULL;
    if (!copy) {
        free(strings->items);
        return mlk_fail_memory(status, "a list of strings");
    }
    grown[tensors->strings_count++] = (mlk_named_strings){copy, *strings};
    return MLK_OK;
}

int64_t mlk_strings_count(const mlk_strings *strings)
{
    mlk_array shape = {.rank = strings->rank};
    memcpy(shape.shape, strings->shape, sizeof shape.shape);
    return mlk_array_count(&shape);
}

mlk_code mlk_strings_make(mlk_strings *strings, size_t bytes, char **characters, mlk_status *status)
{
    size_t count = (size_t)mlk_strings_count(strings);
    size_t addresses = (count + 1) * sizeof *strings->items;
    strings->items = malloc(addresses + bytes);
    if (!strings->items)
        return mlk_fail(status, MLK_MEMORY, "not enough memory for %zu strings", count);
    strings->items[count] = NULL;
    *characters = (char *)strings->items + addresses;
    return MLK_OK;
}

mlk_code mlk_tensors_add_text(mlk_tensors *tensors, const char *key, const char *value, mlk_status *status)
{
    mlk_text_pair *grown =
        realloc(tensors->metadata, ((size_t)tensors->metadata_count + 1) * sizeof *tensors->metadata);
    if (!grown)
        return mlk_fail_memory(status, "metadata");
    tensors->metadata = grown;
    mlk_text_pair pair = {strdup(key), strdup(value)};
    grown[tensors->metadata_count++] = pair;
    return pair.key && pair.value ? MLK_OK : mlk_fail_memory(status, "metadata");
}

mlk_code mlk_tensors_sort(mlk_tensors *tensors, mlk_status *status)
{
    if (tensors->count > 1)
        qsort(tensors->items, (size_t)tensors->count, sizeof *tensors->items, by_name);
    for (int i = 1; i < tensors->count; i++)
        if (by_name(&tensors->items[i - 1], &tensors->items[i]) == 0)
            return mlk_fail(status, MLK_INVALID, "tensor '%.80s' comes twice", tensors->items[i].name);
    if (tensors->strings_count > 1)
        qsort(tensors->strings, (size_t)tensors->strings_count, sizeof *tensors->strings, by_strings_name);
    for (int i = 0; i < tensors->strings_count; i++) {
        const char *name = tensors->strings[i].name;
        if (mlk_tensors_find(tensors, name) || (i > 0 && strcmp(name, tensors->strings[i - 1].name) == 0))
            return mlk_fail(status, MLK_INVALID, "tensor '%.80s' comes twice", name);
    }
    if (tensors->metadata_count > 1)
        qsort(tensors->metadata, (size_t)tensors->metadata_count, sizeof *tensors->metadata, by_key);
    for (int i = 1; i < tensors->metadata_count; i++)
        if (by_key(&tensors->metadata[i - 1], &tensors->metadata[i]) == 0)
            return mlk_fail(status, MLK_INVALID, "metadata key '%.80s' comes twice", tensors->metadata[i].key);
    return MLK_OK;
}

static void copy_any(int rank, const int64_t *shape, const char *from, char *to, size_t size)
{
    int64_t count = 1, index[MLK_MAX_RANK] = {0}, stride[MLK_MAX_RANK], at = 0;
    for (int axis = 0; axis < rank; axis++) {
        stride[axis] = count;
        count *= shape[axis];
    }
    for (int64_t i = 0; i < count; i++) {
        memcpy(to + (size_t)i * size, from + (size_t)at * size, size);
        for (int axis = rank - 1; axis >= 0; axis--) {
            at += stride[axis];
            if (++index[axis] < shape[axis])
                break;
            at -= stride[axis] * shape[axis];
            index[axis] = 0;
        }
    }
}

/* Two axes, the usual case, in squares that the processor's cache holds. */
static void copy_matrix(int64_t rows, int64_t width, const char *from, char *to, size_t size)
{
    enum { SIDE = 32 };
    for (int64_t first = 0; first < rows; first += SIDE)
        for (int64_t left = 0; left < width; left += SIDE)
            for (int64_t i = first; i < rows && i < first + SIDE; i++)
                for (int64_t k = left; k < width && k < left + SIDE; k++)
                    memcpy(to + (size_t)(i * width + k) * size, from + (size_t)(k * rows + i) * size, size);
}

void mlk_copy_columns(int rank, const int64_t *shape, const void *from, void *to, size_t size)
{
    if (rank == 2 && size == 8)
        copy_matrix(shape[0], shape[1], from, to, 8); /* a size that the compiler knows */
    else if (rank == 2 && size == 4)
        copy_matrix(shape[0], shape[1], from, to, 4);
    else
        copy_any(rank, shape, from, to, size);
}

bool mlk_array_bytes(const mlk_array *array, int64_t *bytes)
{
    int64_t product = (int64_t)mlk_dtype_size(array->dtype);
    bool empty = false, fits = true;
    for (int axis = 0; axis < array->rank; axis++) {
        if (array->shape[axis] == 0)
            empty = true;
        else if (__builtin_mul_overflow(product, array->shape[axis], &product))
            fits = false;
    }
    /* The product must fit even when some axis is 0: strides are computed from it. */
    *bytes = empty ? 0 : product;
    return fits;
}

mlk_code mlk_tensors_map(const char *path,
                         mlk_code (*parse)(unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status),
                         mlk_tensors *tensors, mlk_status *status)
{
    mlk_status own;
    mlk_file file;
    *tensors = (mlk_tensors){0};
    if (!status)
        status = &own;
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = parse(file.bytes, file.size, tensors, status);
    if (code) {
        mlk_file_close(&file);
        mlk_file_blame(path, status);
        return code;
    }
    tensors->file = file;
    return MLK_OK;
}
