/* Milliseconds for each feature of 30 s of mono sound at 22 050 Hz, on one core: the best of some runs, with filter
 * banks and plans made before. Groups share one sweep, as in a recipe. The last lines are the floor: FFTW alone
 * for the transforms of that clip, with plans that it measured and plans that it guessed.
 *
 *     cmake --build --preset release --target bench_features
 *     build/release/bin/bench_features [--json] [--sound FILE] [--only NAME] [RUNS]
 *
 * --only repeats one feature or group, for a profiler.
 */
#include "audio/audio.h"
#include "dsp/sweep.h"

#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE = 22050, N = 30 * RATE, N_FFT = 2048, FRAMES = 1 + N / 512, MOST = 64 };

typedef struct group {
    const char *name;
    const char *members[16];
} group;

#define SHAPES                                                                                                   \
    "spectral_centroid", "spectral_bandwidth", "spectral_rolloff", "spectral_flatness", "spectral_contrast"

static const group groups[] = {
    {"set",
     {"mel", "mfcc", "chroma_stft", "chroma_cqt", "tonnetz", SHAPES, "zero_crossing_rate", "rms", "onset_strength"}},
    {"stft_family", {"mel", "mfcc", "chroma_stft", SHAPES}},
    {"constant_q_family", {"chroma_cqt", "tonnetz"}},
};

static float sound[N];

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* other programs may be running */
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void die(const char *what, const mlk_status *status)
{
    fprintf(stderr, "%s: %s\n", what, status->message);
    exit(1);
}

/* Where the parts of each feature go. */
static void *results[MOST];
static int64_t frames[MOST];

static mlk_code keep(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status)
{
    (void)context;
    (void)status;
    size_t width = mlk_dtype_size(part->dtype);
    for (int64_t row = 0; row < part->rows; row++)
        memcpy((char *)results[feature] + (size_t)(row * frames[feature] + part->first) * width,
               (char *)data + (size_t)(row * part->frames) * width, (size_t)part->frames * width);
    return MLK_OK;
}

/* Some features of the sound, as a recipe has them made. */
static void compute(const mlk_feature *const *features, int count)
{
    mlk_status status;
    mlk_settings settings[MOST];
    for (int i = 0; i < count; i++) {
        mlk_feature_shape shape;
        mlk_settings_init(&settings[i], features[i]);
        if (mlk_feature_measure(&settings[i], N, RATE, &shape, &status))
            die(features[i]->name, &status);
        frames[i] = shape.frames;
        results[i] = malloc((size_t)(shape.rows * shape.frames) * mlk_dtype_size(shape.dtype));
    }
    mlk_waveform *waveform = mlk_waveform_of(sound, N, RATE, &status);
    if (!waveform || mlk_sweep(settings, count, waveform, (mlk_sink){NULL, keep}, &status))
        die(features[0]->name, &status);
    mlk_waveform_free(waveform);
    for (int i = 0; i < count; i++)
        free(results[i]);
}

/* --- what is printed --- */

static bool json;
static const char *only;

static void print(const char *name, double ms)
{
    static bool any;
    if (json)
        printf("%s\"%s\": %.3f", any ? ", " : "{", name, ms);
    else
        printf("%-24s %8.2f ms\n", name, ms);
    any = true;
}

static void measure(const char *name, const mlk_feature *const *features, int count, int runs)
{
    double best = HUGE_VAL;
    if (only && strcmp(only, name) != 0)
        return;
    for (int run = 0; run <= runs; run++) { /* one more, to make what is kept */
        double start = now_ms();
        compute(features, count);
        double took = now_ms() - start;
        best = run > 0 && took < best ? took : best;
    }
    print(name, best);
}

static void measure_group(const group *group, int runs)
{
    const mlk_feature *features[MOST];
    int count = 0;
    for (int i = 0; group->members[i]; i++) {
        const mlk_feature *feature = mlk_feature_find(group->members[i]);
        if (feature)
            features[count++] = feature;
        else
            fprintf(stderr, "%s: there is no %s yet\n", group->name, group->members[i]);
    }
    measure(group->name, features, count, runs);
}

