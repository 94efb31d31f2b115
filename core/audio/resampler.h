/* resampler.h: another sample rate, by libsoxr at its HQ setting, as librosa.load does.
 *
 * The output of n samples has exactly ceil(n * to / from) samples, whatever the
 * size of the pieces they came in.
 */
#ifndef MLK_AUDIO_RESAMPLER_H
#define MLK_AUDIO_RESAMPLER_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_resampler mlk_resampler;

/* Rates in Hz, 1 or more and at most a factor of 2^20 apart. */
mlk_code mlk_resampler_new(double from_hz, double to_hz, int channels, mlk_resampler **resampler, mlk_status *status);

/* How many samples n samples become. */
int64_t mlk_resampled_length(int64_t n, double from_hz, double to_hz);

/* Takes n samples of each channel from `in` (one pointer a channel; NULL: the end) and gives at most
 * `capacity` to `out`. *used and *given say how many. After the end, call until *given is 0. */
mlk_code mlk_resampler_run(mlk_resampler *resampler, const float *const *in, int64_t n, int64_t *used,
                           float *const *out, int64_t capacity, int64_t *given, mlk_status *status);

void mlk_resampler_free(mlk_resampler *resampler);

#endif
