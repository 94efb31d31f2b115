/* arrays.h: what the targets for arrays ask of what was accepted. */
#ifndef FUZZ_ARRAYS_H
#define FUZZ_ARRAYS_H

#include "fuzz.h"

#include "status.h"
#include "store/tensors.h"

#include <string.h>

/* Every byte is there to be read. */
static inline void fuzz_touch_bytes(const unsigned char *bytes, size_t size)
{
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += ((const volatile unsigned char *)bytes)[i];
    (void)sum;
}

static inline void fuzz_touch(const mlk_array *array)
{
    int64_t bytes;
    FUZZ_CHECK(array->rank >= 0 && array->rank <= MLK_MAX_RANK);
    FUZZ_CHECK(mlk_array_bytes(array, &bytes));
    fuzz_touch_bytes(array->data, (size_t)bytes);
}

/* A refusal has a message, what is accepted has none. */
static inline void fuzz_check_status(mlk_code code, const mlk_status *status)
{
    FUZZ_CHECK(!code == !status->message[0]);
}

/* Names are sorted, differ, and are found again. */
static inline void fuzz_check_tensors(const mlk_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++) {
        fuzz_touch(&tensors->items[i].array);
        FUZZ_CHECK(mlk_tensors_find(tensors, tensors->items[i].name) == &tensors->items[i].array);
    }
}

/* All are there, and found again. */
static inline void fuzz_check_strings(const mlk_tensors *tensors)
{
    size_t sum = 0;
    for (int i = 0; i < tensors->strings_count; i++) {
        const mlk_strings *strings = &tensors->strings[i].strings;
        FUZZ_CHECK(mlk_tensors_find_strings(tensors, tensors->strings[i].name) == strings);
        for (int64_t k = 0; k < mlk_strings_count(strings); k++)
            sum += strlen(strings->items[k]);
        FUZZ_CHECK(strings->items[mlk_strings_count(strings)] == NULL);
    }
    FUZZ_CHECK(sum < SIZE_MAX);
}

#endif
