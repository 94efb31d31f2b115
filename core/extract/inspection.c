#include "extract/inspection.h"

#include "audio/audio.h"
#include "interrupt.h"

#include <stdlib.h>
#include <string.h>

mlk_inspection *mlk_inspection_new(char **paths, int n, mlk_inspection_depth depth, mlk_status *status)
{
    mlk_inspection *made = malloc(sizeof *made);
    mlk_inspection filled = {.n = n, .paths = paths, .depth = depth, .channel = MLK_CHANNELS_MIXED,
                             .found = calloc((size_t)n + 1, sizeof *filled.found)};
    if (made && filled.found) {
        *made = filled;
        return made;
    }
    free(filled.found);
    free(made);
    for (int i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    mlk_fail_memory(status, "an inspection");
    return NULL;
}

void mlk_inspection_free(mlk_inspection *inspection)
{
    if (!inspection)
        return;
    for (int i = 0; i < inspection->n; i++)
        free(inspection->paths[i]);
    free(inspection->paths);
    free(inspection->found);
    free(inspection);
}

/* Decodes to the end; every damaged frame and every NaN is found on the way. */
static mlk_code count_frames(const mlk_inspection *self, int index, int64_t *frames, mlk_status *status)
{
    enum { BLOCK = 1 << 15 };
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = 0;
    options.channel = self->channel;
    options.keep_partial = self->keep_partial;
    mlk_audio_reader *reader;
    if (mlk_audio_reader_open(self->paths[index], &options, &reader, status))
        return status->code;
    float *block = malloc(BLOCK * sizeof *block);
    mlk_code code = block ? MLK_OK : mlk_fail_memory(status, "a block of sound");
    int64_t got = BLOCK;
    for (*frames = 0; !code && got == BLOCK; *frames += code ? 0 : got) {
        code = mlk_audio_reader_read(reader, &block, BLOCK, &got, status);
        if (!code && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(block);
    self->found[index].notes = *mlk_audio_reader_notes(reader);
    mlk_audio_reader_free(reader);
    return code;
}

mlk_code mlk_inspection_work(void *inspection, int index, mlk_status *status)
{
    mlk_inspection *self = inspection;
    mlk_inspected *found = &self->found[index];
    const char *path = self->paths[index];
    mlk_audio_info info;
    if (mlk_audio_probe(path, &info, status))
        return status->code;
    int64_t frames = info.frames; /* unknown for some streams: then they are decoded */
    if ((frames < 0 || self->depth == MLK_INSPECT_SOUND) && count_frames(self, index, &frames, status))
        return status->code;
    if (frames == 0)
        return mlk_fail(status, MLK_INVALID, "%s: there is no sound in it", path);
    found->rate = info.rate;
    found->channels = info.channels;
    found->seconds = (double)frames / info.rate;
    return self->depth == MLK_INSPECT_HEADER ? MLK_OK : mlk_hash_file(path, found->hash, status);
}
