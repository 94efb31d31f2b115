#include "store/text_file.h"

#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD };

static unsigned unit(const unsigned char *at, bool big)
{
    return big ? at[0] << 8 | at[1] : at[1] << 8 | at[0];
}

/* UTF-16 after its mark; half of a pair alone becomes the replacement character. */
static mlk_code decode_utf16(const unsigned char *at, size_t size, bool big, mlk_text_file *text, mlk_status *status)
{
    if (size % 2 != 0)
        return mlk_fail(status, MLK_INVALID, "UTF-16 text of an odd number of bytes: it is cut short");
    char *to = malloc(size / 2 * 3 + 1); /* a unit takes 3 bytes at most */
    if (!to)
        return mlk_fail_memory(status, "a text");
    *text = (mlk_text_file){.at = to, .owned = to};
    for (const unsigned char *end = at + size; at < end; at += 2) {
        unsigned code = unit(at, big);
        unsigned low = end - at >= 4 ? unit(at + 2, big) : 0;
        if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        } else if (code >= 0xD800 && code < 0xE000) {
            code = REPLACEMENT;
        }
        to = mlk_utf8_write(to, code);
    }
    text->end = to;
    return MLK_OK;
}

static mlk_code refuse_zero(const mlk_text_file *text, mlk_status *status)
{
    const char *zero = memchr(text->at, 0, (size_t)(text->end - text->at));
    size_t line = 1;
    for (const char *at = text->at; zero && at < zero; at++)
        line += *at == '\n';
    return zero ? mlk_fail(status, MLK_INVALID,
                           "line %zu: a zero byte: this is no text, or UTF-16 without its byte-order mark", line)
                : MLK_OK;
}

mlk_code mlk_text_file_decode(unsigned char *bytes, size_t size, mlk_text_file *text, mlk_status *status)
{
    static char nothing[1];
    *text = (mlk_text_file){.at = nothing, .end = nothing};
    mlk_code code = MLK_OK;
    if (size >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF))) {
        code = decode_utf16(bytes + 2, size - 2, bytes[0] == 0xFE, text, status);
    } else if (size > 0) {
        size_t mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        text->at = (char *)bytes + mark;
        text->end = (char *)bytes + size;
    }
    if (!code)
        code = refuse_zero(text, status);
    if (code)
        mlk_text_file_close(text);
    return code;
}

mlk_code mlk_text_file_open(const char *path, mlk_text_file *text, mlk_status *status)
{
    mlk_file file;
    *text = (mlk_text_file){0};
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = mlk_text_file_decode(file.bytes, file.size, text, status);
    if (code) {
        mlk_file_close(&file);
        mlk_file_blame(path, status);
        return code;
    }
    text->file = file;
    return MLK_OK;
}

void mlk_text_file_close(mlk_text_file *text)
{
    free(text->owned);
    mlk_file_close(&text->file);
    *text = (mlk_text_file){0};
}
