#include "music/levels.h"

#include "clones.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES = 2, LEAST_RUN = 3, BLOCK_SECONDS = 3, STRETCH = 64, LANES = 8 };

static const double near_peak = 0.002, flat = 5e-4;

/* A run of samples of nearly one value, above or below 0. */
typedef struct side {
    float peak, start; /* the largest magnitude so far; the first of the run */
    int64_t run, clipped;
} side;

/* Peak and mean square of each block of 3 s. */
typedef struct block {
    double peak, square;
} block;

typedef struct channel {
    side sides[SIDES];
    double sum, square;
    block now;
    block *blocks;
    int64_t n_blocks, room;
} channel;

struct mlk_levels {
    int channels;
    int64_t block_frames, in_block;
    float silence;
    mlk_level_summary summary;
    double product, difference;
    channel channel[];
};

mlk_levels *mlk_levels_new(int channels, int64_t rate_hz, double silence, mlk_status *status)
{
    if (channels < 1 || rate_hz < 1) {
        mlk_fail(status, MLK_INVALID, "there must be 1 channel and 1 Hz or more, got %d and %lld", channels,
                 (long long)rate_hz);
        return NULL;
    }
    mlk_levels *made = calloc(1, sizeof *made + sizeof *made->channel * (size_t)channels);
    if (!made) {
        mlk_fail_memory(status, "levels");
        return NULL;
    }
    made->channels = channels;
    made->block_frames = BLOCK_SECONDS * rate_hz;
    made->silence = (float)silence;
    made->summary.first_sound = made->summary.last_sound = -1;
    return made;
}

int mlk_levels_channels(const mlk_levels *levels)
{
    return levels->channels;
}

/* A run that ended counts where it lies at the peak; a higher peak forgets what lies clearly below. */
static void end_run(side *s)
{
    if (s->run >= LEAST_RUN && s->start >= s->peak * (1 - near_peak))
        s->clipped += s->run;
    s->run = 0;
}

static void follow(side *s, float magnitude)
{
    if (magnitude <= 0) {
        end_run(s);
        return;
    }
    if (s->run && fabsf(magnitude - s->start) > flat * s->start)
        end_run(s);
    if (!s->run)
        s->start = magnitude;
    s->run++;
    if (magnitude > s->peak) {
        if (magnitude * (1 - near_peak) > s->peak)
            s->clipped = 0;
        s->peak = magnitude;
    }
}

/* What a stretch of samples has: its highest, its lowest, sums. */
typedef struct stretch {
    float high, low;
    double sum, square;
} stretch;

MLK_CLONES static stretch measure(const float *x, int64_t n)
{
    float high[LANES], low[LANES];
    double sum[LANES] = {0}, square[LANES] = {0};
    for (int k = 0; k < LANES; k++)
        high[k] = low[k] = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            float value = x[i + k];
            high[k] = value > high[k] ? value : high[k];
            low[k] = value < low[k] ? value : low[k];
            sum[k] += (double)value;
            square[k] += (double)value * (double)value;
        }
    for (; i < n; i++) {
        high[0] = x[i] > high[0] ? x[i] : high[0];
        low[0] = x[i] < low[0] ? x[i] : low[0];
        sum[0] += (double)x[i];
        square[0] += (double)x[i] * (double)x[i];
    }
    stretch s = {high[0], low[0], sum[0], square[0]};
    for (int k = 1; k < LANES; k++) {
        s.high = high[k] > s.high ? high[k] : s.high;
        s.low = low[k] < s.low ? low[k] : s.low;
        s.sum += sum[k];
        s.square += square[k];
    }
    return s;
}

/* Follows a stretch on the side of `sign`. Where all of it lies so far below the peak that no run there can ever count,
 * it ends the run before, and nothing else. */
