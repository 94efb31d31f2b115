#include "net/download.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The part that is there, and what is known of the whole. */
typedef struct part {
    const mlk_download *file;
    mlk_progress progress;
    char *path;
    int descriptor;
    int64_t have, total; /* bytes; total -1: not known */
    bool resumable;      /* more bytes of the same content can be put behind it */
    bool wrong;          /* the server says or sends what cannot be right: the part goes */
    bool unwritable;     /* the disk takes no more: it goes too */
    char etag[256];      /* of the content, "" where the server does not say */
} part;

static mlk_code fail_wrong(part *self, mlk_status *status, const char *what, int64_t got, int64_t wanted)
{
    self->wrong = true;
    return mlk_fail(status, MLK_INVALID, "cannot fetch %s: the server %s %lld bytes, and it must be %lld",
                    self->file->url, what, (long long)got, (long long)wanted);
}

static mlk_code empty(part *self, mlk_status *status)
{
    self->have = 0;
    if (ftruncate(self->descriptor, 0) != 0 || lseek(self->descriptor, 0, SEEK_SET) != 0)
        return mlk_fail_system(status, errno, "cannot write", self->path);
    return MLK_OK;
}

/* Content-Range: "bytes 100-199/200"; the total may be "*". */
static bool read_range(const mlk_http_answer *answer, int64_t *first, int64_t *total)
{
    char text[80];
    long long from, to, all;
    *total = -1;
    if (!mlk_http_header(answer, "Content-Range", text, sizeof text))
        return false;
    int n = sscanf(text, "bytes %lld-%lld/%lld", &from, &to, &all);
    *first = n >= 2 ? from : -1;
    if (n == 3)
        *total = all;
    return n >= 2;
}

static mlk_code begin(void *context, const mlk_http_answer *answer, mlk_status *status)
{
    part *self = context;
    int64_t first = 0, total = mlk_http_number(answer, "Content-Length");
    mlk_code code = MLK_OK;
    char etag[sizeof self->etag] = "";
    if (answer->status == 206 && (!read_range(answer, &first, &total) || first != self->have))
        return fail_wrong(self, status, "leaves out", first, self->have);
    if (answer->status == 200 && self->have > 0)
        code = empty(self, status); /* it does not know parts, or the content is another */
    int64_t wanted = self->file->size >= 0 ? self->file->size : -1;
    if (!code && wanted >= 0 && total >= 0 && total != wanted)
        code = fail_wrong(self, status, "announces", total, wanted);
    if (!code && total > self->file->most)
        code = mlk_fail(status, MLK_INVALID, "cannot fetch %s: it has %lld bytes, more than the %lld allowed",
                        self->file->url, (long long)total, (long long)self->file->most);
    self->total = wanted >= 0 ? wanted : total;
    mlk_http_header(answer, "ETag", etag, sizeof etag);
    strcpy(self->etag, strncmp(etag, "W/", 2) == 0 ? "" : etag); /* a weak one promises no same bytes */
    self->resumable = self->file->hash || *self->etag;
    mlk_progress_say(self->progress, self->have, self->total);
    return code;
}

static mlk_code take(void *context, const char *bytes, size_t n, mlk_status *status)
{
    part *self = context;
    int64_t most = self->total >= 0 ? self->total : self->file->most;
    if ((int64_t)n > most - self->have)
        return fail_wrong(self, status, "sends more than", most, most);
    while (n > 0) {
        ssize_t wrote = write(self->descriptor, bytes, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            self->unwritable = true;
            return mlk_fail_system(status, errno, "cannot write", self->path);
        }
        self->have += wrote;
        bytes += wrote;
        n -= (size_t)wrote;
    }
    mlk_progress_say(self->progress, self->have, self->total);
    return MLK_OK;
}

static int64_t have(void *context, const char **etag)
{
    part *self = context;
    mlk_status status;
    if (!self->resumable && empty(self, &status))
        self->have = 0;
    *etag = *self->etag ? self->etag : NULL;
    return self->have;
}

/* --- the file ------------------------------------------------------------------ */

