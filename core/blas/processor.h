/* processor.h: which kernels of OpenBLAS this processor can run, whatever OpenBLAS knows of its name. */
#ifndef MLK_BLAS_PROCESSOR_H
#define MLK_BLAS_PROCESSOR_H

/* What counts for the choice; AVX-512 is F, DQ, BW, VL and CD together, AVX2 includes FMA. The operating system's
 * support is part of each. */
enum {
    MLK_PROCESSOR_AVX = 1,
    MLK_PROCESSOR_AVX2 = 2,
    MLK_PROCESSOR_AVX512 = 4,
    MLK_PROCESSOR_AMD = 8,
};

/* The features of this processor; 0 where it is no x86-64. */
unsigned mlk_processor_features(void);

/* The value of OPENBLAS_CORETYPE for these features, when OpenBLAS's own choice `own` (openblas_get_corename) is older
 * than they are: OpenBLAS 0.3.21 takes every processor that it does not know for a Prescott of 2004. NULL: its own
 * choice is as good, or has a name that this table does not know yet. */
const char *mlk_processor_kernels(unsigned features, const char *own);

#endif
