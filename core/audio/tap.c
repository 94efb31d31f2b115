#include "tap.h"

#include <stdlib.h>
#include <string.h>

static mlk_code make_room(mlk_tap *tap, int64_t frames, mlk_status *status)
{
    if (frames <= tap->room)
        return MLK_OK;
    int64_t room = frames > 2 * tap->room ? frames : 2 * tap->room;
    float *more = realloc(tap->samples, sizeof *more * (size_t)(room * tap->channels));
    if (!more)
        return mlk_fail_memory(status, "decoded samples");
    tap->samples = more;
    tap->room = room;
    return MLK_OK;
}

mlk_code mlk_tap_add(mlk_tap *tap, const float *interleaved, int64_t frames, mlk_status *status)
{
    if (tap->channels == 0 || frames == 0)
        return MLK_OK;
    mlk_code code = make_room(tap, tap->frames + frames, status);
    if (code)
        return code;
    memcpy(tap->samples + tap->frames * tap->channels, interleaved, sizeof(float) * (size_t)(frames * tap->channels));
    tap->frames += frames;
    return MLK_OK;
}

void mlk_tap_take(mlk_tap *tap, float *out)
{
    for (int channel = 0; channel < tap->channels; channel++)
        for (int64_t i = 0; i < tap->frames; i++)
            *out++ = tap->samples[i * tap->channels + channel];
    tap->frames = 0;
}

void mlk_tap_free(mlk_tap *tap)
{
    free(tap->samples);
}
