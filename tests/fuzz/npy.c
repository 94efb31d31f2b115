/* npy.c: arrays of numpy's; what was read, written and read again is the same. */
#include "arrays.h"
#include "store/npy.h"

#include <string.h>

/* Strings are read, written and read again. */
static void fuzz_strings(const uint8_t *bytes, size_t size)
{
    mlk_tensors first = {0}, again = {0};
    mlk_status status = {0};
    mlk_code code = mlk_npy_parse_item(bytes, size, "", &first, &status);
    fuzz_check_status(code, &status);
    const mlk_strings *strings = mlk_tensors_find_strings(&first, "");
    char header[MLK_NPY_HEADER_SIZE];
    size_t length;
    int64_t content;
    void *data;
    if (strings && mlk_npy_encode(strings, header, &length, &data, &content, &status) == 0) {
        unsigned char *copy = malloc(length + (size_t)content);
        FUZZ_CHECK(copy);
        memcpy(copy, header, length);
        memcpy(copy + length, data, (size_t)content);
        FUZZ_CHECK(mlk_npy_parse_item(copy, length + (size_t)content, "", &again, &status) == 0);
        const mlk_strings *same = mlk_tensors_find_strings(&again, "");
        FUZZ_CHECK(same && mlk_strings_count(same) == mlk_strings_count(strings));
        for (int64_t i = 0; i < mlk_strings_count(strings); i++)
            FUZZ_CHECK(strcmp(strings->items[i], same->items[i]) == 0);
        free(copy);
        free(data);
    }
    mlk_tensors_free(&first);
    mlk_tensors_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    mlk_array array, again;
    mlk_status status = {0};
    fuzz_strings(bytes, size);
    mlk_code code = mlk_npy_parse(bytes, size, &array, &status);
    fuzz_check_status(code, &status);
    if (code)
        return 0;
    fuzz_touch(&array);

    char header[MLK_NPY_HEADER_SIZE];
    size_t length;
    int64_t content;
    FUZZ_CHECK(mlk_array_bytes(&array, &content));
    if (mlk_npy_header(&array, header, &length, &status) == 0) {
        unsigned char *copy = malloc(length + (size_t)content);
        FUZZ_CHECK(copy);
        memcpy(copy, header, length);
        if (content > 0)
            memcpy(copy + length, array.data, (size_t)content);
        FUZZ_CHECK(mlk_npy_parse(copy, length + (size_t)content, &again, &status) == 0);
        FUZZ_CHECK(again.dtype == array.dtype && again.rank == array.rank);
        FUZZ_CHECK(memcmp(again.shape, array.shape, sizeof *array.shape * (size_t)array.rank) == 0);
        FUZZ_CHECK(content == 0 || memcmp(again.data, array.data, (size_t)content) == 0);
        free(again.data);
        free(copy);
    }
    free(array.data);
    return 0;
}
