#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int mlk_utf8_sequence(const char *text, const char *text_end)
{
    const unsigned char *at = (const unsigned char *)text, *end = (const unsigned char *)text_end;
    unsigned lead = *at;
    if (lead < 0x80)
        return 1;
    /* The number of bytes that follow, and the range of the first of them. */
    int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0xC2 || lead > 0xF4 || end - at <= following)
        return 0;
    for (int i = 1; i <= following; i++, low = 0x80, high = 0xBF)
        if (at[i] < low || at[i] > high)
            return 0;
    return following + 1;
}

char *mlk_utf8_write(char *to, unsigned code)
{
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
    int following = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)(following ? leads[following] | (code >> (6 * following)) : code);
    while (following-- > 0)
        *to++ = (char)(0x80 | ((code >> (6 * following)) & 0x3F));
    return to;
}

bool mlk_utf8_valid(const char *text, size_t length)
{
    const char *end = text + length;
    for (int step; text < end; text += step)
        if ((step = mlk_utf8_sequence(text, end)) == 0)
            return false;
    return true;
}

unsigned mlk_utf8_code(const char *at, int bytes)
{
    static const unsigned char payload[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned code = (unsigned char)at[0] & payload[bytes];
    for (int i = 1; i < bytes; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3F);
    return code;
}

/* True for U+10DC80 .. U+10DCFF, in four bytes. */
static bool is_kept(const char *at)
{
    return at[0] == '\xF4' && at[1] == '\x8D' && (at[2] == '\xB2' || at[2] == '\xB3') && (at[3] & 0xC0) == 0x80;
}

int mlk_utf8_as_is(const char *at, const char *end)
{
    int bytes = mlk_utf8_sequence(at, end);
    return bytes == 4 && is_kept(at) ? 0 : bytes;
}

char *mlk_utf8_keep(const char *text)
{
    const char *end = text + strlen(text);
    char *kept = malloc(4 * (size_t)(end - text) + 1), *to = kept;
    while (kept && text < end) {
        int bytes = mlk_utf8_as_is(text, end);
        if (bytes > 0) {
            memcpy(to, text, (size_t)bytes);
        } else {
            unsigned char c = (unsigned char)*text;
            memcpy(to, (char[]){'\xF4', '\x8D', c < 0xC0 ? '\xB2' : '\xB3', (char)(0x80 | (c & 0x3F))}, 4);
        }
        to += bytes ? bytes : 4;
        text += bytes ? bytes : 1;
    }
    if (kept)
        *to = '\0';
    return kept;
}

void mlk_utf8_restore(char *text)
{
    char *at = strchr(text, '\xF4'), *to = at;
    while (at && *at) {
        bool kept = is_kept(at);
        *to++ = kept ? (char)((at[2] == '\xB3' ? 0xC0 : 0x80) | (at[3] & 0x3F)) : *at;
        at += kept ? 4 : 1;
    }
    if (to)
        *to = '\0';
}

bool mlk_text_is_control(unsigned code)
{
    static const struct {
        unsigned first, last;
    } ranges[] = {
        {0, 0x1F},        {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},   {0x2028, 0x202E},
        {0x2066, 0x2069}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* The text to show for the character of `bytes` bytes at `at` (0: one malformed byte), or NULL: it stays. */
static const char *escape_of(const char *at, int bytes, bool lines, char room[16])
{
    unsigned char c = (unsigned char)*at;
    if (bytes == 1 && lines && (c == '\n' || c == '\t'))
        return NULL;
    if (bytes == 1 && (c == '\n' || c == '\t' || c == '\r'))
        return c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    if (bytes > 0 && !mlk_text_is_control(mlk_utf8_code(at, bytes)))
        return NULL;
    if (bytes <= 1)
        snprintf(room, 16, "\\x%02x", c);
    else
        snprintf(room, 16, "\\u{%x}", mlk_utf8_code(at, bytes));
    return room;
}

size_t mlk_text_show(char *out, size_t room, const char *text, size_t length, bool lines)
{
    const char *end = text + length;
    size_t whole = 0, written = 0;
    bool fits = true;
    while (text < end) {
        char escape[16];
        int bytes = mlk_utf8_sequence(text, end);
        const char *shown = escape_of(text, bytes, lines, escape);
        size_t step = shown ? strlen(shown) : (size_t)bytes;
        fits = fits && written + step < room;
        if (fits) {
            memcpy(out + written, shown ? shown : text, step);
            written += step;
        }
        whole += step;
        text += bytes ? bytes : 1;
    }
    if (room > 0)
        out[written] = '\0';
    return whole;
}
