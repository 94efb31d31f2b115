#include "extract/cache_entry.h"

#include "store/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char magic[8] = "MLKCACH1";

/* Ahead of the bundle's block. */
typedef struct header {
    char magic[8];
    char key[32];
    char checksum[32]; /* of the block */
    uint64_t size;     /* of the block */
} header;

mlk_bundle *mlk_cache_entry_read(FILE *file, const char *key)
{
    header head;
    struct stat info;
    if (fread(&head, sizeof head, 1, file) != 1 || memcmp(head.magic, magic, sizeof magic) != 0 ||
        memcmp(head.key, key, sizeof head.key) != 0 || fstat(fileno(file), &info) != 0 ||
        (uint64_t)info.st_size != sizeof head + head.size)
        return NULL;
    unsigned char *block = malloc(head.size);
    char checksum[MLK_HASH_SIZE];
    if (!block || fread(block, 1, head.size, file) != head.size) {
        free(block);
        return NULL;
    }
    mlk_hash_bytes(block, head.size, checksum);
    if (memcmp(checksum, head.checksum, sizeof head.checksum) != 0) {
        free(block);
        return NULL;
    }
    return mlk_bundle_adopt(block, head.size);
}

bool mlk_cache_entry_write(FILE *file, const char *key, const mlk_bundle *bundle)
{
    header head = {.size = bundle->size};
    char checksum[MLK_HASH_SIZE];
    mlk_hash_bytes(bundle->memory, bundle->size, checksum);
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.key, key, sizeof head.key);
    memcpy(head.checksum, checksum, sizeof head.checksum);
    return fwrite(&head, sizeof head, 1, file) == 1 && fwrite(bundle->memory, 1, bundle->size, file) == bundle->size;
}

int64_t mlk_cache_entry_bytes(const mlk_bundle *bundle)
{
    return ((int64_t)(sizeof(header) + bundle->size) + 4095) / 4096 * 4096;
}
