/* WebSockets over a pair of sockets: the other end is this file's own, which writes frames by RFC 6455, section 5.2. */
#include "test.h"

#include "net/handshake.h"
#include "net/websocket.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FINAL = 0x80, MASKED = 0x80, MOST = 1 << 20 };

static const mlk_websocket_limits usual = {
    .message_bytes = 100000, .held_bytes = 200000, .unsent_bytes = 1 << 20, .ping_s = 60, .patience_s = 2, .closing_s = 2};

typedef struct pair {
    mlk_websocket *socket;
    int other;
} pair;

static pair open_with(mlk_websocket_limits limits, const void *early, size_t n)
{
    int ends[2];
    pair self;
    mlk_status status;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    if (mlk_websocket_open(ends[0], early, n, &limits, &self.socket, &status) == MLK_UNSUPPORTED) {
        fprintf(stderr, "%s\n", status.message);
        exit(TEST_SKIPPED);
    }
    assert_non_null(self.socket);
    self.other = ends[1];
    return self;
}

static void end(pair *self)
{
    mlk_websocket_free(self->socket);
    if (self->other >= 0)
        close(self->other);
}

static void turn(pair *self)
{
    struct pollfd at = {mlk_websocket_descriptor(self->socket), mlk_websocket_events(self->socket), 0};
    if (at.fd >= 0)
        poll(&at, 1, 0);
    mlk_websocket_step(self->socket, at.revents);
}

/* --- the other end ------------------------------------------------------------------------ */

/* Writes a frame whose mask is the bytes of a number; returns its size. */
static size_t write_frame(unsigned char *out, int head, int masked, const void *bytes, size_t n)
{
    static const unsigned char mask[4] = {0x12, 0xfe, 0x00, 0x9b};
    size_t at = 0;
    out[at++] = (unsigned char)head;
    if (n < 126) {
        out[at++] = (unsigned char)(masked | (int)n);
    } else if (n < 65536) {
        out[at++] = (unsigned char)(masked | 126);
        out[at++] = (unsigned char)(n >> 8);
        out[at++] = (unsigned char)n;
    } else {
        out[at++] = (unsigned char)(masked | 127);
        for (int i = 7; i >= 0; i--)
            out[at++] = (unsigned char)((uint64_t)n >> (8 * i));
    }
    if (masked) {
        memcpy(out + at, mask, 4);
        at += 4;
    }
    for (size_t i = 0; i < n; i++)
        out[at++] = ((const unsigned char *)bytes)[i] ^ (masked ? mask[i % 4] : 0);
    return at;
}

static void say(pair *self, int head, int masked, const void *bytes, size_t n)
{
    static unsigned char frame[MOST + 16];
    size_t size = write_frame(frame, head, masked, bytes, n);
    for (size_t at = 0; at < size;) {
        ssize_t sent = send(self->other, frame + at, size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            at += (size_t)sent;
        else if (mlk_websocket_descriptor(self->socket) < 0 || (mlk_websocket_events(self->socket) & POLLIN) == 0)
            return;
        turn(self);
    }
    turn(self);
}

static void read_whole(pair *self, unsigned char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t came = recv(self->other, bytes + at, n - at, MSG_DONTWAIT);
        assert_int_not_equal(came, 0);
        if (came > 0)
            at += (size_t)came;
        turn(self);
    }
}

/* Reads a frame of the server's: its first byte; the content goes to `bytes`. */
static int read_frame(pair *self, unsigned char *bytes, size_t *n)
{
    unsigned char head[10];
    read_whole(self, head, 2);
    assert_int_equal(head[1] & MASKED, 0);
    size_t longer = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    read_whole(self, head + 2, longer);
    *n = longer ? 0 : head[1];
    for (size_t i = 0; i < longer; i++)
        *n = *n << 8 | head[2 + i];
    assert_true(*n <= MOST);
    read_whole(self, bytes, *n);
    return head[0];
}

static void expect_close(pair *self, int code)
{
    unsigned char bytes[MOST];
    size_t n;
    assert_int_equal(read_frame(self, bytes, &n), FINAL | CLOSE);
    assert_true(n >= 2);
    assert_int_equal(bytes[0] << 8 | bytes[1], code);
}

static void expect_end(pair *self, int code)
{
    for (int i = 0; i < 1000 && mlk_websocket_descriptor(self->socket) >= 0; i++) {
        turn(self);
        usleep(1000);
    }
    assert_int_equal(mlk_websocket_state(self->socket), MLK_WEBSOCKET_CLOSED);
    assert_int_equal(mlk_websocket_code(self->socket), code);
}

static void expect_message(pair *self, bool binary, const void *bytes, size_t n)
{
    mlk_websocket_message *message = mlk_websocket_next(self->socket);
    assert_non_null(message);
    assert_int_equal(message->binary, binary);
    assert_int_equal(message->size, n);
    assert_memory_equal(message->bytes, bytes, n);
    free(message);
}

