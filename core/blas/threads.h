/* threads.h: the threads of a BLAS library, as OpenBLAS, MKL and BLIS are asked for them. */
#ifndef MLK_BLAS_THREADS_H
#define MLK_BLAS_THREADS_H

/* How many threads the library (from dlopen) uses; 0 when it does not say. */
int mlk_blas_threads(void *library);

/* Sets it, where the library lets it be set. */
void mlk_blas_set_threads(void *library, int threads);

#endif
