#include "dsp/onset.h"

#include "dsp/lanes.h"
#include "dsp/select.h"

#include <stdlib.h>
#include <string.h>

const char *const mlk_onset_aggregate_names[] = {"mean", "median", NULL};

enum { BLOCK = 256 }; /* frames whose sums stay in cache */

typedef struct job {
    const mlk_onset *onset;
    const float *db;
    int64_t bands, frames;
    float *reference; /* one band of the reference, BLOCK frames; NULL: the spectrogram itself */
    float *column;    /* what one frame's bands rise by; NULL: none is wanted together */
} job;

MLK_CLONES static void larger(float *restrict kept, const float *restrict other, int64_t count)
{
    for (int64_t t = 0; t < count; t++)
        kept[t] = other[t] > kept[t] ? other[t] : kept[t];
}

/* The reference of a band from frame `first` on. Bands beyond the ends repeat those within: no maximum changes. */
static const float *reference(const job *j, int64_t band, int64_t first, int64_t count)
{
    const float *own = j->db + band * j->frames + first;
    if (!j->reference)
        return own;
    int64_t from = band - j->onset->max_size / 2, to = from + j->onset->max_size;
    if (from < 0)
        from = 0;
    if (to > j->bands)
        to = j->bands;
    memcpy(j->reference, own, (size_t)count * sizeof *own);
    for (int64_t b = from; b < to; b++)
        larger(j->reference, j->db + b * j->frames + first, count);
    return j->reference;
}

MLK_CLONES static void add_rise(const float *restrict now, const float *restrict before, int64_t count,
                                double *restrict sum)
{
    for (int64_t t = 0; t < count; t++) {
        float rise = now[t] - before[t];
        sum[t] += rise > 0 ? rise : 0;
    }
}

/* The mean rise of bands from .. to - 1, `count` frames from `first` (>= lag) on. */
static void mean(const job *j, int64_t from, int64_t to, int64_t first, int64_t count, float *out)
{
    double sum[BLOCK] = {0};
    for (int64_t band = from; band < to; band++)
        add_rise(j->db + band * j->frames + first, reference(j, band, first - j->onset->lag, count), count, sum);
    for (int64_t t = 0; t < count; t++)
        out[t] = (float)(sum[t] / (double)(to - from));
}

static void median(const job *j, int64_t from, int64_t to, int64_t first, int64_t count, float *out)
{
    int64_t bands = to - from;
    for (int64_t band = from; band < to; band++) {
        const float *now = j->db + band * j->frames + first;
        const float *before = reference(j, band, first - j->onset->lag, count);
        for (int64_t t = 0; t < count; t++) {
            float rise = now[t] - before[t];
            j->column[t * bands + band - from] = rise > 0 ? rise : 0;
        }
    }
    for (int64_t t = 0; t < count; t++)
        out[t] = mlk_median(j->column + t * bands, bands);
}

void mlk_onset_detrend(float *curve, int64_t frames, double state[2])
{
    double in = state[0], out = state[1];
    for (int64_t t = 0; t < frames; t++) {
        out = curve[t] - in + 0.99 * out;
        in = curve[t];
        curve[t] = (float)out;
    }
    state[0] = in;
    state[1] = out;
}

mlk_code mlk_onset_strength(const mlk_onset *onset, const float *db, int64_t bands, int64_t frames, const int *edges,
                            int curves, float *out, mlk_status *status)
{
    job j = {.onset = onset, .db = db, .bands = bands, .frames = frames};
    bool medians = onset->aggregate == MLK_ONSET_MEDIAN;
    if (onset->max_size > 1)
        j.reference = malloc(BLOCK * sizeof *j.reference);
    if (medians)
        j.column = malloc((size_t)(BLOCK * bands) * sizeof *j.column);
    bool enough = (onset->max_size == 1 || j.reference) && (!medians || j.column);
    int64_t zeros = (int64_t)onset->lag + onset->delay;
    if (zeros > frames)
        zeros = frames;
    for (int c = 0; enough && c < curves; c++) {
        float *curve = out + c * frames;
        memset(curve, 0, (size_t)zeros * sizeof *curve);
        for (int64_t t = zeros; t < frames; t += BLOCK) {
            int64_t count = frames - t < BLOCK ? frames - t : BLOCK;
            (medians ? median : mean)(&j, edges[c], edges[c + 1], t - onset->delay, count, curve + t);
        }
    }
    free(j.reference);
    free(j.column);
    return enough ? MLK_OK : mlk_fail_memory(status, "an onset curve");
}
