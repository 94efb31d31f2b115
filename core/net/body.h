/* body.h: what a request brings: JSON in memory, or a file that goes to the disk as it comes.
 *
 * A file comes raw, or as the first part of a multipart/form-data body that has a
 * filename; the form's other parts are fields. Its name is what the sender calls
 * it, never where it lies. Nothing is written before the length, as far as it is
 * told, has been found allowed.
 */
#ifndef MLK_NET_BODY_H
#define MLK_NET_BODY_H

#include "net/microhttpd.h"
#include "net/pairs.h"
#include "net/route.h"

typedef struct mlk_body_limits {
    const char *folder;      /* where files go */
    size_t json_bytes;       /* the most of a JSON body */
    uint64_t upload_bytes;   /* of a file, and of a form as a whole */
} mlk_body_limits;

/* What went wrong with a body, as the answer tells it; status 0: nothing. */
typedef struct mlk_body_fault {
    int status;
    char detail[256];
} mlk_body_fault;

typedef struct mlk_body {
    const mlk_body_limits *limits;
    mlk_body_fault fault;
    struct MHD_PostProcessor *form; /* takes a form apart; NULL: the body is none */
    char *json;                     /* NULL: it is none */
    size_t json_size;
    char *path;                     /* of the file; who takes it sets NULL, otherwise it is removed */
    int file;
    uint64_t taken, file_bytes;
    mlk_pairs about;                /* "name" and "type" of the file, as the sender says */
    mlk_pairs fields;
    bool is_json, is_raw;
} mlk_body;

/* Looks at what the headers say of the body. Faults: 411, 413, 415. */
void mlk_body_begin(mlk_body *self, struct MHD_Connection *connection, mlk_body_kind kind,
                    const mlk_body_limits *limits);

/* Takes a piece; after a fault it is dropped. False: so much was dropped that the sender is not listened to. */
bool mlk_body_take(mlk_body *self, const char *bytes, size_t n);

/* Nothing more comes. Faults: 400 (a form without its end), 507. */
void mlk_body_end(mlk_body *self);

void mlk_body_clear(mlk_body *self);

#endif
