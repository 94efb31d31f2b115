#include "store/zip.h"

#include "interrupt.h"
#include "store/inflate.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LOCATOR_SIZE = 20, ENCRYPTED = 1, MOST_MEMBERS = 1000000 };

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

static mlk_code damaged(const mlk_zip *zip, const char *what, mlk_status *status)
{
    return mlk_fail(status, MLK_INVALID, "not %s, or damaged: %s", zip->kind, what);
}

/* `length` bytes at `offset`, or NULL when they are not all in the file. */
static unsigned char *part(const mlk_zip *zip, uint64_t offset, uint64_t length)
{
    return offset <= zip->size && length <= zip->size - offset ? zip->bytes + offset : NULL;
}

/* --- the directory --- */

/* Finds the central directory: its place and number of entries. */
static mlk_code find_directory(const mlk_zip *zip, uint64_t *offset, uint64_t *entries, mlk_status *status)
{
    /* The end record is the last thing in the file but for a comment of up to 65535 bytes. */
    const unsigned char *end = NULL;
    for (size_t back = MLK_ZIP_END_SIZE; back <= zip->size && back <= MLK_ZIP_END_SIZE + 65535 && !end; back++) {
        const unsigned char *at = zip->bytes + zip->size - back;
        if (little(at, 4) == MLK_ZIP_END && little(at + 20, 2) == back - MLK_ZIP_END_SIZE)
            end = at;
    }
    if (!end)
        return damaged(zip, "no end record", status);
    *entries = little(end + 10, 2);
    *offset = little(end + 16, 4);
    uint64_t place = (uint64_t)(end - zip->bytes);
    const unsigned char *locator = place >= LOCATOR_SIZE ? end - LOCATOR_SIZE : NULL;
    if (locator && little(locator, 4) == MLK_ZIP_LOCATOR64) {
        const unsigned char *end64 = part(zip, little(locator + 8, 8), MLK_ZIP_END64_SIZE);
        if (!end64 || little(end64, 4) != MLK_ZIP_END64)
            return damaged(zip, "no zip64 end record", status);
        *entries = little(end64 + 32, 8);
        *offset = little(end64 + 48, 8);
    }
    if (*entries > MOST_MEMBERS)
        return damaged(zip, "more than a million members", status);
    return MLK_OK;
}

/* Takes from the zip64 extra field the values that do not fit in their own. */
static bool read_extra(const unsigned char *extra, size_t length, mlk_zip_member *m)
{
    while (length >= 4) {
        size_t size = little(extra + 2, 2);
        if (size > length - 4)
            return false;
        if (little(extra, 2) == 1) {
            const unsigned char *at = extra + 4, *end = at + size;
            uint64_t *wide[] = {&m->size, &m->packed, &m->offset};
            for (int i = 0; i < 3; i++) {
                if (*wide[i] != UINT32_MAX)
                    continue;
                if (end - at < 8)
                    return false;
                *wide[i] = little(at, 8);
                at += 8;
            }
        }
        extra += 4 + size;
        length -= 4 + size;
    }
    return true;
}

/* A member's name; refuses what could leave a folder. */
static mlk_code read_name(const unsigned char *text, size_t length, char **name, mlk_status *status)
{
    char *copy = strndup((const char *)text, length);
    if (!copy)
        return mlk_fail_memory(status, "a name");
    bool whole = strlen(copy) == length; /* no zero byte inside */
    bool safe = whole && mlk_utf8_valid(copy, length) && !strchr(copy, '\\') && copy[0] != '/';
    for (const char *step = copy; step && safe; step = strchr(step, '/') ? strchr(step, '/') + 1 : NULL)
        safe = strncmp(step, "..", 2) != 0 || (step[2] != '/' && step[2] != '\0');
    if (!safe) {
        mlk_fail(status, MLK_INVALID, "member '%.80s' has a name that leaves its folder", copy);
        free(copy);
        return MLK_INVALID;
    }
    *name = copy;
    return MLK_OK;
}

/* The member at *at in the central directory; moves *at behind it. */
static mlk_code read_entry(const mlk_zip *zip, uint64_t *at, mlk_zip_member *m, mlk_status *status)
{
    const unsigned char *entry = part(zip, *at, MLK_ZIP_CENTRAL_SIZE);
    if (!entry || little(entry, 4) != MLK_ZIP_CENTRAL)
        return damaged(zip, "its directory is cut short", status);
    size_t name = little(entry + 28, 2), extra = little(entry + 30, 2), comment = little(entry + 32, 2);
    if (!part(zip, *at, MLK_ZIP_CENTRAL_SIZE + name + extra + comment))
        return damaged(zip, "its directory is cut short", status);
    *m = (mlk_zip_member){.method = (int)little(entry + 10, 2), .crc = (uint32_t)little(entry + 16, 4),
                          .packed = little(entry + 20, 4), .size = little(entry + 24, 4),
                          .offset = little(entry + 42, 4)};
    if (!read_extra(entry + MLK_ZIP_CENTRAL_SIZE + name, extra, m))
        return damaged(zip, "a field for large files is cut short", status);
    if (little(entry + 8, 2) & ENCRYPTED)
        return mlk_fail(status, MLK_UNSUPPORTED, "a member is encrypted");
    *at += MLK_ZIP_CENTRAL_SIZE + name + extra + comment;
    return read_name(entry + MLK_ZIP_CENTRAL_SIZE, name, &m->name, status);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const mlk_zip_member *const *)a)->name, (*(const mlk_zip_member *const *)b)->name);
}

