/* Griffin-Lim from zero phases against librosa 0.11.0 run in double precision
 * (tests/reference/effects/generate_cuts_and_inverses.py), and what must hold from random ones: the same sound for the
 * same seed, and a spectrogram ever nearer. Before it, where only mel bands are left: frequencies for them. */
#include "test.h"

#include "dsp/griffin_lim.h"
#include "dsp/mel.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mlk_tensors reference;
static const mlk_stft even = {.n_fft = 1024, .hop_length = 256, .win_length = 1024, .center = true};

static const mlk_array *stored(const char *name)
{
    const mlk_array *array = mlk_tensors_find(&reference, name);
    if (!array)
        fail_msg("%s is missing", name);
    return array;
}

/* length < 0: what the frames give. */
static float *sound_of(const mlk_griffin_lim *settings, const char *name, int64_t length)
{
    const mlk_array *magnitudes = stored(name);
    float *out = calloc(20000, sizeof *out);
    mlk_status status;
    assert_non_null(out);
    if (mlk_griffin_lim_sound(settings, magnitudes->data, magnitudes->shape[1], length, out, &status))
        fail_msg("%s", status.message);
    return out;
}

static double distance(const float *a, const float *b, int64_t n)
{
    double apart = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        apart += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    return sqrt(apart / size);
}

static void as_the_reference(void **state)
{
    (void)state;
    const mlk_stft reflect = {.n_fft = 1024, .hop_length = 256, .win_length = 1024, .center = true,
                              .pad_mode = MLK_PAD_REFLECT};
    const mlk_stft odd = {.n_fft = 511, .hop_length = 100, .win_length = 400, .window = MLK_WINDOW_HAMMING};
    const struct {
        const char *wanted, *from;
        mlk_griffin_lim settings;
        int64_t length;
        double allowed;
    } cases[] = {
        {"tone.griffin_0", "tone.S", {even, 0, 0.99, false, 0}, -1, 1e-6},
        {"tone.griffin_1", "tone.S", {even, 1, 0.99, false, 0}, -1, 1e-6},
        {"tone.griffin_2", "tone.S", {even, 2, 0.99, false, 0}, -1, 1e-6},
        {"tone.griffin_5", "tone.S", {even, 5, 0.99, false, 0}, -1, 1e-6},
        {"tone.griffin_momentum0", "tone.S", {even, 4, 0, false, 0}, -1, 1e-6},
        {"tone.griffin_reflect", "tone.S", {reflect, 4, 0.99, false, 0}, -1, 1e-6},
        {"tone.griffin_length", "tone.S", {even, 4, 0.99, false, 0}, 11000, 1e-6},
        {"tone.griffin_odd", "tone.S_odd", {odd, 4, 0.99, false, 0}, -1, 1e-6},
        {"tone.griffin_32", "tone.S", {even, 32, 0.99, false, 0}, -1, 1e-4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const mlk_array *wanted = stored(cases[i].wanted);
        float *out = sound_of(&cases[i].settings, cases[i].from, cases[i].length);
        double d = distance(out, wanted->data, wanted->shape[0]);
        printf("%-24s %.2g\n", cases[i].wanted, d);
        assert_true(d <= cases[i].allowed);
        free(out);
    }
}

/* How far the sound's spectrogram lies from the one wanted. */
static double inconsistency(const float *sound, int64_t n)
{
    const mlk_array *magnitudes = stored("tone.S");
    int64_t rows = magnitudes->shape[0], frames = magnitudes->shape[1];
    float complex *bins = malloc((size_t)(rows * frames) * sizeof *bins);
    float *size = malloc((size_t)(rows * frames) * sizeof *size);
    mlk_view view = mlk_view_whole(sound, n);
    mlk_status status;
    assert_true(bins && size && !mlk_stft_complex(&even, &view, 0, frames, bins, &status));
    for (int64_t i = 0; i < rows * frames; i++)
        size[i] = cabsf(bins[i]);
    double d = distance(size, magnitudes->data, rows * frames);
    free(bins);
    free(size);
    return d;
}

static void comes_nearer(void **state)
{
    (void)state;
    static const int counts[] = {0, 2, 8, 32, 100};
    double last = INFINITY;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        mlk_griffin_lim settings = {even, counts[i], 0.99, true, 3};
        float *out = sound_of(&settings, "tone.S", -1);
        double d = inconsistency(out, 10752);
        printf("after %3d passes: %.3g\n", counts[i], d);
        assert_true(d < last);
        last = d;
        free(out);
    }
    assert_true(last < 0.1);
}

static void seeds(void **state)
{
    (void)state;
    mlk_griffin_lim settings = {even, 3, 0.99, true, 7};
    float *a = sound_of(&settings, "tone.S", -1), *b = sound_of(&settings, "tone.S", -1);
    settings.seed = 8;
    float *c = sound_of(&settings, "tone.S", -1);
    assert_memory_equal(a, b, 10752 * sizeof *a);
    assert_true(distance(a, c, 10752) > 0.1);
    free(a);
    free(b);
    free(c);
}

