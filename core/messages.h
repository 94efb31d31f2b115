/* messages.h: whole messages over a stream between two processes.
 *
 * A message is four bytes that say how long it is, least significant first, and so many bytes. Nothing here waits, where
 * the descriptor does not block: what cannot be sent yet is kept, and what has come by halves, too.
 *
 *     mlk_messages messages;
 *     mlk_messages_begin(&messages, socket);
 *     mlk_messages_put(&messages, text, size, &status);
 *     mlk_messages_send(&messages);
 *     ... poll ...
 *     mlk_messages_receive(&messages, &status);
 *     mlk_messages_take(&messages, &text, &size, &status);        text is NULL where none is whole
 */
#ifndef MLK_MESSAGES_H
#define MLK_MESSAGES_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

enum { MLK_MESSAGES_LONGEST = 1 << 28 }; /* bytes of one message */

typedef struct mlk_bytes {
    char *data;
    size_t first, size, room; /* what waits lies from first on */
} mlk_bytes;

typedef struct mlk_messages {
    int descriptor;      /* the caller's */
    bool closed;         /* the other side has gone */
    mlk_bytes in, out;
} mlk_messages;

void mlk_messages_begin(mlk_messages *messages, int descriptor);
void mlk_messages_clear(mlk_messages *messages);

/* Adds a message to what is to be sent. MLK_INVALID: it is too long. */
mlk_code mlk_messages_put(mlk_messages *messages, const void *data, size_t size, mlk_status *status);

/* Sends what can be sent; true when nothing waits. A side that has gone gets nothing. */
bool mlk_messages_send(mlk_messages *messages);

/* Reads what has come; of who writes without end no more than 16 MiB a call. */
mlk_code mlk_messages_receive(mlk_messages *messages, mlk_status *status);

/* The next message that is whole, or NULL; it lives until the next call of any of these. MLK_INVALID: what has come is
 * none. */
mlk_code mlk_messages_take(mlk_messages *messages, const char **data, size_t *size, mlk_status *status);

/* All bytes that have come, of a stream that has no messages. */
const char *mlk_messages_rest(const mlk_messages *messages, size_t *size);

#endif
