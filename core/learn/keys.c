#include "keys.h"

enum { FEW = 24 };

static void insertion_sort(uint64_t *keys, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        int64_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Splits n keys about one of them (Hoare 1961): those up to *right are not above, those from *left on not below. */
static void partition(uint64_t *keys, int64_t n, int64_t *left, int64_t *right)
{
    uint64_t pivot = middle_of(keys[0], keys[n / 2], keys[n - 1]);
    int64_t i = 0, j = n - 1;
    while (i <= j) {
        while (keys[i] < pivot)
            i++;
        while (keys[j] > pivot)
            j--;
        if (i <= j) {
            uint64_t swap = keys[i];
            keys[i++] = keys[j];
            keys[j--] = swap;
        }
    }
    *left = i;
    *right = j;
}

void mlk_keys_select(uint64_t *keys, int64_t n, int64_t k)
{
    int64_t wanted = k - 1;
    while (n > FEW) {
        int64_t left, right;
        partition(keys, n, &left, &right);
        if (wanted <= right) {
            n = right + 1;
        } else if (wanted >= left) {
            keys += left;
            n -= left;
            wanted -= left;
        } else {
            return;
        }
    }
    insertion_sort(keys, n);
}

void mlk_keys_sort(uint64_t *keys, int64_t n)
{
    while (n > FEW) { /* the smaller part by itself, so that the stack stays small */
        int64_t left, right;
        partition(keys, n, &left, &right);
        if (right + 1 < n - left) {
            mlk_keys_sort(keys, right + 1);
            keys += left;
            n -= left;
        } else {
            mlk_keys_sort(keys + left, n - left);
            n = right + 1;
        }
    }
    insertion_sort(keys, n);
}
