/* digest.h: SHA-256, SHA-1 (FIPS 180-4) and Git's SHA-1 of files, to check what was fetched.
 *
 * Git names a file by the SHA-1 of "blob SIZE", a zero byte and the content.
 * SHA-1 tells damage from the truth, not a forger from the author: a file that
 * is named by it is as good as the connection that it came by.
 *
 *     char hex[MLK_DIGEST_SIZE];
 *     if (mlk_digest_file(path, MLK_SHA256, hex, status)) return status->code;
 */
#ifndef MLK_DIGEST_H
#define MLK_DIGEST_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

typedef enum mlk_digest { MLK_SHA256, MLK_GIT_SHA1, MLK_SHA1 } mlk_digest;

enum { MLK_DIGEST_SIZE = 65 }; /* 64 lower-case hexadecimal digits, 40 of SHA-1, and the end */

enum { MLK_DIGEST_BLOCK = 64 }; /* bytes that all take at a time */

/* A digest under way: start, take any number of times, end. */
typedef struct mlk_digester {
    mlk_digest kind;
    uint32_t h[8];
    uint64_t length;
    uint8_t rest[MLK_DIGEST_BLOCK]; /* of the length so far, what fills no block */
} mlk_digester;

/* `size`: how many bytes are to come, which Git's SHA-1 begins with; the others need none. */
mlk_digester mlk_digester_start(mlk_digest kind, uint64_t size);
void mlk_digester_take(mlk_digester *digester, const void *bytes, size_t n);

/* h[] then holds the digest, too, as big-endian numbers. */
void mlk_digester_end(mlk_digester *digester, char hex[MLK_DIGEST_SIZE]);

void mlk_digest_bytes(const void *bytes, size_t n, mlk_digest kind, char hex[MLK_DIGEST_SIZE]);

/* Stops with MLK_INTERRUPTED once mlk_interrupted(). */
mlk_code mlk_digest_file(const char *path, mlk_digest kind, char hex[MLK_DIGEST_SIZE], mlk_status *status);

#endif
