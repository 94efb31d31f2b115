/* A server and its clients in threads: answers at once, later, in pieces, and at the end; also for ThreadSanitizer. */
#include "test.h"

#include "net/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 8, REQUESTS = 25, ANSWER = 1 << 13 };

static mlk_routes routes;
static mlk_server *server;

static void open_server(void)
{
    mlk_status status;
    static const struct {
        const char *method, *path;
        mlk_body_kind body;
    } all[] = {{"GET", "/now", MLK_BODY_NONE}, {"GET", "/later", MLK_BODY_NONE}, {"GET", "/stream", MLK_BODY_NONE},
               {"POST", "/sound", MLK_BODY_SOUND}, {"GET", "/never", MLK_BODY_NONE}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(mlk_routes_add(&routes, all[i].method, all[i].path, all[i].body, false, &status), MLK_OK);
    mlk_server_options options = {.address = "127.0.0.1", .connections = 64, .connections_of_one = 64, .queue = 64,
                                  .idle_s = 30, .body_s = 30, .routes = &routes,
                                  .body = {.folder = "/tmp", .json_bytes = 1000, .upload_bytes = 100000}};
    if (mlk_server_open(&options, &server, &status))
        fail_msg("%s", status.message);
}

static void free_server(void)
{
    mlk_server_free(server);
    mlk_routes_clear(&routes);
}

/* Asks once and reads all that comes. */
static void ask(const char *request, char answer[ANSWER])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)mlk_server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    size_t used = 0;
    ssize_t got = connect(s, (struct sockaddr *)&at, sizeof at) == 0 ? send(s, request, strlen(request), MSG_NOSIGNAL) : 0;
    while (got > 0 && used + 1 < ANSWER && (got = recv(s, answer + used, ANSWER - 1 - used, 0)) > 0)
        used += (size_t)got;
    answer[used] = '\0';
    close(s);
}

/* A client: asks for everything by turns. Returns how many answers were wrong. */
static void *run_client(void *none)
{
    (void)none;
    static const char *const asked[][2] = {
        {"GET /now HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "at once"},
        {"GET /later HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "later"},
        {"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "piece 2"},
        {"POST /sound HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: audio/wav\r\nContent-Length: 4\r\n\r\nRIFF",
         "4 bytes"},
        {"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "\"status\":404"},
    };
    char answer[ANSWER];
    intptr_t wrong = 0;
    for (int i = 0; i < REQUESTS; i++) {
        const char *const *one = asked[i % 5];
        ask(one[0], answer);
        if (!strstr(answer, one[1])) {
            fprintf(stderr, "asked %.20s, got %s\n", one[0], answer);
            wrong++;
        }
    }
    return (void *)wrong;
}

static void answer_text(mlk_exchange *exchange, const char *text)
{
    mlk_status status;
    assert_int_equal(mlk_exchange_answer(exchange, 200, NULL, text, strlen(text), &status), MLK_OK);
    mlk_exchange_release(exchange);
}

/* Answers one request; what is to be answered later is returned. */
static mlk_exchange *answer(mlk_exchange *exchange)
{
    mlk_status status;
    char text[64];
    switch (exchange->route) {
    case 0:
        answer_text(exchange, "at once");
        return NULL;
    case 2:
        assert_int_equal(mlk_exchange_answer_stream(exchange, 200, NULL, &status), MLK_OK);
        for (int i = 0; i < 3; i++) {
            snprintf(text, sizeof text, "piece %d\n", i);
            mlk_exchange_send(exchange, text, strlen(text));
        }
        mlk_exchange_finish(exchange);
        mlk_exchange_release(exchange);
        return NULL;
    case 3:
        snprintf(text, sizeof text, "%d bytes", (int)exchange->body.file_bytes);
        answer_text(exchange, text);
        return NULL;
    default:
        return exchange;
    }
}

static void many_clients_get_their_answers(void **state)
{
    (void)state;
    open_server();
    pthread_t clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, run_client, NULL), 0);
    mlk_exchange *held = NULL;
    for (int left = CLIENTS * REQUESTS * 4 / 5; left > 0;) {
        mlk_exchange *exchange = mlk_server_next(server, NULL, 0, held ? .002 : 5);
        if (held)
            answer_text(held, "later"), left--;
        held = exchange ? answer(exchange) : NULL;
        left -= exchange && !held;
    }
    for (int i = 0; i < CLIENTS; i++) {
        void *wrong;
        pthread_join(clients[i], &wrong);
        assert_int_equal((intptr_t)wrong, 0);
    }
    mlk_tally none = mlk_server_tally(server, MLK_ROUTE_UNKNOWN), now = mlk_server_tally(server, 0);
    assert_int_equal(none.statuses[3], CLIENTS * REQUESTS / 5);
    assert_int_equal(now.statuses[1], CLIENTS * REQUESTS / 5);
    free_server();
}

static void *ask_never(void *answer)
{
    ask("GET /never HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", answer);
    return NULL;
}

static void at_the_end_nobody_waits(void **state)
{
    (void)state;
    open_server();
    char answers[2][ANSWER];
    pthread_t clients[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&clients[i], NULL, ask_never, answers[i]);
    mlk_exchange *taken = mlk_server_next(server, NULL, 0, 5);
    assert_non_null(taken);
    while (mlk_server_look(server).waiting == 0)
        usleep(1000); /* the other one stays in the queue */
    mlk_server_close(server);
    for (int i = 0; i < 2; i++) {
        pthread_join(clients[i], NULL);
        assert_non_null(strstr(answers[i], "HTTP/1.1 503"));
    }
    mlk_status status;
    assert_int_equal(mlk_exchange_answer(taken, 200, NULL, "late", 4, &status), MLK_INVALID);
    mlk_exchange_release(taken);
    free_server();
}

static void a_stream_notices_that_its_reader_is_gone(void **state)
{
    (void)state;
    open_server();
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)mlk_server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char request[] = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
    int s = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(s, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(send(s, request, sizeof request - 1, 0), sizeof request - 1);
    mlk_exchange *exchange = mlk_server_next(server, NULL, 0, 5);
    mlk_status status;
    assert_int_equal(mlk_exchange_answer_stream(exchange, 200, NULL, &status), MLK_OK);
    assert_true(mlk_exchange_send(exchange, "a", 1));
    close(s);
    int sent = 0;
    while (sent < 5000 && mlk_exchange_send(exchange, "b", 1)) {
        usleep(1000);
        sent++;
    }
    assert_in_range(sent, 0, 4999);
    mlk_exchange_release(exchange);
    free_server();
}

int main(void)
{
    mlk_status status;
    if (mlk_microhttpd_load(&status)) {
        fprintf(stderr, "skipped: %s\n", status.message);
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_clients_get_their_answers), cmocka_unit_test(at_the_end_nobody_waits),
        cmocka_unit_test(a_stream_notices_that_its_reader_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
