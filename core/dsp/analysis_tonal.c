/* What tonal features share: the tuning, the waveform at lower rates, constant-Q transforms. */
#include "dsp/analysis.h"

#include "dsp/tuning.h"

#include <math.h>
#include <stdlib.h>

/* --- tuning: peaks gathered block by block, then one number for the clip --- */

typedef struct peaks_request {
    mlk_analysis *analysis;
    const mlk_stft *stft;
    double power;
} peaks_request;

static mlk_key peaks_key(mlk_key key, const peaks_request *r)
{
    mlk_stft_key(&key, r->stft);
    mlk_key_add(&key, r->power);
    return key;
}

static void *make_peaks(const void *nothing, mlk_status *status)
{
    (void)nothing;
    mlk_peaks *made = calloc(1, sizeof *made);
    if (!made)
        mlk_fail_memory(status, "spectral peaks");
    return made;
}

static void release_peaks(void *value)
{
    mlk_peaks_clear(value);
    free(value);
}

/* The clip's. */
static mlk_peaks *peaks_of(const peaks_request *r, mlk_status *status)
{
    static const mlk_memo_kind kind = {make_peaks, release_peaks};
    mlk_key key = peaks_key(mlk_analysis_clip_key(r->analysis), r);
    mlk_peaks *found = mlk_memo_get(&r->analysis->memo, &kind, &key, NULL, status);
    if (found)
        mlk_memo_keep(&r->analysis->memo, &kind, &key, sizeof *found, SIZE_MAX);
    return found;
}

/* The block's peaks go to the clip's; the value made only remembers that they did. */
static void *gather_peaks(const void *context, mlk_status *status)
{
    const peaks_request *r = context;
    mlk_peaks *peaks = peaks_of(r, status);
    const mlk_tiles *spectrum = peaks ? mlk_analysis_spectrum(r->analysis, r->stft, r->power, status) : NULL;
    if (!spectrum)
        return NULL;
    int64_t first = mlk_analysis_span(r->analysis, r->stft->hop_length, INT64_MAX).first;
    if (mlk_peaks_add(peaks, spectrum, first, r->analysis->rate, r->stft->n_fft, status))
        return NULL;
    void *done = malloc(1);
    if (!done)
        mlk_fail_memory(status, "spectral peaks");
    return done;
}

typedef struct tuning_request {
    peaks_request peaks;
    int bins_per_octave;
    double resolution;
} tuning_request;

static void *make_tuning(const void *context, mlk_status *status)
{
    const tuning_request *r = context;
    const mlk_peaks *peaks = peaks_of(&r->peaks, status);
    double *tuning = peaks ? malloc(sizeof *tuning) : NULL;
    if (peaks && !tuning)
        mlk_fail_memory(status, "a tuning");
    if (tuning && mlk_peaks_tuning(peaks, r->bins_per_octave, r->resolution, tuning, status)) {
        free(tuning);
        tuning = NULL;
    }
    return tuning;
}

mlk_code mlk_analysis_tuning(mlk_analysis *analysis, const mlk_stft *stft, double power, int bins_per_octave,
                             double resolution, double *tuning, mlk_status *status)
{
    static const mlk_memo_kind gathered = {gather_peaks, free};
    static const mlk_memo_kind tunings = {make_tuning, free};
    tuning_request r = {{analysis, stft, power}, bins_per_octave, resolution};
    mlk_key of_block = peaks_key(mlk_analysis_key(analysis), &r.peaks);
    *tuning = 0;
    if (analysis->block.pass != MLK_PASS_FINAL &&
        !mlk_memo_get(&analysis->memo, &gathered, &of_block, &r.peaks, status))
        return status->code;
    if (analysis->block.pass == MLK_PASS_SURVEY)
        return MLK_OK;
    mlk_key of_clip = peaks_key(mlk_analysis_clip_key(analysis), &r.peaks);
    mlk_key_add(&of_clip, bins_per_octave, resolution);
    const double *known = mlk_memo_get(&analysis->memo, &tunings, &of_clip, &r, status);
    if (!known)
        return status->code;
    mlk_memo_keep(&analysis->memo, &tunings, &of_clip, sizeof *known, SIZE_MAX);
    *tuning = *known;
    return MLK_OK;
}

/* --- octaves --- */

/* The waveform halved `early` times at once and then `level` times one by one. NULL: see status. */
static mlk_waveform *halved(mlk_analysis *analysis, int early, int level, mlk_status *status)
{
    mlk_waveform *waveform = analysis->waveform;
    if (early > 0)
        waveform = mlk_waveform_decimated(waveform, 1 << early, status);
    for (int i = 0; waveform && i < level; i++)
        waveform = mlk_waveform_decimated(waveform, 2, status);
    return waveform;
}

static mlk_code octave_of(void *context, int early, int level, int64_t first, int64_t end, mlk_view *view,
                          mlk_status *status)
{
    mlk_waveform *waveform = halved(context, early, level, status);
    return waveform ? mlk_waveform_view(waveform, first, end, view, status) : status->code;
}

/* --- constant-Q --- */

typedef struct cqt_request {
    mlk_analysis *analysis;
    const mlk_cqt *cqt;
    mlk_cqt_plan plan;
    mlk_span span;
} cqt_request;

static void release_cqt(void *value)
{
    free(((mlk_cqt_matrix *)value)->data);
    free(value);
}

static void *make_cqt(const void *context, mlk_status *status)
{
    const cqt_request *r = context;
    mlk_cqt_matrix *made = malloc(sizeof *made);
    float complex *data = malloc((size_t)(r->cqt->n_bins * r->span.frames) * sizeof *data);
    if (!made || !data) {
        free(made);
        free(data);
        mlk_fail_memory(status, "a constant-Q transform");
        return NULL;
    }
    *made = (mlk_cqt_matrix){r->cqt->n_bins, r->span.frames, data};
    if (mlk_cqt_compute(r->cqt, r->analysis->rate, &r->plan, r->span.first, r->span.frames, octave_of, r->analysis,
                        data, status)) {
        release_cqt(made);
        return NULL;
    }
    return made;
}

mlk_code mlk_analysis_cqt_tuning(mlk_analysis *analysis, const mlk_cqt *cqt, double *tuning, mlk_status *status)
{
    static const mlk_stft spectrum = {.n_fft = 2048, .hop_length = 512, .win_length = 2048, .center = true};
    *tuning = cqt->tuning;
    return isnan(cqt->tuning)
               ? mlk_analysis_tuning(analysis, &spectrum, 1, cqt->bins_per_octave, 0.01, tuning, status)
               : MLK_OK;
}

const mlk_cqt_matrix *mlk_analysis_cqt(mlk_analysis *analysis, const mlk_cqt *cqt, mlk_status *status)
{
    static const mlk_memo_kind transforms = {make_cqt, release_cqt};
    mlk_cqt tuned = *cqt;
    mlk_cqt_plan plan, fits;
    if (mlk_cqt_measure(cqt, analysis->n, analysis->rate, &plan, status) ||
        mlk_analysis_cqt_tuning(analysis, cqt, &tuned.tuning, status) ||
        mlk_cqt_measure(&tuned, analysis->n, analysis->rate, &fits, status))
        return NULL;
    cqt_request r = {analysis, &tuned, plan, mlk_analysis_span(analysis, cqt->hop_length, plan.frames)};
    mlk_key key = mlk_analysis_key(analysis);
    mlk_cqt_key(&key, &tuned);
    return mlk_memo_get(&analysis->memo, &transforms, &key, &r, status);
}
