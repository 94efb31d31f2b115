#include "extract/plan.h"

#include "random.h"

#include <math.h>
#include <stdlib.h>

/* Branches of an example's seed; from BRANCH_AUGMENT on there is one for each augmentation. */
enum { BRANCH_CROP, BRANCH_PARTNER, BRANCH_AUGMENT };

/* Of an epoch's seed, beside those of examples. */
enum { BRANCH_SHUFFLE = -1 };

const mlk_parameter mlk_plan_parameters[] = {
    MLK_REAL_OR_NIL("segment", NAN, 0, 1e9, "length of an example", MLK_IN(mlk_plan, segment_s), .unit = "s",
                    .above = true, .usual = "whole tracks, padded to the longest of their batch"),
    MLK_REAL_OR_NIL("hop", NAN, 0, 1e9, "from one segment of the grid to the next", MLK_IN(mlk_plan, hop_s),
                    .unit = "s", .above = true, .usual = "segment"),
    MLK_BOOLEAN("crop", 0, "segments begin anywhere, not on the grid", MLK_IN(mlk_plan, crop)),
    MLK_INTEGER_OR_NIL("per_track", NAN, 1, INT32_MAX, "crops of a track in an epoch", MLK_IN(mlk_plan, per_track),
                       .usual = "as many as its grid has segments"),
    MLK_INTEGER("batch_size", 32, 1, INT32_MAX, "examples", MLK_IN(mlk_plan, batch_size)),
    MLK_BOOLEAN("shuffle", 0, "another order in each epoch", MLK_IN(mlk_plan, shuffle)),
    MLK_BOOLEAN("drop_last", 0, "leaves out a last batch that is smaller", MLK_IN(mlk_plan, drop_last)),
    MLK_INTEGER("seed", 0, (double)INT64_MIN, (double)INT64_MAX, "of order, crops and augmentations",
                MLK_IN(mlk_plan, seed)),
    MLK_PARAMETERS_END,
};

const mlk_parameter mlk_plan_decibel_parameters[] = {
    MLK_REAL_OR_NIL("top_db", NAN, 0, HUGE_VAL, "how far below a segment's loudest values may lie",
                    MLK_IN(mlk_plan, top_db), .unit = "dB", .usual = "as far as they do"),
    MLK_PARAMETERS_END,
};

static int64_t total_of(const mlk_plan *plan, int track)
{
    return mlk_material_length(plan->material, plan->tracks[track]);
}

static int64_t count_of(const mlk_plan *plan, int track)
{
    return plan->crop && plan->per_track > 0 ? plan->per_track : mlk_grid_count(&plan->grid, total_of(plan, track));
}

/* What does not depend on tracks. */
static mlk_code describe(mlk_plan *plan, mlk_status *status)
{
    const mlk_recipe *recipe = mlk_material_recipe(plan->material);
    mlk_feature_shape shape;
    if (mlk_feature_measure(&recipe->features[0], 60 * (int64_t)recipe->rate, recipe->rate, &shape, status))
        return status->code;
    plan->frame_rate = shape.rate;
    plan->units = mlk_material_is_sound(plan->material) ? recipe->rate : shape.rate;
    int64_t first = 0;
    for (int i = 0; i < recipe->n_features; i++) {
        plan->bands[i] = (mlk_band){first, recipe->rows[i], mlk_material_decibel(plan->material, i)};
        first += recipe->rows[i];
    }
    for (int i = 0; i < plan->n_augments; i++) {
        plan->n_sound += !plan->augments[i].on_features;
        plan->soft = plan->soft || (plan->labels && plan->augments[i].kind == MLK_AUGMENT_MIXUP);
    }
    return mlk_augments_check(plan->augments, plan->n_augments, status);
}

