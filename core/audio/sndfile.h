/* sndfile.h: opening files with libsndfile from several threads. */
#ifndef MLK_AUDIO_SNDFILE_H
#define MLK_AUDIO_SNDFILE_H

#include "source.h"

#include <sndfile.h>

/* Both give NULL on failure; *error is then a number for sf_error_number.
 *
 * libsndfile keeps the error of a failed opening in one variable for all threads, and every opening clears it. */

/* sf_open_fd on a descriptor that stays the caller's. */
SNDFILE *mlk_sndfile_open(int descriptor, int mode, SF_INFO *info, int *error);

/* For reading what a source holds; the source must outlive the file. */
SNDFILE *mlk_sndfile_open_source(mlk_source *source, SF_INFO *info, int *error);

#endif
