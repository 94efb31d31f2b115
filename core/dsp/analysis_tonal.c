/* What tonal features share: the tuning, the waveform at lower rates, constant-Q transforms. */
#include "dsp/analysis.h"

#include "dsp/tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- tuning --- */

typedef struct tuning_request {
    mlk_analysis *analysis;
    const mlk_stft *stft;
    double power;
    int bins_per_octave;
    double resolution;
} tuning_request;

static void *make_tuning(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const tuning_request *r = context;
    const mlk_tiles *spectrum = mlk_analysis_spectrum(r->analysis, r->stft, r->power, status);
    if (!spectrum)
        return NULL;
    double *tuning = malloc(sizeof *tuning);
    if (!tuning) {
        mlk_fail_memory(status, "a tuning");
        return NULL;
    }
    if (mlk_tuning_estimate(spectrum, r->analysis->rate, 2 * (int)(spectrum->rows - 1), r->bins_per_octave, r->resolution,
                            tuning, status)) {
        free(tuning);
        return NULL;
    }
    return tuning;
}

mlk_code mlk_analysis_tuning(mlk_analysis *analysis, const mlk_stft *stft, double power, int bins_per_octave,
                             double resolution, double *tuning, mlk_status *status)
{
    static const mlk_memo_kind tunings = {make_tuning, free};
    tuning_request r = {analysis, stft, power, bins_per_octave, resolution};
    double key[] = {power,        stft->n_fft,  stft->hop_length, stft->win_length,
                    stft->window, stft->center, stft->pad_mode,   bins_per_octave,
                    resolution};
    const double *known = mlk_memo_get(&analysis->memo, &tunings, key, 9, &r, status);
    if (!known)
        return status->code;
    *tuning = *known;
    return MLK_OK;
}

/* --- octaves --- */

typedef struct octave_request {
    mlk_analysis *analysis;
    int early, level;
} octave_request;

static const mlk_matrix *halved(mlk_analysis *analysis, int early, int level, mlk_status *status);

static void *make_octave(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const octave_request *r = context;
    const float *from = r->analysis->samples;
    int64_t n = r->analysis->n;
    int factor = 1 << r->early;
    if (r->level > 0) {
        factor = 2;
        if (r->early > 0 || r->level > 1) {
            const mlk_matrix *above = halved(r->analysis, r->early, r->level - 1, status);
            if (!above)
                return NULL;
            from = above->data;
            n = above->frames;
        }
    }
    mlk_matrix *made = mlk_matrix_new(1, (n + factor - 1) / factor, status);
    if (made && mlk_decimate(from, n, factor, made->data, status)) {
        mlk_matrix_free(made);
        made = NULL;
    }
    return made;
}

static const mlk_matrix *halved(mlk_analysis *analysis, int early, int level, mlk_status *status)
{
    static const mlk_memo_kind octaves = {make_octave, mlk_matrix_free};
    octave_request r = {analysis, early, level};
    return mlk_memo_get(&analysis->memo, &octaves, (double[]){early, level}, 2, &r, status);
}

static mlk_code octave_of(void *context, int early, int level, mlk_octave *octave, mlk_status *status)
{
    mlk_analysis *analysis = context;
    if (early == 0 && level == 0) {
        *octave = (mlk_octave){analysis->samples, analysis->n};
        return MLK_OK;
    }
    const mlk_matrix *lower = halved(analysis, early, level, status);
    if (!lower)
        return status->code;
    *octave = (mlk_octave){lower->data, lower->frames};
    return MLK_OK;
}

/* --- constant-Q --- */

typedef struct cqt_request {
    mlk_analysis *analysis;
    const mlk_cqt *cqt;
    mlk_cqt_plan plan;
} cqt_request;

static void release_cqt(void *value)
{
    free(((mlk_cqt_matrix *)value)->data);
    free(value);
}

static void *make_cqt(void *context, const double *key, mlk_status *status)
{
    (void)key;
    const cqt_request *r = context;
    const mlk_cqt_plan *plan = &r->plan;
    mlk_cqt_matrix *made = malloc(sizeof *made);
    float complex *data = malloc((size_t)(r->cqt->n_bins * plan->frames) * sizeof *data);
    if (!made || !data) {
        free(made);
        free(data);
        mlk_fail_memory(status, "a constant-Q transform");
        return NULL;
    }
    *made = (mlk_cqt_matrix){r->cqt->n_bins, plan->frames, data};
    if (mlk_cqt_compute(r->cqt, r->analysis->rate, plan, octave_of, r->analysis, data, status)) {
        release_cqt(made);
        return NULL;
    }
    return made;
}

const mlk_cqt_matrix *mlk_analysis_cqt(mlk_analysis *analysis, const mlk_cqt *cqt, mlk_status *status)
{
    static const mlk_memo_kind transforms = {make_cqt, release_cqt};
    static const mlk_stft spectrum = {.n_fft = 2048, .hop_length = 512, .win_length = 2048, .center = true};
    mlk_cqt tuned = *cqt;
    mlk_cqt_plan plan, fits;
    if (mlk_cqt_measure(cqt, analysis->n, analysis->rate, &plan, status))
        return NULL;
    if (isnan(cqt->tuning) &&
        (mlk_analysis_tuning(analysis, &spectrum, 1, cqt->bins_per_octave, 0.01, &tuned.tuning, status) ||
         mlk_cqt_measure(&tuned, analysis->n, analysis->rate, &fits, status)))
        return NULL;
    cqt_request r = {analysis, &tuned, plan};
    double key[] = {tuned.hop_length,   tuned.fmin, tuned.n_bins,   tuned.bins_per_octave, tuned.tuning,
                    tuned.filter_scale, tuned.norm, tuned.sparsity, tuned.window,          tuned.scale,
                    tuned.pad_mode};
    return mlk_memo_get(&analysis->memo, &transforms, key, 11, &r, status);
}
