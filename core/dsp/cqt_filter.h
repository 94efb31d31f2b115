/* cqt_filter.h: the filters of a constant-Q transform, one at a time; private to core/dsp.
 *
 *     mlk_filter_maker maker;
 *     if (mlk_filter_maker_open(&maker, n_fft, &status)) {
 *         mlk_filter_make(&maker, cqt, hz / rate, gamma / rate);
 *         ...                       // bins maker.first .. maker.end - 1 of maker.bins
 *     }
 *     mlk_filter_maker_close(&maker);
 */
#ifndef MLK_CQT_FILTER_H
#define MLK_CQT_FILTER_H

#include "dsp/cqt.h"
#include "dsp/fft.h"

/* Hz by which filters are wider than constant Q makes them. */
double mlk_cqt_gamma(const mlk_cqt *cqt);

/* Length of the filter for a frequency, in samples. */
double mlk_cqt_filter_length(const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate);

/* Up to where the highest filter hears, Hz; an unknown tuning (NAN) counts as 0. */
double mlk_cqt_cutoff(const mlk_cqt *cqt);

/* Samples of a transform that holds filters up to `longest` samples; refuses those that would take gigabytes. */
mlk_code mlk_cqt_transform_length(double longest, int *n_fft, mlk_status *status);

typedef struct mlk_filter_maker {
    int n_fft;
    const mlk_fft *fft;
    double *real, *imaginary, *window, *magnitudes, *sorted;
    double complex *bins, *more;
    int first, end;
} mlk_filter_maker;

/* Close it in any case. */
bool mlk_filter_maker_open(mlk_filter_maker *maker, int n_fft, mlk_status *status);
void mlk_filter_maker_close(mlk_filter_maker *maker);

/* The spectrum of one filter, a windowed complex tone, in maker->bins, its magnitudes beside it; cqt->sparsity of the
 * whole is dropped: 0, and outside of first .. end - 1 nothing is left. */
void mlk_filter_make(mlk_filter_maker *maker, const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate);

#endif
