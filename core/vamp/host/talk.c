#include "vamp/host/talk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_all(const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t sent = send(MLK_VAMP_SOCKET, at, bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            _exit(1);
        at += sent;
        bytes -= (size_t)sent;
    }
}

void mlk_vamp_tell(mlk_vamp_message head, const float *values, const char *text)
{
    head.text_size = text ? (uint32_t)strnlen(text, MLK_VAMP_MOST_TEXT) : 0;
    send_all(&head, sizeof head);
    send_all(values, sizeof *values * head.n_values);
    send_all(text, head.text_size);
}

void mlk_vamp_fail(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mlk_vamp_tell((mlk_vamp_message){.kind = MLK_VAMP_FAILURE}, NULL, text);
    _exit(1);
}

size_t mlk_vamp_hear(void *to, size_t bytes)
{
    size_t heard = 0;
    while (heard < bytes) {
        ssize_t count = recv(MLK_VAMP_SOCKET, (char *)to + heard, bytes - heard, MSG_WAITALL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            _exit(1);
        if (count == 0)
            break;
        heard += (size_t)count;
    }
    return heard;
}
