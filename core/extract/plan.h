/* plan.h: which training examples are made of a material, and in which order.
 *
 * A plan is filled once, compiled, and then only read, by any number of threads.
 * Examples have numbers that do not change from epoch to epoch: segment by
 * segment, track by track. An epoch runs through all of them, shuffled if the
 * plan says so. Every random number depends on the seed, the epoch and the number
 * of the example alone.
 */
#ifndef MLK_PLAN_H
#define MLK_PLAN_H

#include "dsp/augment.h"
#include "extract/material.h"
#include "extract/segment.h"

typedef struct mlk_plan {
    mlk_material *material;
    const int *tracks; /* those of the material that examples are made of */
    int n_tracks;
    const int64_t *labels; /* the class of each of these tracks; NULL: unlabelled */
    int n_classes;
    const float *targets; /* in place of classes, what examples are to give: n_tracks x n_targets, or NULL */
    int n_targets;
    double segment_s, hop_s; /* 0 or NAN: whole tracks */
    bool crop;               /* segments begin anywhere instead of on the grid */
    int per_track;           /* segments of each track when cropping; below 1: as many as the grid has */
    int64_t batch_size;
    bool shuffle, drop_last;
    uint64_t seed;
    const mlk_augment *augments; /* those of sounds first; at most one mixup */
    int n_augments;
    double top_db;      /* decibels are lifted to at most so much under a segment's loudest; NAN: not */
    const float *mean;  /* of each row; NULL: rows are not normalised */
    const float *scale; /* what rows are multiplied with after the mean is taken off */

    /* Filled by mlk_plan_compile. */
    mlk_material *kept; /* the material again: the plan is one of its owners until it is cleared */
    mlk_grid grid;
    int64_t frames; /* of a segment; 0: whole tracks */
    int n_sound;    /* augmentations of sounds */
    bool soft;      /* a mixup makes shares of classes */
    mlk_band bands[MLK_MAX_FEATURES];
    double units;   /* frames, or samples, per second */
    double frame_rate;
    int64_t *first; /* the number of each track's first example, and after the last track how many there are */
} mlk_plan;

/* How batches are cut and put together, as Dataset:batches takes it: a row here is an option there. */
extern const mlk_parameter mlk_plan_parameters[];

/* More options of its `decibel`, beside the material's. */
extern const mlk_parameter mlk_plan_decibel_parameters[];

mlk_code mlk_plan_compile(mlk_plan *plan, mlk_status *status);

/* Frees what compiling made, and lets the material go. */
void mlk_plan_clear(mlk_plan *plan);

int64_t mlk_plan_examples(const mlk_plan *plan);
int64_t mlk_plan_batches(const mlk_plan *plan);

/* One example of an epoch. */
typedef struct mlk_example {
    int64_t number;
    int track;      /* among the plan's */
    int64_t start;  /* frames or samples */
    uint64_t seed;  /* of everything random about it */
} mlk_example;

/* The numbers of an epoch's examples in their order (malloc). NULL: see status. */
int64_t *mlk_plan_order(const mlk_plan *plan, int64_t epoch, mlk_status *status);

mlk_example mlk_plan_example(const mlk_plan *plan, int64_t epoch, int64_t number);

/* The second example of a mixup: drawn from all, and cut by random numbers of the first one. */
mlk_example mlk_plan_partner(const mlk_plan *plan, const mlk_example *example, mlk_change *mixup);

/* Whether augmentation i happens to an example, and how. */
bool mlk_plan_change(const mlk_plan *plan, const mlk_example *example, int i, mlk_change *change);

/* Frames that a track's examples have. */
int64_t mlk_plan_frames(const mlk_plan *plan, int track);

/* Seconds from the track's beginning. */
double mlk_plan_seconds(const mlk_plan *plan, int64_t start);

#endif
