/* Every feature against librosa 0.11.0: tests/reference/features/generate.py says of what and how it is frozen.
 * Prints the largest deviation of each feature; those above the tolerance fail. */
#include "fixtures.h"
#include "reference.h"

#include "dsp/istft.h"
#include "parallel.h"

#include <sndfile.h>

enum { MOST_FEATURES = 128 };

/* Features that are not met to a relative 1e-5; the others come behind these as their cases do. */
static tolerance tolerances[MOST_FEATURES] = {
    {.name = "istft", .allowed = 1e-5, .floor = 1e-2},
    {.name = "tuning", .allowed = 1e-9, .absolute = true},
    {.name = "log_mel", .allowed = 1e-3, .absolute = true},
    {.name = "mfcc_delta", .allowed = 1e-5, .floor = 10},
    {.name = "mfcc_delta2", .allowed = 1e-5, .floor = 10},
    {.name = "chroma_cqt", .allowed = 1e-3},
    {.name = "chroma_cens", .allowed = 1e-3},
    {.name = "tonnetz", .allowed = 1e-3},
    {.name = "spectral_rolloff", .allowed = 45, .absolute = true}, /* a bin of 44100 / 1024 Hz, n_fft from 1024 */
    {.name = "spectral_contrast", .allowed = 1e-3, .absolute = true},
    {.name = "zero_crossing_rate", .allowed = 0, .absolute = true},
};

static size_t n_tolerances(void)
{
    size_t n = 0;
    while (tolerances[n].name)
        n++;
    return n;
}

static tolerance *tolerance_of(const char *name)
{
    size_t n = n_tolerances();
    for (size_t i = 0; i < n; i++)
        if (strcmp(tolerances[i].name, name) == 0)
            return &tolerances[i];
    assert_true(n < MOST_FEATURES - 1);
    assert_non_null(mlk_feature_find(name));
    tolerances[n] = (tolerance){.name = mlk_feature_find(name)->name, .allowed = 1e-5};
    return &tolerances[n];
}

typedef struct clip {
    float *samples;
    int64_t n;
} clip;

/* Noise at -60 dB: decoders differ in the last bit of a float, which is all there is in a lossy file's empty bands. */
static void add_floor(float *samples, int64_t n)
{
    uint32_t seed = 1;
    for (int64_t i = 0; i < n; i++)
        samples[i] += (fixture_uniform(&seed) - 0.5f) * 0.002f;
}

/* A recording is absent where ../shared/data is: samples stay NULL. */
static clip read_recording(const char *name)
{
    char path[300] = "../shared/data/music/", *part = path + strlen(path);
    long long offset, count;
    assert_int_equal(sscanf(name, "music:%200[^:]:%lld:%lld", part, &offset, &count), 3);
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (!file)
        return (clip){0};
    clip read = {malloc((size_t)count * sizeof(float)), count};
    assert_non_null(read.samples);
    assert_int_equal(sf_seek(file, offset, SEEK_SET), offset);
    assert_int_equal(sf_readf_float(file, read.samples, count), count);
    sf_close(file);
    add_floor(read.samples, count);
    return read;
}

static clip read_signal(const mlk_tensors *reference, const char *name)
{
    if (strncmp(name, "music:", 6) == 0)
        return read_recording(name);
    clip made;
    made.samples = reference_signal(reference, name, &made.n);
    return made;
}

/* The waveform from the transform that `shape` and `bins` describe; then those describe the waveform. */
static float *invert(const mlk_settings *settings, float *bins, int64_t length, mlk_feature_shape *shape)
{
    double win = mlk_settings_get(settings, "win_length");
    mlk_status status;
    mlk_stft stft = {
        .n_fft = (int)mlk_settings_get(settings, "n_fft"),
        .hop_length = (int)mlk_settings_get(settings, "hop_length"),
        .win_length = (int)(isnan(win) ? mlk_settings_get(settings, "n_fft") : win),
        .window = (mlk_window)mlk_settings_get(settings, "window"),
        .center = mlk_settings_get(settings, "center") != 0,
    };
    int64_t n = mlk_istft_length(&stft, shape->frames, length);
    float *sound = malloc(((size_t)n + 1) * sizeof *sound);
    assert_non_null(sound);
    assert_int_equal(mlk_istft(&stft, (const float complex *)bins, shape->frames, length, sound, &status), 0);
    free(bins);
    *shape = (mlk_feature_shape){.rows = 1, .frames = n, .dtype = MLK_FLOAT32};
    return sound;
}

