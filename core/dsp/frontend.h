/* frontend.h: the input of pretrained models: band energies exactly as the models' makers computed them. */
#ifndef MLK_FRONTEND_H
#define MLK_FRONTEND_H

#include "dsp/view.h"
#include "status.h"

#include <stdbool.h>

typedef enum mlk_taper {
    MLK_TAPER_HANN,  /* symmetric unless `periodic` */
    MLK_TAPER_POVEY, /* Hann's to the power of 0.85, Kaldi's own */
    MLK_TAPER_HAMMING,
} mlk_taper;

/* The names a user types, in the enum's order, NULL at the end. */
extern const char *const mlk_taper_names[];

typedef struct mlk_frontend {
    int frame_length, hop_length, n_fft; /* a frame is padded with zeros to n_fft */
    bool center;
    mlk_pad pad;
    mlk_taper taper;
    bool periodic;
    bool remove_mean;    /* of each frame */
    double preemphasis;  /* within each frame: x[i] - p x[i - 1], the first less p times itself; 0: none */
    double power;        /* 1: magnitudes, 2: their squares */
    int n_bands;
    double fmin, fmax;   /* Hz */
    bool triangles_in_mel; /* straight on HTK's mel scale, not normalised; else straight in Hz on Slaney's scale and
                              divided by their width */
} mlk_frontend;

/* Frames in n samples. */
int64_t mlk_frontend_frames(const mlk_frontend *frontend, int64_t n);

/* Energies of the first `frames` frames: n_bands rows, `stride` numbers apart. Double precision within. */
mlk_code mlk_frontend_bands(const mlk_frontend *frontend, const float *samples, int64_t n, double rate, int64_t frames,
                            int64_t stride, float *out, mlk_status *status);

/* Centre of each band, Hz. */
void mlk_frontend_centres(const mlk_frontend *frontend, double *out);

#endif
