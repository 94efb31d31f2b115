#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t mlk_source_size(const mlk_source *source)
{
    return source->end - source->begin;
}

bool mlk_source_peek(const mlk_source *source, int64_t at, void *bytes, int64_t n)
{
    if (at < 0 || n < 0 || at > mlk_source_size(source) - n)
        return false;
    for (int64_t done = 0; done < n;) {
        ssize_t got = pread(source->descriptor, (char *)bytes + done, (size_t)(n - done), source->begin + at + done);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            return false;
        done += got > 0 ? got : 0;
    }
    return true;
}

int64_t mlk_source_read(mlk_source *source, void *bytes, int64_t n)
{
    int64_t left = mlk_source_size(source) - source->at;
    n = n < left ? n : left;
    if (n <= 0)
        return 0;
    ssize_t got;
    do
        got = pread(source->descriptor, bytes, (size_t)n, source->begin + source->at);
    while (got < 0 && errno == EINTR);
    source->at += got > 0 ? got : 0;
    return got;
}

int64_t mlk_source_seek(mlk_source *source, int64_t offset, int whence)
{
    int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source->at : mlk_source_size(source);
    if (offset < -from || offset > INT64_MAX - from)
        return -1;
    source->at = from + offset;
    return source->at;
}

int64_t mlk_source_find(const mlk_source *source, int64_t from, const void *wanted, int n)
{
    unsigned char block[1 << 16];
    const int64_t size = mlk_source_size(source);
    while (from + n <= size) {
        int64_t count = size - from < (int64_t)sizeof block ? size - from : (int64_t)sizeof block;
        if (!mlk_source_peek(source, from, block, count))
            return -1;
        const unsigned char *found = memmem(block, (size_t)count, wanted, (size_t)n);
        if (found)
            return from + (found - block);
        from += count - n + 1;
    }
    return -1;
}

/* --- tags behind the sound --- */

static int64_t little_endian(const unsigned char *bytes)
{
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (int64_t)bytes[3] << 24;
}

/* 128 bytes that begin with TAG; an extension of 227 bytes may precede them. */
static int64_t id3v1_length(const mlk_source *source)
{
    int64_t size = mlk_source_size(source);
    char word[4];
    if (!mlk_source_peek(source, size - 128, word, 3) || memcmp(word, "TAG", 3) != 0)
        return 0;
    return mlk_source_peek(source, size - 355, word, 4) && memcmp(word, "TAG+", 4) == 0 ? 355 : 128;
}

static int64_t ape_length(const mlk_source *source)
{
    unsigned char footer[32];
    if (!mlk_source_peek(source, mlk_source_size(source) - 32, footer, 32) || memcmp(footer, "APETAGEX", 8) != 0)
        return 0;
    bool has_header = footer[23] & 0x80;
    return little_endian(footer + 12) + (has_header ? 32 : 0);
}

static int64_t lyrics_length(const mlk_source *source)
{
    int64_t size = mlk_source_size(source);
    char end[16] = "";
    if (!mlk_source_peek(source, size - 15, end, 15))
        return 0;
    if (memcmp(end + 6, "LYRICS200", 9) == 0) {
        end[6] = '\0';
        return strtol(end, NULL, 10) + 15;
    }
    if (memcmp(end + 6, "LYRICSEND", 9) == 0) {
        enum { LONGEST = 5100 + 20 };
        int64_t from = size > LONGEST ? size - LONGEST : 0;
        int64_t begin = mlk_source_find(source, from, "LYRICSBEGIN", 11);
        return begin < 0 ? 0 : size - begin;
    }
    return 0;
}

/* Containers that say themselves where their sound ends keep what is behind it. */
static bool is_stream(const mlk_source *source)
{
    unsigned char head[4];
    if (!mlk_source_peek(source, 0, head, 4))
        return false;
    return memcmp(head, "fLaC", 4) == 0 || memcmp(head, "OggS", 4) == 0 || memcmp(head, "ID3", 3) == 0 ||
           (head[0] == 0xff && (head[1] & 0xe0) == 0xe0);
}

static void leave_out_tags(mlk_source *source)
{
    if (!is_stream(source))
        return;
    for (;;) {
        int64_t n = id3v1_length(source);
        if (n == 0)
            n = ape_length(source);
        if (n == 0)
            n = lyrics_length(source);
        if (n <= 0 || n >= mlk_source_size(source))
            return;
        source->end -= n;
    }
}

/* --- the file --- */

/* What the decoding libraries would only call "unknown format". */
static mlk_code check_file(const char *path, const struct stat *file, mlk_status *status)
{
    if (S_ISDIR(file->st_mode))
        return mlk_fail(status, MLK_INVALID, "%s is a folder, not a sound file", path);
    if (!S_ISREG(file->st_mode))
        return mlk_fail(status, MLK_INVALID, "%s is not a regular file", path);
    if (file->st_size == 0)
        return mlk_fail(status, MLK_INVALID, "%s is empty", path);
    return MLK_OK;
}

mlk_code mlk_source_adopt(int descriptor, const char *name, mlk_source *source, mlk_status *status)
{
    struct stat file;
    mlk_code code = fstat(descriptor, &file) == 0 ? check_file(name, &file, status)
                                                  : mlk_fail(status, MLK_IO, "%s: %s", name, strerror(errno));
    if (code) {
        close(descriptor);
        return code;
    }
    *source = (mlk_source){.path = name, .descriptor = descriptor, .end = file.st_size};
    leave_out_tags(source);
    return MLK_OK;
}

mlk_code mlk_source_open(const char *path, mlk_source *source, mlk_status *status)
{
    /* O_NONBLOCK: a pipe is opened to be refused, not waited for. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM
                   ? mlk_fail_system(status, errno, "cannot open", path)
                   : mlk_fail(status, MLK_IO, "%s: %s", path, strerror(errno));
    return mlk_source_adopt(descriptor, path, source, status);
}

void mlk_source_close(mlk_source *source)
{
    close(source->descriptor);
    source->descriptor = -1;
}
