#include "dsp/augment.h"
#include "dsp/stretch.h"

#include <math.h>
#include <soxr.h>
#include <stdlib.h>
#include <string.h>

/* --- level --- */

static void scale(float *samples, int64_t n, double factor)
{
    for (int64_t i = 0; i < n; i++)
        samples[i] *= (float)factor;
}

static double power_of(const float *samples, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)samples[i] * samples[i];
    return sum / (double)n;
}

static void add_noise(mlk_change *change, float *samples, int64_t n)
{
    enum { PIECE = 1024 };
    float noise[PIECE];
    float deviation = (float)sqrt(power_of(samples, n) / pow(10, change->value / 10));
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t count = n - at < PIECE ? n - at : PIECE;
        mlk_random_normals(&change->random, deviation, count, noise);
        for (int64_t i = 0; i < count; i++)
            samples[at + i] += noise[i];
    }
}

/* --- equalizer --- */

typedef struct filter {
    double b0, b1, b2, a1, a2; /* a0 is 1 */
    double z1, z2;
} filter;

static filter peak(double hz, double octaves, double db, double rate)
{
    double a = pow(10, db / 40), w = 2 * M_PI * hz / rate;
    double alpha = sin(w) * sinh(M_LN2 / 2 * octaves * w / sin(w)), a0 = 1 + alpha / a;
    return (filter){.b0 = (1 + alpha * a) / a0, .b1 = -2 * cos(w) / a0, .b2 = (1 - alpha * a) / a0,
                    .a1 = -2 * cos(w) / a0, .a2 = (1 - alpha / a) / a0};
}

void mlk_equalize(float *samples, int64_t n, double rate, const double *db, int bands)
{
    filter filters[MLK_MAX_BANDS];
    double low = 50, octaves = log2(0.45 * rate / low) / bands;
    for (int k = 0; k < bands; k++)
        filters[k] = peak(low * exp2((k + 0.5) * octaves), octaves, db[k], rate);
    for (int64_t i = 0; i < n; i++) {
        double x = samples[i];
        for (int k = 0; k < bands; k++) {
            filter *f = &filters[k];
            double y = f->b0 * x + f->z1;
            f->z1 = f->b1 * x - f->a1 * y + f->z2;
            f->z2 = f->b2 * x - f->a2 * y;
            x = y;
        }
        samples[i] = (float)x;
    }
}

static void equalize(mlk_change *change, mlk_sound *sound)
{
    const mlk_augment *augment = change->augment;
    double db[MLK_MAX_BANDS];
    for (int k = 0; k < augment->count; k++)
        db[k] = augment->low + (augment->high - augment->low) * mlk_random_uniform(&change->random);
    mlk_equalize(sound->samples, sound->n, sound->rate, db, augment->count);
}

/* --- time --- */

/* The n samples after a stretch by `rate`, in new memory. NULL: see status. */
static float *stretched(const mlk_sound *sound, double rate, int64_t *n, mlk_status *status)
{
    static const mlk_stft stft = {.n_fft = 2048, .hop_length = 512, .win_length = 2048, .center = true};
    *n = mlk_stretched_length(sound->n, rate);
    float *out = malloc(((size_t)*n + 1) * sizeof *out);
    if (!out)
        mlk_fail_memory(status, "a time stretch");
    else if (mlk_time_stretch(&stft, sound->samples, sound->n, rate, out, status)) {
        free(out);
        out = NULL;
    }
    return out;
}

static mlk_code stretch(mlk_change *change, mlk_sound *sound, mlk_status *status)
{
    int64_t n;
    float *out = stretched(sound, change->value, &n, status);
    if (!out)
        return status->code;
    free(sound->samples);
    sound->samples = out;
    sound->n = n;
    return MLK_OK;
}

/* Longer or shorter at the same pitch, and back to its length at another one. */
static mlk_code shift_pitch(mlk_change *change, mlk_sound *sound, mlk_status *status)
{
    double rate = exp2(-change->value / 12);
    int64_t n;
    float *longer = stretched(sound, rate, &n, status);
    if (!longer)
        return status->code;
    size_t made = 0;
    soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    soxr_error_t error = soxr_oneshot(1, rate, 1, longer, (size_t)n, NULL, sound->samples, (size_t)sound->n, &made,
                                      &io, &quality, &runtime);
    free(longer);
    if (error)
        return mlk_fail(status, MLK_MEMORY, "resampling for a pitch shift failed: %s", error);
    memset(sound->samples + made, 0, ((size_t)sound->n - made) * sizeof *sound->samples);
    return MLK_OK;
}

int64_t mlk_change_needs(const mlk_change *change, int64_t n)
{
    return change->augment->kind == MLK_AUGMENT_TIME_STRETCH ? (int64_t)ceil((double)n * change->value) : n;
}

mlk_code mlk_change_sound(mlk_change *change, mlk_sound *sound, mlk_status *status)
{
    switch (change->augment->kind) {
    case MLK_AUGMENT_NOISE:
        add_noise(change, sound->samples, sound->n);
        break;
    case MLK_AUGMENT_POLARITY:
        scale(sound->samples, sound->n, -1);
        break;
    case MLK_AUGMENT_GAIN:
        scale(sound->samples, sound->n, pow(10, change->value / 20));
        break;
    case MLK_AUGMENT_SHIFT:
        mlk_shift(sound->samples, sound->n, mlk_change_distance(change, sound->n, sound->rate),
                  change->augment->wrap, 0);
        break;
    case MLK_AUGMENT_EQUALIZER:
        equalize(change, sound);
        break;
    case MLK_AUGMENT_TIME_STRETCH:
        return stretch(change, sound, status);
    case MLK_AUGMENT_PITCH_SHIFT:
        return shift_pitch(change, sound, status);
    default:
        return mlk_fail(status, MLK_INVALID, "this augmentation is none of sounds");
    }
    return MLK_OK;
}
