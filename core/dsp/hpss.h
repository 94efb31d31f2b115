/* hpss.h: the harmonic and the percussive part of a sound: tones that last, and strokes.
 *
 * Medians of the magnitudes along time keep the tones, medians along frequency
 * keep the strokes; soft masks made of both divide the spectrum. (Fitzgerald, 2010;
 * margins: Driedger, Müller and Disch, 2014.)
 */
#ifndef MLK_HPSS_H
#define MLK_HPSS_H

#include "dsp/stft.h"

typedef struct mlk_hpss {
    mlk_stft stft;
    int harmonic_frames, percussive_bins;      /* lengths of the medians, 1..MLK_HPSS_MAX */
    double harmonic_margin, percussive_margin; /* 1 or more: by how much a part must outweigh the other */
    double power;                              /* of the masks; INFINITY: all or nothing */
} mlk_hpss;

enum { MLK_HPSS_MAX = 511 };

extern const mlk_parameter mlk_hpss_parameters[]; /* all but stft */

/* Fills the parts that are not NULL, n samples each. */
mlk_code mlk_hpss_split(const mlk_hpss *hpss, const float *samples, int64_t n, float *harmonic, float *percussive,
                        mlk_status *status);

#endif
