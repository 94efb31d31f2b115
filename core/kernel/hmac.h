/* hmac.h: HMAC-SHA256 (RFC 2104): who has the key has signed these bytes.
 *
 *     mlk_hmac_key key = mlk_hmac_key_of(secret, length);
 *     char hex[MLK_DIGEST_SIZE];
 *     mlk_hmac(&key, parts, 4, hex);
 */
#ifndef MLK_KERNEL_HMAC_H
#define MLK_KERNEL_HMAC_H

#include "net/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that lie somewhere else. */
typedef struct mlk_bytes {
    const char *at;
    size_t size;
} mlk_bytes;

typedef struct mlk_hmac_key {
    uint8_t block[MLK_DIGEST_BLOCK];
} mlk_hmac_key;

/* A key of any length; one longer than a block counts as its digest, as the RFC says. */
mlk_hmac_key mlk_hmac_key_of(const void *secret, size_t size);

/* The signature of the parts, one after the other, in 64 lower-case hexadecimal digits. */
void mlk_hmac(const mlk_hmac_key *key, const mlk_bytes parts[], size_t n, char hex[MLK_DIGEST_SIZE]);

/* True when n bytes are the same. The time that it takes does not tell where they differ. */
bool mlk_hmac_same(const char *a, const char *b, size_t n);

#endif