/* --- the floor --- */

static void measure_double(const char *name, bool inverse, unsigned effort, int runs)
{
    double *time = fftw_alloc_real(N_FFT), best = HUGE_VAL;
    fftw_complex *bins = fftw_alloc_complex(N_FFT / 2 + 1);
    fftw_plan plan = inverse ? fftw_plan_dft_c2r_1d(N_FFT, bins, time, effort)
                             : fftw_plan_dft_r2c_1d(N_FFT, time, bins, effort);
    memset(time, 0, N_FFT * sizeof *time);
    memset(bins, 0, (N_FFT / 2 + 1) * sizeof *bins);
    for (int run = 0; run < 3 * runs; run++) {
        double start = now_ms();
        for (int frame = 0; frame < FRAMES; frame++)
            fftw_execute(plan);
        best = fmin(best, now_ms() - start);
    }
    fftw_destroy_plan(plan);
    fftw_free(time);
    fftw_free(bins);
    print(name, best);
}

static void measure_float(const char *name, unsigned effort, int runs)
{
    float *time = fftwf_alloc_real(N_FFT);
    fftwf_complex *bins = fftwf_alloc_complex(N_FFT / 2 + 1);
    fftwf_plan plan = fftwf_plan_dft_r2c_1d(N_FFT, time, bins, effort);
    memset(time, 0, N_FFT * sizeof *time);
    double best = HUGE_VAL;
    for (int run = 0; run < 3 * runs; run++) {
        double start = now_ms();
        for (int frame = 0; frame < FRAMES; frame++)
            fftwf_execute(plan);
        best = fmin(best, now_ms() - start);
    }
    fftwf_destroy_plan(plan);
    fftwf_free(time);
    fftwf_free(bins);
    print(name, best);
}

static void measure_floor(int runs)
{
    measure_double("fftw_double", false, FFTW_MEASURE, runs);
    measure_double("fftw_double_estimated", false, FFTW_ESTIMATE, runs);
    measure_double("fftw_double_inverse", true, FFTW_MEASURE, runs);
    measure_float("fftw_float", FFTW_MEASURE, runs);
    measure_float("fftw_float_estimated", FFTW_ESTIMATE, runs);
}

/* --- the sound --- */

static void make_sound(void)
{
    unsigned seed = 1;
    for (int i = 0; i < N; i++) /* noise in bursts */
        sound[i] = ((float)((seed = seed * 1664525u + 1013904223u) >> 8) / (1 << 24) - 0.5f) * (float)(i % 9000) / 9000;
}

static void load_sound(const char *path)
{
    mlk_status status;
    mlk_audio audio;
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = RATE;
    options.channel = MLK_CHANNELS_MIXED;
    options.duration_s = 30;
    if (mlk_audio_load(path, &options, &audio, &status))
        die(path, &status);
    for (int64_t i = 0; i < N; i++)
        sound[i] = audio.frames > 0 ? audio.samples[i % audio.frames] : 0;
    mlk_audio_free(&audio);
}

/* The inputs of pretrained models want another rate. */
static bool takes_sound(const mlk_feature *feature)
{
    mlk_settings settings;
    mlk_feature_shape shape;
    mlk_settings_init(&settings, feature);
    return mlk_feature_measure(&settings, N, RATE, &shape, NULL) == MLK_OK;
}

int main(int argc, char **argv)
{
    int runs = 10;
    make_sound();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--sound") == 0 && i + 1 < argc)
            load_sound(argv[++i]);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if ((runs = atoi(argv[i])) < 1)
            return fprintf(stderr, "usage: bench_features [--json] [--sound FILE] [--only NAME] [RUNS]\n"), 2;
    }
    for (int i = 0; i < mlk_feature_count(); i++) {
        const mlk_feature *feature = mlk_feature_at(i);
        if (takes_sound(feature))
            measure(feature->name, &feature, 1, runs);
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        measure_group(&groups[i], runs);
    if (!only)
        measure_floor(runs);
    if (json)
        puts("}");
    return 0;
}
