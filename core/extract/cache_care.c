#include "extract/cache_care.h"

#include "extract/cache_entry.h"
#include "interrupt.h"
#include "store/atomic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *beside(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* --- the limit --- */

int64_t mlk_cache_limit(const char *folder)
{
    char *path = beside(folder, "limit");
    FILE *file = path ? fopen(path, "re") : NULL;
    int64_t limit;
    if (!file || fscanf(file, "%" SCNd64, &limit) != 1 || limit < 0)
        limit = MLK_CACHE_LIMIT;
    if (file)
        fclose(file);
    free(path);
    return limit;
}

/* --- every entry --- */

typedef struct entry {
    char key[33];
    int64_t bytes;
    struct timespec used;
} entry;

typedef struct entries {
    entry *list;
    int64_t n, room;
    int64_t bytes;
} entries;

static mlk_code add(entries *all, const entry *one, mlk_status *status)
{
    if (all->n == all->room) {
        int64_t room = all->room ? 2 * all->room : 1024;
        entry *grown = realloc(all->list, (size_t)room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(status, "the list of a cache's entries");
        all->list = grown;
        all->room = room;
    }
    all->list[all->n++] = *one;
    all->bytes += one->bytes;
    return MLK_OK;
}

static bool is_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

/* A temporary file that nobody has written to for an hour: its process was killed. */
static bool is_leftover(const char *name, const struct stat *info)
{
    size_t length = strlen(name);
    return length > 30 && strcmp(name + length - 4, ".tmp") == 0 && time(NULL) - info->st_mtime > 3600;
}

/* The entries of features/ab; a file that vanishes meanwhile is not there. */
static mlk_code list_part(int features, const char *part, entries *all, mlk_status *status)
{
    int descriptor = openat(features, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!folder)
        return errno == ENOENT ? MLK_OK : mlk_fail(status, MLK_IO, "cannot list a cache: %s", strerror(errno));
    mlk_code code = MLK_OK;
    struct stat info;
    for (struct dirent *found; !code && (found = readdir(folder));) {
        const char *name = found->d_name;
        if (name[0] == '.' || fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (is_leftover(name, &info)) {
            unlinkat(descriptor, name, 0);
        } else if (is_hex(name, 30)) {
            entry one = {.bytes = (int64_t)info.st_blocks * 512, .used = info.st_mtim};
            snprintf(one.key, sizeof one.key, "%.2s%.30s", part, name);
            code = add(all, &one, status);
        }
    }
    closedir(folder);
    return code;
}

/* Lists what lies in FOLDER/features and leaves that open in *features, or -1 when there is none. */
static mlk_code list_entries(const char *folder, int *features, entries *all, mlk_status *status)
{
    *all = (entries){0};
    char *path = beside(folder, "features");
    *features = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(path);
    if (*features < 0)
        return errno == ENOENT ? MLK_OK
                               : mlk_fail(status, MLK_IO, "cannot open the cache %s: %s", folder, strerror(errno));
    mlk_code code = MLK_OK;
    for (int part = 0; part < 256 && !code; part++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", (unsigned)part);
        code = list_part(*features, name, all, status);
    }
    return code;
}

static void end_list(int features, entries *all)
{
    if (features >= 0)
        close(features);
    free(all->list);
}

static void entry_name(const entry *one, char name[40])
{
    snprintf(name, 40, "%.2s/%s", one->key, one->key + 2);
}

static bool remove_entry(int features, const entry *one)
{
    char name[40];
    entry_name(one, name);
    return unlinkat(features, name, 0) == 0;
}

/* --- making room --- */

static int by_use(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec)
        return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
    return strcmp(x->key, y->key);
}

/* Removes what was used longest ago until at most `goal` bytes are left. */
static mlk_code make_room(const char *folder, int64_t goal, mlk_status *status)
{
    entries all;
    int features;
    mlk_code code = list_entries(folder, &features, &all, status);
    if (!code && all.bytes > goal) {
        qsort(all.list, (size_t)all.n, sizeof *all.list, by_use);
        for (int64_t i = 0; i < all.n && all.bytes > goal; i++) {
            remove_entry(features, &all.list[i]); /* or another process has */
            all.bytes -= all.list[i].bytes;
        }
    }
    end_list(features, &all);
    return code;
}

/* The lock file, locked; -1 when another holds it or there can be none. */
static int take_lock(const char *folder)
{
    char *path = beside(folder, "lock");
    int lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    free(path);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        lock = -1;
    }
    return lock;
}

