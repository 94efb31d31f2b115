/* Pseudo and hybrid constant-Q transforms, linear prediction, every kind of mel filter and of derivative against
 * librosa 0.11.0: tests/reference/variants/generate.py says of what and how it is frozen. Prints the largest
 * deviation of each, relative to the reference's norm. */
#include "fixtures.h"
#include "reference.h"

#include "dsp/delta.h"
#include "dsp/frontend.h"
#include "dsp/lpc.h"

static tolerance tolerances[] = {
    {.name = "pseudo_cqt", .allowed = 1e-4}, /* a bin at the very edge of `sparsity` goes either way */
    {.name = "hybrid_cqt", .allowed = 1e-5},
    {.name = "lpc", .allowed = 1e-5},
    {.name = "mel", .allowed = 1e-5},
    {.name = "mfcc", .allowed = 1e-5},
    {.name = "delta", .allowed = 1e-5},
};

static mlk_delta_mode mode_of(const char *name)
{
    int mode = 0;
    while (mlk_delta_mode_names[mode] && strcmp(mlk_delta_mode_names[mode], name) != 0)
        mode++;
    assert_non_null(mlk_delta_mode_names[mode]);
    return (mlk_delta_mode)mode;
}

static void try_delta(const mlk_tensors *reference, const char *key, const mlk_array *frozen)
{
    char name[60], place[80], mode[60];
    int width, order;
    mlk_status status;
    assert_int_equal(sscanf(key, "delta/%59[^/]/width=%d,order=%d,mode=%59s", name, &width, &order, mode), 4);
    snprintf(place, sizeof place, "matrix/%s", name);
    const mlk_array *matrix = mlk_tensors_find(reference, place);
    assert_non_null(matrix);
    int64_t rows = matrix->shape[0], frames = matrix->shape[1];
    double size = 0; /* a derivative much smaller is rounding */
    for (int64_t i = 0; i < rows * frames; i++)
        size += ((const float *)matrix->data)[i] * (double)((const float *)matrix->data)[i];
    float *made = malloc((size_t)(rows * frames) * sizeof *made);
    assert_non_null(made);
    mlk_code code = mlk_delta(matrix->data, rows, frames, width, order, mode_of(mode), made, &status);
    if ((code != 0) != (frozen->rank == 1))
        fail_msg("%s: refused by %s only", key, code ? "us" : "librosa");
    if (!code) {
        tolerance *t = reference_tolerance(REFERENCE_TABLE(tolerances), "delta");
        t->floor = 1e-3 * sqrt(size / (double)(rows * frames));
        mlk_feature_shape shape = {.rows = rows, .frames = frames, .dtype = MLK_FLOAT32};
        reference_note(t, reference_deviation(t, made, &shape, frozen->data, rows * frames), key);
    }
    free(made);
}

static void variants_agree_with_librosa(void **state)
{
    (void)state;
    mlk_tensors reference;
    reference_open("variants", &reference);
    for (int i = 0; i < reference.count; i++) {
        const char *key = reference.items[i].name;
        if (strncmp(key, "case/", 5) == 0)
            reference_try(&reference, key, &reference.items[i].array, REFERENCE_TABLE(tolerances));
        else if (strncmp(key, "delta/", 6) == 0)
            try_delta(&reference, key, &reference.items[i].array);
    }
    mlk_tensors_free(&reference);
    reference_report(REFERENCE_TABLE(tolerances));
}

/* HTK's scale, triangles straight on it and no norm are the filters of Kaldi's front end. */
static void straight_in_mel_is_kaldi(void **state)
{
    (void)state;
    enum { N = 6000, BANDS = 40 };
    static float samples[N];
    fixture_noise(samples, N, 5);
    mlk_settings settings = reference_settings(
        "mel", "n_fft=512,hop_length=160,n_mels=40,fmin=20,fmax=7600,htk=true,triangles=mel,norm=none", NULL);
    mlk_feature_shape shape;
    mlk_status status;
    float *made = reference_compute(&settings, samples, N, 16000, &shape);
    assert_non_null(made);
    mlk_frontend frontend = {.frame_length = 512, .hop_length = 160, .n_fft = 512, .center = true, .periodic = true,
                             .power = 2, .n_bands = BANDS, .fmin = 20, .fmax = 7600, .triangles_in_mel = true};
    assert_int_equal(shape.frames, mlk_frontend_frames(&frontend, N));
    float *wanted = malloc((size_t)(BANDS * shape.frames) * sizeof *wanted);
    assert_non_null(wanted);
    assert_int_equal(mlk_frontend_bands(&frontend, samples, N, 16000, shape.frames, shape.frames, wanted, &status), 0);
    assert_true(reference_deviation(&(tolerance){0}, made, &shape, wanted, BANDS * shape.frames) < 1e-6);
    free(made);
    free(wanted);
}

