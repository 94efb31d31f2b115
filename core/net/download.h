/* download.h: a file from an address, whole and as it should be, or not at all.
 *
 * Bytes go to PATH.incomplete, which is checked (length, hash) and renamed when it
 * is whole: PATH never holds a part. Where the hash is known, a part that an
 * earlier process left is gone on with. Ctrl-C and lost connections leave the
 * part; a wrong hash or length and a full disk remove it.
 *
 *     mlk_download file = {.url = url, .path = "blobs/4f…", .size = 290403936, .kind = MLK_SHA256, .hash = "4f…"};
 *     if (mlk_download_file(&file, progress, &status)) fprintf(stderr, "%s\n", status.message);
 */
#ifndef MLK_DOWNLOAD_H
#define MLK_DOWNLOAD_H

#include "net/digest.h"
#include "net/fetch.h"
#include "progress.h"

typedef struct mlk_download {
    const char *url, *token;
    const char *path;        /* its folder exists */
    int64_t size;            /* the length that it must have; -1: not known */
    int64_t most;            /* the most bytes that are taken; 0: 1 TiB */
    mlk_digest kind;
    const char *hash;        /* lower-case hexadecimal digits; NULL: not known */
    double connect_s, stall_s;
    mlk_fetch_options fetch;
} mlk_download;

/* One process at a time writes a path: the caller has a lock. */
mlk_code mlk_download_file(const mlk_download *file, mlk_progress progress, mlk_status *status);

#endif
