#include "net/digest.h"

#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = MLK_DIGEST_BLOCK };

typedef mlk_digester state;

static uint32_t left(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t right(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The fractional parts of the cube roots of the first 64 primes. */
static const uint32_t k256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One of the 64 rounds. The next one calls `h` what is `g` here, and so on: nothing moves. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                                               \
    h += (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + k256[t] + w[t];                          \
    d += h;                                                                                                            \
    h += (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))

static void step256(uint32_t s[8], const uint8_t *block)
{
    uint32_t w[64], a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (int t = 0; t < 16; t++)
        w[t] = big_endian(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t x = w[t - 15], y = w[t - 2];
        w[t] = w[t - 16] + (right(x, 7) ^ right(x, 18) ^ x >> 3) + w[t - 7] + (right(y, 17) ^ right(y, 19) ^ y >> 10);
    }
    for (int t = 0; t < 64; t += 8) {
        ROUND(a, b, c, d, e, f, g, h, t);
        ROUND(h, a, b, c, d, e, f, g, t + 1);
        ROUND(g, h, a, b, c, d, e, f, t + 2);
        ROUND(f, g, h, a, b, c, d, e, t + 3);
        ROUND(e, f, g, h, a, b, c, d, t + 4);
        ROUND(d, e, f, g, h, a, b, c, t + 5);
        ROUND(c, d, e, f, g, h, a, b, t + 6);
        ROUND(b, c, d, e, f, g, h, a, t + 7);
    }
    const uint32_t v[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        s[i] += v[i];
}
#undef ROUND

static void step1(uint32_t h[8], const uint8_t *block)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int t = 0; t < 16; t++)
        w[t] = big_endian(block + 4 * t);
    for (int t = 16; t < 80; t++)
        w[t] = left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (int t = 0; t < 80; t++) {
        uint32_t f = t < 20 ? (b & c) | (~b & d) : t >= 40 && t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t next = left(a, 5) + f + e + k[t / 20] + w[t];
        e = d;
        d = c;
        c = left(b, 30);
        b = a;
        a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void mlk_digester_take(mlk_digester *s, const void *bytes, size_t n)
{
    void (*step)(uint32_t h[8], const uint8_t *block) = s->kind == MLK_SHA256 ? step256 : step1;
    const uint8_t *at = bytes;
    size_t filled = s->length % BLOCK;
    s->length += n;
    while (n > 0) {
        size_t count = BLOCK - filled < n ? BLOCK - filled : n;
        if (count == BLOCK) {
            step(s->h, at);
        } else {
            memcpy(s->rest + filled, at, count);
            filled += count;
            if (filled == BLOCK)
                step(s->h, s->rest);
            filled %= BLOCK;
        }
        at += count;
        n -= count;
    }
}

mlk_digester mlk_digester_start(mlk_digest kind, uint64_t size)
{
    state s = {.kind = kind, .h = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
    static const uint32_t h256[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    if (kind == MLK_SHA256) {
        memcpy(s.h, h256, sizeof h256);
    } else if (kind == MLK_GIT_SHA1) {
        char head[32];
        int length = snprintf(head, sizeof head, "blob %llu", (unsigned long long)size);
        mlk_digester_take(&s, head, (size_t)length + 1);
    }
    return s;
}

void mlk_digester_end(mlk_digester *s, char hex[MLK_DIGEST_SIZE])
{
    uint8_t tail[2 * BLOCK] = {0x80};
    uint64_t bits = s->length * 8;
    size_t filled = s->length % BLOCK, padding = (filled < BLOCK - 8 ? BLOCK : 2 * BLOCK) - filled - 8;
    for (int i = 0; i < 8; i++)
        tail[padding + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
    mlk_digester_take(s, tail, padding + 8);
    for (int i = 0; i < (s->kind == MLK_SHA256 ? 8 : 5); i++)
        snprintf(hex + 8 * i, 9, "%08x", s->h[i]);
}

void mlk_digest_bytes(const void *bytes, size_t n, mlk_digest kind, char hex[MLK_DIGEST_SIZE])
{
    state s = mlk_digester_start(kind, n);
    mlk_digester_take(&s, bytes, n);
    mlk_digester_end(&s, hex);
}

static mlk_code read_all(int descriptor, const char *path, state *s, mlk_status *status)
{
    enum { PIECE = 1 << 18 };
    char *piece = malloc(PIECE);
    if (!piece)
        return mlk_fail_memory(status, "hashing");
    mlk_code code = MLK_OK;
    ssize_t n;
    while (!code && (n = read(descriptor, piece, PIECE)) != 0) {
        if (n > 0)
            mlk_digester_take(s, piece, (size_t)n);
        else if (errno != EINTR)
            code = mlk_fail_system(status, errno, "cannot read", path);
        if (!code && mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    free(piece);
    return code;
}

mlk_code mlk_digest_file(const char *path, mlk_digest kind, char hex[MLK_DIGEST_SIZE], mlk_status *status)
{
    struct stat info;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return mlk_fail_system(status, errno, "cannot open", path);
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(descriptor);
        return mlk_fail(status, MLK_IO, "cannot read %s: it is not a regular file", path);
    }
    state s = mlk_digester_start(kind, (uint64_t)info.st_size);
    mlk_code code = read_all(descriptor, path, &s, status);
    if (!code)
        mlk_digester_end(&s, hex);
    close(descriptor);
    return code;
}
