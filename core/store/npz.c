#include "store/npz.h"

#include "interrupt.h"
#include "store/atomic.h"
#include "store/inflate.h"
#include "store/npy.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LOCAL = 0x04034B50, CENTRAL = 0x02014B50, END = 0x06054B50, END64 = 0x06064B50, LOCATOR64 = 0x07064B50 };
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1, UTF8 = 1 << 11, MOST_MEMBERS = 1000000 };

/* --- reading ---------------------------------------------------------------- */

typedef struct archive {
    const unsigned char *bytes;
    size_t size;
    mlk_status *status;
} archive;

typedef struct member {
    char *name;
    uint64_t packed, size, offset; /* bytes in the archive, bytes of the content, place of its local header */
    uint32_t crc;
    int method;
} member;

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

static mlk_code damaged(const archive *zip, const char *what)
{
    return mlk_fail(zip->status, MLK_INVALID, "not an .npz file, or damaged: %s", what);
}

/* `length` bytes at `offset`, or NULL when they are not all in the file. */
static const unsigned char *part(const archive *zip, uint64_t offset, uint64_t length)
{
    return offset <= zip->size && length <= zip->size - offset ? zip->bytes + offset : NULL;
}

/* Finds the central directory: its place and number of entries. */
static mlk_code find_directory(const archive *zip, uint64_t *offset, uint64_t *entries)
{
    /* The end record is the last thing in the file but for a comment of up to 65535 bytes. */
    const unsigned char *end = NULL;
    for (size_t back = END_SIZE; back <= zip->size && back <= END_SIZE + 65535 && !end; back++) {
        const unsigned char *at = zip->bytes + zip->size - back;
        if (little(at, 4) == END && little(at + 20, 2) == back - END_SIZE)
            end = at;
    }
    if (!end)
        return damaged(zip, "no end record");
    *entries = little(end + 10, 2);
    *offset = little(end + 16, 4);
    uint64_t place = (uint64_t)(end - zip->bytes);
    const unsigned char *locator = place >= LOCATOR_SIZE ? end - LOCATOR_SIZE : NULL;
    if (locator && little(locator, 4) == LOCATOR64) {
        const unsigned char *end64 = part(zip, little(locator + 8, 8), END64_SIZE);
        if (!end64 || little(end64, 4) != END64)
            return damaged(zip, "no zip64 end record");
        *entries = little(end64 + 32, 8);
        *offset = little(end64 + 48, 8);
    }
    if (*entries > MOST_MEMBERS)
        return damaged(zip, "more than a million members");
    return MLK_OK;
}

/* Takes from the zip64 extra field the values that do not fit in their own. */
static bool read_extra(const unsigned char *extra, size_t length, member *m)
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

/* A member's name without .npy; refuses what could leave a folder. */
static mlk_code read_name(const archive *zip, const unsigned char *text, size_t length, char **name)
{
    char *copy = strndup((const char *)text, length);
    if (!copy)
        return mlk_fail_memory(zip->status, "a name");
    bool whole = strlen(copy) == length; /* no zero byte inside */
    bool safe = whole && mlk_utf8_valid(copy, length) && !strchr(copy, '\\') && copy[0] != '/';
    for (const char *step = copy; step && safe; step = strchr(step, '/') ? strchr(step, '/') + 1 : NULL)
        safe = strncmp(step, "..", 2) != 0 || (step[2] != '/' && step[2] != '\0');
    bool array = whole && length > 4 && strcmp(copy + length - 4, ".npy") == 0;
    if (!safe || !array) {
        mlk_fail(zip->status, MLK_INVALID, "member '%.80s' %s", copy,
                 safe ? "is not an array (.npy)" : "has a name that leaves its folder");
        free(copy);
        return MLK_INVALID;
    }
    copy[length - 4] = '\0';
    *name = copy;
    return MLK_OK;
}

