#include "ogg.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_STREAMS = 65536, BEGINS = 2 /* the flag of a stream's first page */ };

static mlk_code append(mlk_ogg *ogg, const mlk_source *source, int64_t begin, mlk_status *status)
{
    if (ogg->count == MOST_STREAMS)
        return mlk_fail(status, MLK_INVALID, "%s: more than %d streams one behind another", source->path, MOST_STREAMS);
    mlk_source *grown = realloc(ogg->streams, sizeof *grown * (size_t)(ogg->count + 1));
    if (!grown)
        return mlk_fail_memory(status, "the streams of an Ogg file");
    ogg->streams = grown;
    if (ogg->count > 0)
        grown[ogg->count - 1].end = source->begin + begin;
    grown[ogg->count] = *source;
    grown[ogg->count].begin = source->begin + begin;
    ogg->count++;
    return MLK_OK;
}

mlk_code mlk_ogg_split(const mlk_source *source, mlk_ogg *ogg, mlk_status *status)
{
    *ogg = (mlk_ogg){0};
    unsigned char head[27 + 255];
    if (!mlk_source_peek(source, 0, head, 4) || memcmp(head, "OggS", 4) != 0)
        return MLK_OK;
    bool beginning = false; /* the page before begins a stream: a group of such pages belongs together */
    int64_t at = 0, size = mlk_source_size(source);
    while (at >= 0 && at < size) {
        if (!mlk_source_peek(source, at, head, 27) || memcmp(head, "OggS", 4) != 0) {
            int64_t next = mlk_source_find(source, at + 1, "OggS", 5); /* with the version, 0 */
            ogg->cut = ogg->cut || (next < 0 && at + 27 > size);
            at = next;
            continue;
        }
        int segments = head[26];
        int64_t length = 27 + segments;
        if (!mlk_source_peek(source, at + 27, head + 27, segments)) {
            ogg->cut = true;
            break;
        }
        for (int i = 0; i < segments; i++)
            length += head[27 + i];
        bool begins = head[5] & BEGINS;
        if (begins && !beginning) {
            mlk_code code = append(ogg, source, at, status);
            if (code) {
                mlk_ogg_free(ogg);
                return code;
            }
        }
        beginning = begins;
        ogg->cut = at + length > size;
        at += length;
    }
    return MLK_OK;
}

void mlk_ogg_free(mlk_ogg *ogg)
{
    free(ogg->streams);
    *ogg = (mlk_ogg){0};
}
