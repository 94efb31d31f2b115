/* keys.h: which row, and how far: one number that sorts by the distance and, among equals, by the row. */
#ifndef MLK_LEARN_KEYS_H
#define MLK_LEARN_KEYS_H

#include <stdint.h>
#include <string.h>

/* apart: 0 or more (floats of one sign are ordered as their bits are). */
static inline uint64_t mlk_key(float apart, int64_t row)
{
    uint32_t bits;
    apart = apart > 0 ? apart : 0;
    memcpy(&bits, &apart, sizeof bits);
    return (uint64_t)bits << 32 | (uint32_t)row;
}

/* The same for numbers of both signs; of these keys mlk_key_row alone can be asked. */
static inline uint64_t mlk_signed_key(float number, int64_t row)
{
    uint64_t key = mlk_key(number < 0 ? -number : number, 0) >> 32, sign = 0x80000000u;
    return (number < 0 ? sign - 1 - key : sign + key) << 32 | (uint32_t)row;
}

static inline int32_t mlk_key_row(uint64_t key)
{
    return (int32_t)(key & 0xffffffff);
}

static inline float mlk_key_apart(uint64_t key)
{
    uint32_t bits = (uint32_t)(key >> 32);
    float apart;
    memcpy(&apart, &bits, sizeof apart);
    return apart;
}

/* Moves the k smallest of n keys to the front, in no order; the largest of them is keys[k - 1]. 1 <= k <= n. */
void mlk_keys_select(uint64_t *keys, int64_t n, int64_t k);

void mlk_keys_sort(uint64_t *keys, int64_t n);

#endif
