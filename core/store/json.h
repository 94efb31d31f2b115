/* json.h: writes strings, and reads JSON of a known form, piece by piece, straight from bytes.
 *
 * There is no tree: the caller asks for what must come next, so nothing nests
 * deeper than the caller's own code. Strict as RFC 8259; the caller has
 * checked the text with mlk_utf8_valid (text.h).
 *
 * Strings may hold any bytes, as names of files do. Bytes that are no UTF-8 are
 * kept as text.h says ("\udbf7\udce9" for the byte E9) and come back as they were.
 * moonlark.base.json does the same.
 *
 *     mlk_json json = {text, text + length};
 *     if (!mlk_json_take(&json, '{')) ...
 */
#ifndef MLK_JSON_H
#define MLK_JSON_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct mlk_json {
    const char *at, *end;
} mlk_json;

/* Skips white space; true when that was all. */
bool mlk_json_at_end(mlk_json *json);

/* Skips white space, and the character if it comes next. */
bool mlk_json_take(mlk_json *json, char character);

/* The next string, decoded to the bytes that it was written from, in *text (free it). One that contains U+0000 is
 * refused. */
mlk_code mlk_json_string(mlk_json *json, char **text, mlk_status *status);

/* The same, decoded to `to`, which has room for as many bytes as the string takes in JSON, its quotes among them: it
 * may be where the string stands. A zero byte follows the `length` bytes. */
mlk_code mlk_json_decode(mlk_json *json, char *to, size_t *length, mlk_status *status);

/* The next number, which must be an integer 0..2^63-1 written in digits alone. */
mlk_code mlk_json_count(mlk_json *json, int64_t *value, mlk_status *status);

/* Writes any bytes as a JSON string: see above. */
void mlk_json_write_string(FILE *out, const char *text);

/* Writes a list of texts as a JSON array. */
void mlk_json_write_strings(FILE *out, const char *const *texts, int64_t n);

#endif
