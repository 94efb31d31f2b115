/* parameters.h: what a function can be told, as data: one table a function.
 *
 * The same rows serve the check of what Lua gives (lua/options.h), the defaults, `name?` at the prompt, the options
 * of commands, cache keys, the classes that editors read, and the test of bad values.
 *
 *     typedef struct mlk_kmeans_options { int64_t k; double tol; } mlk_kmeans_options;
 *     const mlk_parameter mlk_kmeans_parameters[] = {
 *         MLK_INTEGER("n_clusters", 8, 1, INT32_MAX, "centres", MLK_IN(mlk_kmeans_options, k)),
 *         MLK_REAL("tol", 1e-4, 0, HUGE_VAL, "stop when centres move less", MLK_IN(mlk_kmeans_options, tol)),
 *         MLK_PARAMETERS_END,
 *     };
 *
 * More facts may follow the help of a row: MLK_IN (its place in the struct of options), .unit, .usual (what nil means,
 * in words) and .above = true (min itself is refused). Options of features have no struct: mlk_settings holds all of
 * them as doubles, in the order of the rows.
 */
#ifndef MLK_PARAMETERS_H
#define MLK_PARAMETERS_H

#include "status.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mlk_parameter_kind {
    MLK_PARAMETER_INTEGER,
    MLK_PARAMETER_REAL,
    MLK_PARAMETER_BOOLEAN,
    MLK_PARAMETER_CHOICE,
} mlk_parameter_kind;

typedef struct mlk_parameter {
    const char *name; /* NULL: the end of the table */
    mlk_parameter_kind kind;
    double standard;            /* the default; a choice's index; NAN is nil */
    double min, max;            /* integers and reals; inclusive; HUGE_VAL: no bound */
    const char *const *choices; /* choices: NULL-terminated */
    bool optional;              /* nil may be given */
    bool required;              /* there is no default */
    bool above;                 /* min itself is refused */
    bool infinite;              /* HUGE_VAL is allowed, too */
    const char *help;           /* a few words */
    const char *unit;           /* "Hz", "s", "dB" or NULL */
    const char *usual;          /* in words, what nil means: "n_fft"; or NULL */
    size_t offset, size;        /* place in the struct of options; size 0: none */
} mlk_parameter;

#define MLK_INTEGER(name_, standard_, min_, max_, ...)                                                          \
    {.name = name_, .kind = MLK_PARAMETER_INTEGER, .standard = standard_, .min = min_, .max = max_, .help = __VA_ARGS__}
#define MLK_REAL(name_, standard_, min_, max_, ...)                                                             \
    {.name = name_, .kind = MLK_PARAMETER_REAL, .standard = standard_, .min = min_, .max = max_, .help = __VA_ARGS__}
#define MLK_BOOLEAN(name_, standard_, ...)                                                                      \
    {.name = name_, .kind = MLK_PARAMETER_BOOLEAN, .standard = standard_, .max = 1, .help = __VA_ARGS__}
#define MLK_CHOICE(name_, standard_, choices_, ...)                                                             \
    {.name = name_, .kind = MLK_PARAMETER_CHOICE, .standard = standard_, .choices = choices_, .help = __VA_ARGS__}
/* nil may be given, and is the default where `standard` is NAN. */
#define MLK_INTEGER_OR_NIL(name_, standard_, min_, max_, ...)                                                   \
    MLK_INTEGER(name_, standard_, min_, max_, __VA_ARGS__, .optional = true)
#define MLK_REAL_OR_NIL(name_, standard_, min_, max_, ...)                                                      \
    MLK_REAL(name_, standard_, min_, max_, __VA_ARGS__, .optional = true)

/* The member that holds it: an int, int64_t, uint64_t, size_t, float, double, bool or an enum. nil is stored as NAN in
 * reals and as -1 in integers; the min of an optional integer is therefore 0 or more. */
#define MLK_IN(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

#define MLK_PARAMETERS_END {.name = NULL}

int mlk_parameters_count(const mlk_parameter *parameters);

/* The row of that name; NULL: none. */
const mlk_parameter *mlk_parameters_find(const mlk_parameter *parameters, int n, const char *name);

/* Refuses a value out of range; NAN is nil. The message names the parameter, what is allowed and what came. */
mlk_code mlk_parameter_check(const mlk_parameter *parameter, double value, mlk_status *status);

/* Puts a checked value in its place in a struct of options. */
void mlk_parameter_store(const mlk_parameter *parameter, double value, void *options);

/* Fills a struct of options with the defaults. Members that no row names keep what they hold. */
void mlk_parameters_defaults(const mlk_parameter *parameters, int n, void *options);

#endif