/* The feature's values; NULL where it is refused. */
static float *compute(const char *name, const char *parameters, const clip *sound, double rate,
                      mlk_feature_shape *shape)
{
    double length = -1;
    bool inverse = strcmp(name, "istft") == 0;
    mlk_settings settings = reference_settings(inverse ? "stft" : name, parameters, inverse ? &length : NULL);
    float *out = reference_compute(&settings, sound->samples, sound->n, rate, shape);
    return inverse && out ? invert(&settings, out, (int64_t)length, shape) : out;
}

static float *tuning(const char *parameters, const clip *sound, double rate, mlk_feature_shape *shape)
{
    static const mlk_stft stft = {.n_fft = 2048, .hop_length = 512, .win_length = 2048, .center = true};
    int bins = 12;
    double value;
    mlk_status status;
    sscanf(parameters, "bins_per_octave=%d", &bins);
    mlk_analysis *analysis = mlk_analysis_new(sound->samples, sound->n, rate, &status);
    assert_non_null(analysis);
    assert_int_equal(mlk_analysis_tuning(analysis, &stft, 1, bins, 0.01, &value, &status), 0);
    mlk_analysis_free(analysis);
    float *out = malloc(sizeof *out);
    assert_non_null(out);
    *out = (float)value;
    *shape = (mlk_feature_shape){.rows = 1, .frames = 1, .dtype = MLK_FLOAT32};
    return out;
}

static void try_case(const mlk_tensors *reference, const char *key, const mlk_array *frozen, int *absent)
{
    char name[200], feature[60], parameters[200] = "";
    double rate;
    assert_true(sscanf(key, "case/%199[^/]/%lf/%59[^/]/%199s", name, &rate, feature, parameters) >= 3);
    clip sound = read_signal(reference, name);
    if (!sound.samples) {
        (*absent)++;
        return;
    }
    mlk_feature_shape shape;
    float *made = strcmp(feature, "tuning") == 0 ? tuning(parameters, &sound, rate, &shape)
                                                 : compute(feature, parameters, &sound, rate, &shape);
    tolerance *t = tolerance_of(feature);
    bool absolute = t->absolute;
    t->absolute = absolute && !strstr(parameters, "linear=true"); /* a linear contrast has no unit of its own */
    reference_compare(t, key, made, &shape, frozen);
    t->absolute = absolute;
    free(made);
    free(sound.samples);
}

static void features_agree_with_librosa(void **state)
{
    (void)state;
    mlk_tensors reference;
    reference_open("features", &reference);
    int absent = 0;
    for (int i = 0; i < reference.count; i++)
        if (strncmp(reference.items[i].name, "case/", 5) == 0)
            try_case(&reference, reference.items[i].name, &reference.items[i].array, &absent);
    mlk_tensors_free(&reference);
    if (absent)
        printf("%d cases skipped: ../shared/data/music is absent\n", absent);
    reference_report(tolerances, n_tolerances());
}

/* Whether a file of references has a case of the feature. */
static bool is_frozen_in(const char *part, const char *feature)
{
    mlk_tensors reference;
    char within[80];
    bool found = false;
    snprintf(within, sizeof within, "/%s/", feature);
    reference_open(part, &reference);
    for (int i = 0; i < reference.count; i++) {
        const char *key = reference.items[i].name;
        found = found || (strncmp(key, "case/", 5) == 0 && strstr(key, within));
    }
    mlk_tensors_free(&reference);
    return found;
}

static void every_feature_has_a_reference(void **state)
{
    (void)state;
    static const char *const parts[] = {"features", "frontends", "pitch", "variants"};
    for (int i = 0; i < mlk_feature_count(); i++) {
        const char *name = mlk_feature_at(i)->name;
        bool found = strcmp(name, "samples") == 0; /* nothing is computed */
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
            found = found || is_frozen_in(parts[p], name);
        if (!found)
            fail_msg("%s is compared with nothing: see tests/reference/features/generate.py", name);
    }
}

enum { NOISE = 20000, CLIPS = 8 };

/* Whether a feature takes the rate; the inputs of pretrained models have tests of their own. */
static bool takes(int feature, double rate)
{
    mlk_settings settings;
    mlk_feature_shape shape;
    mlk_settings_init(&settings, mlk_feature_at(feature));
    return mlk_feature_measure(&settings, NOISE, rate, &shape, NULL) == MLK_OK;
}

/* Bytes of a feature's result, computed on the analysis. */
static size_t compute_default(int feature, mlk_analysis *analysis, void **out)
{
    mlk_settings settings;
    mlk_feature_shape shape;
    mlk_status status;
    mlk_settings_init(&settings, mlk_feature_at(feature));
    assert_int_equal(mlk_feature_measure(&settings, analysis->n, analysis->rate, &shape, &status), 0);
    size_t bytes = (size_t)(shape.rows * shape.frames) * mlk_dtype_size(shape.dtype);
    *out = malloc(bytes);
    assert_non_null(*out);
    assert_int_equal(mlk_feature_compute(&settings, analysis, *out, &status), 0);
    return bytes;
}