/* The member at *at in the central directory; moves *at behind it. m->name is the caller's. */
static mlk_code read_entry(const archive *zip, uint64_t *at, member *m)
{
    const unsigned char *entry = part(zip, *at, CENTRAL_SIZE);
    if (!entry || little(entry, 4) != CENTRAL)
        return damaged(zip, "its directory is cut short");
    size_t name = little(entry + 28, 2), extra = little(entry + 30, 2), comment = little(entry + 32, 2);
    if (!part(zip, *at, CENTRAL_SIZE + name + extra + comment))
        return damaged(zip, "its directory is cut short");
    *m = (member){.method = (int)little(entry + 10, 2), .crc = (uint32_t)little(entry + 16, 4),
                  .packed = little(entry + 20, 4), .size = little(entry + 24, 4), .offset = little(entry + 42, 4)};
    if (!read_extra(entry + CENTRAL_SIZE + name, extra, m))
        return damaged(zip, "a field for large files is cut short");
    if (little(entry + 8, 2) & ENCRYPTED)
        return mlk_fail(zip->status, MLK_UNSUPPORTED, "a member is encrypted");
    *at += CENTRAL_SIZE + name + extra + comment;
    return read_name(zip, entry + CENTRAL_SIZE, name, &m->name);
}

/* The packed bytes of a member, or NULL. */
static const unsigned char *content(const archive *zip, const member *m)
{
    const unsigned char *local = part(zip, m->offset, LOCAL_SIZE);
    if (!local || little(local, 4) != LOCAL)
        return NULL;
    uint64_t skip = LOCAL_SIZE + little(local + 26, 2) + little(local + 28, 2);
    if (!part(zip, m->offset, skip))
        return NULL;
    return part(zip, m->offset + skip, m->packed);
}

static uint32_t checksum(uint32_t crc, const void *bytes, uint64_t n)
{
    return n > 0 ? (uint32_t)crc32_z(crc, bytes, n) : crc; /* of NULL, zlib gives the sum of nothing before it */
}

static mlk_code read_member(const archive *zip, const member *m, mlk_tensors *tensors)
{
    const unsigned char *packed = content(zip, m);
    unsigned char *unpacked = NULL;
    if (!packed)
        return damaged(zip, "a member lies outside the file");
    if (m->method != STORED && m->method != DEFLATED)
        return mlk_fail(zip->status, MLK_UNSUPPORTED, "array '%.80s' is compressed by method %d; handled are 0 and 8",
                        m->name, m->method);
    if (m->method == STORED ? m->size != m->packed : m->size / MLK_INFLATE_RATIO > m->packed)
        return damaged(zip, "a member's size is not what its packed size allows");
    if (m->method == DEFLATED) {
        if (!(unpacked = malloc(m->size ? m->size : 1)))
            return mlk_fail_memory(zip->status, "an array");
        if (!mlk_inflate(MLK_INFLATE_RAW, packed, m->packed, unpacked, m->size)) {
            free(unpacked);
            return mlk_interrupted() ? mlk_fail(zip->status, MLK_INTERRUPTED, "interrupted")
                                     : damaged(zip, "a member does not inflate to its size");
        }
    }
    const unsigned char *bytes = unpacked ? unpacked : packed;
    mlk_code code = checksum(0, bytes, m->size) == m->crc
                        ? mlk_npy_parse_item(bytes, m->size, m->name, tensors, zip->status)
                        : mlk_fail(zip->status, MLK_INVALID, "it does not match its checksum");
    free(unpacked);
    return code ? mlk_fail(zip->status, code, "array '%.80s': %s", m->name, zip->status->message) : MLK_OK;
}

mlk_code mlk_npz_parse(const unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status)
{
    archive zip = {bytes, size, status};
    uint64_t at = 0, entries = 0, total = 0;
    *tensors = (mlk_tensors){0};
    mlk_code code = find_directory(&zip, &at, &entries);
    for (uint64_t i = 0; i < entries && !code; i++) {
        member m = {0};
        code = read_entry(&zip, &at, &m);
        if (code)
            break;
        /* Members that share bytes would let a small file ask for endless memory. */
        if (__builtin_add_overflow(total, m.packed, &total) || total > size)
            code = damaged(&zip, "members overlap");
        if (!code)
            code = read_member(&zip, &m, tensors);
        free(m.name);
    }
    if (!code)
        code = mlk_tensors_sort(tensors, status);
    if (code)
        mlk_tensors_free(tensors);
    return code;
}

