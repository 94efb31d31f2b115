#include "parameters.h"

#include <assert.h>
#include <string.h>

int mlk_parameters_count(const mlk_parameter *parameters)
{
    int n = 0;
    while (parameters[n].name)
        n++;
    return n;
}

const mlk_parameter *mlk_parameters_find(const mlk_parameter *parameters, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(parameters[i].name, name) == 0)
            return &parameters[i];
    return NULL;
}

static mlk_code check_choice(const mlk_parameter *p, double value, mlk_status *status)
{
    for (int i = 0; p->choices[i]; i++)
        if (i == value)
            return MLK_OK;
    return mlk_fail(status, MLK_INVALID, "%s has no choice %g", p->name, value);
}

mlk_code mlk_parameter_check(const mlk_parameter *p, double value, mlk_status *status)
{
    if (isnan(value))
        return p->optional ? MLK_OK : mlk_fail(status, MLK_INVALID, "%s must not be nil", p->name);
    if (p->kind == MLK_PARAMETER_CHOICE)
        return check_choice(p, value, status);
    if (p->kind == MLK_PARAMETER_BOOLEAN && value != 0 && value != 1)
        return mlk_fail(status, MLK_INVALID, "%s must be true or false, got %g", p->name, value);
    if (p->kind == MLK_PARAMETER_INTEGER && value != floor(value))
        return mlk_fail(status, MLK_INVALID, "%s must be an integer, got %g", p->name, value);
    if ((p->above ? value > p->min : value >= p->min) && value <= p->max)
        return MLK_OK;
    if (p->infinite && value == HUGE_VAL)
        return MLK_OK;
    if (p->above && p->max < 1 << 24)
        return mlk_fail(status, MLK_INVALID, "%s must be above %g and at most %g, got %g", p->name, p->min, p->max,
                        value);
    if (p->above)
        return mlk_fail(status, MLK_INVALID, "%s must be above %g, got %g", p->name, p->min, value);
    if (p->max >= 1 << 24)
        return mlk_fail(status, MLK_INVALID, "%s must be %g or more, got %g", p->name, p->min, value);
    return mlk_fail(status, MLK_INVALID, "%s must be %g..%g, got %g", p->name, p->min, p->max, value);
}

static void store_integer(size_t size, int64_t value, void *place)
{
    if (size == sizeof(int64_t))
        *(int64_t *)place = value;
    else if (size == sizeof(int))
        *(int *)place = (int)value;
    else if (size == sizeof(bool))
        *(bool *)place = value != 0;
    else
        assert(!"an option's member has an odd size");
}

void mlk_parameter_store(const mlk_parameter *p, double value, void *options)
{
    void *place = (char *)options + p->offset;
    if (p->size == 0)
        return;
    if (p->kind != MLK_PARAMETER_REAL)
        store_integer(p->size, isnan(value) ? -1 : (int64_t)value, place);
    else if (p->size == sizeof(float))
        *(float *)place = (float)value;
    else
        *(double *)place = value;
}

void mlk_parameters_defaults(const mlk_parameter *parameters, int n, void *options)
{
    for (int i = 0; i < n; i++)
        if (!parameters[i].required)
            mlk_parameter_store(&parameters[i], parameters[i].standard, options);
}