/* One feature alone and after many others on the same analysis gives the same bits. */
static void sharing_changes_nothing(void **state)
{
    (void)state;
    static float sound[NOISE];
    mlk_status status;
    fixture_noise(sound, NOISE, 1);
    mlk_analysis *shared = mlk_analysis_new(sound, NOISE, 22050, &status);
    assert_non_null(shared);
    for (int i = 0; i < mlk_feature_count(); i++) {
        void *alone, *together;
        if (!takes(i, 22050))
            continue;
        mlk_analysis *own = mlk_analysis_new(sound, NOISE, 22050, &status);
        assert_non_null(own);
        size_t bytes = compute_default(i, own, &alone);
        assert_int_equal(compute_default(i, shared, &together), bytes);
        assert_memory_equal(alone, together, bytes);
        mlk_analysis_free(own);
        free(alone);
        free(together);
    }
    mlk_analysis_free(shared);
}

typedef struct crowd {
    const float *sound;
    void **results; /* [clip][feature] */
    size_t *bytes;  /* [feature] */
} crowd;

/* Each clip goes through the features in another order, so that threads meet at the filter banks. */
static void analyse_clip(void *context, int clip, int worker)
{
    (void)worker;
    const crowd *c = context;
    mlk_status status;
    mlk_analysis *analysis = mlk_analysis_new(c->sound, NOISE, 24000, &status);
    assert_non_null(analysis);
    int count = mlk_feature_count();
    for (int i = 0; i < count; i++) {
        int feature = (i * (clip % 2 ? 1 : count - 1) + clip) % count;
        if (!takes(feature, 24000))
            continue;
        size_t bytes = compute_default(feature, analysis, &c->results[clip * count + feature]);
        if (clip == 0)
            c->bytes[feature] = bytes;
    }
    mlk_analysis_free(analysis);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    static float sound[NOISE];
    fixture_noise(sound, NOISE, 1);
    int count = mlk_feature_count();
    crowd c = {sound, calloc((size_t)(CLIPS * count), sizeof(void *)), calloc((size_t)count, sizeof(size_t))};
    assert_true(c.results && c.bytes);
    assert_int_equal(mlk_parallel(CLIPS, 4, analyse_clip, &c), CLIPS);
    for (int clip = 1; clip < CLIPS; clip++)
        for (int i = 0; i < count; i++)
            if (c.bytes[i] > 0)
                assert_memory_equal(c.results[clip * count + i], c.results[i], c.bytes[i]);
    for (int i = 0; i < CLIPS * count; i++)
        free(c.results[i]);
    free(c.results);
    free(c.bytes);
}

static void first_value_that_is_no_number_is_named(void **state)
{
    (void)state;
    float sound[300] = {0};
    mlk_status status;
    sound[200] = INFINITY;
    sound[201] = NAN;
    assert_null(mlk_analysis_new(sound, 300, 100, &status));
    assert_non_null(strstr(status.message, "infinity at sample 200 (2.000 s)"));
    sound[150] = NAN;
    assert_null(mlk_analysis_new(sound, 300, 100, &status));
    assert_non_null(strstr(status.message, "NaN at sample 150"));
}

static void refuse(const char *feature, const char *parameter, double value, double rate, const char *words)
{
    mlk_settings settings;
    mlk_feature_shape shape;
    mlk_status status = {0};
    mlk_settings_init(&settings, mlk_feature_find(feature));
    if (!mlk_settings_set(&settings, parameter, value, &status))
        assert_int_not_equal(mlk_feature_measure(&settings, 1000, rate, &shape, &status), 0);
    if (!strstr(status.message, words))
        fail_msg("'%s' does not say '%s'", status.message, words);
}

static void settings_out_of_range_are_refused_in_words(void **state)
{
    (void)state;
    refuse("mel", "hop_length", 0, 22050, "hop_length must be 1 or more, got 0");
    refuse("mel", "n_mels", 2.5, 22050, "n_mels must be an integer, got 2.5");
    refuse("mel", "n_mels", NAN, 22050, "n_mels must not be nil");
    refuse("mel", "win_length", 4096, 22050, "win_length must be 1..n_fft (2048), got 4096");
    refuse("mel", "fmax", 12000, 22050, "fmax must not exceed half the sample rate (11025 Hz), got 12000");
    refuse("mel", "fmin", 12000, 22050, "fmin must lie below fmax (11025 Hz), got 12000");
    refuse("mel", "center", 0, 22050, "n_fft (2048) must not exceed the clip's 1000 samples");
    refuse("mfcc", "n_mfcc", 200, 22050, "n_mfcc must be 1..n_mels (128), got 200");
    refuse("mfcc_delta", "width", 4, 22050, "width must be an odd number");
    refuse("cqt", "n_bins", 84, 4000, "above half the sample rate (2000 Hz)");
    refuse("chroma_cqt", "bins_per_octave", 30, 22050, "multiple of 12");
    refuse("spectral_contrast", "n_bands", 6, 8000, "above half the sample rate");
    refuse("spectral_contrast", "fmin", 1, 22050, "raise n_fft or fmin");
    refuse("rms", "frame", 1, 22050, "rms has no parameter 'frame'");
}

