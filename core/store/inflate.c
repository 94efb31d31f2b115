#include "store/inflate.h"

#include "interrupt.h"

#include <zlib.h>

/* zlib's last answer, and what it left of the input and of the room. */
static int run(mlk_inflate_form form, const void *from, uint64_t *in, void *to, uint64_t *out)
{
    enum { STEP = 1 << 30 }; /* zlib counts in 32 bits */
    z_stream stream = {0};
    int result = inflateInit2(&stream, form == MLK_INFLATE_RAW ? -MAX_WBITS : MAX_WBITS);
    if (result != Z_OK)
        return result;
    stream.next_in = (unsigned char *)from;
    stream.next_out = to;
    while (result == Z_OK && !mlk_interrupted()) {
        unsigned in_step = *in < STEP ? (unsigned)*in : STEP, out_step = *out < STEP ? (unsigned)*out : STEP;
        stream.avail_in = in_step;
        stream.avail_out = out_step;
        result = inflate(&stream, Z_NO_FLUSH);
        *in -= in_step - stream.avail_in;
        *out -= out_step - stream.avail_out;
    }
    inflateEnd(&stream);
    return result;
}

bool mlk_inflate(mlk_inflate_form form, const void *from, uint64_t packed, void *to, uint64_t size)
{
    return run(form, from, &packed, to, &size) == Z_STREAM_END && packed == 0 && size == 0;
}

bool mlk_inflate_start(mlk_inflate_form form, const void *from, uint64_t packed, void *to, uint64_t size)
{
    int result = run(form, from, &packed, to, &size);
    return size == 0 && (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
}
