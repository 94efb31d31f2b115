/* How much is new at each moment. */
#include "dsp/feature_table.h"

#include "dsp/onset.h"

#include <stdlib.h>
#include <string.h>

#define ONSET_PARAMETERS                                                                                        \
    MLK_INTEGER("lag", 1, 1, MLK_MAX_FRAME, "how far back a frame is compared", .unit = "frames"),              \
        MLK_INTEGER("max_size", 1, 1, 4096, "bands whose largest is compared with; 1: the band itself"),        \
        MLK_BOOLEAN("detrend", 0, "take the constant part out"),                                                \
        MLK_CHOICE("aggregate", MLK_ONSET_MEAN, mlk_onset_aggregate_names, "what stands for all bands"),        \
        MLK_MEL_PARAMETERS, MLK_MEL_NORM("norm"), MLK_TOP_DB

/* `center` is the curve's: the spectrogram's frames are always centred. */
static mlk_stft centred(const mlk_settings *s)
{
    mlk_stft stft = mlk_feature_stft_of(s);
    stft.center = true;
    return stft;
}

static mlk_code measure_onset(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    mlk_code code = mlk_feature_check_mel(s, rate, status);
    if (code)
        return code;
    mlk_stft stft = centred(s);
    if (stft.win_length > stft.n_fft)
        return mlk_fail(status, MLK_INVALID, "win_length must be 1..n_fft (%d), got %d", stft.n_fft, stft.win_length);
    shape->frames = mlk_frame_count(n, stft.n_fft, stft.hop_length, true);
    return MLK_OK;
}

static const mlk_matrix *decibels(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    mlk_stft stft = centred(s);
    mlk_mel mel = mlk_feature_mel_of(s, "norm", a->rate);
    return mlk_analysis_mel_db(a, &stft, mlk_settings_get(s, "power"), &mel, 1, 1e-10,
                               mlk_settings_get(s, "top_db"), status);
}

static mlk_code survey_onset(const mlk_settings *s, mlk_analysis *a, mlk_status *status)
{
    return decibels(s, a, status) ? MLK_OK : status->code;
}

/* What curves need of the blocks before: the last spectra, column after column, and how far detrending is. */
typedef struct past {
    int64_t columns;
    double numbers[]; /* two for each curve, then the columns as floats */
} past;

static past *past_of(mlk_analysis *a, int curves, int64_t bands, int64_t columns, float **spectra, mlk_status *status)
{
    size_t bytes = sizeof(past) + 2 * (size_t)curves * sizeof(double) + (size_t)(bands * columns) * sizeof(float);
    past *p = mlk_analysis_carry(a, bytes, status);
    if (p)
        *spectra = (float *)(p->numbers + 2 * curves);
    return p;
}

/* The columns that are kept, then the block's, as one matrix. */
static mlk_matrix *join(const past *p, const float *spectra, const mlk_matrix *block, mlk_status *status)
{
    mlk_matrix *made = mlk_matrix_new(block->rows, p->columns + block->frames, status);
    for (int64_t band = 0; made && band < block->rows; band++) {
        float *to = made->data + band * made->frames;
        for (int64_t t = 0; t < p->columns; t++)
            to[t] = spectra[t * block->rows + band];
        memcpy(to + p->columns, block->data + band * block->frames, (size_t)block->frames * sizeof *to);
    }
    return made;
}

/* Keeps up to `most` of the last columns. */
static mlk_code keep_columns(mlk_analysis *a, const mlk_matrix *joined, int curves, int64_t most, mlk_status *status)
{
    float *spectra;
    int64_t kept = joined->frames < most ? joined->frames : most;
    past *p = past_of(a, curves, joined->rows, kept, &spectra, status);
    if (!p)
        return status->code;
    p->columns = kept;
    for (int64_t t = 0; t < kept; t++)
        for (int64_t band = 0; band < joined->rows; band++)
            spectra[t * joined->rows + band] = joined->data[(band + 1) * joined->frames - kept + t];
    return MLK_OK;
}

