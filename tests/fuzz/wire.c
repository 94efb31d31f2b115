/* wire.c: messages of a notebook, a frame a line; what is accepted has its parts, and written anew is accepted, too. */
#include "fuzz.h"

#include "kernel/wire.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

static mlk_message *message_of(const char *at, const char *end)
{
    mlk_status status;
    mlk_message *message = mlk_message_new(MLK_SHELL, &status);
    FUZZ_CHECK(message);
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line ? line : end;
        FUZZ_CHECK(mlk_message_add(message, at, (size_t)(stop - at), &status) == 0);
        at = stop + (line != NULL);
    }
    return message;
}

static void check_parts(const mlk_message *message)
{
    char type[MLK_WIRE_NAME], *written = NULL;
    size_t size = 0;
    mlk_bytes value;
    mlk_wire_type(message, type);
    for (const char *at = type; *at; at++)
        FUZZ_CHECK(isalnum((unsigned char)*at) || *at == '_');
    if (mlk_wire_member(message->wire.content, "code", &value))
        FUZZ_CHECK(value.at >= message->wire.content.at &&
                   value.at + value.size <= message->wire.content.at + message->wire.content.size);
    FILE *out = open_memstream(&written, &size);
    FUZZ_CHECK(out);
    mlk_wire_text(out, message->wire.content);
    fclose(out);
    FUZZ_CHECK(size >= 2 && mlk_utf8_valid(written, size));
    free(written);
}

static void check_round_trip(const mlk_message *message)
{
    mlk_signer signer;
    mlk_status status;
    mlk_signer_make(&signer, "key", 3);
    const mlk_wire *wire = &message->wire;
    mlk_outgoing outgoing = {.channel = MLK_SHELL, .type = "x", .identities = message->frames,
                             .identity_count = wire->identities, .parent = wire->header, .metadata = wire->metadata,
                             .content = wire->content};
    mlk_message *again = mlk_wire_write(&signer, &outgoing, &status);
    FUZZ_CHECK(again && mlk_wire_read(&signer, again, &status) == 0);
    FUZZ_CHECK(again->wire.identities == wire->identities && again->wire.content.size == wire->content.size);
    FUZZ_CHECK(memcmp(again->wire.content.at, wire->content.at, wire->content.size) == 0);
    mlk_message_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const mlk_signer anybody = {0};
    mlk_status status;
    mlk_message *message = message_of((const char *)bytes, (const char *)bytes + size);
    if (mlk_wire_read(&anybody, message, &status) == 0) {
        FUZZ_CHECK(message->wire.first_buffer <= message->count);
        check_parts(message);
        check_round_trip(message);
    }
    mlk_message_free(message);
    return 0;
}
