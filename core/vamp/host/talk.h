/* talk.h: the host's side of the socket. Whatever cannot be told ends the process: nobody listens any more. */
#ifndef MLK_VAMP_TALK_H
#define MLK_VAMP_TALK_H

#include "vamp/message.h"

#include <stddef.h>

/* Sends a message: its head, with n_values and text_size filled in, `values`, `text` (NULL: none). */
void mlk_vamp_tell(mlk_vamp_message head, const float *values, const char *text);

/* Says why nothing comes of it, and ends the process. */
_Noreturn void mlk_vamp_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads up to `bytes`; fewer are the last. */
size_t mlk_vamp_hear(void *to, size_t bytes);

#endif
