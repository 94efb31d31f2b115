/* websocket.c: what the other end of a WebSocket may send, the first byte with the handshake, the rest in pieces as long
 * as the byte before all says. Messages are whole and within the limit, texts are UTF-8, what is answered are frames of a
 * server, and the end of the bytes is the end of it. */
#include "fuzz.h"

#include "net/websocket.h"
#include "text.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 5000, ROOM = 1 << 16 };

static void check_messages(mlk_websocket *socket)
{
    for (mlk_websocket_message *message; (message = mlk_websocket_next(socket)); free(message)) {
        FUZZ_CHECK(message->size <= MOST);
        FUZZ_CHECK(message->binary || mlk_utf8_valid(message->bytes, message->size));
        mlk_websocket_send(socket, message->bytes, message->size, message->binary);
    }
}

/* Frames of a server: whole but for the last, unmasked, with a known opcode; nothing follows a close. */
static void check_answers(const unsigned char *at, size_t n)
{
    static const unsigned known = 1 << 1 | 1 << 2 | 1 << 8 | 1 << 9 | 1 << 10;
    while (n >= 2) {
        size_t size = at[1], head = 2;
        FUZZ_CHECK((at[0] & 0xf0) == 0x80 && known >> (at[0] & 15) & 1 && !(at[1] & 0x80));
        if (size == 126 && n >= 4) {
            size = (size_t)at[2] << 8 | at[3];
            head = 4;
        }
        FUZZ_CHECK(size != 127 && size <= MOST);
        if (n < head + size)
            return;
        n -= head + size;
        FUZZ_CHECK((at[0] & 15) != 8 || n == 0);
        at += head + size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static unsigned char answers[ROOM];
    mlk_websocket_limits limits = {.message_bytes = MOST, .held_bytes = 20000, .unsent_bytes = ROOM / 2, .ping_s = 60,
                                   .patience_s = 60, .closing_s = 60};
    size_t piece = size > 0 ? 1 + (size_t)bytes[0] : 1, answered = 0;
    int ends[2];
    mlk_websocket *socket;
    mlk_status status;
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    if (mlk_websocket_open(ends[0], bytes + 1, size > 1 ? 1 : 0, &limits, &socket, &status)) {
        close(ends[1]);
        return 0; /* no libwslay */
    }
    for (size_t at = 2; at < size && mlk_websocket_descriptor(socket) >= 0; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        if (send(ends[1], bytes + at, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        mlk_websocket_step(socket, POLLIN | POLLOUT);
        check_messages(socket);
        ssize_t came = recv(ends[1], answers + answered, ROOM - answered, MSG_DONTWAIT);
        answered += came > 0 ? (size_t)came : 0;
    }
    shutdown(ends[1], SHUT_WR);
    for (int i = 0; i < 100 && mlk_websocket_descriptor(socket) >= 0; i++)
        mlk_websocket_step(socket, POLLIN | POLLOUT);
    FUZZ_CHECK(mlk_websocket_state(socket) == MLK_WEBSOCKET_CLOSED && mlk_websocket_code(socket) >= 1000);
    check_messages(socket);
    check_answers(answers, answered);
    mlk_websocket_free(socket);
    close(ends[1]);
    return 0;
}