enum { LENGTH = 256, ORDER = 6 };

/* The filter of one frame of LENGTH samples. */
static void predict(const float *samples, float *filter)
{
    mlk_view view = mlk_view_whole(samples, LENGTH);
    mlk_frames frames = {.view = &view, .count = 1, .length = LENGTH, .hop = 1};
    mlk_status status;
    assert_int_equal(mlk_lpc(&frames, ORDER, filter, &status), MLK_OK);
}

/* Once nothing is left to predict, coefficients are 0 instead of rounding over rounding. */
static void what_is_predicted_needs_no_more(void **state)
{
    (void)state;
    float samples[LENGTH], filter[ORDER + 1];
    for (int i = 0; i < LENGTH; i++)
        samples[i] = 0;
    predict(samples, filter);
    for (int i = 0; i <= ORDER; i++)
        assert_true(filter[i] == (i == 0));
    for (int i = 0; i < LENGTH; i++)
        samples[i] = 0.25f;
    predict(samples, filter);
    for (int i = 0; i <= ORDER; i++)
        assert_true(filter[i] == (i == 0 ? 1 : i == 1 ? -1 : 0));
    for (int i = 0; i < LENGTH; i++) /* period 4: x[i] = -x[i - 2] */
        samples[i] = i % 4 == 0 ? 1 : i % 4 == 2 ? -1 : 0;
    predict(samples, filter);
    for (int i = 0; i <= ORDER; i++)
        assert_float_equal(filter[i], i == 0 || i == 2, 1e-6);
    for (int i = 0; i < LENGTH; i++) /* squares below the smallest float */
        samples[i] *= 1e-30f;
    predict(samples, filter);
    assert_float_equal(filter[2], 1, 1e-6);
}

static void refuse(const char *name, const char *parameters, int64_t n, double rate, const char *message)
{
    mlk_settings settings = reference_settings(name, parameters, NULL);
    mlk_feature_shape shape;
    mlk_status status;
    assert_int_equal(mlk_feature_measure(&settings, n, rate, &shape, &status), MLK_INVALID);
    assert_string_equal(status.message, message);
}

static void settings_that_cannot_be_met_are_refused(void **state)
{
    (void)state;
    refuse("lpc", "order=40,frame_length=40", 5000, 22050, "order must be 1..frame_length - 1 (39), got 40");
    refuse("lpc", "center=false", 100, 22050,
           "frame_length (2048) must not exceed the clip's 100 samples when center is false");
    refuse("pseudo_cqt", "", 5000, 8000,
           "the highest of 84 bins from fmin 32.7032 Hz needs 4122 Hz, above half the sample rate (4000 Hz): lower "
           "n_bins or fmin");
    refuse("hybrid_cqt", "", 5000, 8000,
           "the highest of 84 bins from fmin 32.7032 Hz needs 4122 Hz, above half the sample rate (4000 Hz): lower "
           "n_bins or fmin");
    refuse("pseudo_cqt", "hop_length=5000000", 5000, 22050,
           "a pseudo constant-Q transform would take frames of 16777216 samples, above 524288: raise fmin, or lower "
           "hop_length, filter_scale or bins_per_octave");
    refuse("pseudo_cqt", "fmin=0.05,n_bins=12", 5000, 22050,
           "the constant-Q filter at the lowest frequency is 7643231 samples long: raise fmin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_agree_with_librosa),
        cmocka_unit_test(straight_in_mel_is_kaldi),
        cmocka_unit_test(what_is_predicted_needs_no_more),
        cmocka_unit_test(settings_that_cannot_be_met_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
