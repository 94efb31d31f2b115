/* waveform.h: the samples under analysis: in memory, drawn from a source piece by piece, or still to come.
 *
 * An analysis asks for stretches, mostly each after the one before. Only a window
 * of a source is kept: it reaches as far behind the mark as earlier requests did.
 * A request for samples before the window starts the source again. So hours of
 * sound pass through a few megabytes, as often as needed.
 *
 *     mlk_waveform *waveform = mlk_waveform_from(source, 22050, &status);
 *     mlk_waveform_mark(waveform, position);                  // done with what lies before
 *     mlk_waveform_view(waveform, position - 1024, position + 1024, &view, &status);
 *     mlk_waveform_free(waveform);
 *
 * A waveform belongs to one thread.
 */
#ifndef MLK_WAVEFORM_H
#define MLK_WAVEFORM_H

#include "dsp/stream.h"
#include "dsp/view.h"
#include "status.h"

typedef struct mlk_waveform mlk_waveform;

/* The caller's samples, which must outlive the waveform; all must be finite (the error names the first that is
 * not). NULL: see status. */
mlk_waveform *mlk_waveform_of(const float *samples, int64_t n, double rate, mlk_status *status);

/* Takes over the source, on failure too. NULL: see status. */
mlk_waveform *mlk_waveform_from(mlk_stream source, double rate, mlk_status *status);

/* A waveform whose samples are still to come. Requests may ask only for what has been appended, and reach `lookback`
 * samples or less behind the mark. NULL: see status. */
mlk_waveform *mlk_waveform_open(double rate, int64_t lookback, mlk_status *status);

/* n further samples; all must be finite. */
mlk_code mlk_waveform_append(mlk_waveform *waveform, const float *samples, int64_t n, mlk_status *status);

/* Nothing is to come any more. */
void mlk_waveform_end(mlk_waveform *waveform);

void mlk_waveform_free(mlk_waveform *waveform);

double mlk_waveform_rate(const mlk_waveform *waveform);

/* Reads on until `position` samples are known or the end is met: *n is their number, the whole waveform's when it
 * is less than `position`. */
mlk_code mlk_waveform_reach(mlk_waveform *waveform, int64_t position, int64_t *n, mlk_status *status);

/* Reads a source to its end and keeps all of it in memory from now on. */
mlk_code mlk_waveform_load(mlk_waveform *waveform, mlk_status *status);

/* The number of samples: reads a source to its end without keeping it. Not of one that is still open. */
mlk_code mlk_waveform_length(mlk_waveform *waveform, int64_t *n, mlk_status *status);

/* Samples first .. end-1, as far as the waveform has them. The view holds until the next request. */
mlk_code mlk_waveform_view(mlk_waveform *waveform, int64_t first, int64_t end, mlk_view *view, mlk_status *status);

/* From now on requests begin at `position` or later, and look back no further than they did before. */
void mlk_waveform_mark(mlk_waveform *waveform, int64_t position);

/* The waveform at 1/factor of its rate, by soxr's HQ filter, times the root of factor, ceil(n / factor) samples;
 * it belongs to this one. NULL: see status. */
mlk_waveform *mlk_waveform_decimated(mlk_waveform *waveform, int factor, mlk_status *status);

#endif
