#include "dsp/feature.h"

#include "dsp/feature_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(name) extern const mlk_feature mlk_feature_##name;
MLK_FEATURES(DECLARE)
#undef DECLARE

#define ROW(name) &mlk_feature_##name,
static const mlk_feature *const table[] = {MLK_FEATURES(ROW)};
#undef ROW

int mlk_feature_count(void)
{
    return sizeof table / sizeof *table;
}

const mlk_feature *mlk_feature_at(int index)
{
    return table[index];
}

const mlk_feature *mlk_feature_find(const char *name)
{
    for (int i = 0; i < mlk_feature_count(); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

/* --- settings --- */

void mlk_settings_init(mlk_settings *settings, const mlk_feature *feature)
{
    memset(settings, 0, sizeof *settings);
    settings->feature = feature;
    for (int i = 0; i < feature->n_parameters; i++)
        settings->values[i] = feature->parameters[i].standard;
}

static int position(const mlk_feature *feature, const char *name)
{
    for (int i = 0; i < feature->n_parameters; i++)
        if (strcmp(feature->parameters[i].name, name) == 0)
            return i;
    return -1;
}

double mlk_settings_get(const mlk_settings *settings, const char *name)
{
    int i = position(settings->feature, name);
    if (i < 0) {
        fprintf(stderr, "moonlark: %s has no parameter '%s'\n", settings->feature->name, name);
        abort();
    }
    return settings->values[i];
}

double mlk_settings_fact(const mlk_settings *settings, mlk_fact fact)
{
    return fact.parameter ? mlk_settings_get(settings, fact.parameter) : fact.fixed;
}

const char *mlk_settings_unit(const mlk_settings *settings)
{
    const mlk_feature *feature = settings->feature;
    bool taken = feature->unitless && mlk_settings_get(settings, feature->unitless) != 0;
    return taken ? NULL : feature->unit;
}

mlk_code mlk_settings_set(mlk_settings *settings, const char *name, double value, mlk_status *status)
{
    int i = position(settings->feature, name);
    if (i < 0)
        return mlk_fail(status, MLK_INVALID, "%s has no parameter '%s'", settings->feature->name, name);
    mlk_code code = mlk_parameter_check(&settings->feature->parameters[i], value, status);
    if (!code)
        settings->values[i] = isnan(value) ? NAN : value + 0.0; /* one NAN and one zero: values are keys */
    return code;
}

/* --- shape, axis, values --- */

mlk_code mlk_feature_measure(const mlk_settings *settings, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status)
{
    *shape = (mlk_feature_shape){.rows = 1, .dtype = MLK_FLOAT32};
    shape->rate = rate / mlk_settings_fact(settings, settings->feature->hop);
    return settings->feature->measure(settings, n, rate, shape, status);
}

void mlk_feature_place(const mlk_settings *settings, double rate, int64_t rows, double *values)
{
    if (settings->feature->place)
        settings->feature->place(settings, rate, rows, values);
    else
        for (int64_t i = 0; i < rows; i++)
            values[i] = (double)i;
}

mlk_feature_shape mlk_feature_in_block(const mlk_settings *settings, const mlk_analysis *analysis,
                                       const mlk_feature_shape *shape)
{
    int64_t hop = (int64_t)mlk_settings_fact(settings, settings->feature->hop);
    mlk_span span = mlk_analysis_span(analysis, hop, shape->frames);
    mlk_feature_shape part = *shape;
    part.first = span.first;
    part.frames = span.frames;
    return part;
}

mlk_code mlk_feature_compute(const mlk_settings *settings, mlk_analysis *analysis, void *out, mlk_status *status)
{
    mlk_feature_shape shape;
    mlk_code code = mlk_feature_measure(settings, analysis->n, analysis->rate, &shape, status);
    if (code)
        return code;
    shape = mlk_feature_in_block(settings, analysis, &shape);
    mlk_carry own = {0}, *others = analysis->carry;
    analysis->carry = &own;
    if (shape.frames > 0)
        code = settings->feature->compute(settings, analysis, &shape, out, status);
    analysis->carry = others;
    free(own.memory);
    return code;
}
