#include "kernel/wire.h"

#include "store/json.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const char DELIMITER[] = "<IDS|MSG>";
enum { SIGNED = 4 }; /* header, parent header, metadata, content */

/* --- names ---------------------------------------------------------------------- */

/* 32 hexadecimal digits that nobody else has. */
static void make_name(char name[33])
{
    unsigned char bytes[16] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) { /* a kernel without it: unlike others will do */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        memcpy(bytes, &now, sizeof bytes < sizeof now ? sizeof bytes : sizeof now);
        bytes[0] ^= (unsigned char)getpid();
    }
    for (int i = 0; i < 16; i++)
        snprintf(name + 2 * i, 3, "%02x", bytes[i]);
}

void mlk_signer_make(mlk_signer *signer, const char *key, size_t size)
{
    *signer = (mlk_signer){.signs = size > 0};
    if (signer->signs)
        signer->key = mlk_hmac_key_of(key, size);
    make_name(signer->session);
    const char *user = getenv("USER");
    snprintf(signer->user, sizeof signer->user, "%s", user ? user : "");
    for (char *at = signer->user; *at; at++)
        *at = isalnum((unsigned char)*at) || strchr("._-", *at) ? *at : '_';
}

/* --- reading -------------------------------------------------------------------- */

static void sign(const mlk_signer *signer, const mlk_bytes parts[SIGNED], char hex[MLK_DIGEST_SIZE])
{
    hex[0] = '\0';
    if (signer->signs)
        mlk_hmac(&signer->key, parts, SIGNED, hex);
}

static mlk_code check_signature(const mlk_signer *signer, const mlk_bytes *frames, mlk_status *status)
{
    char hex[MLK_DIGEST_SIZE];
    sign(signer, frames + 1, hex);
    size_t digits = strlen(hex);
    if (signer->signs && (frames[0].size != digits || !mlk_hmac_same(frames[0].at, hex, digits)))
        return mlk_fail(status, MLK_INVALID, "a message's signature is wrong");
    return MLK_OK;
}

mlk_code mlk_wire_read(const mlk_signer *signer, mlk_message *message, mlk_status *status)
{
    const mlk_bytes *frames = message->frames;
    size_t at = 0, length = strlen(DELIMITER);
    while (at < message->count && at <= MLK_WIRE_IDENTITIES &&
           (frames[at].size != length || memcmp(frames[at].at, DELIMITER, length) != 0))
        at++;
    if (at > MLK_WIRE_IDENTITIES || message->count - at < 2 + SIGNED)
        return mlk_fail(status, MLK_INVALID, "a message has not the frames of Jupyter's");
    const mlk_bytes *parts = frames + at + 2;
    mlk_code code = check_signature(signer, parts - 1, status);
    for (int i = 0; i < SIGNED && !code; i++)
        if (!mlk_utf8_valid(parts[i].at, parts[i].size))
            code = mlk_fail(status, MLK_INVALID, "a message is no UTF-8");
    message->wire = (mlk_wire){at, parts[0], parts[1], parts[2], parts[3], at + 2 + SIGNED};
    return code;
}

/* --- members of JSON objects ------------------------------------------------------ */

static bool skip_string(mlk_json *json)
{
    while (++json->at < json->end && *json->at != '"')
        json->at += *json->at == '\\' && json->end - json->at > 1;
    if (json->at == json->end)
        return false;
    json->at++;
    return true;
}

/* Skips a value: to the comma or the bracket that ends it. Whether it is right JSON, its reader will see. */
static bool skip_value(mlk_json *json)
{
    for (int depth = 0; json->at < json->end; json->at++) {
        if (*json->at == '"') {
            if (!skip_string(json))
                return false;
            json->at--;
        }
        bool opens = strchr("{[", *json->at) && *json->at, closes = strchr("}]", *json->at) && *json->at;
        if (depth == 0 && (closes || *json->at == ','))
            return true;
        depth += opens - closes;
    }
    return false;
}

bool mlk_wire_member(mlk_bytes text, const char *name, mlk_bytes *value)
{
    mlk_json json = {text.at, text.at + text.size};
    size_t length = strlen(name);
    if (!mlk_json_take(&json, '{') || mlk_json_at_end(&json))
        return false;
    do {
        if (mlk_json_at_end(&json) || *json.at != '"')
            return false;
        const char *key = json.at + 1;
        if (!skip_string(&json))
            return false;
        bool found = (size_t)(json.at - 1 - key) == length && memcmp(key, name, length) == 0;
        if (!mlk_json_take(&json, ':') || mlk_json_at_end(&json))
            return false;
        const char *first = json.at;
        if (!skip_value(&json))
            return false;
        const char *last = json.at;
        while (last > first && strchr(" \t\r\n", last[-1]) && last[-1])
            last--;
        *value = (mlk_bytes){first, (size_t)(last - first)};
        if (found)
            return true;
    } while (mlk_json_take(&json, ','));
    return false;
}

