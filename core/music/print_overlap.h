/* print_overlap.h: the part in which two recordings lie on each other, for comparing them and for the search of pairs. */
#ifndef MLK_MUSIC_PRINT_OVERLAP_H
#define MLK_MUSIC_PRINT_OVERLAP_H

#include "fingerprint.h"

#include <stdbool.h>

typedef struct mlk_overlap {
    const mlk_print *a, *b;
    int64_t n;
} mlk_overlap;

mlk_overlap mlk_overlap_of(mlk_prints a, mlk_prints b, int64_t offset);

/* `reach` frames on both sides of frame `at`. */
mlk_overlap mlk_overlap_near(mlk_overlap overlap, int64_t at, int64_t reach);

/* The share of bits that differ in frames where both sound; 0.5 where there are none. */
double mlk_overlap_wrong(mlk_overlap overlap, int64_t *heard);

/* Frames of sound that an overlap needs. */
int64_t mlk_overlap_least(mlk_prints a, mlk_prints b);

mlk_agreement mlk_overlap_judge(mlk_prints a, mlk_prints b, int64_t offset);

#endif
