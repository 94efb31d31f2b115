/* Both ends of a kernel's sockets in one process: questions, answers, prints, interrupts, strangers, the end. */
#include "test.h"

#include "clock.h"
#include "kernel/channels.h"
#include "kernel/zmq.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/moonlark-channels-XXXXXX";
static mlk_channels *kernel, *client;
static volatile sig_atomic_t interrupts;

static void note_interrupt(int number)
{
    (void)number;
    interrupts++;
}

static mlk_bytes text(const char *words)
{
    return (mlk_bytes){words, strlen(words)};
}

static mlk_channels *open_end(bool is_client, const char *key)
{
    char place[64];
    mlk_status status;
    mlk_channels *end;
    snprintf(place, sizeof place, "%s/s", folder);
    mlk_connection connection = {.transport = "ipc", .ip = place, .ports = {1, 2, 3, 4, 5}, .key = text(key),
                                 .client = is_client};
    mlk_code code = mlk_channels_open(&connection, &end, &status);
    if (code)
        fprintf(stderr, "%s\n", status.message);
    assert_int_equal(code, 0);
    return end;
}

static mlk_message *next(mlk_channels *end, mlk_channel channel)
{
    mlk_message *message = mlk_channels_wait(end, 1u << channel, 20);
    assert_non_null(message);
    return message;
}

/* The next message of this type that says these words; cmocka prints, too, so others may come before it. */
static mlk_message *find(mlk_channels *end, mlk_channel channel, const char *type, const char *words)
{
    for (;;) {
        char found[MLK_WIRE_NAME];
        mlk_message *message = next(end, channel);
        mlk_wire_type(message, found);
        if (strcmp(found, type) == 0 && strstr(message->wire.content.at, words))
            return message;
        mlk_message_free(message);
    }
}

static void expect(mlk_channels *end, mlk_channel channel, const char *type, const char *words)
{
    mlk_message_free(find(end, channel, type, words));
}

static void ask(mlk_channel channel, const char *type, const char *content)
{
    mlk_status status;
    mlk_outgoing outgoing = {.channel = channel, .type = type, .content = text(content)};
    assert_int_equal(mlk_channels_send(client, &outgoing, &status), 0);
}

static void expect_busy_and_idle(void)
{
    expect(client, MLK_IOPUB, "status", "busy");
    expect(client, MLK_IOPUB, "status", "idle");
}

static void a_question_is_answered(void **state)
{
    (void)state;
    mlk_status status;
    ask(MLK_SHELL, "complete_request", "{\"code\":\"x\"}");
    mlk_message *request = next(kernel, MLK_SHELL);
    assert_true(request->arrived_s <= mlk_now_s());
    mlk_outgoing reply = {.channel = MLK_SHELL, .type = "complete_reply", .identities = request->frames,
                          .identity_count = request->wire.identities, .parent = request->wire.header,
                          .content = text("{\"status\":\"ok\"}")};
    assert_int_equal(mlk_channels_send(kernel, &reply, &status), 0);
    mlk_message *answer = next(client, MLK_SHELL);
    assert_string_equal(answer->wire.parent.at, request->wire.header.at);
    mlk_message_free(answer);
    mlk_message_free(request);
}

static void the_heart_beats(void **state)
{
    (void)state;
    mlk_status status;
    mlk_bytes frames[] = {text(""), text("ping")};
    assert_int_equal(mlk_channels_send_frames(client, MLK_HEARTBEAT, frames, 2, &status), 0);
    mlk_message *beat = next(client, MLK_HEARTBEAT);
    assert_int_equal(beat->count, 2);
    assert_string_equal(beat->frames[1].at, "ping");
    mlk_message_free(beat);
}

/* What the process prints is output of the message that was named, in order, and whole. */
static void prints_are_told(void **state)
{
    (void)state;
    mlk_status status;
    mlk_bytes header = text("{\"msg_id\":\"of the cell\"}");
    assert_int_equal(mlk_channels_output_of(kernel, header, &status), 0);
    printf("printed \xe2\x82\xac \xff");
    mlk_channels_flush(kernel);
    mlk_message *stream = find(client, MLK_IOPUB, "stream", "printed \xe2\x82\xac \xEF\xBF\xBD");
    assert_non_null(strstr(stream->wire.content.at, "\"stdout\""));
    assert_string_equal(stream->wire.parent.at, header.at);
    mlk_message_free(stream);
    assert_int_equal(write(STDERR_FILENO, "to stderr", 9), 9);
    expect(client, MLK_IOPUB, "stream", "to stderr"); /* without a flush it comes by itself */
    assert_int_equal(mlk_channels_output_of(kernel, text(""), &status), 0);
}

static void the_kernel_is_described_while_it_works(void **state)
{
    (void)state;
    mlk_status status;
    assert_int_equal(mlk_channels_describe(kernel, text("{\"status\":\"ok\",\"banner\":\"us\"}"), &status), 0);
    ask(MLK_CONTROL, "kernel_info_request", "{}");
    expect(client, MLK_CONTROL, "kernel_info_reply", "us");
    expect_busy_and_idle();
}

