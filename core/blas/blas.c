#include "blas/blas.h"

#include "blas/choice.h"
#include "blas/threads.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* In this order: OpenBLAS that shares libgomp's threads with libtorch (one with threads of its own fights them for the
 * cores) under the names of Debian and of Fedora; any OpenBLAS; the reference or whatever else the system has. */
static const char *const places[] = {
#ifdef MLK_LIBRARY_FOLDER
    MLK_LIBRARY_FOLDER "/openblas-openmp/libopenblas.so.0",
#endif
    "libopenblaso.so.0",
    "libopenblas.so.0",
    "libblas.so.3",
    NULL,
};

static mlk_blas_choice chosen;

static void choose(void)
{
    mlk_blas_choose(places, &chosen);
    if (chosen.trouble[0]) /* said once, since what follows may take long */
        fprintf(stderr, "moonlark: %s; %s are used instead\n", chosen.trouble,
                chosen.handle ? chosen.file : "plain loops");
}

const mlk_blas_functions *mlk_blas(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    return &chosen.functions;
}

int mlk_blas_single(void)
{
    mlk_blas();
    int threads = mlk_blas_threads(chosen.handle);
    if (threads != 1)
        mlk_blas_set_threads(chosen.handle, 1);
    return threads;
}

void mlk_blas_restore(int threads)
{
    mlk_blas();
    mlk_blas_set_threads(chosen.handle, threads);
}

mlk_blas_facts mlk_blas_describe(void)
{
    static const char *const threadings[] = {"serial", "pthreads", "openmp"};
    mlk_blas();
    int (*parallel)(void);
    *(void **)&parallel = chosen.handle ? dlsym(chosen.handle, "openblas_get_parallel") : NULL;
    int kind = parallel ? parallel() : -1;
    return (mlk_blas_facts){.file = chosen.file, .core = chosen.core, .threads = mlk_blas_threads(chosen.handle),
                            .threading = kind >= 0 && kind < 3 ? threadings[kind] : "unknown",
                            .trouble = chosen.trouble};
}

void mlk_blas_lend(void)
{
    static const char *const lent[] = {"libblas.so.3", "liblapack.so.3"};
    mlk_blas();
    const char *slash = strrchr(chosen.file, '/');
    if (!chosen.handle || !slash)
        return;
    for (int i = 0; i < 2; i++) {
        char path[PATH_MAX + 32];
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - chosen.file), chosen.file, lent[i]);
        /* Stays open: the dynamic linker then takes it for every library that needs this name. */
        dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    }
}

int mlk_blas_inverse_factor(double *matrix, int n)
{
    int info = 0;
    /* Row-major terms: LAPACK's upper triangle is our lower one. */
    mlk_blas()->dpotrf_("U", &n, matrix, &n, &info, 1);
    if (info == 0)
        mlk_blas()->dtrtri_("U", "N", &n, matrix, &n, &info, 1, 1);
    return info;
}

int mlk_blas_eigen(double *matrix, int n, double *values)
{
    return mlk_blas_eigen_by(mlk_blas(), matrix, n, values);
}