static mlk_code open_part(part *self, mlk_status *status)
{
    struct stat info;
    if (asprintf(&self->path, "%s.incomplete", self->file->path) < 0) {
        self->path = NULL;
        return mlk_fail_memory(status, "a path");
    }
    self->descriptor = open(self->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (self->descriptor < 0 || fstat(self->descriptor, &info) != 0)
        return mlk_fail_system(status, errno, "cannot write", self->path);
    if (!S_ISREG(info.st_mode))
        return mlk_fail(status, MLK_IO, "cannot write %s: it is not a regular file", self->path);
    self->have = info.st_size;
    self->resumable = self->file->hash != NULL;
    if (!self->resumable || (self->file->size >= 0 && self->have > self->file->size))
        return empty(self, status);
    if (lseek(self->descriptor, 0, SEEK_END) < 0)
        return mlk_fail_system(status, errno, "cannot write", self->path);
    return MLK_OK;
}

static mlk_code get(part *self, mlk_status *status)
{
    const mlk_download *file = self->file;
    mlk_http_answer *answer = malloc(sizeof *answer);
    mlk_http_request request = {.url = file->url, .token = file->token, .connect_s = file->connect_s,
                                .stall_s = file->stall_s};
    mlk_fetch_sink sink = {{begin, take, self}, have};
    if (!answer)
        return mlk_fail_memory(status, "a transfer");
    mlk_code code = mlk_fetch(&request, &file->fetch, &sink, answer, status);
    if (code && answer->status == 416) { /* there is nothing behind the part: it was whole, or of something else */
        self->wrong = true;
        if (file->size >= 0)
            fail_wrong(self, status, "has no more than", self->have, file->size);
    }
    if (!code && self->total >= 0 && self->have != self->total)
        code = fail_wrong(self, status, "sends", self->have, self->total);
    free(answer);
    return code;
}

static mlk_code check_hash(part *self, mlk_status *status)
{
    char hex[MLK_DIGEST_SIZE];
    const mlk_download *file = self->file;
    if (!file->hash)
        return MLK_OK;
    mlk_code code = mlk_digest_file(self->path, file->kind, hex, status);
    if (code || strcmp(hex, file->hash) == 0)
        return code;
    self->wrong = true;
    return mlk_fail(status, MLK_INVALID, "cannot fetch %s: what came is damaged or another file: its hash is %s, not "
                    "%s", file->url, hex, file->hash);
}

static mlk_code finish(part *self, mlk_status *status)
{
    if (fsync(self->descriptor) != 0 && errno != EINVAL)
        return mlk_fail_system(status, errno, "cannot write", self->path);
    if (rename(self->path, self->file->path) != 0)
        return mlk_fail_system(status, errno, "cannot write", self->file->path);
    return MLK_OK;
}

/* One go: what is there already counts, unless it proves wrong. `began`: bytes that were there before. */
static mlk_code complete(part *self, int64_t *began, mlk_status *status)
{
    mlk_code code = open_part(self, status);
    *began = self->have;
    if (!code && (self->file->size < 0 || self->have < self->file->size || self->have == 0))
        code = get(self, status);
    if (!code)
        code = check_hash(self, status);
    if (!code)
        code = finish(self, status);
    if (self->descriptor >= 0)
        close(self->descriptor);
    if (code && (self->wrong || self->unwritable || code == MLK_DISK))
        unlink(self->path);
    free(self->path);
    return code;
}

mlk_code mlk_download_file(const mlk_download *given, mlk_progress progress, mlk_status *status)
{
    mlk_download file = *given;
    int64_t began;
    mlk_code code = MLK_OK;
    file.most = file.most > 0 ? file.most : (int64_t)1 << 40;
    for (int go = 0; go < 2; go++) { /* a part from an earlier time that proves wrong is no fault of the server's */
        part self = {.file = &file, .progress = progress, .descriptor = -1, .total = file.size};
        code = complete(&self, &began, status);
        if (!code || !self.wrong || began == 0)
            break;
    }
    return code;
}
