#include "wave.h"

#include <stdbool.h>
#include <string.h>

enum { IEEE_FLOAT = 3 };

/* A place in the head, which moves on as it is filled. */
static void put_text(unsigned char **at, const char *text)
{
    memcpy(*at, text, 4);
    *at += 4;
}

static void put(unsigned char **at, int bytes, uint64_t value)
{
    for (int i = 0; i < bytes; i++, value >>= 8)
        *(*at)++ = (unsigned char)value;
}

void mlk_wave_head(unsigned char head[MLK_WAVE_HEAD], int rate, int channels, int64_t frames)
{
    uint64_t frame_bytes = 4 * (uint64_t)channels, data = frame_bytes * (uint64_t)frames;
    uint64_t riff = data + MLK_WAVE_HEAD - 8;
    bool wide = riff >= UINT32_MAX;
    unsigned char *at = head;
    put_text(&at, wide ? "RF64" : "RIFF");
    put(&at, 4, wide ? UINT32_MAX : riff);
    put_text(&at, "WAVE");

    put_text(&at, wide ? "ds64" : "JUNK");
    put(&at, 4, 28);
    put(&at, 8, wide ? riff : 0);
    put(&at, 8, wide ? data : 0);
    put(&at, 8, wide ? (uint64_t)frames : 0);
    put(&at, 4, 0);

    put_text(&at, "fmt ");
    put(&at, 4, 18);
    put(&at, 2, IEEE_FLOAT);
    put(&at, 2, (uint64_t)channels);
    put(&at, 4, (uint64_t)rate);
    put(&at, 4, (uint64_t)rate * frame_bytes);
    put(&at, 2, frame_bytes);
    put(&at, 2, 32);
    put(&at, 2, 0);

    put_text(&at, "fact");
    put(&at, 4, 4);
    put(&at, 4, wide ? UINT32_MAX : (uint64_t)frames);
    put_text(&at, "data");
    put(&at, 4, wide ? UINT32_MAX : data);
}
