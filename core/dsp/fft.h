/* fft.h: real Fourier transforms, of any length in double precision.
 *
 * A plan is made once for each length in a process, and runs without a lock. Plans
 * are made without measuring, so two runs of a program take the same algorithm and
 * give the same bits.
 */
#ifndef MLK_FFT_H
#define MLK_FFT_H

#include "status.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct mlk_fft mlk_fft;

/* The plan for `n` real samples; the process keeps it. NULL: see status. */
const mlk_fft *mlk_fft_plan(int n, mlk_status *status);

/* `in` holds n samples, `out` n/2 + 1 bins; both from mlk_fft_buffer. `in` is kept. */
void mlk_fft_forward(const mlk_fft *fft, double *in, double complex *out);

/* The inverse, divided by n; destroys `in`. */
void mlk_fft_inverse(const mlk_fft *fft, double complex *in, double *out);

/* A transform of n real samples in single precision (n even), unfinished: `in` is taken as n/2 complex samples, and
 * bin k of the real transform is a(k) Z[k] + b(k) conj(Z[n/2 - k]), where a(k) = (1 - i w)/2, b(k) = (1 + i w)/2,
 * w = exp(-2 pi i k / n), Z[n/2] = Z[0]. A caller that multiplies the bins anyway can take a and b into its factors. */
typedef struct mlk_fft_packed mlk_fft_packed;

const mlk_fft_packed *mlk_fft_packed_plan(int n, mlk_status *status);

/* Both from mlk_fft_buffer, or `in` from elsewhere if mlk_fft_packed_takes it; it holds n floats and is kept, `out`
 * n/2 complex numbers. */
void mlk_fft_packed_forward(const mlk_fft_packed *fft, const float *in, float complex *out);

/* Whether the address is aligned as plans want it. */
bool mlk_fft_packed_takes(const float *in);

/* The least even length >= n that has no factors but 2, 3 and 5: a fast one. */
int mlk_fft_fast_length(int n);

/* Zeroed memory aligned as the plans want it; NULL when there is none. */
double *mlk_fft_buffer(size_t doubles);
void mlk_fft_release(void *buffer);

#endif
