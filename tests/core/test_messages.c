/* Messages come out as they went in, whole, however the stream cuts them. */
#include "test.h"

#include "messages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct pair {
    mlk_messages ours, theirs;
} pair;

static pair connect_pair(void)
{
    int ends[2];
    pair made;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    mlk_messages_begin(&made.ours, ends[0]);
    mlk_messages_begin(&made.theirs, ends[1]);
    return made;
}

static void disconnect(pair *self)
{
    close(self->ours.descriptor);
    close(self->theirs.descriptor);
    mlk_messages_clear(&self->ours);
    mlk_messages_clear(&self->theirs);
}

static void expect(mlk_messages *messages, const char *text, size_t size)
{
    const char *data;
    size_t got;
    mlk_status status;
    assert_int_equal(mlk_messages_take(messages, &data, &got, &status), MLK_OK);
    assert_non_null(data);
    assert_int_equal(got, size);
    assert_memory_equal(data, text, size);
}

static void expect_nothing(mlk_messages *messages)
{
    const char *data;
    size_t got;
    mlk_status status;
    assert_int_equal(mlk_messages_take(messages, &data, &got, &status), MLK_OK);
    assert_null(data);
}

static void keeps_messages_apart(void **state)
{
    (void)state;
    pair both = connect_pair();
    mlk_status status;
    assert_int_equal(mlk_messages_put(&both.ours, "one", 3, &status), MLK_OK);
    assert_int_equal(mlk_messages_put(&both.ours, "", 0, &status), MLK_OK);
    assert_int_equal(mlk_messages_put(&both.ours, "a\0b", 3, &status), MLK_OK);
    expect_nothing(&both.theirs);
    assert_true(mlk_messages_send(&both.ours));
    assert_int_equal(mlk_messages_receive(&both.theirs, &status), MLK_OK);
    expect(&both.theirs, "one", 3);
    expect(&both.theirs, "", 0);
    expect(&both.theirs, "a\0b", 3);
    expect_nothing(&both.theirs);
    disconnect(&both);
}

/* Each byte by itself: nothing comes before the last. */
static void waits_for_the_last_byte(void **state)
{
    (void)state;
    pair both = connect_pair();
    mlk_status status;
    const char bytes[] = "\3\0\0\0abc";
    for (size_t i = 0; i < 7; i++) {
        expect_nothing(&both.theirs);
        assert_int_equal(write(both.ours.descriptor, bytes + i, 1), 1);
        assert_int_equal(mlk_messages_receive(&both.theirs, &status), MLK_OK);
    }
    expect(&both.theirs, "abc", 3);
    disconnect(&both);
}

/* More than a socket holds: the rest is kept until there is room. */
static void nothing_blocks(void **state)
{
    (void)state;
    enum { SIZE = 5 << 20 };
    pair both = connect_pair();
    mlk_status status;
    char *large = malloc(SIZE);
    for (int i = 0; i < SIZE; i++)
        large[i] = (char)(i * 31 >> 3);
    assert_int_equal(mlk_messages_put(&both.ours, large, SIZE, &status), MLK_OK);
    assert_int_equal(mlk_messages_put(&both.ours, "after", 5, &status), MLK_OK);
    bool sent = mlk_messages_send(&both.ours);
    assert_false(sent);
    while (!sent) {
        assert_int_equal(mlk_messages_receive(&both.theirs, &status), MLK_OK);
        sent = mlk_messages_send(&both.ours);
    }
    assert_int_equal(mlk_messages_receive(&both.theirs, &status), MLK_OK);
    expect(&both.theirs, large, SIZE);
    expect(&both.theirs, "after", 5);
    free(large);
    disconnect(&both);
}

static void tells_that_the_other_side_has_gone(void **state)
{
    (void)state;
    pair both = connect_pair();
    mlk_status status;
    assert_int_equal(mlk_messages_put(&both.ours, "last", 4, &status), MLK_OK);
    assert_true(mlk_messages_send(&both.ours));
    shutdown(both.ours.descriptor, SHUT_RDWR);
    while (!both.theirs.closed)
        assert_int_equal(mlk_messages_receive(&both.theirs, &status), MLK_OK);
    expect(&both.theirs, "last", 4);
    assert_int_equal(mlk_messages_put(&both.theirs, "to nobody", 9, &status), MLK_OK);
    assert_true(mlk_messages_send(&both.theirs)); /* no SIGPIPE */
    disconnect(&both);
}

static void refuses_what_is_no_message(void **state)
{
    (void)state;
    pair both = connect_pair();
    mlk_status status;
    const char *data;
    size_t size;
    assert_int_equal(write(both.ours.descriptor, "\377\377\377\377", 4), 4);
    assert_int_equal(mlk_messages_receive(&both.theirs, &status), MLK_OK);
    assert_int_equal(mlk_messages_take(&both.theirs, &data, &size, &status), MLK_INVALID);
    assert_string_equal(status.message, "what came is no message");
    assert_int_equal(mlk_messages_put(&both.ours, "", (size_t)MLK_MESSAGES_LONGEST + 1, &status), MLK_INVALID);
    disconnect(&both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_messages_apart),
        cmocka_unit_test(waits_for_the_last_byte),
        cmocka_unit_test(nothing_blocks),
        cmocka_unit_test(tells_that_the_other_side_has_gone),
        cmocka_unit_test(refuses_what_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