void mlk_wire_type(const mlk_message *message, char type[MLK_WIRE_NAME])
{
    mlk_bytes value;
    type[0] = '\0';
    if (!mlk_wire_member(message->wire.header, "msg_type", &value) || value.size < 2 || value.at[0] != '"' ||
        value.size - 2 >= MLK_WIRE_NAME)
        return;
    for (size_t i = 1; i + 1 < value.size; i++)
        if (!isalnum((unsigned char)value.at[i]) && value.at[i] != '_')
            return;
    memcpy(type, value.at + 1, value.size - 2);
    type[value.size - 2] = '\0';
}

/* --- writing ---------------------------------------------------------------------- */

void mlk_wire_text(FILE *out, mlk_bytes text)
{
    const char *at = text.at, *end = text.at + text.size;
    putc('"', out);
    while (at < end) {
        int step = mlk_utf8_sequence(at, end);
        unsigned char c = (unsigned char)*at;
        if (step == 0)
            fputs("\xEF\xBF\xBD", out);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else
            fwrite(at, 1, (size_t)step, out);
        at += step ? step : 1;
    }
    putc('"', out);
}

static void write_header(const mlk_signer *signer, const char *type, char *header, size_t room)
{
    char name[33], day[32];
    struct timespec now;
    struct tm parts;
    make_name(name);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(header, room,
             "{\"msg_id\":\"%s\",\"session\":\"%s\",\"username\":\"%s\",\"date\":\"%s.%06ldZ\",\"msg_type\":\"%s\","
             "\"version\":\"" MLK_WIRE_VERSION "\"}",
             name, signer->session, signer->user, day, now.tv_nsec / 1000, type);
}

static mlk_code add_all(mlk_message *message, const mlk_bytes *frames, size_t n, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (size_t i = 0; i < n && !code; i++)
        code = mlk_message_add(message, frames[i].at, frames[i].size, status);
    return code;
}

static mlk_bytes or_empty(mlk_bytes part)
{
    return part.at ? part : (mlk_bytes){"{}", 2};
}

mlk_message *mlk_wire_write(const mlk_signer *signer, const mlk_outgoing *outgoing, mlk_status *status)
{
    char own[MLK_WIRE_HEADER], *header = outgoing->header ? outgoing->header : own, hex[MLK_DIGEST_SIZE];
    mlk_message *message = mlk_message_new(outgoing->channel, status);
    if (!message)
        return NULL;
    write_header(signer, outgoing->type, header, MLK_WIRE_HEADER);
    const mlk_bytes parts[SIGNED] = {{header, strlen(header)}, or_empty(outgoing->parent),
                                     or_empty(outgoing->metadata), or_empty(outgoing->content)};
    sign(signer, parts, hex);
    mlk_code code = add_all(message, outgoing->identities, outgoing->identity_count, status);
    if (!code)
        code = mlk_message_add(message, DELIMITER, strlen(DELIMITER), status);
    if (!code)
        code = mlk_message_add(message, hex, strlen(hex), status);
    if (!code)
        code = add_all(message, parts, SIGNED, status);
    if (!code)
        code = add_all(message, outgoing->buffers, outgoing->buffer_count, status);
    if (!code)
        return message;
    mlk_message_free(message);
    return NULL;
}

mlk_message *mlk_wire_write_stream(const mlk_signer *signer, const char *name, mlk_bytes text, const char *parent,
                                   mlk_status *status)
{
    char *content = NULL;
    size_t size = 0;
    mlk_message *message = NULL;
    FILE *out = open_memstream(&content, &size);
    if (out) {
        fprintf(out, "{\"name\":\"%s\",\"text\":", name);
        mlk_wire_text(out, text);
        putc('}', out);
    }
    if (out && fclose(out) == 0) {
        mlk_bytes topic = {name, strlen(name)};
        mlk_outgoing stream = {.channel = MLK_IOPUB, .type = "stream", .identities = &topic, .identity_count = 1,
                               .content = {content, size}};
        if (parent)
            stream.parent = (mlk_bytes){parent, strlen(parent)};
        message = mlk_wire_write(signer, &stream, status);
    } else {
        mlk_fail_memory(status, "what was printed");
    }
    free(content);
    return message;
}