/* --- tests -------------------------------------------------------------------------------- */

static int judge(const char *upgrade, const char *connection, const char *version, const char *key, char accept[])
{
    mlk_pairs headers = {.most = 1000};
    mlk_pairs_add(&headers, "upgrade", upgrade);
    mlk_pairs_add(&headers, "connection", connection);
    mlk_pairs_add(&headers, "sec-websocket-version", version);
    mlk_pairs_add(&headers, "sec-websocket-key", key);
    mlk_refusal refusal = mlk_handshake_judge(&headers, accept);
    mlk_pairs_clear(&headers);
    return refusal.status;
}

static void handshakes(void **state)
{
    (void)state;
    const char *key = "dGhlIHNhbXBsZSBub25jZQ==";
    char accept[MLK_ACCEPT_SIZE];
    assert_int_equal(judge("websocket", "Upgrade", "13", key, accept), 101);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455, section 1.3 */
    assert_int_equal(judge("h2c, WebSocket", "keep-alive, upgrade", "13", key, accept), 101);
    assert_int_equal(judge("", "Upgrade", "13", key, accept), 426);
    assert_int_equal(judge("websockets", "Upgrade", "13", key, accept), 426);
    assert_int_equal(judge("websocket", "close", "13", key, accept), 426);
    assert_int_equal(judge("websocket", "Upgrade", "8", key, accept), 426);
    assert_int_equal(judge("websocket", "Upgrade", "13", "", accept), 400);
    assert_int_equal(judge("websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25jZR==", accept), 400);
    assert_int_equal(judge("websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ=", accept), 400);
    assert_int_equal(judge("websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25j\r\nQ==", accept), 400);
}

static void messages_of_all_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 100000};
    static unsigned char bytes[MOST], back[MOST];
    pair self = open_with(usual, NULL, 0);
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n;
        say(&self, FINAL | BINARY, MASKED, bytes, sizes[i]);
        turn(&self);
        expect_message(&self, true, bytes, sizes[i]);
        assert_true(mlk_websocket_send(self.socket, bytes, sizes[i], true));
        assert_int_equal(read_frame(&self, back, &n), FINAL | BINARY);
        assert_int_equal(n, sizes[i]);
        assert_memory_equal(back, bytes, n);
    }
    assert_null(mlk_websocket_next(self.socket));
    end(&self);
}

/* A text in three frames, with a ping within it, one byte after the other. */
static void fragments_and_pings(void **state)
{
    (void)state;
    unsigned char all[100], bytes[MOST];
    size_t n = write_frame(all, TEXT, MASKED, "Gr\xC3", 3);
    n += write_frame(all + n, FINAL | PING, MASKED, "there?", 6);
    n += write_frame(all + n, 0, MASKED, "\xBC", 1);
    n += write_frame(all + n, FINAL, MASKED, "\xC3\x9F", 2);
    for (size_t early = 0; early <= n; early += n) { /* all of it may have come with the request, too */
        pair self = open_with(usual, all, early);
        turn(&self);
        for (size_t i = early; i < n; i++) {
            assert_int_equal(send(self.other, all + i, 1, 0), 1);
            turn(&self);
        }
        expect_message(&self, false, "Gr\xC3\xBC\xC3\x9F", 6);
        size_t size;
        assert_int_equal(read_frame(&self, bytes, &size), FINAL | PONG);
        assert_int_equal(size, 6);
        assert_memory_equal(bytes, "there?", 6);
        end(&self);
    }
}

static void expect_refusal(int head, int masked, const void *bytes, size_t n, int code)
{
    pair self = open_with(usual, NULL, 0);
    say(&self, head, masked, bytes, n);
    expect_close(&self, code);
    assert_null(mlk_websocket_next(self.socket));
    assert_int_equal(mlk_websocket_state(self.socket), MLK_WEBSOCKET_CLOSING);
    assert_false(mlk_websocket_send(self.socket, "x", 1, false));
    close(self.other);
    self.other = -1;
    expect_end(&self, code);
    end(&self);
}

static void what_breaks_the_protocol(void **state)
{
    (void)state;
    static unsigned char much[MOST];
    expect_refusal(FINAL | TEXT, 0, "bare", 4, 1002);
    expect_refusal(FINAL | 0x40 | TEXT, MASKED, "rsv", 3, 1002);
    expect_refusal(FINAL, MASKED, "continued from nothing", 22, 1002);
    expect_refusal(FINAL | TEXT, MASKED, "\xC3(", 2, 1007);
    expect_refusal(FINAL | TEXT, MASKED, "\xED\xA0\x80", 3, 1007);
    expect_refusal(FINAL | TEXT, MASKED, "ends early \xE2\x82", 13, 1007);
    expect_refusal(FINAL | BINARY, MASKED, much, 100001, 1009);
    expect_refusal(FINAL | CLOSE, MASKED, "\x03\xED", 2, 1002); /* 1005 is never sent */
    pair self = open_with(usual, NULL, 0);
    say(&self, FINAL | PING, MASKED, much, 126); /* a long control frame: closed, without a code */
    close(self.other);
    self.other = -1;
    expect_end(&self, 1002);
    end(&self);
}

