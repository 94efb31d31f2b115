#include "store/append.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int descriptor, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(descriptor, bytes, n);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        }
    }
    return 0;
}

mlk_code mlk_append(const char *path, const void *bytes, size_t n, mlk_status *status)
{
    struct stat info;
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor < 0)
        return mlk_fail(status, MLK_IO, "cannot write %s: %s", path, errno == ELOOP ? "it is a link" : strerror(errno));
    mlk_code code = MLK_OK;
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
        code = mlk_fail(status, MLK_IO, "cannot write %s: it is not a regular file", path);
    else if (write_all(descriptor, bytes, n) != 0)
        code = mlk_fail_system(status, errno, "cannot write", path);
    if (close(descriptor) != 0 && !code)
        code = mlk_fail_system(status, errno, "cannot write", path);
    return code;
}
