#include "store/tensors.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const mlk_named_array *)a)->name, ((const mlk_named_array *)b)->name);
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

void mlk_tensors_free(mlk_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++) {
        free(tensors->items[i].name);
        free(tensors->items[i].owned);
    }
    for (int i = 0; i < tensors->metadata_count; i++) {
        free(tensors->metadata[i].key);
        free(tensors->metadata[i].value);
    }
    free(tensors->items);
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
    if (tensors->metadata_count > 1)
        qsort(tensors->metadata, (size_t)tensors->metadata_count, sizeof *tensors->metadata, by_key);
    for (int i = 1; i < tensors->metadata_count; i++)
        if (by_key(&tensors->metadata[i - 1], &tensors->metadata[i]) == 0)
            return mlk_fail(status, MLK_INVALID, "metadata key '%.80s' comes twice", tensors->metadata[i].key);
    return MLK_OK;
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