static void follow_stretch(side *s, const float *x, int64_t n, float sign, float most)
{
    if (most < s->peak * (float)((1 - near_peak) / (1 + 3 * flat))) {
        end_run(s);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        follow(s, sign * x[i]);
}

static void hear(channel *c, const float *x, int64_t frames)
{
    for (int64_t at = 0; at < frames; at += STRETCH) {
        int64_t n = frames - at < STRETCH ? frames - at : STRETCH;
        stretch s = measure(x + at, n);
        follow_stretch(&c->sides[0], x + at, n, 1, s.high);
        follow_stretch(&c->sides[1], x + at, n, -1, -s.low);
        c->sum += s.sum;
        c->square += s.square;
        c->now.square += s.square;
        c->now.peak = fmax(c->now.peak, fmax((double)s.high, -(double)s.low));
    }
}

static mlk_code end_block(channel *c, int64_t frames, mlk_status *status)
{
    if (c->n_blocks == c->room) {
        int64_t room = c->room ? 2 * c->room : 64;
        block *more = realloc(c->blocks, sizeof *more * (size_t)room);
        if (!more)
            return mlk_fail_memory(status, "levels");
        c->blocks = more;
        c->room = room;
    }
    c->blocks[c->n_blocks++] = (block){c->now.peak, c->now.square / (double)frames};
    c->now = (block){0, 0};
    return MLK_OK;
}

/* The largest magnitude of any channel in each of up to STRETCH frames, and the largest of all. */
MLK_CLONES static float loudest(const float *x, int channels, int64_t stride, int64_t n, float *most)
{
    float largest = 0;
    memset(most, 0, sizeof *most * STRETCH);
    for (int c = 0; c < channels; c++)
        for (int64_t i = 0; i < n; i++) {
            float magnitude = fabsf(x[c * stride + i]);
            most[i] = magnitude > most[i] ? magnitude : most[i];
        }
    for (int i = 0; i < STRETCH; i++)
        largest = most[i] > largest ? most[i] : largest;
    return largest;
}

/* A frame that sounds ends a gap. */
static void note_sound(mlk_level_summary *s, int64_t at)
{
    if (s->first_sound < 0)
        s->first_sound = at;
    else if (at - s->last_sound - 1 > s->longest_gap)
        s->longest_gap = at - s->last_sound - 1;
    s->last_sound = at;
}

/* What sounds in a stretch. Its gaps are looked at only while no longer one is known. */
static void find_sound(mlk_levels *l, const float *most, int64_t from, int64_t n)
{
    mlk_level_summary *s = &l->summary;
    int64_t first = 0, last = n - 1;
    while (first < n && !(most[first] > l->silence))
        first++;
    while (last > first && !(most[last] > l->silence))
        last--;
    if (first == n)
        return;
    note_sound(s, from + first);
    if (s->longest_gap < STRETCH)
        for (int64_t i = first + 1; i < last; i++)
            if (most[i] > l->silence)
                note_sound(s, from + i);
    if (last > first) {
        if (s->longest_gap < STRETCH)
            note_sound(s, from + last);
        s->last_sound = from + last;
    }
}

/* How the first two channels go together. */
MLK_CLONES static void compare(const float *x, const float *y, int64_t n, double *product, double *difference)
{
    double products[LANES] = {0}, differences[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            double a = (double)x[i + k], b = (double)y[i + k], half = 0.5 * (a - b);
            products[k] += a * b;
            differences[k] += half * half;
        }
    for (; i < n; i++) {
        double a = (double)x[i], b = (double)y[i], half = 0.5 * (a - b);
        products[0] += a * b;
        differences[0] += half * half;
    }
    for (int k = 0; k < LANES; k++) {
        *product += products[k];
        *difference += differences[k];
    }
}

/* All channels together. */
static void hear_together(mlk_levels *l, const float *x, int64_t stride, int64_t frames)
{
    for (int64_t at = 0; at < frames; at += STRETCH) {
        float most[STRETCH];
        int64_t n = frames - at < STRETCH ? frames - at : STRETCH;
        if (loudest(x + at, l->channels, stride, n, most) > l->silence)
            find_sound(l, most, l->summary.frames + at, n);
        if (l->channels > 1)
            compare(x + at, x + stride + at, n, &l->product, &l->difference);
    }
}

mlk_code mlk_levels_add(mlk_levels *l, const float *samples, int64_t frames, mlk_status *status)
{
    int64_t stride = frames;
    mlk_code code = MLK_OK;
    for (int64_t at = 0; !code && at < frames;) {
        int64_t n = l->block_frames - l->in_block;
        n = n < frames - at ? n : frames - at;
        for (int c = 0; c < l->channels; c++)
            hear(&l->channel[c], samples + c * stride + at, n);
        hear_together(l, samples + at, stride, n);
        l->summary.frames += n;
        l->in_block += n;
        at += n;
        if (l->in_block == l->block_frames) {
            for (int c = 0; !code && c < l->channels; c++)
                code = end_block(&l->channel[c], l->block_frames, status);
            l->in_block = 0;
        }
    }
    return code;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Second highest block peak over the root mean square of the loudest fifth of the blocks, whose values are sqrt(2 mean
 * x^2). */
static mlk_code dynamic_range(const channel *c, double *db, mlk_status *status)
{
    int64_t n = c->n_blocks, loudest = (n + 4) / 5;
    *db = NAN;
    if (n < 2)
        return MLK_OK;
    double *sorted = malloc(sizeof *sorted * (size_t)n), sum = 0;
    if (!sorted)
        return mlk_fail_memory(status, "levels");
    for (int64_t i = 0; i < n; i++)
        sorted[i] = 2 * c->blocks[i].square;
    qsort(sorted, (size_t)n, sizeof *sorted, descending);
    for (int64_t i = 0; i < loudest; i++)
        sum += sorted[i];
    for (int64_t i = 0; i < n; i++)
        sorted[i] = c->blocks[i].peak;
    qsort(sorted, (size_t)n, sizeof *sorted, descending);
    if (sum > 0)
        *db = 20 * log10(sorted[1] / sqrt(sum / (double)loudest));
    free(sorted);
    return MLK_OK;
}

mlk_code mlk_levels_channel(mlk_levels *l, int index, mlk_channel_levels *out, mlk_status *status)
{
    channel *c = &l->channel[index];
    double n = l->summary.frames > 0 ? (double)l->summary.frames : 1;
    *out = (mlk_channel_levels){.peak = fmaxf(c->sides[0].peak, c->sides[1].peak), .rms = sqrt(c->square / n),
                                .dc = c->sum / n};
    for (int s = 0; s < SIDES; s++) {
        side ended = c->sides[s];
        end_run(&ended);
        out->clipped += ended.clipped;
    }
    return dynamic_range(c, &out->dr_db, status);
}

void mlk_levels_summary(const mlk_levels *l, mlk_level_summary *out)
{
    double n = l->summary.frames > 0 ? (double)l->summary.frames : 1;
    double power = l->channels > 1 ? sqrt(l->channel[0].square * l->channel[1].square) : 0;
    *out = l->summary;
    out->correlation = power > 0 ? l->product / power : 1;
    out->difference_rms = sqrt(l->difference / n);
}

void mlk_levels_free(mlk_levels *l)
{
    if (!l)
        return;
    for (int c = 0; c < l->channels; c++)
        free(l->channel[c].blocks);
    free(l);
}
