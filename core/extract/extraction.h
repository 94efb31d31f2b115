/* extraction.h: a recipe over many tracks, as the work of a job.
 *
 * Each track is decoded once and analysed block by block; all of its features
 * share the transforms. Tracks too long for memory are decoded as they are
 * analysed, twice where a feature needs numbers of the whole clip. Tracks share
 * nothing, so results are the same to the bit for any number of workers.
 *
 *     mlk_extraction *extraction = mlk_extraction_new(recipe, tracks, n, ".moonlark", &status);
 *     mlk_job *job = mlk_job_start(n, workers, mlk_extraction_work, extraction, &status);
 *     ... mlk_job_wait ...
 *     const float *row = mlk_extraction_row(extraction, i);      // of each track that is done
 *     mlk_job_free(job);
 *     mlk_extraction_free(extraction);
 */
#ifndef MLK_EXTRACTION_H
#define MLK_EXTRACTION_H

#include "extract/bundle.h"
#include "extract/job.h"

#include "audio/audio.h"
#include "dsp/sweep.h"

typedef struct mlk_track {
    char *path;
    double start_s, duration_s; /* a segment; duration 0: start and length are the recipe's */
    char *output;               /* where frames are kept: a file for them, see output.h; NULL: in memory */
} mlk_track;

typedef struct mlk_extraction mlk_extraction;

/* Takes over a compiled recipe and `tracks` with their strings (malloc), on failure too. `cache` is a folder or
 * NULL; it keeps no copy of frames that go to files, but knows the files by name, size and time. */
mlk_extraction *mlk_extraction_new(mlk_recipe *recipe, mlk_track *tracks, int n, const char *cache,
                                   mlk_status *status);
void mlk_extraction_free(mlk_extraction *extraction);

/* mlk_job_work. */
mlk_code mlk_extraction_work(void *extraction, int index, mlk_status *status);

const mlk_recipe *mlk_extraction_recipe(const mlk_extraction *extraction);
const mlk_track *mlk_extraction_track(const mlk_extraction *extraction, int index);

/* The pooled row (recipe->n_columns numbers) of a track that is done. */
const float *mlk_extraction_row(const mlk_extraction *extraction, int index);

/* The kept frames of a track that is done: from memory, else from the cache, else made again. *made is to be
 * freed when it is not NULL. NULL: see status. */
const mlk_bundle *mlk_extraction_frames(const mlk_extraction *extraction, int index, mlk_bundle **made,
                                        mlk_status *status);

/* A track's frames for the caller to keep, from the cache or made and put there. NULL: see status. */
mlk_bundle *mlk_extraction_obtain(mlk_extraction *extraction, int index, mlk_status *status);

/* The notes on the sound of a track that is done; NULL: none. */
const mlk_audio_notes *mlk_extraction_notes(const mlk_extraction *extraction, int index);

/* Keeps the notes on a track that somebody else read. Only the thread that works on the track may call it. */
mlk_code mlk_extraction_note(mlk_extraction *extraction, int index, const mlk_audio_notes *notes, mlk_status *status);

/* How a track is decoded under a recipe. */
mlk_audio_options mlk_extraction_decoding(const mlk_recipe *recipe, const mlk_track *track);

/* How many tracks came out of the cache, and how many could not be put there. */
int mlk_extraction_cached(const mlk_extraction *extraction);
int mlk_extraction_uncached(const mlk_extraction *extraction);

/* Why the first of these could not be put there; false when there is none. */
bool mlk_extraction_unkept(mlk_extraction *extraction, mlk_status *why);

/* All features of the recipe from one waveform, frames kept or pooled. NULL: see status. */
mlk_bundle *mlk_extraction_sweep(const mlk_recipe *recipe, mlk_waveform *waveform, mlk_status *status);

/* The same of samples in memory. */
mlk_bundle *mlk_extraction_analyse(const mlk_recipe *recipe, const float *samples, int64_t n, double rate,
                                   mlk_status *status);

#endif
