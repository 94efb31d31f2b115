#include "watch.h"

#include "clock.h"
#include "interrupt.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct mlk_watch {
    int descriptor;
};

/* What ends with another content or another place; a file that is being written is told of once it is closed. */
static const uint32_t wanted = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                               IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

mlk_code mlk_watch_new(mlk_watch **watch, mlk_status *status)
{
    mlk_watch *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a watch");
    self->descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (self->descriptor < 0) {
        mlk_code code = errno == EMFILE ? MLK_EXHAUSTED : MLK_IO;
        free(self);
        return mlk_fail(status, code, "folders cannot be watched: %s", strerror(errno));
    }
    *watch = self;
    return MLK_OK;
}

mlk_code mlk_watch_folder(mlk_watch *self, const char *path, mlk_status *status)
{
    if (inotify_add_watch(self->descriptor, path, wanted) >= 0)
        return MLK_OK;
    if (errno == ENOSPC)
        return mlk_fail(status, MLK_EXHAUSTED, "no more folders can be watched (fs.inotify.max_user_watches)");
    return mlk_fail_system(status, errno, "cannot watch", path);
}

/* Tells all events that have come. */
static mlk_code read_all(mlk_watch *self, mlk_watch_event tell, void *context, mlk_status *status)
{
    alignas(struct inotify_event) char buffer[16384];
    ssize_t got;
    while ((got = read(self->descriptor, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const void *)at;
            bool is_self = event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_Q_OVERFLOW);
            if (is_self || event->len > 0)
                tell(context, is_self ? NULL : event->name, event->mask & IN_ISDIR);
            at += sizeof *event + event->len;
        }
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return mlk_fail_system(status, errno, "cannot read", "inotify");
    return MLK_OK;
}

mlk_code mlk_watch_wait(mlk_watch *self, double seconds, mlk_watch_event tell, void *context, mlk_status *status)
{
    double until = mlk_now_s() + seconds;
    for (;;) {
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        double left = fmax(0, fmin(0.1, until - mlk_now_s()));
        struct pollfd one = {.fd = self->descriptor, .events = POLLIN};
        if (poll(&one, 1, (int)ceil(1000 * left)) > 0)
            return read_all(self, tell, context, status);
        if (mlk_now_s() >= until)
            return MLK_OK;
    }
}

void mlk_watch_free(mlk_watch *self)
{
    if (!self)
        return;
    close(self->descriptor);
    free(self);
}
