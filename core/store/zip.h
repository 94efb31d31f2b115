/* zip.h: zip archives that lie in memory: their members by name.
 *
 * Stored and deflated members are read, with zip64 fields where sizes need
 * them. Nothing is ever unpacked to disk; even so, a name that could leave a
 * folder is refused, and so are members that overlap, which would let a small
 * file ask for endless memory.
 *
 *     mlk_zip zip;
 *     if (mlk_zip_open(bytes, size, "an .npz file", &zip, &status)) ...
 *     const mlk_zip_member *member = mlk_zip_find(&zip, "a.npy");
 *     ...
 *     mlk_zip_close(&zip);
 */
#ifndef MLK_ZIP_H
#define MLK_ZIP_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What records begin with, and how long they are without names and fields. */
enum {
    MLK_ZIP_LOCAL = 0x04034B50,
    MLK_ZIP_CENTRAL = 0x02014B50,
    MLK_ZIP_END = 0x06054B50,
    MLK_ZIP_END64 = 0x06064B50,
    MLK_ZIP_LOCATOR64 = 0x07064B50,
};
enum { MLK_ZIP_LOCAL_SIZE = 30, MLK_ZIP_CENTRAL_SIZE = 46, MLK_ZIP_END_SIZE = 22, MLK_ZIP_END64_SIZE = 56 };
enum { MLK_ZIP_STORED = 0, MLK_ZIP_DEFLATED = 8 };

typedef struct mlk_zip_member {
    char *name;
    uint64_t packed, size, offset; /* bytes in the archive, bytes of the content, place of its local header */
    uint32_t crc;
    int method;
} mlk_zip_member;

typedef struct mlk_zip {
    unsigned char *bytes;
    size_t size;
    const char *kind;        /* what it should be, in words: "an .npz file" */
    mlk_zip_member *members; /* in the directory's order */
    int count;
    const mlk_zip_member **sorted; /* by name */
} mlk_zip;

/* Reads the directory of an archive in memory, which must outlive it. */
mlk_code mlk_zip_open(unsigned char *bytes, size_t size, const char *kind, mlk_zip *zip, mlk_status *status);

/* Harmless on a zeroed or already closed archive. */
void mlk_zip_close(mlk_zip *zip);

/* The member of that name, or NULL. */
const mlk_zip_member *mlk_zip_find(const mlk_zip *zip, const char *name);

/* The bytes of a stored member where they lie. Its checksum is not looked at: that would read all of it. */
mlk_code mlk_zip_view(const mlk_zip *zip, const mlk_zip_member *member, unsigned char **bytes, mlk_status *status);

/* The content of any member, its checksum checked: *bytes lie in the archive, or in *owned (free it; NULL else). */
mlk_code mlk_zip_read(const mlk_zip *zip, const mlk_zip_member *member, unsigned char **bytes, unsigned char **owned,
                      mlk_status *status);

/* The checksum of what came before, and n more bytes. */
uint32_t mlk_zip_checksum(uint32_t before, const void *bytes, uint64_t n);

#endif
