/* text.h: words that anybody may have chosen (names of files, labels), made safe to look at.
 *
 * A name may hold any byte. Printed as it is, an escape sequence clears the
 * screen, a line break forges a line of output, and a right-to-left override
 * shows another name than there is. What a person is shown therefore has
 *
 *     \n \t \r          for those three
 *     \x1b \xe9         for other control characters, and for bytes that are no UTF-8
 *     \u{202e}          for C1 controls, line separators and marks that change the direction
 *
 * in their place, as Lua and C write them. A backslash stays one, so that a
 * text that is shown twice looks as it did: this is for eyes. store/json.h has
 * the form that leads back to the bytes.
 */
#ifndef MLK_TEXT_H
#define MLK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the well-formed UTF-8 sequence at `at`, which lies before `end`; 0 when it is malformed: overlong, a
 * surrogate, above U+10FFFF, cut short. */
int mlk_utf8_sequence(const char *at, const char *end);

/* True when all of it is well-formed. */
bool mlk_utf8_valid(const char *text, size_t length);

/* Writes a text as a person may be shown it, always terminated; what does not fit in `room` bytes is cut between
 * characters. `lines`: line breaks and tabs stay, for messages of several lines. Returns the length of the whole, as
 * snprintf does. */
size_t mlk_text_show(char *out, size_t room, const char *text, size_t length, bool lines);

#ifdef __cplusplus
}
#endif

#endif
