/* yin.h: the pitch of each frame, from the differences between the sound and itself some samples later.
 *
 * The cumulative mean normalised difference d' of a frame is near 0 at the periods of a tone and about 1 where
 * nothing repeats. YIN takes the first trough of d' under a threshold (de Cheveigné and Kawahara, 2002).
 */
#ifndef MLK_YIN_H
#define MLK_YIN_H

#include "dsp/memo.h"
#include "dsp/view.h"
#include "status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mlk_yin {
    double fmin, fmax; /* Hz */
    int frame_length, hop_length;
    bool center; /* frame t lies around sample t * hop_length, else it starts there */
    mlk_pad pad_mode;
} mlk_yin;

static inline void mlk_yin_key(mlk_key *key, const mlk_yin *yin)
{
    mlk_key_add(key, yin->fmin, yin->fmax, yin->frame_length, yin->hop_length, yin->center, yin->pad_mode);
}

/* Refuses ranges that the rate or the frames do not allow. */
mlk_code mlk_yin_check(const mlk_yin *yin, double rate, mlk_status *status);

/* The differences of a clip's frames, one after the other. */
typedef struct mlk_yin_scan {
    int min_period, n_periods; /* samples; d'[i] is that of period min_period + i */
    double *difference;        /* of the frame scanned last */
    struct mlk_yin_scratch *scratch;
} mlk_yin_scan;

/* End with mlk_yin_scan_end, after failure, too. */
mlk_code mlk_yin_scan_begin(mlk_yin_scan *scan, const mlk_yin *yin, double rate, mlk_status *status);
void mlk_yin_scan_end(mlk_yin_scan *scan);
void mlk_yin_scan_frame(mlk_yin_scan *scan, const mlk_view *view, int64_t frame);

/* True when period i is a local minimum of the difference. */
bool mlk_yin_is_trough(const mlk_yin_scan *scan, int i);

/* Period i in samples, moved to the bottom of the parabola through it and its neighbours. */
double mlk_yin_period(const mlk_yin_scan *scan, int i);

/* The pitch of each frame in Hz, whether it is voiced or not. */
mlk_code mlk_yin_pitch(const mlk_yin *yin, double trough_threshold, const mlk_view *view, int64_t frames, double rate,
                       float *out, mlk_status *status);

#endif
