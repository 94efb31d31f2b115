/* sndfile.h: opening files with libsndfile from several threads. */
#ifndef MLK_AUDIO_SNDFILE_H
#define MLK_AUDIO_SNDFILE_H

#include <sndfile.h>

/* sf_open_fd on a descriptor that stays the caller's. NULL: *error says why, as sf_error_number knows it.
 *
 * libsndfile keeps the error of a failed opening in one variable for all threads, and every opening clears it. */
SNDFILE *mlk_sndfile_open(int descriptor, int mode, SF_INFO *info, int *error);

#endif
