/* text.h: words that anybody may have chosen (names of files, labels), made safe to look at.
 *
 * A name may hold any byte. Printed as it is, an escape sequence clears the
 * screen, a line break forges a line of output, and a right-to-left override
 * shows another name than there is. A person is therefore shown
 *
 *     \n \t \r          for those three
 *     \x1b \xe9         for other control characters, and for bytes that are no UTF-8
 *     \u{202e}          for C1 controls, line separators and marks that change the direction
 *
 * in their place, as Lua and C write them. A backslash stays as it is, so a text
 * that passes through here twice looks the same: it is for eyes, not for parsers.
 *
 * Files that hold Unicode alone (JSON, safetensors, HDF5) keep the bytes. A byte
 * 80 .. FF that is no UTF-8 is the code point U+10DC00 + byte in them, of the
 * private plane 16: in JSON "\udbf7\udc80" .. "\udbf7\udcff", which every parser
 * reads. When a name itself holds one of those code points, each of its four
 * bytes is kept in this way. So any name comes back to the byte. (Python's
 * surrogateescape is the same without the "\udbf7".)
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

/* The code point of a well-formed sequence of `bytes` bytes. */
unsigned mlk_utf8_code(const char *at, int bytes);

/* Writes a code point, 1 to 4 bytes, and returns the place after it. */
char *mlk_utf8_write(char *to, unsigned code);

/* True when all of it is well-formed. */
bool mlk_utf8_valid(const char *text, size_t length);

/* Like mlk_utf8_sequence, for what may be written as it is: also 0 for a code point that stands for a kept byte. */
int mlk_utf8_as_is(const char *at, const char *end);

/* A copy with its odd bytes kept in code points (free it); NULL when memory is short. */
char *mlk_utf8_keep(const char *text);

/* Turns kept bytes back, in place. */
void mlk_utf8_restore(char *text);

/* True for code points that move, hide or turn other text: C0 and C1 controls, DEL, direction marks, line separators,
 * the byte-order mark, invisible tags. */
bool mlk_text_is_control(unsigned code);

/* Writes a text as a person may be shown it, always terminated. It is cut between characters where `room` bytes are
 * too few. `lines`: line breaks and tabs stay, for messages of several lines. Returns the length of the whole, as
 * snprintf does. */
size_t mlk_text_show(char *out, size_t room, const char *text, size_t length, bool lines);

#ifdef __cplusplus
}
#endif

#endif
