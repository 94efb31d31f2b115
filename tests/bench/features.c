/* Milliseconds for each feature of 30 s of mono sound at 22 050 Hz, on one core: the best of some runs, with filter
 * banks and plans made before. The last lines share one analysis among all of them, and give the floor: FFTW alone.
 *
 *     cmake --build --preset release --target bench_features && build/release/bin/bench_features [RUNS]
 */
#include "dsp/feature.h"
#include "dsp/fft.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RATE = 22050, N = 30 * RATE };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* other programs may be running */
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* Features first..end-1 of one new analysis. */
static void compute(const float *sound, int first, int end)
{
    mlk_status status;
    mlk_analysis *analysis = mlk_analysis_new(sound, N, RATE, &status);
    for (int i = first; i < end && analysis; i++) {
        mlk_settings settings;
        mlk_feature_shape shape;
        mlk_settings_init(&settings, mlk_feature_at(i));
        if (mlk_feature_measure(&settings, N, RATE, &shape, &status))
            exit(1);
        void *out = malloc((size_t)(shape.rows * shape.frames) * mlk_dtype_size(shape.dtype));
        if (!out || mlk_feature_compute(&settings, analysis, out, &status))
            exit(1);
        free(out);
    }
    mlk_analysis_free(analysis);
}

static double best_ms(const float *sound, int first, int end, int runs)
{
    double best = 1e9;
    for (int run = 0; run <= runs; run++) { /* one more, to make what is kept */
        double start = now_ms();
        compute(sound, first, end);
        double took = now_ms() - start;
        best = run > 0 && took < best ? took : best;
    }
    return best;
}

static double floor_ms(int runs)
{
    mlk_status status;
    const mlk_fft *fft = mlk_fft_plan(2048, &status);
    double *in = mlk_fft_buffer(2048), *out = mlk_fft_buffer(2 * 1025), best = 1e9;
    for (int run = 0; fft && in && out && run < runs; run++) {
        double start = now_ms();
        for (int frame = 0; frame < 1 + N / 512; frame++)
            mlk_fft_forward(fft, in, (double complex *)out);
        double took = now_ms() - start;
        best = took < best ? took : best;
    }
    mlk_fft_release(in);
    mlk_fft_release(out);
    return best;
}

int main(int argc, char **argv)
{
    int runs = argc > 1 ? atoi(argv[1]) : 10;
    float *sound = malloc(N * sizeof *sound);
    if (!sound || runs < 1)
        return 1;
    unsigned seed = 1;
    for (int i = 0; i < N; i++) /* noise in bursts */
        sound[i] = ((float)((seed = seed * 1664525u + 1013904223u) >> 8) / (1 << 24) - 0.5f) * (float)(i % 9000) / 9000;
    for (int i = 0; i < mlk_feature_count(); i++)
        printf("%-20s %7.2f ms\n", mlk_feature_at(i)->name, best_ms(sound, i, i + 1, runs));
    printf("%-20s %7.2f ms\n", "all, shared", best_ms(sound, 0, mlk_feature_count(), runs));
    printf("%-20s %7.2f ms\n", "FFTW alone, 2048", floor_ms(runs));
    free(sound);
    return 0;
}
