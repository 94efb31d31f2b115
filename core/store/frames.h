/* frames.h: the frames of one sound, to be written to a file: an array rows x frames for each feature. */
#ifndef MLK_FRAMES_H
#define MLK_FRAMES_H

#include "store/tensors.h"

typedef struct mlk_frames_item {
    const char *name;
    mlk_array array;
    double rate, start; /* frames a second; when the first one lies, in seconds */
} mlk_frames_item;

typedef struct mlk_frames {
    const char *recipe; /* in words */
    int count;
    const mlk_frames_item *items;
} mlk_frames;

/* Adds the arrays to an empty list as views; with `texts` also the recipe, NAME.rate and NAME.start as metadata. */
mlk_code mlk_frames_list(const mlk_frames *frames, bool texts, mlk_tensors *tensors, mlk_status *status);

#endif
