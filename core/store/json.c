#include "store/json.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

void mlk_json_write_string(FILE *out, const char *text)
{
    static const char lettered[] = {'"', '\\', '\n', '\r', '\t'};
    const char *at = text, *end = text + strlen(text);
    putc('"', out);
    while (at < end) {
        int step = mlk_utf8_as_is(at, end);
        unsigned char c = (unsigned char)*at;
        const char *letter = memchr(lettered, c, sizeof lettered);
        if (letter)
            fprintf(out, "\\%c", "\"\\nrt"[letter - lettered]);
        else if (step == 0)
            fprintf(out, "\\udbf7\\udc%02x", c);
        else if (mlk_text_is_control(mlk_utf8_code(at, step)) && step < 4)
            fprintf(out, "\\u%04x", mlk_utf8_code(at, step));
        else
            fwrite(at, 1, (size_t)step, out);
        at += step ? step : 1;
    }
    putc('"', out);
}

void mlk_json_write_strings(FILE *out, const char *const *texts, int64_t n)
{
    putc('[', out);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0)
            putc(',', out);
        mlk_json_write_string(out, texts[i]);
    }
    putc(']', out);
}

static void skip_space(mlk_json *json)
{
    while (json->at < json->end && strchr(" \t\r\n", *json->at) && *json->at)
        json->at++;
}

bool mlk_json_at_end(mlk_json *json)
{
    skip_space(json);
    return json->at == json->end;
}

bool mlk_json_take(mlk_json *json, char character)
{
    skip_space(json);
    if (json->at == json->end || *json->at != character)
        return false;
    json->at++;
    return true;
}

/* Four hexadecimal digits at json->at, or -1. */
static long hex4(mlk_json *json)
{
    long value = 0;
    if (json->end - json->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = *json->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The code point of the escape after a backslash, or -1. */
static long escape(mlk_json *json)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end)
        return -1;
    char c = *json->at++;
    if (c != 'u') {
        const char *found = c ? strchr(letters, c) : NULL;
        return found ? meanings[found - letters] : -1;
    }
    long high = hex4(json);
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    /* The two halves of a code point above U+FFFF. */
    if (high > 0xDBFF || json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
        return -1;
    json->at += 2;
    long low = hex4(json);
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* The place of the quote that closes the string whose content begins at json->at. */
static const char *find_close(const mlk_json *json)
{
    const char *close = json->at;
    while (close < json->end && *close != '"')
        close += *close == '\\' && json->end - close > 1 ? 2 : 1;
    return close < json->end ? close : NULL;
}

/* Decodes what lies before `close`; decoded text is never longer than its JSON form. */
static mlk_code decode(mlk_json *json, const char *close, char *out, size_t *length, mlk_status *status)
{
    char *to = out;
    while (json->at < close) {
        unsigned char c = (unsigned char)*json->at++;
        long code = c == '\\' ? escape(json) : c;
        if (code <= 0 || (c < 0x20))
            return mlk_fail(status, MLK_INVALID, "not JSON: a string holds %s",
                            code == 0 && c == '\\' ? "U+0000, which no name may"
                            : c == '\\'            ? "an escape that does not exist"
                                                   : "a control character");
        if (c == '\\')
            to = mlk_utf8_write(to, (unsigned)code);
        else
            *to++ = (char)c;
    }
    json->at++; /* the closing quote */
    *to = '\0';
    mlk_utf8_restore(out);
    *length = strlen(out);
    return MLK_OK;
}

static mlk_code open_string(mlk_json *json, const char **close, mlk_status *status)
{
    if (!mlk_json_take(json, '"'))
        return mlk_fail(status, MLK_INVALID, "not JSON: a string was expected");
    *close = find_close(json);
    return *close ? MLK_OK : mlk_fail(status, MLK_INVALID, "not JSON: a string does not end");
}

mlk_code mlk_json_decode(mlk_json *json, char *to, size_t *length, mlk_status *status)
{
    const char *close;
    mlk_code code = open_string(json, &close, status);
    return code ? code : decode(json, close, to, length, status);
}

mlk_code mlk_json_string(mlk_json *json, char **text, mlk_status *status)
{
    const char *close;
    size_t length;
    *text = NULL;
    if (open_string(json, &close, status))
        return status->code;
    char *out = malloc((size_t)(close - json->at) + 1);
    if (!out)
        return mlk_fail_memory(status, "a string of the header");
    if (decode(json, close, out, &length, status)) {
        free(out);
        return status->code;
    }
    *text = out;
    return MLK_OK;
}

mlk_code mlk_json_count(mlk_json *json, int64_t *value, mlk_status *status)
{
    skip_space(json);
    const char *first = json->at;
    int64_t sum = 0;
    bool fits = true;
    for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++)
        fits = fits && !__builtin_mul_overflow(sum, 10, &sum) && !__builtin_add_overflow(sum, *json->at - '0', &sum);
    ptrdiff_t digits = json->at - first;
    bool whole = json->at == json->end || !*json->at || !strchr(".eE-+", *json->at);
    if (digits == 0 || !whole || (digits > 1 && *first == '0') || !fits)
        return mlk_fail(status, MLK_INVALID, "not an integer 0..2^63-1: '%.*s'",
                        (int)(json->end - first < 24 ? json->end - first : 24), first);
    *value = sum;
    return MLK_OK;
}
