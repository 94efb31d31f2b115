/* fft.h: real Fourier transforms in double precision, of any length.
 *
 * Plans are made once a length for the whole process and executed without a
 * lock. They are made without measuring, so that two runs of a program take the
 * same algorithm and give the same bits.
 */
#ifndef MLK_FFT_H
#define MLK_FFT_H

#include "status.h"

#include <complex.h>
#include <stddef.h>

typedef struct mlk_fft mlk_fft;

/* The plan for `n` real samples; the process keeps it. NULL: see status. */
const mlk_fft *mlk_fft_plan(int n, mlk_status *status);

/* `in` holds n samples, `out` n/2 + 1 bins; both from mlk_fft_buffer. `in` is kept. */
void mlk_fft_forward(const mlk_fft *fft, double *in, double complex *out);

/* The inverse, divided by n; destroys `in`. */
void mlk_fft_inverse(const mlk_fft *fft, double complex *in, double *out);

/* The least length from n on with factors 2, 3 and 5 only, even: a quick one. */
int mlk_fft_fast_length(int n);

/* Zeroed memory aligned as the plans want it; NULL when there is none. */
double *mlk_fft_buffer(size_t doubles);
void mlk_fft_release(void *buffer);

#endif
