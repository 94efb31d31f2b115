#include "store/table.h"

#include "store/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

float *mlk_table_join(const mlk_table *t, mlk_array *x, mlk_status *status)
{
    size_t width = (size_t)t->width;
    float *values = malloc(((size_t)t->n * width + 1) * sizeof *values);
    if (!values) {
        mlk_fail(status, MLK_MEMORY, "not enough memory for %lld rows of %zu numbers", (long long)t->n, width);
        return NULL;
    }
    for (int64_t i = 0; i < t->n; i++)
        memcpy(values + (size_t)i * width, t->rows[i], width * sizeof *values);
    *x = (mlk_array){.dtype = MLK_FLOAT32, .rank = 2, .shape = {t->n, t->width}, .data = values};
    return values;
}

mlk_array mlk_table_ids(const mlk_table *t)
{
    return (mlk_array){.dtype = MLK_INT64, .rank = 1, .shape = {t->n}, .data = (void *)t->ids};
}

/* Texts as a JSON array in memory, NULL when that is short. */
static char *list_text(const char *const *texts, int64_t n)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (!memory)
        return NULL;
    mlk_json_write_strings(memory, texts, n);
    if (fclose(memory)) {
        free(text);
        return NULL;
    }
    return text;
}

static mlk_code add_list(mlk_tensors *tensors, const char *key, const char *const *texts, int64_t n, mlk_status *status)
{
    char *text = list_text(texts, n);
    mlk_code code = text ? mlk_tensors_add_text(tensors, key, text, status) : mlk_fail_memory(status, "metadata");
    free(text);
    return code;
}

static mlk_code add_texts(const mlk_table *t, mlk_tensors *tensors, mlk_status *status)
{
    if (add_list(tensors, "classes", t->classes, t->n_classes, status) ||
        add_list(tensors, "names", t->columns, t->width, status) ||
        add_list(tensors, "paths", t->paths, t->n, status))
        return status->code;
    return mlk_tensors_add_text(tensors, "recipe", t->recipe, status);
}

mlk_code mlk_table_list(const mlk_table *t, bool texts, bool ids, mlk_tensors *tensors, mlk_status *status)
{
    mlk_array x, y = mlk_table_ids(t);
    float *values = mlk_table_join(t, &x, status);
    if (!values)
        return status->code;
    mlk_code code = mlk_tensors_add_copy(tensors, "x", &x, values, status);
    if (!code && ids && t->labels)
        code = mlk_tensors_add_copy(tensors, "y", &y, NULL, status);
    return !code && texts ? add_texts(t, tensors, status) : code;
}