static void odd_shapes(void **state)
{
    (void)state;
    const float silence[513 * 3] = {0};
    float magnitudes[513 * 3] = {0}, out[4000];
    mlk_griffin_lim settings = {even, 2, 0.99, true, 0};
    mlk_status status;
    assert_int_equal(mlk_griffin_lim_sound(&settings, silence, 3, -1, out, &status), MLK_OK);
    for (int i = 0; i < 512; i++)
        assert_true(out[i] == 0);
    for (int64_t length = 0; length < 4000; length += 1333) { /* shorter and longer than the frames */
        assert_int_equal(mlk_griffin_lim_sound(&settings, silence, 3, length, out, &status), MLK_OK);
        settings.stft.pad_mode = (mlk_pad)(length % 3);
    }
    assert_int_equal(mlk_griffin_lim_sound(&settings, silence, 0, -1, out, &status), MLK_OK);
    magnitudes[4] = -1;
    assert_int_equal(mlk_griffin_lim_sound(&settings, magnitudes, 3, -1, out, &status), MLK_INVALID);
    assert_string_equal(status.message, "magnitude must be finite and not negative, got -1 in row 1, frame 1");
    magnitudes[4] = -NAN;
    assert_int_equal(mlk_griffin_lim_sound(&settings, magnitudes, 3, -1, out, &status), MLK_INVALID);
    assert_string_equal(status.message, "magnitude must be finite and not negative, got nan in row 1, frame 1");
}

/* How far a spectrum's mel bands lie from those given. */
static double mel_distance(const mlk_mel *mel, const float *spectrum, int64_t rows, int64_t frames)
{
    const mlk_array *bands = stored("tone.mel");
    mlk_status status;
    mlk_tiles *tiles = mlk_tiles_new(rows, frames, &status);
    float *made = malloc((size_t)(mel->n_mels * frames) * sizeof *made);
    assert_true(tiles && made);
    memset(tiles->data, 0, (size_t)(mlk_tile_count(frames) * rows * MLK_TILE) * sizeof *tiles->data);
    for (int64_t k = 0; k < rows; k++)
        for (int64_t t = 0; t < frames; t++)
            mlk_tile(tiles, t / MLK_TILE)[k * MLK_TILE + t % MLK_TILE] = spectrum[k * frames + t];
    assert_int_equal(mlk_mel_apply(mel, 22050, 1024, tiles, made, &status), MLK_OK);
    double d = distance(made, bands->data, mel->n_mels * frames);
    free(made);
    mlk_tiles_free(tiles);
    return d;
}

/* Back from mel bands: nearer to the bands, and to what they were made of, than the reference comes. */
static void from_mel(void **state)
{
    (void)state;
    const mlk_array *bands = stored("tone.mel"), *truth = stored("tone.S"), *theirs = stored("tone.mel_inverse");
    const mlk_mel mel = {.n_mels = 64, .fmax = 11025};
    const mlk_mel_inversion inversion = {mel, 22050, 1024, 100};
    int64_t rows = 513, frames = bands->shape[1], count = rows * frames;
    float *ours = malloc((size_t)count * sizeof *ours), *power = calloc((size_t)count, sizeof *power);
    mlk_status status;
    assert_true(ours && power);
    for (int64_t i = 0; i < count; i++)
        power[i] = ((const float *)theirs->data)[i] * ((const float *)theirs->data)[i];
    double their_bands = mel_distance(&mel, power, rows, frames);
    double their_truth = distance(theirs->data, truth->data, count);
    assert_int_equal(mlk_mel_invert(&inversion, bands->data, frames, ours, &status), MLK_OK);
    double our_bands = mel_distance(&mel, ours, rows, frames);
    for (int64_t i = 0; i < count; i++) {
        assert_true(ours[i] >= 0 && isfinite(ours[i]));
        ours[i] = sqrtf(ours[i]);
    }
    double our_truth = distance(ours, truth->data, count);
    printf("bands: %.2g, theirs %.2g; magnitudes: %.3f, theirs %.3f\n", our_bands, their_bands, our_truth, their_truth);
    assert_true(our_bands < 0.01 && our_bands < their_bands && our_truth < their_truth);

    float bad[64] = {0}, out[513];
    bad[2] = -1;
    assert_int_equal(mlk_mel_invert(&inversion, bad, 1, out, &status), MLK_INVALID);
    assert_string_equal(status.message, "mel must be finite and not negative, got -1 in band 2, frame 0");
    bad[2] = 0;
    assert_int_equal(mlk_mel_invert(&inversion, bad, 1, out, &status), MLK_OK);
    for (int k = 0; k < 513; k++)
        assert_true(out[k] == 0);
    free(ours);
    free(power);
}

int main(void)
{
    mlk_status status;
    if (mlk_safetensors_read("tests/reference/effects/cuts_and_inverses.safetensors", &reference, &status))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_reference), cmocka_unit_test(comes_nearer),
                                       cmocka_unit_test(seeds), cmocka_unit_test(odd_shapes),
                                       cmocka_unit_test(from_mel)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mlk_tensors_free(&reference);
    return failed;
}
