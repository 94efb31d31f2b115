#include "blas/threads.h"

#include "subnormal.h"

#include <dlfcn.h>
#include <stddef.h>

static const struct {
    const char *get, *set;
} names[] = {
    {"openblas_get_num_threads", "openblas_set_num_threads"},
    {"MKL_Get_Max_Threads", "MKL_Set_Num_Threads"},
    {"bli_thread_get_num_threads", "bli_thread_set_num_threads"},
};

int mlk_blas_threads(void *library)
{
    long (*get)(void); /* an int or an int64_t: the lower half is right for both */
    for (size_t i = 0; i < sizeof names / sizeof *names && library; i++)
        if ((*(void **)&get = dlsym(library, names[i].get)))
            return (int)get();
    return 0;
}

void mlk_blas_set_threads(void *library, int threads)
{
    void (*set)(long);
    uint64_t before = mlk_subnormal_flush(); /* threads that it makes begin so */
    for (size_t i = 0; i < sizeof names / sizeof *names && library && threads > 0; i++)
        if ((*(void **)&set = dlsym(library, names[i].set)))
            set(threads);
    mlk_subnormal_restore(before);
}
