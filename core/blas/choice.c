#include "blas/choice.h"

#include "blas/plain.h"
#include "blas/processor.h"
#include "blas/proof.h"
#include "blas/threads.h"
#include "library.h"
#include "parallel.h"
#include "subnormal.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char CORETYPE[] = "OPENBLAS_CORETYPE";

/* A function of the library, or of the LAPACK that some systems keep apart from it. */
static void *find(void *library, void *lapack, const char *name)
{
    void *function = dlsym(library, name);
    return function || !lapack ? function : dlsym(lapack, name);
}

static bool find_all(void *library, mlk_blas_functions *functions)
{
    void *lapack = dlsym(library, "dsyevd_") ? NULL : dlopen("liblapack.so.3", RTLD_LAZY | RTLD_LOCAL);
#define FIND(result, name, arguments)                                                                                  \
    if (!(*(void **)&functions->name = find(library, lapack, #name)))                                                  \
        return false;
    MLK_BLAS_FUNCTIONS(FIND)
#undef FIND
    return true;
}

static const char *own_choice(void *library)
{
    char *(*corename)(void);
    *(void **)&corename = dlsym(library, "openblas_get_corename");
    return corename ? corename() : "";
}

/* OpenBLAS takes 128 MiB a thread while it is loaded, and where there is less it asks again and again without end. */
static bool has_room(void)
{
    return mlk_library_has_room(((size_t)mlk_cores() * 128 + 32) << 20);
}

/* Loads one library with the kernels named, or with its own choice for NULL. The environment stays as it was: OpenBLAS
 * reads it only while it is loaded. */
static bool load(const char *place, const char *kernels, mlk_blas_choice *choice)
{
    if (!has_room()) {
        snprintf(choice->trouble, sizeof choice->trouble, "not enough memory to load a BLAS (ulimit -v)");
        return false;
    }
    if (kernels)
        setenv(CORETYPE, kernels, 1);
    uint64_t before = mlk_subnormal_flush(); /* threads of its own begin so */
    choice->handle = dlopen(place, RTLD_LAZY | RTLD_LOCAL);
    mlk_subnormal_restore(before);
    if (kernels)
        unsetenv(CORETYPE);
    if (!choice->handle)
        return false;
    if (!find_all(choice->handle, &choice->functions)) {
        dlclose(choice->handle);
        choice->handle = NULL;
        return false;
    }
    snprintf(choice->core, sizeof choice->core, "%s", own_choice(choice->handle));
    Dl_info where;
    bool known = dladdr(dlsym(choice->handle, "cblas_sgemm"), &where) && where.dli_fname;
    snprintf(choice->file, sizeof choice->file, "%s", known ? where.dli_fname : place);
    return true;
}

static void unload(mlk_blas_choice *choice)
{
    dlclose(choice->handle);
    choice->handle = NULL;
}

/* True when what is loaded computes right; else says what was wrong with it, and unloads it. */
static bool keep_if_right(mlk_blas_choice *choice)
{
    int threads = mlk_blas_threads(choice->handle);
    mlk_blas_set_threads(choice->handle, 1); /* kernels are proved, and a child of fork has no other threads */
    mlk_proof proof = mlk_blas_prove(&choice->functions);
    mlk_blas_set_threads(choice->handle, threads);
    if (proof == MLK_PROOF_RIGHT)
        return true;
    size_t used = strlen(choice->trouble);
    snprintf(choice->trouble + used, sizeof choice->trouble - used, "%s%s%s%s %s", used ? "; " : "", choice->file,
             *choice->core ? " with kernels for " : "", choice->core,
             proof == MLK_PROOF_WRONG ? "computes wrong products" : "crashes");
    unload(choice);
    return false;
}

static bool choose_kernels(const char *place, mlk_blas_choice *choice)
{
    if (!load(place, NULL, choice))
        return false;
    const char *better = getenv(CORETYPE) || !*choice->core
                             ? NULL : mlk_processor_kernels(mlk_processor_features(), choice->core);
    if (better) {
        unload(choice);
        if (load(place, better, choice) && keep_if_right(choice))
            return true;
        if (!load(place, NULL, choice))
            return false;
    }
    return keep_if_right(choice);
}

void mlk_blas_choose(const char *const places[], mlk_blas_choice *choice)
{
    *choice = (mlk_blas_choice){.functions = mlk_blas_plain};
    for (const char *const *place = places; *place; place++)
        if (choose_kernels(*place, choice))
            return;
    choice->functions = mlk_blas_plain;
    choice->handle = NULL;
    choice->file[0] = choice->core[0] = '\0';
}