mlk_code mlk_npz_read(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    mlk_status own;
    mlk_file file;
    *tensors = (mlk_tensors){0};
    if (!status)
        status = &own;
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = mlk_npz_parse(file.bytes, file.size, tensors, status);
    if (code)
        mlk_file_blame(path, status);
    mlk_file_close(&file);
    return code;
}

/* --- writing ---------------------------------------------------------------- */

/* Bytes of a record under construction; large enough for any of them without its name. */
typedef struct record {
    unsigned char bytes[96];
    size_t length;
} record;

static void put(record *r, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        r->bytes[r->length++] = (unsigned char)(value >> (8 * i));
}

static uint64_t clipped(uint64_t value)
{
    return value < UINT32_MAX ? value : UINT32_MAX;
}

/* The extra field with those values that need 64 bits. */
static record extra_field(const uint64_t *values, int n)
{
    record body = {0}, extra = {0};
    for (int i = 0; i < n; i++)
        if (values[i] >= UINT32_MAX)
            put(&body, values[i], 8);
    if (body.length > 0) {
        put(&extra, 1, 2);
        put(&extra, body.length, 2);
        memcpy(extra.bytes + extra.length, body.bytes, body.length);
        extra.length += body.length;
    }
    return extra;
}

/* What a local header and a directory entry have in common, from the version on. */
static void put_common(record *r, const member *m, size_t extra)
{
    enum { FIRST_OF_JANUARY_1980 = 33 }; /* no clock: the same arrays give the same bytes */
    put(r, extra > 0 ? 45 : 20, 2);
    put(r, UTF8, 2);
    put(r, STORED, 2);
    put(r, 0, 2);
    put(r, FIRST_OF_JANUARY_1980, 2);
    put(r, m->crc, 4);
    put(r, clipped(m->size), 4);
    put(r, clipped(m->size), 4);
    put(r, strlen(m->name) + 4, 2);
    put(r, extra, 2);
}

static mlk_code write_record(mlk_atomic *file, const record *r, const char *name, const record *extra,
                             mlk_status *status)
{
    mlk_code code = mlk_atomic_write(file, r->bytes, r->length, status);
    if (!code)
        code = mlk_atomic_write(file, name, strlen(name), status);
    if (!code)
        code = mlk_atomic_write(file, ".npy", 4, status);
    return code ? code : mlk_atomic_write(file, extra->bytes, extra->length, status);
}

/* What a member holds: its .npy header and the data that follows. */
typedef struct body {
    char header[MLK_NPY_HEADER_SIZE];
    size_t length;
    const void *data;
    int64_t bytes;
} body;

/* Writes one member at *offset and moves it behind; fills m for the directory. */
static mlk_code write_member(mlk_atomic *file, const char *name, const body *b, uint64_t *offset, member *m,
                             mlk_status *status)
{
    if (!mlk_utf8_valid(name, strlen(name)) || strlen(name) > 60000 || !*name)
        return mlk_fail(status, MLK_INVALID, "an array's name must be UTF-8 and not empty, got '%.80s'", name);
    uint32_t crc = checksum(checksum(0, b->header, b->length), b->data, (uint64_t)b->bytes);
    *m = (member){.name = (char *)name, .size = b->length + (uint64_t)b->bytes, .offset = *offset, .crc = crc};
    uint64_t sizes[] = {m->size, m->size};
    record extra = extra_field(sizes, 2), local = {0};
    put(&local, LOCAL, 4);
    put_common(&local, m, extra.length);
    mlk_code code = write_record(file, &local, m->name, &extra, status);
    if (!code)
        code = mlk_atomic_write(file, b->header, b->length, status);
    if (!code)
        code = mlk_atomic_write(file, b->data, (size_t)b->bytes, status);
    *offset += local.length + strlen(m->name) + 4 + extra.length + m->size;
    return code;
}

static mlk_code write_numbers(mlk_atomic *file, const mlk_named_array *item, uint64_t *offset, member *m,
                              mlk_status *status)
{
    body b = {.data = item->array.data};
    if (!mlk_array_bytes(&item->array, &b.bytes))
        return mlk_fail(status, MLK_INVALID, "the shape of array '%.80s' is too large", item->name);
    mlk_code code = mlk_npy_header(&item->array, b.header, &b.length, status);
    return code ? code : write_member(file, item->name, &b, offset, m, status);
}

