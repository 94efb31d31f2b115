/* pyin.h: the pitch of one voice over a clip, and where it sounds at all.
 *
 * Each frame's troughs of YIN's difference get the probability that a threshold drawn from a Beta distribution
 * would choose them; the likeliest path through pitches and voicing is then decoded over the whole clip
 * (Mauch and Dixon, 2014).
 */
#ifndef MLK_PYIN_H
#define MLK_PYIN_H

#include "dsp/yin.h"

typedef struct mlk_pyin {
    mlk_yin yin;
    int n_thresholds;
    double beta_a, beta_b;      /* shape of the thresholds' distribution */
    double boltzmann_parameter; /* > 0; the larger, the more shorter periods are preferred */
    double resolution;          /* of the pitch bins, semitones */
    double max_transition_rate; /* octaves per second */
    double switch_prob;         /* of a change of voicing from frame to frame */
    double no_trough_prob;      /* of the lowest trough when it lies above the threshold */
} mlk_pyin;

static inline void mlk_pyin_key(mlk_key *key, const mlk_pyin *pyin)
{
    mlk_yin_key(key, &pyin->yin);
    mlk_key_add(key, pyin->n_thresholds, pyin->beta_a, pyin->beta_b, pyin->boltzmann_parameter, pyin->resolution,
                pyin->max_transition_rate, pyin->switch_prob, pyin->no_trough_prob);
}

typedef struct mlk_pitch_track {
    int64_t frames;
    float *pitch;       /* Hz; where unvoiced, the best guess */
    float *voiced;      /* 1 or 0 */
    float *probability; /* that the frame is voiced */
} mlk_pitch_track;

mlk_code mlk_pyin_check(const mlk_pyin *pyin, double rate, mlk_status *status);

/* NULL: see status. */
mlk_pitch_track *mlk_pyin_track(const mlk_pyin *pyin, const mlk_view *view, int64_t frames, double rate,
                                mlk_status *status);
void mlk_pitch_track_free(void *track);

#endif
