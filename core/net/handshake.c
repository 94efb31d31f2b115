#include "net/handshake.h"

#include "net/digest.h"

#include <string.h>
#include <strings.h>

enum { KEY_LETTERS = 24, SHA1_BYTES = 20 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char *value_of(const mlk_pairs *headers, const char *wanted)
{
    for (const char *name = NULL; (name = mlk_pairs_next(headers, name));)
        if (strcmp(name, wanted) == 0)
            return mlk_pairs_value(name);
    return "";
}

/* Whether a list "keep-alive, Upgrade" has a word, in any case of letters. */
static bool has_word(const char *list, const char *word)
{
    static const char between[] = ", \t";
    for (const char *at = list + strspn(list, between); *at; at += strspn(at, between)) {
        size_t length = strcspn(at, between);
        if (length == strlen(word) && strncasecmp(at, word, length) == 0)
            return true;
        at += length;
    }
    return false;
}

/* Base64 of 16 bytes: 22 letters, the last of which has four bits that are nothing, and two signs of equality. */
static bool is_key(const char *key)
{
    return strlen(key) == KEY_LETTERS && strspn(key, letters) == KEY_LETTERS - 2 && strchr("AQgw", key[KEY_LETTERS - 3]) &&
           strcmp(key + KEY_LETTERS - 2, "==") == 0;
}

/* Base64 of the SHA-1 of the key and the protocol's own name. */
static void answer(const char *key, char accept[MLK_ACCEPT_SIZE])
{
    static const char protocol[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char hex[MLK_DIGEST_SIZE];
    mlk_digester digester = mlk_digester_start(MLK_SHA1, 0);
    mlk_digester_take(&digester, key, strlen(key));
    mlk_digester_take(&digester, protocol, sizeof protocol - 1);
    mlk_digester_end(&digester, hex);
    uint8_t bytes[SHA1_BYTES + 1] = {0};
    for (int i = 0; i < SHA1_BYTES; i++)
        bytes[i] = (uint8_t)(digester.h[i / 4] >> (24 - 8 * (i % 4)));
    for (int i = 0; i < MLK_ACCEPT_SIZE - 1; i++) {
        unsigned three = (unsigned)bytes[i / 4 * 3] << 16 | (unsigned)bytes[i / 4 * 3 + 1] << 8 | bytes[i / 4 * 3 + 2];
        accept[i] = letters[three >> (18 - 6 * (i % 4)) & 63];
    }
    accept[MLK_ACCEPT_SIZE - 2] = '='; /* 20 bytes leave one of three out */
    accept[MLK_ACCEPT_SIZE - 1] = '\0';
}

mlk_refusal mlk_handshake_judge(const mlk_pairs *headers, char accept[MLK_ACCEPT_SIZE])
{
    const char *key = value_of(headers, "sec-websocket-key");
    if (!has_word(value_of(headers, "upgrade"), "websocket") || !has_word(value_of(headers, "connection"), "upgrade"))
        return (mlk_refusal){426, "this address is a WebSocket's: Upgrade: websocket, Connection: Upgrade"};
    if (strcmp(value_of(headers, "sec-websocket-version"), "13") != 0)
        return (mlk_refusal){426, "Sec-WebSocket-Version must be 13"};
    if (!is_key(key))
        return (mlk_refusal){400, "Sec-WebSocket-Key must be 16 bytes in base64"};
    answer(key, accept);
    return (mlk_refusal){101, NULL};
}
