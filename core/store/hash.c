#include "store/hash.h"

#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static void to_hex(XXH128_hash_t hash, char hex[MLK_HASH_SIZE])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    for (int i = 0; i < 16; i++) {
        hex[2 * i] = "0123456789abcdef"[canonical.digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[canonical.digest[i] & 15];
    }
    hex[32] = '\0';
}

void mlk_hash_bytes(const void *bytes, size_t n, char hex[MLK_HASH_SIZE])
{
    to_hex(XXH3_128bits(bytes, n), hex);
}

mlk_code mlk_hash_file(const char *path, char hex[MLK_HASH_SIZE], mlk_status *status)
{
    enum { BLOCK = 1 << 18 };
    struct stat info;
    if (stat(path, &info) != 0)
        return mlk_fail_system(status, errno, "cannot open", path);
    if (!S_ISREG(info.st_mode)) /* a pipe would make it wait for ever */
        return mlk_fail(status, MLK_IO, "cannot read %s: it is %s", path,
                        S_ISDIR(info.st_mode) ? "a directory" : "not a regular file");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return mlk_fail_system(status, errno, "cannot open", path);
    mlk_code code = MLK_OK;
    XXH3_state_t *state = XXH3_createState();
    char *block = malloc(BLOCK);
    if (!state || !block) {
        code = mlk_fail_memory(status, "hashing");
    } else {
        XXH3_128bits_reset(state);
        ssize_t n;
        while (!code && (n = read(descriptor, block, BLOCK)) != 0) {
            if (n > 0)
                XXH3_128bits_update(state, block, (size_t)n);
            else if (errno != EINTR)
                code = mlk_fail_system(status, errno, "cannot read", path);
            if (mlk_interrupted())
                code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        }
        if (!code)
            to_hex(XXH3_128bits_digest(state), hex);
    }
    free(block);
    XXH3_freeState(state);
    close(descriptor);
    return code;
}
