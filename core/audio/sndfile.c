#include "sndfile.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* Openings share it; one that failed is repeated alone to learn its error. */
static pthread_rwlock_t openings = PTHREAD_RWLOCK_INITIALIZER;

/* libsndfile gets a descriptor of its own: whether it closes one when opening fails is not the same in all versions. */
static SNDFILE *open_copy(int descriptor, int mode, SF_INFO *info)
{
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return sf_open_fd(copy, mode, info, SF_TRUE);
}

SNDFILE *mlk_sndfile_open(int descriptor, int mode, SF_INFO *info, int *error)
{
    SF_INFO asked = *info;
    pthread_rwlock_rdlock(&openings);
    SNDFILE *file = open_copy(descriptor, mode, info);
    pthread_rwlock_unlock(&openings);
    if (file)
        return file;
    pthread_rwlock_wrlock(&openings);
    *info = asked;
    lseek(descriptor, 0, SEEK_SET);
    file = open_copy(descriptor, mode, info);
    *error = file ? 0 : sf_error(NULL);
    pthread_rwlock_unlock(&openings);
    return file;
}