static void too_many_fragments(void **state)
{
    (void)state;
    pair self = open_with(usual, NULL, 0);
    say(&self, BINARY, MASKED, "x", 1);
    for (int i = 0; i < 2000 && mlk_websocket_state(self.socket) == MLK_WEBSOCKET_OPEN; i++)
        say(&self, 0, MASKED, "x", 1);
    expect_close(&self, 1008);
    end(&self);
}

static void who_reads_too_slowly(void **state)
{
    (void)state;
    static char much[10000];
    mlk_websocket_limits limits = usual;
    limits.unsent_bytes = 50000;
    limits.closing_s = 0.05;
    pair self = open_with(limits, NULL, 0);
    int sent = 0;
    while (sent < 1000 && mlk_websocket_send(self.socket, much, sizeof much, true))
        sent++;
    assert_in_range(sent, 5, 999); /* the system's own buffer takes some */
    assert_int_equal(mlk_websocket_state(self.socket), MLK_WEBSOCKET_CLOSING);
    expect_end(&self, MLK_WEBSOCKET_BROKEN); /* it did not even read that */
    end(&self);
    self = open_with(limits, NULL, 0); /* pings whose answers nobody reads */
    for (int i = 0; i < 100000 && mlk_websocket_state(self.socket) == MLK_WEBSOCKET_OPEN; i++)
        say(&self, FINAL | PING, MASKED, much, 125);
    assert_int_not_equal(mlk_websocket_state(self.socket), MLK_WEBSOCKET_OPEN);
    end(&self);
}

static void what_nobody_takes_is_not_read(void **state)
{
    (void)state;
    static char much[90000];
    pair self = open_with(usual, NULL, 0);
    for (int i = 0; i < 20; i++)
        say(&self, FINAL | BINARY, MASKED, much, sizeof much);
    assert_int_equal(mlk_websocket_events(self.socket) & POLLIN, 0);
    int taken = 0;
    for (mlk_websocket_message *message; (message = mlk_websocket_next(self.socket)); free(message))
        taken++;
    assert_in_range(taken, 2, 4);
    assert_int_equal(mlk_websocket_events(self.socket) & POLLIN, POLLIN);
    end(&self);
}

static void silence(void **state)
{
    (void)state;
    unsigned char bytes[MOST];
    size_t n;
    mlk_websocket_limits limits = usual;
    limits.ping_s = 0.02;
    limits.patience_s = 0.05;
    pair self = open_with(limits, NULL, 0);
    for (int i = 0; i < 3; i++) { /* who answers stays */
        assert_int_equal(read_frame(&self, bytes, &n), FINAL | PING);
        say(&self, FINAL | PONG, MASKED, bytes, n);
        assert_int_equal(mlk_websocket_state(self.socket), MLK_WEBSOCKET_OPEN);
    }
    expect_end(&self, MLK_WEBSOCKET_BROKEN);
    end(&self);
}

static void ends_in_order(void **state)
{
    (void)state;
    unsigned char bytes[MOST];
    pair self = open_with(usual, NULL, 0);
    say(&self, FINAL | TEXT, MASKED, "last words", 10);
    say(&self, FINAL | CLOSE, MASKED, "\x0F\xA1 bye", 6);
    expect_message(&self, false, "last words", 10);
    expect_close(&self, 4001);
    expect_end(&self, 4001);
    end(&self);

    self = open_with(usual, NULL, 0);
    mlk_websocket_close(self.socket, MLK_WEBSOCKET_LEAVING, "the server is stopping");
    expect_close(&self, 1001);
    say(&self, FINAL | TEXT, MASKED, "too late", 8);
    assert_null(mlk_websocket_next(self.socket));
    say(&self, FINAL | CLOSE, MASKED, "\x03\xE9", 2);
    expect_end(&self, 1001);
    assert_int_equal(recv(self.other, bytes, 1, 0), 0);
    end(&self);

    self = open_with(usual, NULL, 0);
    close(self.other);
    self.other = -1;
    expect_end(&self, MLK_WEBSOCKET_BROKEN);
    end(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes), cmocka_unit_test(messages_of_all_sizes), cmocka_unit_test(fragments_and_pings),
        cmocka_unit_test(what_breaks_the_protocol), cmocka_unit_test(too_many_fragments),
        cmocka_unit_test(who_reads_too_slowly), cmocka_unit_test(what_nobody_takes_is_not_read),
        cmocka_unit_test(silence), cmocka_unit_test(ends_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