bool mlk_cache_note(const char *folder, int64_t bytes)
{
    int lock = take_lock(folder);
    if (lock < 0)
        return false;
    char text[32] = "";
    int64_t limit = mlk_cache_limit(folder), written = bytes;
    if (pread(lock, text, sizeof text - 1, 0) > 0)
        written += strtoll(text, NULL, 10);
    if (written > limit / 16 && make_room(folder, limit - limit / 8, NULL) == MLK_OK)
        written = 0;
    snprintf(text, sizeof text, "%-20" PRId64 "\n", written);
    (void)!pwrite(lock, text, strlen(text), 0);
    close(lock);
    return true;
}

mlk_code mlk_cache_set_limit(const char *folder, int64_t bytes, mlk_status *status)
{
    char *path = beside(folder, "limit");
    mlk_atomic file;
    mlk_code code = path ? mlk_atomic_open(path, &file, status) : mlk_fail_memory(status, "a path");
    free(path);
    if (code)
        return code;
    fprintf(file.stream, "%" PRId64 "\n", bytes);
    code = mlk_atomic_commit(&file, status);
    return code ? code : make_room(folder, bytes - bytes / 8, status);
}

/* --- what a person asks for --- */

mlk_code mlk_cache_measure(const char *folder, mlk_cache_usage *usage, mlk_status *status)
{
    entries all;
    int features;
    mlk_code code = list_entries(folder, &features, &all, status);
    *usage = (mlk_cache_usage){all.n, all.bytes, mlk_cache_limit(folder)};
    end_list(features, &all);
    return code;
}

mlk_code mlk_cache_clear(const char *folder, mlk_cache_usage *removed, mlk_status *status)
{
    entries all;
    int features;
    mlk_code code = list_entries(folder, &features, &all, status);
    *removed = (mlk_cache_usage){.limit = mlk_cache_limit(folder)};
    for (int64_t i = 0; i < all.n && !code; i++) {
        if (remove_entry(features, &all.list[i])) {
            removed->entries++;
            removed->bytes += all.list[i].bytes;
        } else if (errno != ENOENT) {
            code = mlk_fail(status, MLK_IO, "cannot remove an entry of the cache %s: %s", folder, strerror(errno));
        }
    }
    end_list(features, &all);
    return code;
}

static bool is_whole(int features, const entry *one)
{
    char name[40];
    entry_name(one, name);
    int descriptor = openat(features, name, O_RDONLY | O_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!file)
        return errno == ENOENT; /* evicted meanwhile */
    mlk_bundle *bundle = mlk_cache_entry_read(file, one->key);
    fclose(file);
    mlk_bundle_free(bundle);
    return bundle != NULL;
}

mlk_code mlk_cache_verify(const char *folder, mlk_cache_usage *checked, int64_t *damaged, mlk_status *status)
{
    entries all;
    int features;
    mlk_code code = list_entries(folder, &features, &all, status);
    *damaged = 0;
    for (int64_t i = 0; i < all.n && !code; i++) {
        if (!is_whole(features, &all.list[i])) {
            ++*damaged;
            if (!remove_entry(features, &all.list[i]) && errno != ENOENT)
                code = mlk_fail(status, MLK_IO, "cannot remove an entry of the cache %s: %s", folder, strerror(errno));
        }
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    *checked = (mlk_cache_usage){all.n, all.bytes, mlk_cache_limit(folder)};
    end_list(features, &all);
    return code;
}
