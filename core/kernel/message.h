/* message.h: messages of several frames, and lists of them that threads share. */
#ifndef MLK_KERNEL_MESSAGE_H
#define MLK_KERNEL_MESSAGE_H

#include "kernel/hmac.h"
#include "status.h"

#include <pthread.h>
#include <stddef.h>

typedef enum mlk_channel { MLK_SHELL, MLK_CONTROL, MLK_STDIN, MLK_IOPUB, MLK_HEARTBEAT, MLK_CHANNELS } mlk_channel;

/* What a signed message holds: views of its frames (wire.h). */
typedef struct mlk_wire {
    size_t identities; /* frames that say who asked */
    mlk_bytes header, parent, metadata, content;
    size_t first_buffer; /* the frames from here on */
} mlk_wire;

typedef struct mlk_message {
    struct mlk_message *next;
    mlk_channel channel;
    double arrived_s; /* on the clock that never jumps */
    size_t count, room;
    mlk_bytes *frames; /* owned */
    mlk_wire wire;
} mlk_message;

mlk_message *mlk_message_new(mlk_channel channel, mlk_status *status);
void mlk_message_free(mlk_message *message);

/* Adds a copy of the bytes. */
mlk_code mlk_message_add(mlk_message *message, const void *bytes, size_t size, mlk_status *status);

/* A list that one thread fills and another empties. The descriptor can be read from while it is not empty. */
typedef struct mlk_mailbox {
    pthread_mutex_t lock;
    mlk_message *first, **last;
    size_t count;
    int descriptor;
} mlk_mailbox;

mlk_code mlk_mailbox_open(mlk_mailbox *box, mlk_status *status);
void mlk_mailbox_close(mlk_mailbox *box);

/* Puts a message at the end, which then is the box's. */
void mlk_mailbox_put(mlk_mailbox *box, mlk_message *message);

/* Takes the first message; NULL: there is none. */
mlk_message *mlk_mailbox_take(mlk_mailbox *box);

size_t mlk_mailbox_count(mlk_mailbox *box);

#endif
