#include "messages.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 4, CHUNK = 1 << 16, MOST_AT_ONCE = 1 << 24 };

void mlk_messages_begin(mlk_messages *self, int descriptor)
{
    *self = (mlk_messages){.descriptor = descriptor};
}

void mlk_messages_clear(mlk_messages *self)
{
    free(self->in.data);
    free(self->out.data);
    self->in = self->out = (mlk_bytes){0};
}

/* Room for so many bytes behind those that wait, which move to the front where they can. */
static mlk_code make_room(mlk_bytes *bytes, size_t more, mlk_status *status)
{
    if (bytes->first > 0) {
        bytes->size -= bytes->first;
        memmove(bytes->data, bytes->data + bytes->first, bytes->size);
        bytes->first = 0;
    }
    if (bytes->size + more <= bytes->room)
        return MLK_OK;
    size_t room = bytes->size + more + bytes->size / 2;
    char *grown = realloc(bytes->data, room);
    if (!grown)
        return mlk_fail_memory(status, "a message");
    bytes->data = grown;
    bytes->room = room;
    return MLK_OK;
}

/* --- sending --- */

mlk_code mlk_messages_put(mlk_messages *self, const void *data, size_t size, mlk_status *status)
{
    if (size > MLK_MESSAGES_LONGEST)
        return mlk_fail(status, MLK_INVALID, "a message may have %d bytes, this one has %zu", MLK_MESSAGES_LONGEST, size);
    mlk_bytes *out = &self->out;
    mlk_code code = make_room(out, HEAD + size, status);
    if (code)
        return code;
    for (int i = 0; i < HEAD; i++)
        out->data[out->size + (size_t)i] = (char)(size >> (8 * i) & 255);
    memcpy(out->data + out->size + HEAD, data, size);
    out->size += HEAD + size;
    return MLK_OK;
}

bool mlk_messages_send(mlk_messages *self)
{
    mlk_bytes *out = &self->out;
    while (!self->closed && out->first < out->size) {
        ssize_t sent = send(self->descriptor, out->data + out->first, out->size - out->first, MSG_NOSIGNAL);
        if (sent >= 0)
            out->first += (size_t)sent;
        else if (errno == EAGAIN)
            return false;
        else if (errno != EINTR)
            self->closed = true;
    }
    return true;
}

/* --- receiving --- */

mlk_code mlk_messages_receive(mlk_messages *self, mlk_status *status)
{
    mlk_bytes *in = &self->in;
    for (size_t came = 0; !self->closed && came < MOST_AT_ONCE;) {
        mlk_code code = make_room(in, CHUNK, status);
        if (code)
            return code;
        ssize_t got = read(self->descriptor, in->data + in->size, in->room - in->size);
        if (got > 0) {
            in->size += (size_t)got;
            came += (size_t)got;
            if (in->size < in->room) /* nothing more is there now */
                return MLK_OK;
        } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
            self->closed = true;
        } else if (errno == EAGAIN) {
            return MLK_OK;
        }
    }
    return MLK_OK;
}

mlk_code mlk_messages_take(mlk_messages *self, const char **data, size_t *size, mlk_status *status)
{
    mlk_bytes *in = &self->in;
    const unsigned char *head = (const unsigned char *)in->data + in->first;
    *data = NULL;
    *size = 0;
    if (in->size - in->first < HEAD)
        return MLK_OK;
    size_t length = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (length > MLK_MESSAGES_LONGEST)
        return mlk_fail(status, MLK_INVALID, "what came is no message");
    if (in->size - in->first - HEAD < length)
        return MLK_OK;
    *data = (const char *)head + HEAD;
    *size = length;
    in->first += HEAD + length;
    return MLK_OK;
}

const char *mlk_messages_rest(const mlk_messages *self, size_t *size)
{
    *size = self->in.size - self->in.first;
    return *size > 0 ? self->in.data + self->in.first : "";
}
