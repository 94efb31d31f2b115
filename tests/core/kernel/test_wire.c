/* Signed messages: written and read again; what is damaged or of a stranger is refused; members of JSON objects. */
#include "test.h"

#include "kernel/wire.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static mlk_bytes text(const char *words)
{
    return (mlk_bytes){words, strlen(words)};
}

static mlk_message *example(const mlk_signer *signer)
{
    static mlk_bytes identities[2], buffers[1];
    identities[0] = text("who");
    identities[1] = (mlk_bytes){"\0\xff", 2};
    buffers[0] = text("raw");
    mlk_outgoing outgoing = {.channel = MLK_SHELL, .type = "execute_request", .identities = identities,
                             .identity_count = 2, .buffers = buffers, .buffer_count = 1,
                             .content = text("{\"code\": \"x\"}")};
    mlk_status status;
    mlk_message *message = mlk_wire_write(signer, &outgoing, &status);
    assert_non_null(message);
    return message;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    mlk_signer signer;
    mlk_status status;
    char type[MLK_WIRE_NAME];
    for (int keyed = 0; keyed < 2; keyed++) {
        mlk_signer_make(&signer, "secret", keyed ? 6 : 0);
        mlk_message *message = example(&signer);
        assert_int_equal(mlk_wire_read(&signer, message, &status), 0);
        assert_int_equal(message->wire.identities, 2);
        assert_int_equal(message->frames[3].size, keyed ? 64 : 0);
        assert_string_equal(message->wire.content.at, "{\"code\": \"x\"}");
        assert_string_equal(message->wire.parent.at, "{}");
        assert_string_equal(message->frames[message->wire.first_buffer].at, "raw");
        mlk_wire_type(message, type);
        assert_string_equal(type, "execute_request");
        mlk_message_free(message);
    }
}

/* Each bit of what is signed, and of the signature; each frame that is missing. */
static void damage_is_seen(void **state)
{
    (void)state;
    mlk_signer signer, other;
    mlk_status status;
    mlk_signer_make(&signer, "secret", 6);
    mlk_signer_make(&other, "secreu", 6);
    mlk_message *message = example(&signer);
    assert_int_equal(mlk_wire_read(&other, message, &status), MLK_INVALID);
    for (size_t i = 2; i < 8; i++) {
        for (size_t at = 0; at < message->frames[i].size; at++) {
            char *byte = (char *)message->frames[i].at + at;
            *byte ^= 1 << at % 8;
            assert_int_equal(mlk_wire_read(&signer, message, &status), MLK_INVALID);
            *byte ^= 1 << at % 8;
        }
        size_t size = message->frames[i].size--;
        assert_int_equal(mlk_wire_read(&signer, message, &status), MLK_INVALID);
        message->frames[i].size = size;
    }
    size_t whole = message->count;
    for (size_t count = 0; count < whole - 1; count++) { /* without its buffer it is whole */
        message->count = count;
        assert_int_equal(mlk_wire_read(&signer, message, &status), MLK_INVALID);
    }
    message->count = whole;
    assert_int_equal(mlk_wire_read(&signer, message, &status), 0);
    mlk_message_free(message);
}

static void signed_bytes_that_are_no_utf8_are_refused(void **state)
{
    (void)state;
    mlk_signer signer;
    mlk_status status;
    mlk_signer_make(&signer, "secret", 6);
    mlk_outgoing outgoing = {.channel = MLK_SHELL, .type = "x_request", .content = text("{\"code\":\"\xe9\"}")};
    mlk_message *message = mlk_wire_write(&signer, &outgoing, &status);
    assert_int_equal(mlk_wire_read(&signer, message, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "UTF-8"));
    mlk_message_free(message);
}

static void check_member(const char *json, const char *name, const char *wanted)
{
    mlk_bytes value = {0};
    bool found = mlk_wire_member(text(json), name, &value);
    assert_int_equal(found, wanted != NULL);
    if (wanted) {
        assert_int_equal(value.size, strlen(wanted));
        assert_memory_equal(value.at, wanted, value.size);
    }
}

static void members_are_found(void **state)
{
    (void)state;
    check_member("{\"a\":1}", "a", "1");
    check_member(" { \"b\" : [1, {\"a\": 2}] , \"a\" : true }", "a", "true");
    check_member("{\"b\":\"\\\"a\\\":3,\", \"a\":\"x,}\"}", "a", "\"x,}\"");
    check_member("{\"b\":{\"a\":1}}", "a", NULL);
    static const char *const broken[] = {"", "{", "{}", "[]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"b\":\"",
                                         "{\"b\":[1,", "{\"b\" 1}", "{1:2}", "null", "{\"a\":\"x\\", "{\"b\":1,"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        check_member(broken[i], "a", NULL);
}

/* A type goes into the name of a reply: nothing else than letters, digits and "_" is one. */
static void strange_types_are_none(void **state)
{
    (void)state;
    static const char *const headers[] = {"{\"msg_type\":3}", "{\"msg_type\":\"a b\"}", "{\"msg_type\":\"a\\\"b\"}",
                                          "{\"msg_type\":\"\"}", "{}", "{\"msg_type\":null}"};
    mlk_message message = {0};
    char type[MLK_WIRE_NAME];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        message.wire.header = text(headers[i]);
        mlk_wire_type(&message, type);
        assert_string_equal(type, "");
    }
}

static void texts_are_always_json(void **state)
{
    (void)state;
    char *written;
    size_t size;
    FILE *out = open_memstream(&written, &size);
    mlk_wire_text(out, (mlk_bytes){"a\"\\\n\0\x1b[0m\xe9\xc3\xa9\x7f", 13});
    fclose(out);
    assert_string_equal(written, "\"a\\\"\\\\\\u000a\\u0000\\u001b[0m\xEF\xBF\xBD\xc3\xa9\\u007f\"");
    assert_true(mlk_utf8_valid(written, size));
    free(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(signed_bytes_that_are_no_utf8_are_refused),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(strange_types_are_none),
        cmocka_unit_test(texts_are_always_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
