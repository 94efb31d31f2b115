/* augment.h: random changes of sounds and of features after which they can still be recognised.
 *
 * A description says what may happen and how far. Drawing decides what happens to
 * one example. All random numbers come from the given seed.
 *
 *     mlk_augment noise = {.kind = MLK_AUGMENT_NOISE, .p = 0.5, .low = 10, .high = 30};
 *     mlk_change change;
 *     if (mlk_augment_draw(&noise, seed, &change))
 *         mlk_change_sound(&change, &sound, &status);
 */
#ifndef MLK_AUGMENT_H
#define MLK_AUGMENT_H

#include "parameters.h"
#include "random.h"
#include "status.h"

#include <stdbool.h>
#include <stdint.h>

enum { MLK_MAX_BANDS = 32 };

/* In parentheses: what is drawn uniformly from low .. high of a description. */
typedef enum mlk_augment_kind {
    /* of sounds */
    MLK_AUGMENT_NOISE,        /* Gaussian noise (signal to noise ratio in dB) */
    MLK_AUGMENT_POLARITY,     /* times -1 */
    MLK_AUGMENT_TIME_STRETCH, /* phase vocoder (rate; 2: twice as fast); features are stretched as they are cut */
    MLK_AUGMENT_PITCH_SHIFT,  /* phase vocoder, then resampling (semitones) */
    /* of sounds or features */
    MLK_AUGMENT_GAIN,      /* (dB) */
    MLK_AUGMENT_SHIFT,     /* in time (seconds, or with `relative` fractions of the whole) */
    MLK_AUGMENT_EQUALIZER, /* `count` bands (dB, drawn for each) */
    MLK_AUGMENT_MIXUP,     /* another example mixed in (alpha of the Beta distribution), by the caller, who has both */
    /* of features */
    MLK_AUGMENT_TIME_MASK,       /* `count` stretches of frames hidden (frames, or `relative`, drawn for each) */
    MLK_AUGMENT_FREQUENCY_MASK,  /* the same of rows */
    MLK_AUGMENT_FREQUENCY_SHIFT, /* rows of each feature moved up or down (rows) */
    MLK_AUGMENT_KINDS,           /* how many there are */
} mlk_augment_kind;

/* Their names, as they are called in Lua. */
extern const char *const mlk_augment_names[];

typedef struct mlk_augment {
    mlk_augment_kind kind;
    bool on_features;
    double p; /* how likely it happens */
    double low, high;
    int count;
    bool relative;
    bool wrap; /* shift: what leaves at one end comes in at the other */
} mlk_augment;

extern const mlk_parameter mlk_augment_parameters[];

/* Refuses a list unless changes of sounds come first, there is one mixup at most, and features are stretched only where
 * no sounds are changed (features are stretched as they are cut). */
mlk_code mlk_augments_check(const mlk_augment *augments, int n, mlk_status *status);

typedef struct mlk_change {
    const mlk_augment *augment;
    double value;      /* drawn from low .. high; for mixup the share of the example itself */
    mlk_random random; /* for what is drawn later */
} mlk_change;

/* False: it does not happen this time. */
bool mlk_augment_draw(const mlk_augment *augment, uint64_t seed, mlk_change *change);

/* For a shift: how many places later n values, `rate` of them a second, move; with wrap less than n, else up to n. */
int64_t mlk_change_distance(const mlk_change *change, int64_t n, double rate);

/* Moves n values later (earlier) by up to n; what leaves comes in at the other end with wrap, else `fill` does. */
void mlk_shift(float *values, int64_t n, int64_t by, bool wrap, float fill);

/* --- sounds --- */

typedef struct mlk_sound {
    float *samples; /* malloc */
    int64_t n;
    double rate;
} mlk_sound;

/* How many samples before a change give at least n after it. */
int64_t mlk_change_needs(const mlk_change *change, int64_t n);

/* Only stretching changes n. */
mlk_code mlk_change_sound(mlk_change *change, mlk_sound *sound, mlk_status *status);

/* `bands` peaking filters in a row, spaced evenly in pitch between 50 Hz and 0.45 of the rate and as wide as they are
 * apart, gain db[i] at the i-th (R. Bristow-Johnson, Audio EQ Cookbook: peakingEQ with a bandwidth in octaves). */
void mlk_equalize(float *samples, int64_t n, double rate, const double *db, int bands);

/* --- features --- */

/* Rows of one feature. */
typedef struct mlk_band {
    int64_t first, rows;
    bool decibel;
} mlk_band;

typedef struct mlk_sheet {
    float *data; /* rows x frames */
    int64_t rows, frames;
    double rate; /* frames per second */
    const mlk_band *bands;
    int n_bands;
    const float *fill; /* for each row, the value of an empty place; NULL: the row's own mean */
} mlk_sheet;

/* Gain and equalizer change features in decibels only; the equalizer's curve runs straight from each of `count` points
 * to the next (the linear FilterAugment of Nam, Kim and Park, 2022). Masks: Park et al., SpecAugment, 2019. */
void mlk_change_features(mlk_change *change, mlk_sheet *sheet);

/* The value of an empty place in a row. */
float mlk_sheet_fill(const mlk_sheet *sheet, int64_t row);

#endif
