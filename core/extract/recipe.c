#include "extract/recipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const mlk_parameter mlk_recipe_parameters[] = {
    MLK_INTEGER("rate", 0, 0, 1e9, "samples per second; 0: each file's own", MLK_IN(mlk_recipe, rate), .unit = "Hz"),
    MLK_REAL("start", 0, 0, HUGE_VAL, "where in each file to begin", MLK_IN(mlk_recipe, start_s), .unit = "s"),
    MLK_REAL("duration", 0, 0, HUGE_VAL, "how much of it; 0: to the end", MLK_IN(mlk_recipe, duration_s), .unit = "s"),
    MLK_BOOLEAN("pad", 0, "silence after what ends before the duration", MLK_IN(mlk_recipe, pad)),
    MLK_INTEGER("channel", MLK_CHANNELS_MIXED, MLK_CHANNELS_MIXED, MLK_MAX_CHANNELS - 1, "the one that is heard",
                MLK_IN(mlk_recipe, channel)),
    MLK_BOOLEAN("keep_partial", 0, "what is there of a damaged file", MLK_IN(mlk_recipe, keep_partial)),
    MLK_BOOLEAN("guests", 0, "more is computed elsewhere", MLK_IN(mlk_recipe, guests)),
    MLK_PARAMETERS_END,
};

mlk_recipe *mlk_recipe_new(mlk_status *status)
{
    mlk_recipe *recipe = calloc(1, sizeof *recipe);
    if (recipe)
        mlk_parameters_defaults(mlk_recipe_parameters, mlk_parameters_count(mlk_recipe_parameters), recipe);
    else
        mlk_fail_memory(status, "a recipe");
    return recipe;
}

void mlk_recipe_free(mlk_recipe *recipe)
{
    if (recipe)
        free(recipe->text);
    free(recipe);
}

mlk_settings *mlk_recipe_add(mlk_recipe *recipe, const char *name, mlk_status *status)
{
    const mlk_feature *feature = mlk_feature_find(name);
    if (!feature) {
        mlk_fail(status, MLK_INVALID, "there is no feature '%.60s'", name);
        return NULL;
    }
    for (int i = 0; i < recipe->n_features; i++)
        if (recipe->features[i].feature == feature) {
            mlk_fail(status, MLK_INVALID, "%s is in the recipe twice", name);
            return NULL;
        }
    if (recipe->n_features == MLK_MAX_FEATURES) {
        mlk_fail(status, MLK_INVALID, "a recipe holds up to %d features", MLK_MAX_FEATURES);
        return NULL;
    }
    mlk_settings *settings = &recipe->features[recipe->n_features++];
    mlk_settings_init(settings, feature);
    return settings;
}

mlk_code mlk_recipe_pool(mlk_recipe *recipe, const char *name, mlk_status *status)
{
    mlk_pool pool;
    mlk_code code = mlk_pool_parse(name, &pool, status);
    if (code)
        return code;
    for (int i = 0; i < recipe->n_pools; i++)
        if (strcmp(recipe->pools[i].name, pool.name) == 0)
            return mlk_fail(status, MLK_INVALID, "pool has \"%s\" twice", name);
    if (recipe->n_pools == MLK_MAX_POOLS)
        return mlk_fail(status, MLK_INVALID, "a recipe pools in up to %d ways", MLK_MAX_POOLS);
    recipe->pools[recipe->n_pools++] = pool;
    return MLK_OK;
}

/* --- compiling --- */

static void write_setting(FILE *out, const mlk_parameter *parameter, double value)
{
    fprintf(out, " %s=", parameter->name);
    if (isnan(value))
        fputs("nil", out);
    else if (parameter->kind == MLK_PARAMETER_CHOICE)
        fputs(parameter->choices[(int)value], out);
    else
        fprintf(out, "%.17g", value);
}

static char *write_text(const mlk_recipe *recipe, mlk_status *status)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out) {
        mlk_fail_memory(status, "a recipe's text");
        return NULL;
    }
    fprintf(out, "numbers %d\nrate %d\nstart_s %.17g\nduration_s %.17g\n", MLK_RECIPE_NUMBERS, recipe->rate,
            recipe->start_s, recipe->duration_s);
    /* Only what is unusual, so that recipes without it keep the text, and the cached results, that they had. */
    if (recipe->pad)
        fputs("pad\n", out);
    if (recipe->channel != MLK_CHANNELS_MIXED)
        fprintf(out, "channel %d\n", recipe->channel);
    if (recipe->keep_partial)
        fputs("partial keep\n", out);
    for (int i = 0; i < recipe->n_features; i++) {
        const mlk_settings *settings = &recipe->features[i];
        fprintf(out, "feature %s", settings->feature->name);
        for (int p = 0; p < settings->feature->n_parameters; p++)
            write_setting(out, &settings->feature->parameters[p], settings->values[p]);
        fputc('\n', out);
    }
    fputs("pool", out);
    for (int i = 0; i < recipe->n_pools; i++)
        fprintf(out, " %s", recipe->pools[i].name);
    fputc('\n', out);
    if (fclose(out) != 0) {
        free(text);
        mlk_fail_memory(status, "a recipe's text");
        return NULL;
    }
    return text;
}

mlk_code mlk_recipe_compile(mlk_recipe *recipe, mlk_status *status)
{
    if (recipe->n_features == 0 && !recipe->guests)
        return mlk_fail(status, MLK_INVALID, "a recipe needs at least one feature");
    /* Rows do not depend on a clip's length; a minute is long enough for every feature. */
    double rate = recipe->rate > 0 ? recipe->rate : 44100;
    recipe->n_columns = 0;
    for (int i = 0; i < recipe->n_features; i++) {
        mlk_feature_shape shape;
        mlk_status reason;
        mlk_code code = mlk_feature_measure(&recipe->features[i], (int64_t)(60 * rate), rate, &shape, &reason);
        if (code)
            return mlk_fail(status, code, "%s: %.200s", recipe->features[i].feature->name, reason.message);
        recipe->rows[i] = shape.rows;
        recipe->n_columns += shape.rows * recipe->n_pools;
    }
    free(recipe->text);
    recipe->text = write_text(recipe, status);
    return recipe->text ? MLK_OK : MLK_MEMORY;
}

void mlk_recipe_column(const mlk_recipe *recipe, int64_t column, char *name, size_t size)
{
    int feature = 0;
    while (column >= recipe->rows[feature] * recipe->n_pools)
        column -= recipe->rows[feature++] * recipe->n_pools;
    int64_t rows = recipe->rows[feature];
    const char *word = recipe->features[feature].feature->name, *pool = recipe->pools[column / rows].name;
    if (rows == 1)
        snprintf(name, size, "%s_%s", word, pool);
    else
        snprintf(name, size, "%s_%lld_%s", word, (long long)(column % rows), pool);
}
