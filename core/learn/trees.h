/* trees.h: tree ensembles for classes and for numbers, by XGBoost (Chen and Guestrin 2016): boosted trees, and random
 * forests (Breiman 2001) as one round of many trees grown side by side.
 */
#ifndef MLK_LEARN_TREES_H
#define MLK_LEARN_TREES_H

#include "parameters.h"
#include "samples.h"

#include <stddef.h>

typedef struct mlk_trees_options {
    int rounds;           /* of boosting; 1 for a forest */
    int trees;            /* grown in each round for each class: 1, or a forest's size */
    int max_depth;        /* 0: no limit */
    double learning_rate;
    double subsample;     /* share of rows that a tree sees, above 0, at most 1 */
    double colsample;     /* share of columns tried: for each split in a forest, for each tree when boosting; NAN:
                             the square root of their number */
    double lambda;        /* L2 penalty on leaf values */
    double min_child_weight;
    int max_bin;          /* places where a column can be split: fewer are faster */
    uint64_t seed;
    const double *class_weights; /* k: what a row of each class counts; NULL: 1 */
} mlk_trees_options;

/* What makes a forest, and what makes boosted trees; the rows below fill in the other options. */
extern const mlk_trees_options mlk_forest, mlk_boosted_trees;
extern const mlk_parameter mlk_forest_parameters[], mlk_boosted_trees_parameters[];

/* A fitted ensemble in XGBoost's own binary form (UBJSON); free(bytes) when done. */
typedef struct mlk_trees {
    char *bytes;
    size_t size;
} mlk_trees;

mlk_code mlk_trees_fit(mlk_samples samples, const int64_t *y, int64_t k, const mlk_trees_options *options,
                       mlk_trees *trees, mlk_status *status);

/* Class probabilities, n x k. */
mlk_code mlk_trees_proba(mlk_samples samples, const mlk_trees *trees, int64_t k, double *proba, mlk_status *status);

/* Numbers in place of classes, y: n. Squared errors are made small, from the mean of y on. */
mlk_code mlk_trees_fit_values(mlk_samples samples, const double *y, const mlk_trees_options *options, mlk_trees *trees,
                              mlk_status *status);

/* out: n. */
mlk_code mlk_trees_values(mlk_samples samples, const mlk_trees *trees, double *out, mlk_status *status);

/* How much each column matters to an ensemble: the mean gain of the splits by it, the gain of all of them, or their
 * number ("gain", "total_gain", "weight"). importance: d numbers, 0 for columns that no split is by. */
mlk_code mlk_trees_importance(const mlk_trees *trees, const char *kind, int64_t d, double *importance,
                              mlk_status *status);

#endif
