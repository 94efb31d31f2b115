/* cqt_filter.h: the settings of a constant-Q transform, and its filters, one at a time.
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

#include "dsp/fft.h"
#include "dsp/memo.h"
#include "dsp/normalize.h"
#include "dsp/view.h"
#include "dsp/window.h"

#include <complex.h>
#include <stdbool.h>

typedef struct mlk_cqt {
    int hop_length;
    double fmin; /* Hz, before tuning */
    int n_bins, bins_per_octave;
    double tuning; /* fractions of a bin */
    double filter_scale;
    double gamma; /* Hz by which filters are wider: 0 for constant Q; NAN: 24.7 alpha / 0.108, as hearing */
    mlk_norm norm; /* of the filters */
    double sparsity;
    mlk_window window;
    bool scale; /* divide by the root of each filter's length */
    mlk_pad pad_mode;
} mlk_cqt;

static inline void mlk_cqt_key(mlk_key *key, const mlk_cqt *cqt)
{
    mlk_key_add(key, cqt->hop_length, cqt->fmin, cqt->n_bins, cqt->bins_per_octave, cqt->tuning, cqt->filter_scale,
                cqt->gamma, cqt->norm, cqt->sparsity, cqt->window, cqt->scale, cqt->pad_mode);
}

/* The part of it that one filter of a given pitch depends on. */
static inline void mlk_cqt_filter_key(mlk_key *key, const mlk_cqt *cqt)
{
    mlk_key_add(key, cqt->bins_per_octave, cqt->filter_scale, cqt->norm, cqt->sparsity, cqt->window);
}

/* Hz by which filters are wider than constant Q makes them. */
double mlk_cqt_gamma(const mlk_cqt *cqt);

/* Length of the filter for a frequency, in samples. */
double mlk_cqt_filter_length(const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate);

/* The highest frequency that the highest filter hears, Hz; an unknown tuning (NAN) counts as 0. */
double mlk_cqt_cutoff(const mlk_cqt *cqt);

/* Samples of a transform that holds filters up to `longest` samples; refuses those that would take gigabytes. */
mlk_code mlk_cqt_transform_length(double longest, int *n_fft, mlk_status *status);

typedef struct mlk_filter_maker {
    int n_fft;
    const mlk_fft *fft;
    double *real, *imaginary, *window, *magnitudes, *values;
    double complex *bins, *more;
    int first, end;
} mlk_filter_maker;

/* Close it, after failure, too. */
bool mlk_filter_maker_open(mlk_filter_maker *maker, int n_fft, mlk_status *status);
void mlk_filter_maker_close(mlk_filter_maker *maker);

/* Fills maker->bins with the spectrum of one filter, a windowed complex tone, and maker->magnitudes. The smallest bins,
 * a share of cqt->sparsity of the whole, become 0; all bins outside of first .. end - 1 are 0. */
void mlk_filter_make(mlk_filter_maker *maker, const mlk_cqt *cqt, double hz_over_rate, double gamma_over_rate);

#endif
