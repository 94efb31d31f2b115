/* steady_path.h: the sequence of states that fits best in sum, when every change of state costs the same. */
#ifndef MLK_MUSIC_STEADY_PATH_H
#define MLK_MUSIC_STEADY_PATH_H

#include "status.h"

#include <stdint.h>

/* `fits` is frames x states, such as logarithms of probabilities; `path` gets a state of each frame, from 0. Of states
 * that fit alike the first is taken, and a state stays rather than change. Needs a byte for each frame of each state. */
mlk_code mlk_steady_path(const float *fits, int64_t frames, int64_t states, double cost, int64_t *path,
                         mlk_status *status);

#endif
