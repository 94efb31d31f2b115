#include "kernel/message.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

mlk_message *mlk_message_new(mlk_channel channel, mlk_status *status)
{
    mlk_message *message = calloc(1, sizeof *message);
    if (!message)
        mlk_fail_memory(status, "a message");
    else
        message->channel = channel;
    return message;
}

void mlk_message_free(mlk_message *message)
{
    if (!message)
        return;
    for (size_t i = 0; i < message->count; i++)
        free((void *)message->frames[i].at);
    free(message->frames);
    free(message);
}

static bool make_room(mlk_message *message)
{
    if (message->count < message->room)
        return true;
    size_t room = message->room ? 2 * message->room : 8;
    mlk_bytes *frames = realloc(message->frames, room * sizeof *frames);
    if (!frames)
        return false;
    message->frames = frames;
    message->room = room;
    return true;
}

mlk_code mlk_message_add(mlk_message *message, const void *bytes, size_t size, mlk_status *status)
{
    char *copy = make_room(message) ? malloc(size + 1) : NULL;
    if (!copy)
        return mlk_fail_memory(status, "a message");
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    message->frames[message->count++] = (mlk_bytes){copy, size};
    return MLK_OK;
}

/* --- mailboxes ------------------------------------------------------------------ */

mlk_code mlk_mailbox_open(mlk_mailbox *box, mlk_status *status)
{
    *box = (mlk_mailbox){.lock = PTHREAD_MUTEX_INITIALIZER, .descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    box->last = &box->first;
    return box->descriptor < 0 ? mlk_fail_system(status, errno, "cannot make", "a mailbox") : MLK_OK;
}

void mlk_mailbox_close(mlk_mailbox *box)
{
    if (!box->last)
        return;
    for (mlk_message *message; (message = mlk_mailbox_take(box));)
        mlk_message_free(message);
    if (box->descriptor >= 0)
        close(box->descriptor);
    pthread_mutex_destroy(&box->lock);
    *box = (mlk_mailbox){.descriptor = -1};
}

void mlk_mailbox_put(mlk_mailbox *box, mlk_message *message)
{
    message->next = NULL;
    pthread_mutex_lock(&box->lock);
    *box->last = message;
    box->last = &message->next;
    box->count++;
    ssize_t written = write(box->descriptor, &(uint64_t){1}, sizeof(uint64_t));
    (void)written;
    pthread_mutex_unlock(&box->lock);
}

mlk_message *mlk_mailbox_take(mlk_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    mlk_message *message = box->first;
    if (message) {
        box->first = message->next;
        box->count--;
    }
    if (!box->first)
        box->last = &box->first;
    uint64_t seen;
    if (!box->first && read(box->descriptor, &seen, sizeof seen) < 0)
        seen = 0; /* it was empty already */
    pthread_mutex_unlock(&box->lock);
    return message;
}

size_t mlk_mailbox_count(mlk_mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    size_t count = box->count;
    pthread_mutex_unlock(&box->lock);
    return count;
}
