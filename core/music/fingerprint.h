/* fingerprint.h: by which a recording is known again in another encoding: signs of differences between neighbouring bands
 * and moments (Haitsma and Kalker, ISMIR 2002), and which of them were large.
 *
 * A spectrum is put into 33 bands, a semitone each from 290 to 1950 Hz, 25 times a second over windows of 0.37 s. Bit m
 * of frame n says whether E(n,m) - E(n,m+1) grew since four frames before. An encoder turns small differences round, a
 * note that another plays turns large ones: so a second word of 32 bits says which half of the differences was larger.
 * Level, rate and codec do not change much of it; speed and pitch do, and are not looked for.
 */
#ifndef MLK_MUSIC_FINGERPRINT_H
#define MLK_MUSIC_FINGERPRINT_H

#include "status.h"

#include <stdint.h>

enum {
    MLK_PRINT_HOP = 882,  /* samples of 22050 Hz from frame to frame */
    MLK_PRINT_BANDS = 33,
    MLK_PRINT_SPECTRUM = 216, /* rows of the spectrum: three a semitone from 55 Hz (dsp/log_spectrum.h) */
    MLK_PRINT_LAG = 4,        /* frames between the moments that are compared */
};

/* A frame; both words are 0 where next to nothing is heard. */
typedef struct mlk_print {
    uint32_t signs, strong;
} mlk_print;

/* MLK_PRINT_SPECTRUM x frames magnitudes become MLK_PRINT_BANDS x frames energies. */
void mlk_print_bands(const float *spectrum, int64_t frames, float *bands);

/* Energies become frames - MLK_PRINT_LAG prints (none of fewer). */
void mlk_print_of(const float *bands, int64_t frames, mlk_print *prints);

typedef struct mlk_prints {
    const mlk_print *frames;
    int64_t n;
} mlk_prints;

/* How two recordings agree where frame i of a lies on frame i - offset of b. */
typedef struct mlk_agreement {
    int64_t offset;      /* frames */
    int64_t heard;       /* frames in which both sound */
    double wrong;        /* share of bits that differ: 0.5 of recordings that have nothing in common */
    double wrong_strong; /* the same of bits that are strong in both */
    double worst_time;   /* of strong bits in the worst 3 seconds */
    double worst_bands;  /* of strong bits in the four worst of 32 bands */
} mlk_agreement;

/* At the offset where they agree best. heard is 0 where they share no two seconds of sound that are half of the shorter.
 * Interruptible. */
mlk_code mlk_print_compare(mlk_prints a, mlk_prints b, mlk_agreement *agreement, mlk_status *status);

typedef struct mlk_print_pair {
    int32_t a, b; /* a < b */
    mlk_agreement agreement;
} mlk_print_pair;

/* The pairs among n recordings that share a stretch of sound and agree in most of it, found by parts of frames that are
 * equal: not all pairs are compared. Of many copies of a recording not every pair is found, but all hang together.
 * `pairs` is malloc'ed, in order. Interruptible. */
mlk_code mlk_print_pairs(const mlk_prints *recordings, int64_t n, mlk_print_pair **pairs, int64_t *count,
                         mlk_status *status);

#endif
