/* feature.h: the features by name: what each takes, what it makes, how to compute it.
 *
 * One table serves the Lua functions, recipes, the extraction engine, pictures and help. All that is special about a
 * feature stands in its row: no other code asks for its name. A new feature is a row in a feature_<group>.c and a line
 * in feature_list.h.
 *
 *     mlk_settings settings;
 *     mlk_settings_init(&settings, mlk_feature_find("mel"));
 *     mlk_settings_set(&settings, "n_mels", 64, &status);
 *     mlk_feature_shape shape;
 *     mlk_feature_measure(&settings, n, rate, &shape, &status);   // checks the settings against each other
 *     out = malloc(shape.rows * shape.frames * mlk_dtype_size(shape.dtype));
 *     mlk_feature_compute(&settings, analysis, out, &status);
 *
 * Every setting is held as a double: integers exactly, booleans as 0 or 1, a
 * choice as its index, nil as NAN. So the feature's name and `values` are a
 * complete key for caches. sweep.h computes several features of a clip block by
 * block. A complex64 feature is pooled by its magnitude.
 */
#ifndef MLK_FEATURE_H
#define MLK_FEATURE_H

#include "array.h"
#include "dsp/analysis.h"
#include "parameters.h"

#define MLK_MAX_PARAMETERS 24

typedef struct mlk_feature mlk_feature;

typedef struct mlk_settings {
    const mlk_feature *feature;
    double values[MLK_MAX_PARAMETERS]; /* in the order of the feature's parameters */
} mlk_settings;

typedef struct mlk_feature_shape {
    int64_t rows, frames;
    int64_t first; /* number of the first frame: 0 except in blocks */
    mlk_dtype dtype; /* MLK_FLOAT32 or MLK_COMPLEX64 */
    double rate;     /* frames per second */
    double start;    /* seconds at which the first frame lies */
} mlk_feature_shape;

/* What the rows are. */
typedef struct mlk_axis {
    const char *name;          /* "frequency", "pitch class", ...; NULL for a curve of one row */
    const char *unit;          /* "Hz" or NULL */
    const char *scale;         /* "linear", "log", "mel" or NULL */
    const char *const *labels; /* names of the rows when there are n_labels of them, else numbers */
    int n_labels;
    const char *palette; /* of a picture: "magma" for spectra; NULL: "viridis" */
    int apart;           /* this many first rows are of another size and do not set a picture's range */
} mlk_axis;

/* A number of a feature: always the same, or the value of one of its parameters. */
typedef struct mlk_fact {
    double fixed;
    const char *parameter; /* NULL: fixed */
} mlk_fact;

#define MLK_FIXED(number) {.fixed = number}
#define MLK_SAID_BY(name) {.parameter = name}

/* What a frame depends on. */
typedef enum mlk_feature_scope {
    MLK_SCOPE_CLIP,  /* the whole clip, or frames to come */
    MLK_SCOPE_FRAME, /* the samples around it, frames before it (mlk_analysis_carry) and numbers of the clip that a
                      * survey gathers: it is made block by block */
} mlk_feature_scope;

struct mlk_feature {
    const char *name;
    const char *summary; /* one line */
    const char *kind;    /* of the Signal: "mel", "chroma", ... */
    const char *unit;    /* of its values: "Hz", "dB" or NULL */
    const char *unitless; /* the boolean parameter that takes the unit away, or NULL */
    mlk_axis axis;
    mlk_fact hop;    /* samples from frame to frame */
    mlk_fact reach;  /* samples that a frame may need from its position on */
    mlk_fact energy; /* which power of an amplitude its values are: 1 magnitudes, 2 powers; 0: none */
    mlk_feature_scope scope;
    int n_parameters;
    const mlk_parameter *parameters;

    /* Fills rows, frames, dtype and start; refuses settings that contradict each other. */
    mlk_code (*measure)(const mlk_settings *settings, int64_t n, double rate, mlk_feature_shape *shape,
                        mlk_status *status);
    mlk_code (*compute)(const mlk_settings *settings, mlk_analysis *analysis, const mlk_feature_shape *shape,
                        void *out, mlk_status *status);
    /* What of the whole clip a frame needs with these settings, and which option does without, in words; NULL: nothing.
     * `survey` gathers it from a block. Both or neither. */
    const char *(*gathers)(const mlk_settings *settings);
    mlk_code (*survey)(const mlk_settings *settings, mlk_analysis *analysis, mlk_status *status);
    /* The value of each row on the axis; NULL: 0, 1, 2 ... */
    void (*place)(const mlk_settings *settings, double rate, int64_t rows, double *values);
    /* How many of the bands that it measures hold nothing at this rate. NULL: none, whatever the settings. */
    int (*empty)(const mlk_settings *settings, double rate);
};

int mlk_feature_count(void);
const mlk_feature *mlk_feature_at(int index);
const mlk_feature *mlk_feature_find(const char *name); /* NULL: none of that name */

/* Every parameter at its default. */
void mlk_settings_init(mlk_settings *settings, const mlk_feature *feature);

/* Sets one parameter, checking its range; NAN for nil. */
mlk_code mlk_settings_set(mlk_settings *settings, const char *name, double value, mlk_status *status);

/* The value of a parameter; aborts where the feature has none of that name. */
double mlk_settings_get(const mlk_settings *settings, const char *name);

/* What a fact of the row comes to. */
double mlk_settings_fact(const mlk_settings *settings, mlk_fact fact);

/* The unit of the values with these settings, or NULL. */
const char *mlk_settings_unit(const mlk_settings *settings);

/* Shape of the result for n samples at a rate. */
mlk_code mlk_feature_measure(const mlk_settings *settings, int64_t n, double rate, mlk_feature_shape *shape,
                             mlk_status *status);

/* The value of each row on the feature's axis: Hz, or an index. */
void mlk_feature_place(const mlk_settings *settings, double rate, int64_t rows, double *values);

/* The part of a clip's shape that lies in the analysis' block. */
mlk_feature_shape mlk_feature_in_block(const mlk_settings *settings, const mlk_analysis *analysis,
                                       const mlk_feature_shape *shape);

/* Fills `out`, rows x frames of the measured shape (in blocks: of the part in the block), in C order. */
mlk_code mlk_feature_compute(const mlk_settings *settings, mlk_analysis *analysis, void *out, mlk_status *status);

#endif
