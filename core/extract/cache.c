#include "extract/cache.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "MLKCACH1";

/* Ahead of the bundle's block. */
typedef struct header {
    char magic[8];
    char key[32];
    char checksum[32]; /* of the block */
    uint64_t size;     /* of the block */
} header;

void mlk_cache_key(const char *content, const mlk_recipe *recipe, double start_s, double duration_s,
                   char key[MLK_HASH_SIZE])
{
    char part[160];
    snprintf(part, sizeof part, "content %.32s\nsegment %.17g %.17g\n", content, start_s, duration_s);
    char recipe_hash[MLK_HASH_SIZE];
    mlk_hash_bytes(recipe->text, strlen(recipe->text), recipe_hash);
    strcat(part, recipe_hash);
    mlk_hash_bytes(part, strlen(part), key);
}

static mlk_code make_folder(const char *path, mlk_status *status)
{
    struct stat info;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return MLK_OK;
    return mlk_fail(status, MLK_IO, "cannot make the cache folder %s: %s", path, strerror(errno));
}

mlk_code mlk_cache_prepare(const char *folder, mlk_status *status)
{
    char *path = malloc(strlen(folder) + sizeof "/features");
    if (!path)
        return mlk_fail_memory(status, "a path");
    strcpy(path, folder);
    mlk_code code = MLK_OK;
    for (char *slash = strchr(path + 1, '/'); slash && !code; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        code = make_folder(path, status);
        *slash = '/';
    }
    if (!code)
        code = make_folder(path, status);
    strcat(path, "/features");
    if (!code)
        code = make_folder(path, status);
    free(path);
    return code;
}

static char *entry_path(const char *folder, const char *key, const char *ending)
{
    char *path = NULL;
    return asprintf(&path, "%s/features/%.2s/%s%s", folder, key, key + 2, ending) < 0 ? NULL : path;
}

static mlk_bundle *read_entry(FILE *file, const char *key)
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

mlk_bundle *mlk_cache_read(const char *folder, const char *key)
{
    char *path = entry_path(folder, key, "");
    FILE *file = path ? fopen(path, "rbe") : NULL;
    mlk_bundle *bundle = file ? read_entry(file, key) : NULL;
    if (file)
        fclose(file);
    free(path);
    return bundle;
}

/* No fsync: an entry that a power cut tears is known by its checksum, and waiting for the disk once a track
 * would cost more than the features. */
mlk_code mlk_cache_write(const char *folder, const char *key, const mlk_bundle *bundle, mlk_status *status)
{
    static atomic_uint counter;
    char ending[48];
    snprintf(ending, sizeof ending, ".%ld-%u.tmp", (long)getpid(), atomic_fetch_add(&counter, 1));
    char *path = entry_path(folder, key, ""), *temporary = entry_path(folder, key, ending);
    mlk_code code = path && temporary ? MLK_OK : mlk_fail_memory(status, "a path");
    if (!code) {
        char *slash = strrchr(path, '/');
        *slash = '\0';
        code = make_folder(path, status);
        *slash = '/';
    }
    if (!code) {
        header head = {.size = bundle->size};
        char checksum[MLK_HASH_SIZE];
        mlk_hash_bytes(bundle->memory, bundle->size, checksum);
        memcpy(head.magic, magic, sizeof magic);
        memcpy(head.key, key, sizeof head.key);
        memcpy(head.checksum, checksum, sizeof head.checksum);
        FILE *file = fopen(temporary, "wbxe");
        bool written = file && fwrite(&head, sizeof head, 1, file) == 1 &&
                       fwrite(bundle->memory, 1, bundle->size, file) == bundle->size;
        if (file)
            written = fclose(file) == 0 && written;
        if (!written || rename(temporary, path) != 0) {
            code = mlk_fail(status, MLK_IO, "cannot write to the cache %s: %s", folder, strerror(errno));
            if (file)
                unlink(temporary);
        }
    }
    free(path);
    free(temporary);
    return code;
}
