#include "promise.h"

#include <string.h>

enum { MOST_CHUNKS = 100000 }; /* more is no file of sound */

static uint64_t number(const unsigned char *bytes, int n, bool little)
{
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | bytes[little ? n - 1 - i : i];
    return value;
}

static mlk_promise whole(void)
{
    return (mlk_promise){0};
}

static mlk_promise part(const mlk_source *source, int64_t at, uint64_t length)
{
    int64_t left = mlk_source_size(source) - at;
    left = left < 0 ? 0 : left;
    if (length > INT64_MAX / 2)
        return whole();
    int64_t promised = (int64_t)length;
    return (mlk_promise){promised, promised < left ? promised : left, at + promised};
}

/* What encoders leave that cannot go back to write a length of 32 bits. */
static bool stands_in(uint64_t length)
{
    return length == 0 || length >= 0xffffff00 || length == 0x7fffffff || length == 0x7ffff000;
}

/* A chunk: a name of 4 bytes, a length of 4, filled to an even number. `before` bytes precede the sound in it. */
static mlk_promise of_chunks(const mlk_source *source, const char *wanted, int before, bool little)
{
    unsigned char chunk[36];
    uint64_t long_length = 0;
    int64_t at = 12;
    for (int i = 0; i < MOST_CHUNKS && mlk_source_peek(source, at, chunk, 8); i++) {
        uint64_t length = number(chunk + 4, 4, little);
        if (memcmp(chunk, "ds64", 4) == 0 && mlk_source_peek(source, at, chunk, 24))
            long_length = number(chunk + 16, 8, true);
        if (memcmp(chunk, wanted, 4) == 0) {
            if (long_length)
                return part(source, at + 8, long_length);
            return stands_in(length) || length < (uint64_t)before
                       ? whole()
                       : part(source, at + 8 + before, length - (uint64_t)before);
        }
        at += 8 + (int64_t)length + (int64_t)(length & 1);
    }
    return whole();
}

/* Names are GUIDs, a length of 8 bytes counts itself and the name, and is filled to 8. */
static mlk_promise of_w64(const mlk_source *source)
{
    unsigned char chunk[24];
    int64_t at = 40;
    for (int i = 0; i < MOST_CHUNKS && mlk_source_peek(source, at, chunk, 24); i++) {
        uint64_t length = number(chunk + 16, 8, true);
        if (length < 24 || length > INT64_MAX / 2)
            return whole();
        if (memcmp(chunk, "data", 4) == 0)
            return part(source, at + 24, length - 24);
        at += (int64_t)((length + 7) & ~(uint64_t)7);
    }
    return whole();
}

static mlk_promise of_caf(const mlk_source *source)
{
    unsigned char chunk[12];
    int64_t at = 8;
    for (int i = 0; i < MOST_CHUNKS && mlk_source_peek(source, at, chunk, 12); i++) {
        uint64_t length = number(chunk + 4, 8, false);
        if (memcmp(chunk, "data", 4) == 0)
            return length > 4 ? part(source, at + 16, length - 4) : whole(); /* behind a count; -1: to the end */
        if (length > INT64_MAX / 2 - (uint64_t)at)
            return whole();
        at += 12 + (int64_t)length;
    }
    return whole();
}

static mlk_promise of_au(const mlk_source *source, bool little)
{
    unsigned char head[12];
    if (!mlk_source_peek(source, 0, head, 12))
        return whole();
    uint64_t length = number(head + 8, 4, little);
    return stands_in(length) ? whole() : part(source, (int64_t)number(head + 4, 4, little), length);
}

/* An element of EBML: its name, then a length whose first bit set tells of how many bytes. */
static bool ebml_length(const mlk_source *source, int64_t *at, uint64_t *length)
{
    unsigned char bytes[8];
    if (!mlk_source_peek(source, *at, bytes, 1) || bytes[0] == 0)
        return false;
    int n = 1;
    while (!(bytes[0] & 0x80 >> (n - 1)))
        n++;
    if (!mlk_source_peek(source, *at, bytes, n))
        return false;
    bytes[0] &= (unsigned char)(0xff >> n);
    uint64_t unknown = ((uint64_t)1 << 7 * n) - 1;
    *length = number(bytes, n, false);
    *at += n;
    return *length != unknown && *length < INT64_MAX / 2;
}