static mlk_code sort_members(mlk_zip *zip, mlk_status *status)
{
    zip->sorted = malloc(((size_t)zip->count + 1) * sizeof *zip->sorted);
    if (!zip->sorted)
        return mlk_fail_memory(status, "the list of members");
    for (int i = 0; i < zip->count; i++)
        zip->sorted[i] = &zip->members[i];
    if (zip->count > 1)
        qsort(zip->sorted, (size_t)zip->count, sizeof *zip->sorted, by_name);
    for (int i = 1; i < zip->count; i++)
        if (by_name(&zip->sorted[i - 1], &zip->sorted[i]) == 0)
            return mlk_fail(status, MLK_INVALID, "member '%.80s' comes twice", zip->sorted[i]->name);
    return MLK_OK;
}

mlk_code mlk_zip_open(unsigned char *bytes, size_t size, const char *kind, mlk_zip *zip, mlk_status *status)
{
    uint64_t at = 0, entries = 0, total = 0;
    *zip = (mlk_zip){.bytes = bytes, .size = size, .kind = kind};
    mlk_code code = find_directory(zip, &at, &entries, status);
    if (!code && entries > size / MLK_ZIP_CENTRAL_SIZE)
        code = damaged(zip, "its directory is cut short", status);
    if (!code && !(zip->members = malloc((entries + 1) * sizeof *zip->members)))
        code = mlk_fail_memory(status, "the list of members");
    while (!code && (uint64_t)zip->count < entries) {
        mlk_zip_member *m = &zip->members[zip->count];
        code = read_entry(zip, &at, m, status);
        if (code)
            break;
        zip->count++;
        if (__builtin_add_overflow(total, m->packed, &total) || total > size)
            code = damaged(zip, "members overlap", status);
    }
    if (!code)
        code = sort_members(zip, status);
    if (code)
        mlk_zip_close(zip);
    return code;
}

void mlk_zip_close(mlk_zip *zip)
{
    for (int i = 0; i < zip->count; i++)
        free(zip->members[i].name);
    free(zip->members);
    free(zip->sorted);
    *zip = (mlk_zip){0};
}

const mlk_zip_member *mlk_zip_find(const mlk_zip *zip, const char *name)
{
    const mlk_zip_member *wanted = &(mlk_zip_member){.name = (char *)name};
    const mlk_zip_member **found =
        zip->count ? bsearch(&wanted, zip->sorted, (size_t)zip->count, sizeof *zip->sorted, by_name) : NULL;
    return found ? *found : NULL;
}

/* --- contents --- */

/* The packed bytes of a member, or NULL. */
static unsigned char *content(const mlk_zip *zip, const mlk_zip_member *m)
{
    const unsigned char *local = part(zip, m->offset, MLK_ZIP_LOCAL_SIZE);
    if (!local || little(local, 4) != MLK_ZIP_LOCAL)
        return NULL;
    uint64_t skip = MLK_ZIP_LOCAL_SIZE + little(local + 26, 2) + little(local + 28, 2);
    if (!part(zip, m->offset, skip))
        return NULL;
    return part(zip, m->offset + skip, m->packed);
}

uint32_t mlk_zip_checksum(uint32_t before, const void *bytes, uint64_t n)
{
    return n > 0 ? (uint32_t)crc32_z(before, bytes, n) : before; /* of NULL, zlib gives the sum of nothing before it */
}

mlk_code mlk_zip_view(const mlk_zip *zip, const mlk_zip_member *m, unsigned char **bytes, mlk_status *status)
{
    if (!(*bytes = content(zip, m)))
        return damaged(zip, "a member lies outside the file", status);
    if (m->method != MLK_ZIP_STORED)
        return mlk_fail(status, MLK_UNSUPPORTED, "it is compressed by method %d; handled is 0", m->method);
    if (m->size != m->packed)
        return damaged(zip, "a member's size is not what its packed size allows", status);
    return MLK_OK;
}

static mlk_code inflate_member(const mlk_zip *zip, const mlk_zip_member *m, unsigned char *packed,
                               unsigned char **owned, mlk_status *status)
{
    if (m->size / MLK_INFLATE_RATIO > m->packed)
        return damaged(zip, "a member's size is not what its packed size allows", status);
    if (!(*owned = malloc(m->size ? m->size : 1)))
        return mlk_fail_memory(status, "an array");
    if (mlk_inflate(MLK_INFLATE_RAW, packed, m->packed, *owned, m->size))
        return MLK_OK;
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted")
                             : damaged(zip, "a member does not inflate to its size", status);
}

mlk_code mlk_zip_read(const mlk_zip *zip, const mlk_zip_member *m, unsigned char **bytes, unsigned char **owned,
                      mlk_status *status)
{
    mlk_code code = MLK_OK;
    *owned = NULL;
    if (m->method != MLK_ZIP_STORED && m->method != MLK_ZIP_DEFLATED)
        return mlk_fail(status, MLK_UNSUPPORTED, "it is compressed by method %d; handled are 0 and 8", m->method);
    if (m->method == MLK_ZIP_STORED) {
        code = mlk_zip_view(zip, m, bytes, status);
    } else {
        if (!(*bytes = content(zip, m)))
            return damaged(zip, "a member lies outside the file", status);
        code = inflate_member(zip, m, *bytes, owned, status);
        *bytes = *owned;
    }
    if (!code && mlk_zip_checksum(0, *bytes, m->size) != m->crc)
        code = mlk_fail(status, MLK_INVALID, "it does not match its checksum");
    if (code) {
        free(*owned);
        *owned = NULL;
    }
    return code;
}
