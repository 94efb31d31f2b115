/* plain.h: the functions of functions.h as plain loops. Every other library is compared with them, and they serve where
 * none is right. Row-major, lower triangles, steps of 1. */
#ifndef MLK_BLAS_PLAIN_H
#define MLK_BLAS_PLAIN_H

#include "blas/functions.h"

extern const mlk_blas_functions mlk_blas_plain;

#endif
