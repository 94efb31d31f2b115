#include "store/npz.h"

#include "store/atomic.h"
#include "store/npy.h"
#include "store/zip.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* --- reading ---------------------------------------------------------------- */

static mlk_code read_member(const mlk_zip *zip, const mlk_zip_member *m, mlk_tensors *tensors, mlk_status *status)
{
    unsigned char *bytes, *owned;
    size_t length = strlen(m->name);
    if (length <= 4 || strcmp(m->name + length - 4, ".npy") != 0)
        return mlk_fail(status, MLK_INVALID, "member '%.80s' is not an array (.npy)", m->name);
    char *name = strndup(m->name, length - 4);
    if (!name)
        return mlk_fail_memory(status, "a name");
    mlk_code code = mlk_zip_read(zip, m, &bytes, &owned, status);
    if (!code) {
        code = mlk_npy_parse_item(bytes, m->size, name, tensors, status);
        free(owned);
    }
    if (code)
        mlk_fail(status, code, "array '%.80s': %s", name, status->message);
    free(name);
    return code;
}

mlk_code mlk_npz_parse(const unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status)
{
    mlk_zip zip;
    *tensors = (mlk_tensors){0};
    mlk_code code = mlk_zip_open((unsigned char *)bytes, size, "an .npz file", &zip, status);
    if (code)
        return code;
    for (int i = 0; i < zip.count && !code; i++)
        code = read_member(&zip, &zip.members[i], tensors, status);
    mlk_zip_close(&zip);
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
static void put_common(record *r, const mlk_zip_member *m, size_t extra)
{
    enum { UTF8 = 1 << 11, FIRST_OF_JANUARY_1980 = 33 }; /* no clock: the same arrays give the same bytes */
    put(r, extra > 0 ? 45 : 20, 2);
    put(r, UTF8, 2);
    put(r, MLK_ZIP_STORED, 2);
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
static mlk_code write_member(mlk_atomic *file, const char *name, const body *b, uint64_t *offset, mlk_zip_member *m,
                             mlk_status *status)
{
    if (!mlk_utf8_valid(name, strlen(name)) || strlen(name) > 60000 || !*name)
        return mlk_fail(status, MLK_INVALID, "an array's name must be UTF-8 and not empty, got '%.80s'", name);
    uint32_t crc = mlk_zip_checksum(mlk_zip_checksum(0, b->header, b->length), b->data, (uint64_t)b->bytes);
    *m = (mlk_zip_member){.name = (char *)name, .size = b->length + (uint64_t)b->bytes, .offset = *offset, .crc = crc};
    uint64_t sizes[] = {m->size, m->size};
    record extra = extra_field(sizes, 2), local = {0};
    put(&local, MLK_ZIP_LOCAL, 4);
    put_common(&local, m, extra.length);
    mlk_code code = write_record(file, &local, m->name, &extra, status);
    if (!code)
        code = mlk_atomic_write(file, b->header, b->length, status);
    if (!code)
        code = mlk_atomic_write(file, b->data, (size_t)b->bytes, status);
    *offset += local.length + strlen(m->name) + 4 + extra.length + m->size;
    return code;
}

static mlk_code write_numbers(mlk_atomic *file, const mlk_named_array *item, uint64_t *offset, mlk_zip_member *m,
                              mlk_status *status)
{
    body b = {.data = item->array.data};
    if (!mlk_array_bytes(&item->array, &b.bytes))
        return mlk_fail(status, MLK_INVALID, "the shape of array '%.80s' is too large", item->name);
    mlk_code code = mlk_npy_header(&item->array, b.header, &b.length, status);
    return code ? code : write_member(file, item->name, &b, offset, m, status);
}

static mlk_code write_strings(mlk_atomic *file, const mlk_named_strings *item, uint64_t *offset, mlk_zip_member *m,
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
static mlk_code write_members(mlk_atomic *file, const mlk_tensors *tensors, uint64_t *offset, mlk_zip_member *members,
                              mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; i < tensors->count && !code; i++)
        code = write_numbers(file, &tensors->items[i], offset, members++, status);
    for (int i = 0; i < tensors->strings_count && !code; i++)
        code = write_strings(file, &tensors->strings[i], offset, members++, status);
    return code;
}

static mlk_code write_entry(mlk_atomic *file, const mlk_zip_member *m, uint64_t *offset, mlk_status *status)
{
    uint64_t values[] = {m->size, m->size, m->offset};
    record extra = extra_field(values, 3), entry = {0};
    put(&entry, MLK_ZIP_CENTRAL, 4);
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
        put(&r, MLK_ZIP_END64, 4);
        put(&r, MLK_ZIP_END64_SIZE - 12, 8);
        put(&r, 45, 2);
        put(&r, 45, 2);
        put(&r, 0, 8);
        put(&r, entries, 8);
        put(&r, entries, 8);
        put(&r, size, 8);
        put(&r, directory, 8);
        put(&r, MLK_ZIP_LOCATOR64, 4);
        put(&r, 0, 4);
        put(&r, end, 8);
        put(&r, 1, 4);
        mlk_code code = mlk_atomic_write(file, r.bytes, r.length, status);
        if (code)
            return code;
        r.length = 0;
    }
    uint64_t shown = entries < UINT16_MAX ? entries : UINT16_MAX;
    put(&r, MLK_ZIP_END, 4);
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
    mlk_zip_member *members = calloc((size_t)count + 1, sizeof *members);
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
