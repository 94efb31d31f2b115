/* message.h: what the host of a plugin tells Moonlark over the socket between them.
 *
 * A message is this head, `n_values` floats, `text_size` bytes. Moonlark sends nothing but the samples, channels
 * interleaved, and closes its side after the last.
 */
#ifndef MLK_VAMP_MESSAGE_H
#define MLK_VAMP_MESSAGE_H

#include <stdint.h>

enum { MLK_VAMP_SOCKET = 3 }; /* the descriptor on the host's side */

typedef enum mlk_vamp_kind {
    MLK_VAMP_ABOUT = 1, /* text: JSON, of a plugin or of an output */
    MLK_VAMP_RESULT,    /* values, and a label as text */
    MLK_VAMP_FAILURE,   /* text: why; nothing follows */
    MLK_VAMP_END,       /* all is told */
} mlk_vamp_kind;

enum { MLK_VAMP_MOST_VALUES = 1 << 22, MLK_VAMP_MOST_TEXT = 1 << 22 };

#define MLK_VAMP_NO_DURATION INT64_MIN

typedef struct mlk_vamp_message {
    uint32_t kind, n_values, text_size, reserved;
    int64_t time_ns, duration_ns; /* of results */
} mlk_vamp_message;

#endif
