/* slicer.h: many tracks cut into the windows that a network hears, track after track, by threads ahead of their use.
 *
 * Each track is decoded once, piece by piece, so that one of ten hours takes no more memory than a short one. Windows
 * wait until they are asked for: threads stop when what waits takes more than a limit. They come in the order of the
 * tracks and of time, whatever the number of threads.
 *
 *     mlk_slicer *slicer = mlk_slicer_start(recipe, &cut, tracks, n, workers, &status);
 *     mlk_slice slice;
 *     while (mlk_slicer_next(slicer, &slice, &status) == MLK_OK && slice.track >= 0)
 *         if (slice.data) ... slice.data[row * slice.frames + frame] ...
 *         else ... the track has ended: slice.failure, slice.notes ...
 *     mlk_slicer_free(slicer);                     // at any time: stops the threads
 */
#ifndef MLK_SLICER_H
#define MLK_SLICER_H

#include "extract/extraction.h"

typedef struct mlk_slicer mlk_slicer;

/* How a track is cut. It is covered from its beginning; what is left after the last whole window is a window, too. */
typedef struct mlk_cut {
    int64_t length, hop; /* samples of a window, and from one to the next */
    int64_t least;       /* samples that a track, and a window at its end, must have; the latter is left out if not */
    bool fixed;          /* silence fills up a window at the end, however short it is */
    bool drop;           /* what is left after whole windows is not heard */
} mlk_cut;

typedef struct mlk_slice {
    int track;            /* from 0; -1: all tracks have ended */
    const float *data;    /* rows x frames: samples (1 x n), or the recipe's feature of them; NULL: the track has ended */
    int64_t rows, frames;
    int64_t start, count; /* sample at which the window begins, samples of sound in it */
    const char *failure;  /* of a track that has ended: why it was given up; NULL: it was heard to its end */
    const mlk_audio_notes *notes; /* of a track that has ended */
    int rate, channels;           /* of its file */
} mlk_slice;

/* Copies the tracks and the recipe, which says how tracks are read, and holds one feature, which is computed of each
 * window, or none; it need not be compiled. `workers` 0 takes mlk_cores(). NULL: see status. */
mlk_slicer *mlk_slicer_start(const mlk_recipe *recipe, const mlk_cut *cut, const mlk_track *tracks, int n, int workers,
                             mlk_status *status);

/* Stops the threads, waits for them and frees. NULL is allowed. */
void mlk_slicer_free(mlk_slicer *slicer);

/* Waits for the next window, or the end of a track; what it points to holds until the following call. Fails when the
 * user interrupts. */
mlk_code mlk_slicer_next(mlk_slicer *slicer, mlk_slice *slice, mlk_status *status);

/* Seconds for which mlk_slicer_next has waited so far. */
double mlk_slicer_waited(const mlk_slicer *slicer);

#endif
