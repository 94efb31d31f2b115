/* pitch_path.h: the likeliest path through pitch bins, voiced or not, over the frames of a clip.
 *
 * State b < bins is pitch b, voiced; state bins + b the same pitch, unvoiced. From frame to frame the pitch moves by
 * a triangle of `width` bins, and voicing changes with a small probability. Viterbi's algorithm in double precision
 * on logarithms; the first of equal predecessors wins. Every other move is possible, too, with the smallest normal
 * double as its probability: only there do all states meet all, so a frame costs bins * width, not bins squared.
 * Memory is kept for the frames since the best paths last met, mostly some seconds.
 */
#ifndef MLK_PITCH_PATH_H
#define MLK_PITCH_PATH_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_pitch_path mlk_pitch_path;

/* 2 * bins is at most 65536, width 1..bins. NULL: see status. */
mlk_pitch_path *mlk_pitch_path_new(int bins, int width, double switch_prob, int64_t frames, mlk_status *status);
void mlk_pitch_path_free(mlk_pitch_path *path);

/* The next frame: the probability of each voiced bin, and of every unvoiced one. Called `frames` times at most. */
mlk_code mlk_pitch_path_step(mlk_pitch_path *path, const double *voiced, double unvoiced, mlk_status *status);

/* The state at each frame stepped; the path's own memory. */
const uint16_t *mlk_pitch_path_decode(mlk_pitch_path *path);

#endif
