#include "extract/bundle.h"

#include <stdlib.h>
#include <string.h>

/* The block: `count`, then a record for each array, then the arrays, each at a multiple of 8, then the notes, if there
 * are any. */
typedef struct record {
    int64_t rows, frames, dtype;
    double rate, start;
} record;

static size_t array_bytes(const mlk_feature_shape *shape)
{
    size_t bytes = (size_t)shape->rows * (size_t)shape->frames * mlk_dtype_size(shape->dtype);
    return (bytes + 7) & ~(size_t)7;
}

static void place(mlk_bundle *bundle)
{
    unsigned char *at = bundle->memory + sizeof(int64_t) + (size_t)bundle->count * sizeof(record);
    for (int i = 0; i < bundle->count; i++) {
        bundle->data[i] = at;
        at += array_bytes(&bundle->shapes[i]);
    }
    bundle->notes = at < bundle->memory + bundle->size ? (const mlk_audio_notes *)at : NULL;
}

mlk_bundle *mlk_bundle_new(int count, const mlk_feature_shape *shapes, mlk_status *status)
{
    mlk_bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle) {
        mlk_fail_memory(status, "a track's features");
        return NULL;
    }
    bundle->count = count;
    bundle->size = sizeof(int64_t) + (size_t)count * sizeof(record);
    for (int i = 0; i < count; i++) {
        bundle->shapes[i] = shapes[i];
        bundle->size += array_bytes(&shapes[i]);
    }
    bundle->memory = malloc(bundle->size);
    if (!bundle->memory) {
        mlk_fail(status, MLK_MEMORY, "not enough memory for a track's features (%zu bytes)", bundle->size);
        free(bundle);
        return NULL;
    }
    int64_t header = count;
    memcpy(bundle->memory, &header, sizeof header);
    record *records = (record *)(bundle->memory + sizeof header);
    for (int i = 0; i < count; i++)
        records[i] = (record){shapes[i].rows, shapes[i].frames, shapes[i].dtype, shapes[i].rate, shapes[i].start};
    place(bundle);
    for (int i = 0; i < count; i++) { /* no stray bytes after an array of odd length */
        size_t padded = array_bytes(&shapes[i]);
        if (padded)
            memset((unsigned char *)bundle->data[i] + padded - 8, 0, 8);
    }
    return bundle;
}

mlk_code mlk_bundle_annotate(mlk_bundle *bundle, const mlk_audio_notes *notes, mlk_status *status)
{
    if (!notes->partial[0] && !notes->warning[0])
        return MLK_OK;
    unsigned char *grown = realloc(bundle->memory, bundle->size + sizeof *notes);
    if (!grown)
        return mlk_fail_memory(status, "a track's features");
    memcpy(grown + bundle->size, notes, sizeof *notes);
    bundle->memory = grown;
    bundle->size += sizeof *notes;
    place(bundle);
    return MLK_OK;
}

static bool is_line(const char *text, size_t room)
{
    return memchr(text, '\0', room) != NULL;
}

/* Fills count and shapes from the block; false when it does not describe itself. */
static bool parse(mlk_bundle *bundle)
{
    int64_t count;
    if (bundle->size < sizeof count)
        return false;
    memcpy(&count, bundle->memory, sizeof count);
    if (count < 0 || count > MLK_MAX_FEATURES || bundle->size < sizeof count + (size_t)count * sizeof(record))
        return false;
    bundle->count = (int)count;
    const record *records = (const record *)(bundle->memory + sizeof count);
    size_t left = bundle->size - sizeof count - (size_t)count * sizeof(record);
    for (int i = 0; i < bundle->count; i++) {
        record r = records[i];
        if ((r.dtype != MLK_FLOAT32 && r.dtype != MLK_COMPLEX64) || r.rows < 0 || r.frames < 0 ||
            (r.frames > 0 && (uint64_t)r.rows > left / 4 / (uint64_t)r.frames))
            return false;
        bundle->shapes[i] = (mlk_feature_shape){.rows = r.rows, .frames = r.frames, .dtype = (mlk_dtype)r.dtype,
                                                .rate = r.rate, .start = r.start};
        size_t bytes = array_bytes(&bundle->shapes[i]);
        if (bytes > left)
            return false;
        left -= bytes;
    }
    if (left == 0)
        return true;
    const mlk_audio_notes *notes = (const mlk_audio_notes *)(bundle->memory + bundle->size - left);
    return left == sizeof *notes && is_line(notes->partial, sizeof notes->partial) &&
           is_line(notes->warning, sizeof notes->warning);
}

mlk_bundle *mlk_bundle_adopt(unsigned char *memory, size_t size)
{
    mlk_bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle) {
        free(memory);
        return NULL;
    }
    bundle->memory = memory;
    bundle->size = size;
    if (!parse(bundle)) {
        mlk_bundle_free(bundle);
        return NULL;
    }
    place(bundle);
    return bundle;
}

void mlk_bundle_free(mlk_bundle *bundle)
{
    if (bundle)
        free(bundle->memory);
    free(bundle);
}