static mlk_code onset_of(const mlk_settings *s, mlk_analysis *a, const int *edges, int curves, float *out,
                         mlk_status *status)
{
    mlk_stft stft = centred(s);
    mlk_onset onset = {
        .lag = (int)mlk_settings_get(s, "lag"),
        .max_size = (int)mlk_settings_get(s, "max_size"),
        .delay = mlk_settings_get(s, "center") != 0 ? stft.n_fft / (2 * stft.hop_length) : 0,
        .aggregate = (mlk_onset_aggregate)mlk_settings_get(s, "aggregate"),
    };
    float *spectra;
    const mlk_matrix *db = decibels(s, a, status);
    past *p = db ? past_of(a, curves, db->rows, 0, &spectra, status) : NULL;
    mlk_matrix *joined = p ? join(p, spectra, db, status) : NULL;
    float *whole = joined ? malloc((size_t)(curves * joined->frames) * sizeof *whole) : NULL;
    mlk_code code = !joined ? status->code : !whole ? mlk_fail_memory(status, "an onset curve") : MLK_OK;
    if (!code)
        code = mlk_onset_strength(&onset, joined->data, joined->rows, joined->frames, edges, curves, whole, status);
    for (int c = 0; !code && c < curves; c++) {
        memcpy(out + c * db->frames, whole + c * joined->frames + p->columns, (size_t)db->frames * sizeof *out);
        if (mlk_settings_get(s, "detrend") != 0)
            mlk_onset_detrend(out + c * db->frames, db->frames, p->numbers + 2 * c);
    }
    if (!code)
        code = keep_columns(a, joined, curves, (int64_t)onset.lag + onset.delay, status);
    free(whole);
    mlk_matrix_free(joined);
    return code;
}

static mlk_code compute_onset(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                              mlk_status *status)
{
    (void)shape;
    int edges[] = {0, (int)mlk_settings_get(s, "n_mels")};
    return onset_of(s, a, edges, 1, out, status);
}

static const mlk_parameter onset_parameters[] = {ONSET_PARAMETERS};

const mlk_feature mlk_feature_onset_strength = {
    .name = "onset_strength",
    .summary = "how much the mel spectrogram rises from frame to frame: attacks of notes and drums",
    .kind = "onset_strength",
    .unit = "dB",
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(onset_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_onset,
    .compute = compute_onset,
    .gathers = mlk_feature_gathers_loudest,
    .survey = survey_onset,
};

/* --- in several ranges of bands --- */

static int edge(const mlk_settings *s, int64_t channel)
{
    return (int)(channel * (int64_t)mlk_settings_get(s, "n_mels") / (int64_t)mlk_settings_get(s, "n_channels"));
}

static mlk_code measure_multi(const mlk_settings *s, int64_t n, double rate, mlk_feature_shape *shape,
                              mlk_status *status)
{
    int n_channels = (int)mlk_settings_get(s, "n_channels"), n_mels = (int)mlk_settings_get(s, "n_mels");
    if (n_channels > n_mels)
        return mlk_fail(status, MLK_INVALID, "n_channels must be 1..n_mels (%d), got %d", n_mels, n_channels);
    shape->rows = n_channels;
    return measure_onset(s, n, rate, shape, status);
}

static mlk_code compute_multi(const mlk_settings *s, mlk_analysis *a, const mlk_feature_shape *shape, void *out,
                              mlk_status *status)
{
    int edges[4096 + 1];
    for (int64_t c = 0; c <= shape->rows; c++)
        edges[c] = edge(s, c);
    return onset_of(s, a, edges, (int)shape->rows, out, status);
}

/* The centre of each range's lowest band, Hz. */
static void place_multi(const mlk_settings *s, double rate, int64_t rows, double *values)
{
    double centres[4096];
    mlk_mel mel = mlk_feature_mel_of(s, "norm", rate);
    mlk_mel_centres(&mel, centres);
    for (int64_t c = 0; c < rows; c++)
        values[c] = centres[edge(s, c)];
}

static const mlk_parameter multi_parameters[] = {
    MLK_INTEGER("n_channels", 4, 1, 4096, "ranges of bands"),
    ONSET_PARAMETERS,
};

const mlk_feature mlk_feature_onset_strength_multi = {
    .name = "onset_strength_multi",
    .summary = "onset strength in several ranges of mel bands",
    .kind = "onset_strength_multi",
    .unit = "dB",
    .axis = {.name = "bands from", .unit = "Hz", .scale = "mel"},
    MLK_STFT_FRAMES,
    .scope = MLK_SCOPE_FRAME,
    MLK_PARAMETERS(multi_parameters),
    .empty = mlk_feature_empty_mel,
    .measure = measure_multi,
    .compute = compute_multi,
    .gathers = mlk_feature_gathers_loudest,
    .survey = survey_onset,
    .place = place_multi,
};