static mlk_code write_strings(mlk_atomic *file, const mlk_named_strings *item, uint64_t *offset, member *m,
                              mlk_status *status)
{
    body b;
    void *data;
    mlk_code code = mlk_npy_encode(&item->strings, b.header, &b.length, &data, &b.bytes, status);
    if (code)
        return code;
    b.data = data;
    code = write_member(file, item->name, &b, offset, m, status);
    free(data);
    return code;
}

/* All members, and what the directory says of each. */
static mlk_code write_members(mlk_atomic *file, const mlk_tensors *tensors, uint64_t *offset, member *members,
                              mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; i < tensors->count && !code; i++)
        code = write_numbers(file, &tensors->items[i], offset, members++, status);
    for (int i = 0; i < tensors->strings_count && !code; i++)
        code = write_strings(file, &tensors->strings[i], offset, members++, status);
    return code;
}

static mlk_code write_entry(mlk_atomic *file, const member *m, uint64_t *offset, mlk_status *status)
{
    uint64_t values[] = {m->size, m->size, m->offset};
    record extra = extra_field(values, 3), entry = {0};
    put(&entry, CENTRAL, 4);
    put(&entry, 45, 2);
    put_common(&entry, m, extra.length);
    put(&entry, 0, 8); /* comment, disk, attributes: 10 bytes */
    put(&entry, 0, 2);
    put(&entry, clipped(m->offset), 4);
    *offset += entry.length + strlen(m->name) + 4 + extra.length;
    return write_record(file, &entry, m->name, &extra, status);
}

static mlk_code write_end(mlk_atomic *file, uint64_t entries, uint64_t directory, uint64_t end, mlk_status *status)
{
    record r = {0};
    uint64_t size = end - directory;
    bool wide = entries >= UINT16_MAX || directory >= UINT32_MAX || size >= UINT32_MAX;
    if (wide) {
        put(&r, END64, 4);
        put(&r, END64_SIZE - 12, 8);
        put(&r, 45, 2);
        put(&r, 45, 2);
        put(&r, 0, 8);
        put(&r, entries, 8);
        put(&r, entries, 8);
        put(&r, size, 8);
        put(&r, directory, 8);
        put(&r, LOCATOR64, 4);
        put(&r, 0, 4);
        put(&r, end, 8);
        put(&r, 1, 4);
        mlk_code code = mlk_atomic_write(file, r.bytes, r.length, status);
        if (code)
            return code;
        r.length = 0;
    }
    uint64_t shown = entries < UINT16_MAX ? entries : UINT16_MAX;
    put(&r, END, 4);
    put(&r, 0, 4);
    put(&r, shown, 2);
    put(&r, shown, 2);
    put(&r, clipped(size), 4);
    put(&r, clipped(directory), 4);
    put(&r, 0, 2);
    return mlk_atomic_write(file, r.bytes, r.length, status);
}

mlk_code mlk_npz_write(const char *path, const mlk_tensors *tensors, mlk_status *status)
{
    mlk_atomic file;
    if (tensors->metadata_count > 0)
        return mlk_fail(status, MLK_INVALID, "an .npz file has no place for metadata; write .safetensors");
    int count = tensors->count + tensors->strings_count;
    member *members = calloc((size_t)count + 1, sizeof *members);
    if (!members)
        return mlk_fail_memory(status, "the list of arrays");
    mlk_code code = mlk_atomic_open(path, &file, status);
    if (!code) {
        uint64_t offset = 0;
        code = write_members(&file, tensors, &offset, members, status);
        uint64_t directory = offset;
        for (int i = 0; i < count && !code; i++)
            code = write_entry(&file, &members[i], &offset, status);
        if (!code)
            code = write_end(&file, (uint64_t)count, directory, offset, status);
        if (code)
            mlk_atomic_abort(&file);
        else
            code = mlk_atomic_commit(&file, status);
    }
    free(members);
    return code;
}