static unsigned draw(unsigned *seed, unsigned below)
{
    return (fixture_draw(seed) >> 8) % below;
}

/* A value that mlk_settings_set may accept, small enough for a test. */
static double any_value(const mlk_parameter *p, unsigned *seed)
{
    static const double sizes[] = {0, 1, 2, 3, 5, 8, 13, 100, 255, 512, 1000, 2048};
    static const double reals[] = {0, 1e-6, 0.01, 0.5, 1, 2, 3.5, 60, 200, 1000, 5000};
    if (p->optional && draw(seed, 3) == 0)
        return NAN;
    if (p->kind == MLK_PARAMETER_BOOLEAN)
        return draw(seed, 2);
    if (p->kind == MLK_PARAMETER_CHOICE)
        return draw(seed, 5);
    if (strcmp(p->name, "power") == 0 || strcmp(p->name, "p") == 0) /* the 60th power is infinite, and right */
        return 0.5 * (1 + draw(seed, 6));
    if (strcmp(p->name, "hop_length") == 0) /* thousands of frames take long */
        return draw(seed, 6) ? sizes[7 + draw(seed, 5)] : 0;
    if (strcmp(p->name, "fmin") == 0)
        return draw(seed, 6) ? reals[6 + draw(seed, 5)] : 0;
    return p->kind == MLK_PARAMETER_INTEGER ? sizes[draw(seed, 12)] : reals[draw(seed, 11)];
}

/* Whatever the settings and the length: values that are finite, or an error in words. Run under sanitizers. */
static void any_settings_are_computed_or_refused(void **state)
{
    (void)state;
    static float sound[NOISE];
    fixture_noise(sound, NOISE, 1);
    unsigned seed = 11;
    int computed = 0, refused = 0;
    for (int round = 0; round < 2000; round++) {
        static const int lengths[] = {0, 1, 2, 3, 7, 100, 513, 4000};
        static const double rates[] = {1, 100, 8000, 22050, 44100};
        mlk_settings settings;
        mlk_feature_shape shape;
        mlk_status status = {0};
        int64_t n = lengths[draw(&seed, 8)];
        double rate = rates[draw(&seed, 5)];
        const mlk_feature *feature = mlk_feature_at((int)draw(&seed, (unsigned)mlk_feature_count()));
        mlk_settings_init(&settings, feature);
        for (int change = 0; change < 4; change++) {
            const mlk_parameter *p = &feature->parameters[draw(&seed, (unsigned)feature->n_parameters)];
            mlk_settings_set(&settings, p->name, any_value(p, &seed), &status);
        }
        if (strcmp(feature->name, "pyin") == 0)
            mlk_settings_set(&settings, "fill_na", 0, &status); /* nil asks for NaN */
        mlk_analysis *analysis = mlk_analysis_new(sound, n, rate, &status);
        assert_non_null(analysis);
        status.message[0] = 0;
        mlk_code code = mlk_feature_measure(&settings, n, rate, &shape, &status);
        if (!code) {
            size_t floats = (size_t)(shape.rows * shape.frames) * (shape.dtype == MLK_COMPLEX64 ? 2 : 1);
            float *out = malloc(floats * sizeof *out);
            double *axis = malloc((size_t)shape.rows * sizeof *axis);
            assert_true(out && axis);
            mlk_feature_place(&settings, rate, shape.rows, axis);
            code = mlk_feature_compute(&settings, analysis, out, &status);
            for (size_t i = 0; !code && i < floats; i++)
                if (!isfinite(out[i]))
                    fail_msg("round %d: %s of %lld samples is not finite", round, feature->name, (long long)n);
            free(out);
            free(axis);
        }
        if (code)
            assert_true(strlen(status.message) > 10);
        code ? refused++ : computed++;
        mlk_analysis_free(analysis);
    }
    printf("%d computed, %d refused\n", computed, refused);
    assert_true(computed > 500 && refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_agree_with_librosa),
        cmocka_unit_test(every_feature_has_a_reference),
        cmocka_unit_test(sharing_changes_nothing),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(first_value_that_is_no_number_is_named),
        cmocka_unit_test(settings_out_of_range_are_refused_in_words),
        cmocka_unit_test(any_settings_are_computed_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
