/* wave.h: the head of a WAV file of 32-bit floats, for those who write its samples themselves, piece by piece.
 *
 * A file of more than 4 GiB is an RF64 (EBU Tech 3306): the same layout, whose lengths lie in a chunk that shorter
 * files have as JUNK. So the head can be written last, over the place that was left for it. */
#ifndef MLK_AUDIO_WAVE_H
#define MLK_AUDIO_WAVE_H

#include <stdint.h>

enum { MLK_WAVE_HEAD = 94 };

/* Samples follow it, interleaved, little-endian. */
void mlk_wave_head(unsigned char head[MLK_WAVE_HEAD], int rate, int channels, int64_t frames);

#endif
