/* choice.h: which BLAS is loaded, with which kernels: the first of a list of places that computes right. */
#ifndef MLK_BLAS_CHOICE_H
#define MLK_BLAS_CHOICE_H

#include "blas/functions.h"

#include <limits.h>

typedef struct mlk_blas_choice {
    mlk_blas_functions functions;
    void *handle; /* NULL: plain loops */
    char file[PATH_MAX];
    char core[64];
    char trouble[512];
} mlk_blas_choice;

/* Tries the places (file names or paths, NULL at the end) in order. Where OpenBLAS's own choice of kernels is older
 * than the processor, and OPENBLAS_CORETYPE says nothing, it is loaded again with better ones. Kernels that compute
 * wrong or crash are given up: OpenBLAS's own choice is tried next, then the next place, and last the plain loops. */
void mlk_blas_choose(const char *const places[], mlk_blas_choice *choice);

#endif
