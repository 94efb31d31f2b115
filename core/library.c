#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

bool mlk_library_may_come(mlk_code code)
{
    return code == MLK_EXHAUSTED || code == MLK_MEMORY;
}

bool mlk_library_has_room(size_t bytes)
{
    void *probe = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED)
        return false;
    munmap(probe, bytes);
    return true;
}

mlk_code mlk_library_load(mlk_library *library, mlk_code (*load)(mlk_status *status), mlk_status *status)
{
    pthread_mutex_lock(&library->lock);
    if (!library->settled) {
        library->outcome.code = load(&library->outcome);
        library->settled = !mlk_library_may_come(library->outcome.code);
    }
    mlk_code code = library->outcome.code;
    if (code && status)
        *status = library->outcome;
    pthread_mutex_unlock(&library->lock);
    return code;
}

/* dlopen gives no errno, but ends its words with the system's. */
static int error_in(const char *words)
{
    static const int lacks[] = {EMFILE, ENFILE, ENOMEM};
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        if (strstr(words, strerror(lacks[i])))
            return lacks[i];
    }
    return strstr(words, "out of memory") || strstr(words, "cannot allocate") ? ENOMEM : 0;
}

mlk_code mlk_library_open(const char *name, void **handle, mlk_status *status)
{
    if ((*handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL)))
        return MLK_OK;
    const char *words = dlerror();
    int error = error_in(words);
    return error ? mlk_fail_system(status, error, "cannot load", name)
                 : mlk_fail(status, MLK_UNSUPPORTED, "%s", words);
}

/* Opens the first of the names that there is. */
static mlk_code open_any(const char *const *names, void **handle, mlk_status *why)
{
    mlk_code code = MLK_OK;
    for (; *names; names++) {
        code = mlk_library_open(*names, handle, why);
        if (!code || mlk_library_may_come(code))
            break;
    }
    return code;
}

static mlk_code find_all(const mlk_library_wish *wish, void *handle, mlk_status *why)
{
    for (size_t i = 0; i < wish->count; i++) {
        const mlk_symbol *symbol = &wish->symbols[i];
        void *found = dlsym(handle, symbol->name);
        if (!found && wish->version)
            return mlk_fail(why, MLK_UNSUPPORTED, "%s is missing: %s is needed", symbol->name, wish->version);
        if (!found)
            return mlk_fail(why, MLK_UNSUPPORTED, "%s is missing", symbol->name);
        memcpy(symbol->place, &found, sizeof found);
    }
    return MLK_OK;
}

mlk_code mlk_library_find(const mlk_library_wish *wish, mlk_status *status)
{
    mlk_status why;
    void *handle;
    mlk_code code = open_any(wish->names, &handle, &why);
    if (!code)
        code = find_all(wish, handle, &why);
    if (mlk_library_may_come(code))
        return mlk_fail(status, code, "%s", why.message);
    if (code)
        return mlk_fail(status, code, "%s cannot be loaded (%s): apt-get install %s", wish->lack, why.message,
                        wish->package);
    return MLK_OK;
}
