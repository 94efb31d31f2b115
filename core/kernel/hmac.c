#include "kernel/hmac.h"

#include <string.h>

enum { WORDS = 8, DIGEST = 4 * WORDS };

static void digest_of(mlk_digester *digester, uint8_t out[DIGEST], char hex[MLK_DIGEST_SIZE])
{
    mlk_digester_end(digester, hex);
    for (int i = 0; i < DIGEST; i++)
        out[i] = (uint8_t)(digester->h[i / 4] >> (24 - 8 * (i % 4)));
}

mlk_hmac_key mlk_hmac_key_of(const void *secret, size_t size)
{
    mlk_hmac_key key = {{0}};
    if (size <= sizeof key.block) {
        memcpy(key.block, secret, size);
        return key;
    }
    char hex[MLK_DIGEST_SIZE];
    mlk_digester digester = mlk_digester_start(MLK_SHA256, 0);
    mlk_digester_take(&digester, secret, size);
    digest_of(&digester, key.block, hex);
    return key;
}

/* A digest that has taken the key, with `pad` over each of its bytes. */
static mlk_digester start(const mlk_hmac_key *key, uint8_t pad)
{
    uint8_t block[MLK_DIGEST_BLOCK];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key->block[i] ^ pad;
    mlk_digester digester = mlk_digester_start(MLK_SHA256, 0);
    mlk_digester_take(&digester, block, sizeof block);
    return digester;
}

void mlk_hmac(const mlk_hmac_key *key, const mlk_bytes parts[], size_t n, char hex[MLK_DIGEST_SIZE])
{
    uint8_t inner[DIGEST];
    mlk_digester digester = start(key, 0x36);
    for (size_t i = 0; i < n; i++)
        mlk_digester_take(&digester, parts[i].at, parts[i].size);
    digest_of(&digester, inner, hex);
    digester = start(key, 0x5c);
    mlk_digester_take(&digester, inner, sizeof inner);
    mlk_digester_end(&digester, hex);
}

bool mlk_hmac_same(const char *a, const char *b, size_t n)
{
    volatile unsigned char differs = 0;
    for (size_t i = 0; i < n; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}
