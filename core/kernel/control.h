/* control.h: what is answered by the sockets' own thread, whatever Lua does: interrupts, shutdowns, questions about the
 * kernel. And when the process has to end. */
#ifndef MLK_KERNEL_CONTROL_H
#define MLK_KERNEL_CONTROL_H

#include "kernel/message.h"
#include "kernel/wire.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct mlk_control {
    const mlk_signer *signer;
    pthread_mutex_t lock; /* of `info` */
    char *info;           /* content of a kernel_info_reply, or NULL */
    pid_t parent;         /* who started us and must not be outlived; 0: nobody */
    atomic_bool ending;
    double since_s; /* when the end was asked for */
} mlk_control;

void mlk_control_open(mlk_control *control, const mlk_signer *signer);
void mlk_control_close(mlk_control *control);

mlk_code mlk_control_describe(mlk_control *control, mlk_bytes kernel_info, mlk_status *status);

/* Answers a message by laying replies into the box; false: it is for Lua. */
bool mlk_control_answer(mlk_control *control, const mlk_message *message, mlk_mailbox *replies);

/* The first word to who has subscribed to a topic ("": all). */
void mlk_control_welcome(mlk_control *control, mlk_bytes topic, mlk_mailbox *replies);

/* True once the end has been asked for. */
bool mlk_control_ending(mlk_control *control);

/* True when that was so many seconds ago; looks for the parent, too, whose end asks for ours. */
bool mlk_control_overdue(mlk_control *control, double seconds);

#endif