static void an_interrupt_is_a_signal(void **state)
{
    (void)state;
    ask(MLK_CONTROL, "interrupt_request", "{}");
    expect(client, MLK_CONTROL, "interrupt_reply", "ok");
    expect_busy_and_idle();
    assert_int_equal(interrupts, 1);
}

/* Somebody who connects without the key is heard by nobody, and no frames of his do harm. */
static void strangers_are_passed_over(void **state)
{
    (void)state;
    mlk_status status;
    mlk_channels *stranger = open_end(true, "another key");
    mlk_bytes frames[] = {text("<IDS|MSG>"), text(""), text("{\"msg_type\":\"shutdown_request\"}"), text("{}")};
    mlk_outgoing shutdown = {.channel = MLK_CONTROL, .type = "shutdown_request", .content = text("{}")};
    static char much[65 << 20]; /* more than a stranger may make us hold, at once or in pieces */
    mlk_bytes pieces[] = {{much, sizeof much / 2}, {much, sizeof much / 2}, {much, 1 << 20}};
    for (size_t n = 1; n <= 4; n++)
        assert_int_equal(mlk_channels_send_frames(stranger, MLK_CONTROL, frames, n, &status), 0);
    assert_int_equal(mlk_channels_send(stranger, &shutdown, &status), 0);
    shutdown.channel = MLK_SHELL;
    assert_int_equal(mlk_channels_send(stranger, &shutdown, &status), 0);
    assert_int_equal(mlk_channels_send_frames(stranger, MLK_SHELL, pieces, 3, &status), 0);
    assert_int_equal(mlk_channels_send_frames(stranger, MLK_STDIN, &(mlk_bytes){much, sizeof much}, 1, &status), 0);
    assert_null(mlk_channels_wait(stranger, 1u << MLK_CONTROL, 0.3));
    assert_null(mlk_channels_wait(kernel, ~0u, 0));
    assert_false(mlk_channels_ending(kernel));
    mlk_channels_close(stranger);
    a_question_is_answered(NULL);
}

/* Who is asked for input before his connection stands is asked once it does. */
static void a_question_waits_for_its_reader(void **state)
{
    (void)state;
    mlk_status status;
    mlk_bytes identity = text("late");
    mlk_outgoing question = {.channel = MLK_STDIN, .type = "input_request", .identities = &identity,
                             .identity_count = 1, .content = text("{\"prompt\":\"early\"}")};
    assert_int_equal(mlk_channels_send(kernel, &question, &status), 0);
    usleep(100000);
    void *context = mlk_zmq.zmq_ctx_new(), *late = mlk_zmq.zmq_socket(context, MLK_ZMQ_DEALER);
    char place[64], frame[512];
    int more = 1, length = 0;
    snprintf(place, sizeof place, "ipc://%s/s-3", folder);
    mlk_zmq.zmq_setsockopt(late, MLK_ZMQ_NAME, "late", 4);
    assert_int_equal(mlk_zmq.zmq_connect(late, place), 0);
    for (int i = 0; i < 6 && more; i++) { /* the content comes last */
        mlk_zmq_msg part;
        mlk_zmq.zmq_msg_init(&part);
        length = mlk_zmq.zmq_msg_recv(&part, late, 0);
        assert_in_range(length, 0, sizeof frame - 1);
        memcpy(frame, mlk_zmq.zmq_msg_data(&part), (size_t)length);
        more = mlk_zmq.zmq_msg_more(&part);
        mlk_zmq.zmq_msg_close(&part);
    }
    frame[length] = '\0';
    assert_string_equal(frame, "{\"prompt\":\"early\"}");
    mlk_zmq.zmq_close(late);
    mlk_zmq.zmq_ctx_term(context);
}

static void the_end_can_be_asked_for(void **state)
{
    (void)state;
    ask(MLK_CONTROL, "shutdown_request", "{\"restart\": true}");
    expect(client, MLK_CONTROL, "shutdown_reply", "\"restart\":true");
    for (int i = 0; i < 200 && !mlk_channels_ending(kernel); i++)
        usleep(10000);
    assert_true(mlk_channels_ending(kernel));
    assert_null(mlk_channels_wait(kernel, ~0u, 20)); /* at once */
    assert_int_equal(interrupts, 2);
}

static int open_both(void **state)
{
    (void)state;
    signal(SIGINT, note_interrupt);
    assert_non_null(mkdtemp(folder));
    kernel = open_end(false, "key");
    client = open_end(true, "key");
    expect(client, MLK_IOPUB, "iopub_welcome", "subscription");
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    mlk_channels_close(kernel);
    mlk_channels_close(client);
    for (int i = 1; i <= 5; i++) {
        char place[64];
        snprintf(place, sizeof place, "%s/s-%d", folder, i);
        unlink(place);
    }
    return rmdir(folder);
}

int main(void)
{
    mlk_status status;
    if (mlk_zmq_load(&status)) {
        printf("skipped: %s\n", status.message);
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered),
        cmocka_unit_test(the_heart_beats),
        cmocka_unit_test(prints_are_told),
        cmocka_unit_test(the_kernel_is_described_while_it_works),
        cmocka_unit_test(an_interrupt_is_a_signal),
        cmocka_unit_test(strangers_are_passed_over),
        cmocka_unit_test(a_question_waits_for_its_reader),
        cmocka_unit_test(the_end_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