mlk_code mlk_plan_compile(mlk_plan *plan, mlk_status *status)
{
    if (describe(plan, status))
        return status->code;
    if (plan->segment_s > 0) {
        int64_t samples = (int64_t)(plan->segment_s * mlk_material_recipe(plan->material)->rate + 1e-6);
        plan->frames = mlk_material_frames(plan->material, samples);
        if (plan->frames < 1)
            return mlk_fail(status, MLK_INVALID, "segment must be long enough for one frame, got %g s",
                            plan->segment_s);
        plan->grid.length = mlk_material_is_sound(plan->material) ? samples : plan->frames;
        plan->grid.hop = fmax(1, plan->hop_s * plan->units);
    }
    plan->first = malloc(((size_t)plan->n_tracks + 1) * sizeof *plan->first);
    if (!plan->first)
        return mlk_fail_memory(status, "the segments of all tracks");
    plan->first[0] = 0;
    for (int i = 0; i < plan->n_tracks; i++)
        plan->first[i + 1] = plan->first[i] + count_of(plan, i);
    plan->kept = mlk_material_keep(plan->material);
    return MLK_OK;
}

void mlk_plan_clear(mlk_plan *plan)
{
    mlk_material_free(plan->kept);
    free(plan->first);
    plan->kept = NULL;
    plan->first = NULL;
}

int64_t mlk_plan_examples(const mlk_plan *plan)
{
    return plan->first[plan->n_tracks];
}

int64_t mlk_plan_batches(const mlk_plan *plan)
{
    int64_t n = mlk_plan_examples(plan);
    return plan->drop_last ? n / plan->batch_size : (n + plan->batch_size - 1) / plan->batch_size;
}

static uint64_t epoch_seed(const mlk_plan *plan, int64_t epoch)
{
    return mlk_random_branch(plan->seed, (uint64_t)epoch);
}

int64_t *mlk_plan_order(const mlk_plan *plan, int64_t epoch, mlk_status *status)
{
    int64_t n = mlk_plan_examples(plan), *order = malloc(((size_t)n + 1) * sizeof *order);
    if (!order) {
        mlk_fail_memory(status, "the order of an epoch");
        return NULL;
    }
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    mlk_random random = mlk_random_seeded(mlk_random_branch(epoch_seed(plan, epoch), (uint64_t)BRANCH_SHUFFLE));
    for (int64_t i = n - 1; plan->shuffle && i > 0; i--) {
        int64_t j = mlk_random_below(&random, i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    return order;
}

/* The last track whose first example is not after `number`. */
static int track_of(const mlk_plan *plan, int64_t number)
{
    int low = 0, high = plan->n_tracks;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (plan->first[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static mlk_example example_of(const mlk_plan *plan, int64_t number, uint64_t seed)
{
    mlk_example example = {.number = number, .track = track_of(plan, number), .seed = seed};
    int64_t total = total_of(plan, example.track);
    if (plan->crop) {
        mlk_random random = mlk_random_seeded(mlk_random_branch(seed, BRANCH_CROP));
        example.start = mlk_random_below(&random, total - mlk_grid_length(&plan->grid, total) + 1);
    } else {
        example.start = mlk_grid_start(&plan->grid, total, number - plan->first[example.track]);
    }
    return example;
}

mlk_example mlk_plan_example(const mlk_plan *plan, int64_t epoch, int64_t number)
{
    return example_of(plan, number, mlk_random_branch(epoch_seed(plan, epoch), (uint64_t)number));
}

mlk_example mlk_plan_partner(const mlk_plan *plan, const mlk_example *example, mlk_change *mixup)
{
    int64_t number = mlk_random_below(&mixup->random, mlk_plan_examples(plan));
    return example_of(plan, number, mlk_random_branch(example->seed, BRANCH_PARTNER));
}

bool mlk_plan_change(const mlk_plan *plan, const mlk_example *example, int i, mlk_change *change)
{
    return mlk_augment_draw(&plan->augments[i], mlk_random_branch(example->seed, (uint64_t)(BRANCH_AUGMENT + i)),
                            change);
}

int64_t mlk_plan_frames(const mlk_plan *plan, int track)
{
    int64_t length = mlk_grid_length(&plan->grid, total_of(plan, track));
    return mlk_material_is_sound(plan->material) ? mlk_material_frames(plan->material, length) : length;
}

double mlk_plan_seconds(const mlk_plan *plan, int64_t start)
{
    return (double)start / plan->units;
}
