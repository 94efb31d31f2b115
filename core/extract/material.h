/* material.h: what training examples are cut from: the frames, or the samples, of many tracks.
 *
 * A job loads each track once. As many tracks stay in memory as are allowed to;
 * the others are read again whenever they are borrowed. Their frames come from
 * the cache if there is one, else they are computed from the file again. The
 * numbers are the same in any case.
 *
 * The features of a recipe are joined in one matrix, one below the other, so they
 * must have the same frames. Complex features give magnitudes. Features that grow
 * with energy can be turned into decibels.
 *
 *     mlk_material *material = mlk_material_new(extraction, n, settings, &status);
 *     mlk_job *job = mlk_job_start(n, workers, mlk_material_load, material, &status);
 *     ...
 *     mlk_piece piece;
 *     mlk_material_borrow(material, i, &piece, &status);
 *     ... piece.data[row * piece.length + frame] ...
 *     mlk_piece_release(&piece);
 */
#ifndef MLK_MATERIAL_H
#define MLK_MATERIAL_H

#include "extract/extraction.h"

typedef struct mlk_material_settings {
    bool sound;                      /* keep samples instead of frames */
    double powers[MLK_MAX_FEATURES]; /* for each feature: 0: left as it is; p: decibels of an amplitude's p-th power */
    double amin;                     /* the least power that decibels see */
    size_t memory;                   /* bytes that may be kept */
} mlk_material_settings;

/* As Dataset:batches takes them: a row is an option there, or in its `decibel`. */
extern const mlk_parameter mlk_material_parameters[], mlk_material_decibel_parameters[];

typedef struct mlk_material mlk_material;

/* Refuses features that cannot stand below each other: they need the same frames, at the same rate. */
mlk_code mlk_material_check(const mlk_recipe *recipe, const mlk_feature_shape *shapes, mlk_status *status);

/* Takes over the extraction (of a recipe that does not pool) of n tracks, on failure too. NULL: see status. */
mlk_material *mlk_material_new(mlk_extraction *extraction, int n, mlk_material_settings settings,
                               mlk_status *status);

/* Adds an owner, who must call mlk_material_free, too. Returns the material. */
mlk_material *mlk_material_keep(mlk_material *material);

/* The last owner's call frees it. NULL is allowed. */
void mlk_material_free(mlk_material *material);

/* mlk_job_work: reads a track. */
mlk_code mlk_material_load(void *material, int index, mlk_status *status);

/* The extraction that read the tracks. It has the notes on them, and knows what the cache took. */
mlk_extraction *mlk_material_extraction(const mlk_material *material);

const mlk_recipe *mlk_material_recipe(const mlk_material *material);
bool mlk_material_is_sound(const mlk_material *material);
int64_t mlk_material_rows(const mlk_material *material);

/* Frames (or samples) of a track that is loaded. */
int64_t mlk_material_length(const mlk_material *material, int index);

/* How many frames n samples give; 0 when there is not one. */
int64_t mlk_material_frames(const mlk_material *material, int64_t n);

/* Whether a feature is in decibels. */
bool mlk_material_decibel(const mlk_material *material, int feature);

/* rows x length numbers of a track; one row when they are samples. */
typedef struct mlk_piece {
    const float *data;
    int64_t rows, length;
    void *made; /* to be freed, or NULL */
} mlk_piece;

mlk_code mlk_material_borrow(const mlk_material *material, int index, mlk_piece *piece, mlk_status *status);
void mlk_piece_release(mlk_piece *piece);

/* Copies samples first .. first + n - 1 of a track. */
mlk_code mlk_material_samples(const mlk_material *material, int index, int64_t first, int64_t n, float *out,
                              mlk_status *status);

/* The features of samples, as a matrix. NULL: see status. */
mlk_matrix *mlk_material_analyse(const mlk_material *material, const float *samples, int64_t n, mlk_status *status);

/* mlk_job_work: adds a loaded track to the statistics. */
mlk_code mlk_material_measure(void *material, int index, mlk_status *status);

/* Mean and standard deviation (over n) of each row over all frames of some measured tracks; values that are not
 * finite do not count; a deviation of 0 is given as 1. */
void mlk_material_statistics(const mlk_material *material, const int *tracks, int n, float *mean, float *std);

#endif
