#include "sndfile.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* Openings share it; one that failed is repeated alone to learn its error. */
static pthread_rwlock_t openings = PTHREAD_RWLOCK_INITIALIZER;

typedef struct opening {
    mlk_source *source; /* NULL: the descriptor */
    int descriptor;
    int mode;
} opening;

static sf_count_t get_length(void *source)
{
    return mlk_source_size(source);
}

static sf_count_t seek(sf_count_t offset, int whence, void *source)
{
    return mlk_source_seek(source, offset, whence);
}

static sf_count_t read_bytes(void *bytes, sf_count_t n, void *source)
{
    int64_t got = mlk_source_read(source, bytes, n);
    return got < 0 ? 0 : got;
}

static sf_count_t write_bytes(const void *bytes, sf_count_t n, void *source)
{
    (void)bytes, (void)n, (void)source;
    return 0;
}

static sf_count_t tell(void *source)
{
    return ((const mlk_source *)source)->at;
}

static SNDFILE *open_once(const opening *how, SF_INFO *info)
{
    if (how->source) {
        SF_VIRTUAL_IO functions = {get_length, seek, read_bytes, write_bytes, tell};
        how->source->at = 0;
        return sf_open_virtual(&functions, how->mode, info, how->source);
    }
    /* A descriptor of its own: whether libsndfile closes one when opening fails is not the same in all versions. */
    lseek(how->descriptor, 0, SEEK_SET);
    int copy = fcntl(how->descriptor, F_DUPFD_CLOEXEC, 0);
    return sf_open_fd(copy, how->mode, info, SF_TRUE);
}

static SNDFILE *open_shared(const opening *how, SF_INFO *info, int *error)
{
    SF_INFO asked = *info;
    pthread_rwlock_rdlock(&openings);
    SNDFILE *file = open_once(how, info);
    pthread_rwlock_unlock(&openings);
    if (file)
        return file;
    pthread_rwlock_wrlock(&openings);
    *info = asked;
    file = open_once(how, info);
    *error = file ? 0 : sf_error(NULL);
    pthread_rwlock_unlock(&openings);
    return file;
}

SNDFILE *mlk_sndfile_open(int descriptor, int mode, SF_INFO *info, int *error)
{
    return open_shared(&(opening){.descriptor = descriptor, .mode = mode}, info, error);
}

SNDFILE *mlk_sndfile_open_source(mlk_source *source, SF_INFO *info, int *error)
{
    return open_shared(&(opening){.source = source, .mode = SFM_READ}, info, error);
}
