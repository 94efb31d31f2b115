#include "extract/cache.h"

#include "extract/cache_care.h"
#include "extract/cache_entry.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct mlk_cache {
    char *folder;
    int64_t limit;
    atomic_llong written; /* bytes that mlk_cache_note does not know of */
};

static mlk_code make_folder(const char *path, mlk_status *status)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return MLK_OK;
    if (errno == EEXIST && stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return MLK_OK;
        errno = ENOTDIR;
    }
    return mlk_fail_system(status, errno, "cannot make the cache folder", path);
}

/* FOLDER/features, with all that lies above it; it must be one that can be written to. */
static mlk_code make_place(const char *folder, mlk_status *status)
{
    char *path = NULL;
    if (asprintf(&path, "%s/features/", folder) < 0)
        return mlk_fail_memory(status, "a path");
    mlk_code code = MLK_OK;
    for (char *slash = strchr(path + 1, '/'); slash && !code; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        code = make_folder(path, status);
        *slash = '/';
    }
    if (!code && access(path, W_OK | X_OK) != 0)
        code = mlk_fail(status, MLK_IO, "cannot write to the cache folder %s: %s", folder, strerror(errno));
    free(path);
    return code;
}

mlk_cache *mlk_cache_open(const char *folder, mlk_status *status)
{
    if (make_place(folder, status))
        return NULL;
    mlk_cache *cache = calloc(1, sizeof *cache);
    if (cache && (cache->folder = strdup(folder))) {
        cache->limit = mlk_cache_limit(folder);
        return cache;
    }
    free(cache);
    mlk_fail_memory(status, "a cache");
    return NULL;
}

/* Counts what was written once it amounts to `least`. */
static void settle(mlk_cache *cache, int64_t least)
{
    if (atomic_load(&cache->written) < least)
        return;
    long long bytes = atomic_exchange(&cache->written, 0);
    if (bytes > 0 && !mlk_cache_note(cache->folder, bytes))
        atomic_fetch_add(&cache->written, bytes);
}

void mlk_cache_close(mlk_cache *cache)
{
    if (!cache)
        return;
    settle(cache, 1);
    free(cache->folder);
    free(cache);
}

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

static char *entry_path(const mlk_cache *cache, const char *key, const char *ending)
{
    char *path = NULL;
    return asprintf(&path, "%s/features/%.2s/%s%s", cache->folder, key, key + 2, ending) < 0 ? NULL : path;
}

/* Eviction goes by the time of the last use, to the hour. */
static void touch(FILE *file)
{
    struct stat info;
    if (fstat(fileno(file), &info) == 0 && time(NULL) - info.st_mtime > 3600)
        (void)!futimens(fileno(file), NULL);
}

mlk_bundle *mlk_cache_read(const mlk_cache *cache, const char *key)
{
    char *path = entry_path(cache, key, "");
    FILE *file = path ? fopen(path, "rbe") : NULL;
    mlk_bundle *bundle = file ? mlk_cache_entry_read(file, key) : NULL;
    if (bundle)
        touch(file);
    if (file)
        fclose(file);
    free(path);
    return bundle;
}

/* No fsync: an entry that a power cut tears is known by its checksum, and waiting for the disk once a track
 * would cost more than the features. */
static mlk_code write_file(const mlk_cache *cache, const char *key, char *path, const char *temporary,
                           const mlk_bundle *bundle, mlk_status *status)
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mlk_code code = make_folder(path, status);
    *slash = '/';
    if (code)
        return code;
    FILE *file = fopen(temporary, "wbxe");
    bool written = file && mlk_cache_entry_write(file, key, bundle);
    if (file)
        written = fclose(file) == 0 && written;
    if (written && rename(temporary, path) == 0)
        return MLK_OK;
    code = mlk_fail_system(status, errno, "cannot write to the cache", cache->folder);
    if (file)
        unlink(temporary);
    return code;
}

mlk_code mlk_cache_write(mlk_cache *cache, const char *key, const mlk_bundle *bundle, mlk_status *status)
{
    static atomic_uint counter;
    int64_t bytes = mlk_cache_entry_bytes(bundle);
    if (bytes > cache->limit / 16)
        return mlk_fail(status, MLK_INVALID, "%lld bytes are more than a sixteenth of the limit of the cache %s",
                        (long long)bytes, cache->folder);
    char ending[48];
    snprintf(ending, sizeof ending, ".%ld-%u.tmp", (long)getpid(), atomic_fetch_add(&counter, 1));
    char *path = entry_path(cache, key, ""), *temporary = entry_path(cache, key, ending);
    mlk_code code = path && temporary ? write_file(cache, key, path, temporary, bundle, status)
                                      : mlk_fail_memory(status, "a path");
    free(path);
    free(temporary);
    if (!code) {
        atomic_fetch_add(&cache->written, bytes);
        settle(cache, cache->limit / 256);
    }
    return code;
}