static mlk_promise of_matroska(const mlk_source *source)
{
    uint64_t length;
    int64_t at = 4;
    unsigned char name[4];
    if (!ebml_length(source, &at, &length))
        return whole();
    at += (int64_t)length;
    if (!mlk_source_peek(source, at, name, 4) || memcmp(name, "\x18\x53\x80\x67", 4) != 0) /* the segment */
        return whole();
    at += 4;
    return ebml_length(source, &at, &length) ? part(source, at, length) : whole();
}

/* Objects of ASF: a GUID, a length of 8 bytes that counts both; the data object follows the header. */
static mlk_promise of_asf(const mlk_source *source)
{
    unsigned char object[24];
    int64_t at = (int64_t)(mlk_source_peek(source, 16, object, 8) ? number(object, 8, true) & INT32_MAX : 0);
    if (!mlk_source_peek(source, at, object, 24) || memcmp(object, "\x36\x26\xb2\x75\x8e\x66\xcf\x11", 8) != 0)
        return whole();
    uint64_t length = number(object + 16, 8, true);
    return length > 50 ? part(source, at, length) : whole(); /* while it is broadcast there is none */
}

static mlk_promise of_mp4(const mlk_source *source)
{
    unsigned char box[16];
    int64_t at = 0;
    for (int i = 0; i < MOST_CHUNKS && mlk_source_peek(source, at, box, 8); i++) {
        uint64_t length = number(box, 4, false);
        if (length == 1)
            length = mlk_source_peek(source, at, box, 16) ? number(box + 8, 8, false) : 0;
        if (length < 8 || length > INT64_MAX / 2 - (uint64_t)at)
            return whole(); /* 0: to the end */
        mlk_promise box_part = part(source, at, length);
        if (box_part.held < box_part.promised)
            return box_part;
        at += (int64_t)length;
    }
    return whole();
}

mlk_promise mlk_promise_of(const mlk_source *source)
{
    unsigned char head[12];
    if (!mlk_source_peek(source, 0, head, 12))
        return whole();
    bool wave = memcmp(head + 8, "WAVE", 4) == 0;
    if (wave && (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RF64", 4) == 0))
        return of_chunks(source, "data", 0, true);
    if (wave && memcmp(head, "RIFX", 4) == 0)
        return of_chunks(source, "data", 0, false);
    if (memcmp(head, "FORM", 4) == 0 && memcmp(head + 8, "AIF", 3) == 0)
        return of_chunks(source, "SSND", 8, false);
    if (memcmp(head, "riff\x2e\x91\xcf\x11", 8) == 0)
        return of_w64(source);
    if (memcmp(head, "caff", 4) == 0)
        return of_caf(source);
    if (memcmp(head, ".snd", 4) == 0 || memcmp(head, "dns.", 4) == 0)
        return of_au(source, head[0] == 'd');
    if (memcmp(head, "\x1a\x45\xdf\xa3", 4) == 0)
        return of_matroska(source);
    if (memcmp(head, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", 8) == 0)
        return of_asf(source);
    if (memcmp(head + 4, "ftyp", 4) == 0)
        return of_mp4(source);
    return whole();
}

int64_t mlk_promise_follower(const mlk_source *source)
{
    unsigned char head[12], next[12];
    mlk_promise sound = mlk_promise_of(source);
    if (sound.end == 0 || sound.held < sound.promised || !mlk_source_peek(source, 0, head, 12))
        return -1;
    bool wave = memcmp(head + 8, "WAVE", 4) == 0, aiff = memcmp(head, "FORM", 4) == 0;
    bool other = memcmp(head, "riff", 4) == 0 || memcmp(head, "caff", 4) == 0 || memcmp(head, ".snd", 4) == 0 ||
                 memcmp(head, "dns.", 4) == 0;
    if (!wave && !aiff && !other)
        return -1;
    for (int64_t at = sound.end; (at = mlk_source_find(source, at, head, 4)) >= 0; at++)
        if (mlk_source_peek(source, at, next, 12) && (!(wave || aiff) || memcmp(next + 8, head + 8, 3) == 0))
            return at;
    return -1;
}

int64_t mlk_promised_frames(const mlk_source *source, int64_t found)
{
    mlk_promise sound = mlk_promise_of(source);
    if (sound.held >= sound.promised || sound.held <= 0)
        return found;
    int64_t width = found > 0 ? sound.held / found : 0; /* bytes of a frame, where all are alike */
    if (width > 0 && sound.held / width == found)
        return sound.promised / width;
    double frames = (double)found / (double)sound.held * (double)sound.promised;
    return frames > (double)found && frames < 0x1p62 ? (int64_t)(frames + 0.5) : found;
}
