/* channels.h: the five sockets between a kernel and who uses it.
 *
 * One thread owns them all. What comes in is checked and laid into mailboxes; what
 * goes out is taken from one. So the heart beats, and interrupts, shutdowns and
 * questions about the kernel are answered, while the thread that runs Lua is
 * busy. A shutdown that Lua does not heed ends the process after two seconds, and so
 * does the end of the program that started the kernel (JPY_PARENT_PID).
 *
 * The other end, which tests use, is the same with the sockets turned round.
 */
#ifndef MLK_KERNEL_CHANNELS_H
#define MLK_KERNEL_CHANNELS_H

#include "kernel/message.h"
#include "kernel/wire.h"

#include <stdbool.h>

/* Where the sockets are: what a connection file says. */
typedef struct mlk_connection {
    const char *transport, *ip; /* "tcp", "127.0.0.1"; "ipc": the beginning of files' names */
    int ports[MLK_CHANNELS];
    mlk_bytes key;
    bool client; /* the other end */
} mlk_connection;

typedef struct mlk_channels mlk_channels;

/* "shell", "control" …, NULL at the end. */
extern const char *const mlk_channel_names[];

mlk_code mlk_channels_open(const mlk_connection *connection, mlk_channels **channels, mlk_status *status);

/* Sends what is still to be sent, for a second at most, and closes. */
void mlk_channels_close(mlk_channels *channels);

/* What is answered to a question about the kernel that comes while Lua is busy: JSON. Before it is given such
 * questions wait. */
mlk_code mlk_channels_describe(mlk_channels *channels, mlk_bytes kernel_info, mlk_status *status);

/* From here on, what the process prints is sent as output of the message with this header; empty: of none. */
mlk_code mlk_channels_output_of(mlk_channels *channels, mlk_bytes header, mlk_status *status);

/* Sends all that was printed until now. */
void mlk_channels_flush(mlk_channels *channels);

/* Sends a message; before it, on the kernel's side, what was printed. */
mlk_code mlk_channels_send(mlk_channels *channels, const mlk_outgoing *outgoing, mlk_status *status);

/* Sends frames as they are, signed or not. */
mlk_code mlk_channels_send_frames(mlk_channels *channels, mlk_channel channel, const mlk_bytes *frames, size_t n,
                                  mlk_status *status);

/* The next message of some channels (a bit each), which the caller frees. NULL: none came in time, or the user asked to
 * stop. */
mlk_message *mlk_channels_wait(mlk_channels *channels, unsigned wanted, double seconds);

/* True once somebody has asked the kernel to end. */
bool mlk_channels_ending(mlk_channels *channels);

#endif
