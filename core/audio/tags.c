#include "tags.h"

#include "text.h"

#include <string.h>

const char *const mlk_tag_names[] = {"title", "artist", "album", "album_artist", "genre", "date",
                                     "track", "disc",   "composer", "comment",   NULL};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void mlk_tags_set(mlk_audio_tags *tags, mlk_tag tag, const char *text, size_t length)
{
    char *to = tags->text[tag], *last = to + MLK_TAG_SIZE - 1;
    if (*to || !text)
        return;
    length = strnlen(text, length); /* ID3 joins several values with zeros: the first counts */
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    for (; length > 0 && is_blank(*text); length--)
        text++;
    const char *end = text + length;
    bool is_utf8 = mlk_utf8_valid(text, length);
    while (text < end) {
        char character[4];
        int bytes = is_utf8 ? mlk_utf8_sequence(text, end) : 1;
        if (is_utf8)
            memcpy(character, text, (size_t)bytes);
        int written = is_utf8 ? bytes : (int)(mlk_utf8_write(character, (unsigned char)*text) - character);
        if (to + written > last)
            break;
        memcpy(to, character, (size_t)written);
        to += written;
        text += bytes;
    }
    *to = 0;
}
