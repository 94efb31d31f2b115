/* proof.h: whether a BLAS computes what it should on this processor. More than once, kernels were shipped that are
 * wrong or use instructions which the processor lacks. */
#ifndef MLK_BLAS_PROOF_H
#define MLK_BLAS_PROOF_H

#include "blas/functions.h"

#include <stdbool.h>

typedef enum mlk_proof { MLK_PROOF_RIGHT, MLK_PROOF_WRONG, MLK_PROOF_CRASHED } mlk_proof;

/* Products of odd sizes against plain loops, one to two milliseconds. Operands are small integers, so every result is
 * exact and compared exactly, borders included. */
bool mlk_blas_is_right(const mlk_blas_functions *blas);

/* The same in a child process, so that a crash or an endless loop is an answer, too. The library must be set to one
 * thread. */
mlk_proof mlk_blas_prove(const mlk_blas_functions *blas);

#endif
