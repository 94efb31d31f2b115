/* reference.h: features against frozen results: their signals, settings in words, deviations, and the report.
 *
 * A file of references holds "signal/NAME" (16-bit samples) and "case/NAME/RATE/FEATURE/SETTINGS": the number of
 * rows, of frames, and the values; where there are too many, every 104729th, wrapping around. Rows below 0: the
 * feature is refused.
 */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#include "test.h"

#include "dsp/feature.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far something may lie from its reference: relative to the reference's norm, or at one place in its own unit.
 * `floor` is the size per value below which a reference counts as 0. */
typedef struct tolerance {
    const char *name;
    double allowed;
    bool absolute;
    double floor;
    double worst;
    char where[200];
    int cases;
} tolerance;

static inline tolerance *reference_tolerance(tolerance *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    fail_msg("no tolerance for %s", name);
    return NULL;
}

static inline void reference_note(tolerance *t, double deviation, const char *where)
{
    t->cases++;
    if (!(deviation <= t->worst)) { /* NaN counts as the worst */
        t->worst = deviation;
        snprintf(t->where, sizeof t->where, "%s", where);
    }
}

/* Prints the table and fails when a row is not met, or was not tried. */
static inline void reference_report(const tolerance *table, size_t n)
{
    int failed = 0;
    printf("%-20s %6s %10s %10s  worst at\n", "feature", "cases", "allowed", "largest");
    for (size_t i = 0; i < n; i++) {
        const tolerance *t = &table[i];
        bool wrong = !(t->worst <= t->allowed) || t->cases == 0;
        printf("%-20s %6d %10.0e %10.1e  %s%s\n", t->name, t->cases, t->allowed, t->worst, t->where,
               wrong ? "  FAILED" : "");
        failed += wrong;
    }
    assert_int_equal(failed, 0);
}

static inline void reference_open(const char *part, mlk_tensors *reference)
{
    char path[120];
    mlk_status status;
    snprintf(path, sizeof path, "tests/reference/%s/%s.safetensors", part, part);
    if (mlk_safetensors_read(path, reference, &status))
        fail_msg("%s", status.message);
}

/* The samples of "signal/NAME"; to be freed. */
static inline float *reference_signal(const mlk_tensors *reference, const char *name, int64_t *n)
{
    char key[220];
    snprintf(key, sizeof key, "signal/%s", name);
    const mlk_array *stored = mlk_tensors_find(reference, key);
    assert_non_null(stored);
    *n = stored->shape[0];
    float *samples = malloc(((size_t)*n + 1) * sizeof *samples);
    assert_non_null(samples);
    for (int64_t i = 0; i < *n; i++)
        samples[i] = stored->dtype == MLK_INT16 ? (float)((const int16_t *)stored->data)[i] / 32768
                                                : ((const float *)stored->data)[i];
    return samples;
}

/* A choice's index, true as 1, nil as NAN, or the number. */
static inline double reference_value(const mlk_feature *feature, const char *name, const char *value)
{
    for (int i = 0; i < feature->n_parameters; i++) {
        const mlk_parameter *p = &feature->parameters[i];
        for (int c = 0; strcmp(p->name, name) == 0 && p->kind == MLK_PARAMETER_CHOICE && p->choices[c]; c++)
            if (strcmp(p->choices[c], value) == 0)
                return c;
    }
    return strcmp(value, "nil") == 0 ? NAN : strcmp(value, "true") == 0 ? 1 : atof(value);
}

/* From "name=value,name=value"; the value of a name that the feature lacks goes to *extra, unless that is NULL. */
static inline mlk_settings reference_settings(const char *feature, const char *text, double *extra)
{
    mlk_settings settings;
    mlk_status status;
    char name[60], value[60];
    int used;
    assert_non_null(mlk_feature_find(feature));
    mlk_settings_init(&settings, mlk_feature_find(feature));
    for (; sscanf(text, "%59[^=]=%59[^,]%n", name, value, &used) == 2; text += used + (text[used] == ',')) {
        double number = reference_value(settings.feature, name, value);
        if (!mlk_settings_set(&settings, name, number, &status))
            continue;
        if (!extra)
            fail_msg("%s", status.message);
        *extra = number;
    }
    return settings;
}

/* The feature's values, to be freed; NULL where it is refused. */
static inline float *reference_compute(const mlk_settings *settings, const float *samples, int64_t n, double rate,
                                       mlk_feature_shape *shape)
{
    mlk_status status;
    if (mlk_feature_measure(settings, n, rate, shape, &status))
        return NULL;
    mlk_analysis *analysis = mlk_analysis_new(samples, n, rate, &status);
    assert_non_null(analysis);
    float *out = malloc((size_t)(shape->rows * shape->frames) * mlk_dtype_size(shape->dtype));
    assert_non_null(out);
    if (mlk_feature_compute(settings, analysis, out, &status)) {
        free(out);
        out = NULL;
    }
    mlk_analysis_free(analysis);
    return out;
}

static inline double reference_deviation(const tolerance *t, const float *made, const mlk_feature_shape *shape,
                                         const float *wanted, int64_t n_wanted)
{
    int width = shape->dtype == MLK_COMPLEX64 ? 2 : 1;
    int64_t total = shape->rows * shape->frames, kept = n_wanted / width;
    double most = 0, distance = 0, size = 0;
    for (int64_t i = 0; i < kept; i++) {
        int64_t at = kept < total ? i * 104729 % total : i;
        for (int part = 0; part < width; part++) {
            double a = made[at * width + part], b = wanted[i * width + part], d = fabs(a - b);
            if (isnan(a) && isnan(b))
                continue;
            most = !(d <= most) ? d : most;
            distance += d * d;
            size += b * b;
        }
    }
    if (t->absolute)
        return most;
    double floor = t->floor > 0 ? t->floor : 1e-30;
    return sqrt(distance) / fmax(sqrt(size), floor * sqrt((double)n_wanted));
}

/* Compares with a case: what `made` is, or NULL for refused. */
static inline void reference_compare(tolerance *t, const char *key, const float *made, const mlk_feature_shape *shape,
                                     const mlk_array *frozen)
{
    const float *wanted = frozen->data;
    if ((made == NULL) != (wanted[0] < 0))
        fail_msg("%s: refused by %s only", key, made ? "the reference" : "us");
    double deviation = 0;
    if (made) {
        assert_int_equal(shape->rows, (int64_t)wanted[0]);
        assert_int_equal(shape->frames, (int64_t)wanted[1]);
        deviation = reference_deviation(t, made, shape, wanted + 2, frozen->shape[0] - 2);
    }
    reference_note(t, deviation, key + strlen("case/"));
}

/* Computes and compares "case/NAME/RATE/FEATURE/SETTINGS". */
static inline void reference_try(const mlk_tensors *reference, const char *key, const mlk_array *frozen,
                                 tolerance *table, size_t n_table)
{
    char name[200], feature[60], parameters[200] = "";
    double rate;
    assert_true(sscanf(key, "case/%199[^/]/%lf/%59[^/]/%199s", name, &rate, feature, parameters) >= 3);
    int64_t n;
    float *samples = reference_signal(reference, name, &n);
    mlk_settings settings = reference_settings(feature, parameters, NULL);
    mlk_feature_shape shape;
    float *made = reference_compute(&settings, samples, n, rate, &shape);
    reference_compare(reference_tolerance(table, n_table, feature), key, made, &shape, frozen);
    free(made);
    free(samples);
}

#define REFERENCE_TABLE(table) table, sizeof table / sizeof *table

#endif
