/* inspection.h: whether sound files can be read, how long they are and what they hold, as the work of a job. */
#ifndef MLK_INSPECTION_H
#define MLK_INSPECTION_H

#include "audio/audio.h"
#include "extract/job.h"
#include "store/hash.h"

#include <stdint.h>

typedef enum mlk_inspection_depth {
    MLK_INSPECT_HEADER,  /* what the header claims */
    MLK_INSPECT_CONTENT, /* the header, and a hash of the file's bytes */
    MLK_INSPECT_SOUND,   /* all that, and every sample decoded */
} mlk_inspection_depth;

typedef struct mlk_inspected {
    double seconds;
    int rate, channels;
    char hash[MLK_HASH_SIZE]; /* empty for MLK_INSPECT_HEADER */
    mlk_audio_notes notes;    /* of a file that was decoded */
} mlk_inspected;

typedef struct mlk_inspection {
    int n;
    char **paths;
    mlk_inspection_depth depth;
    int channel;       /* how it is read: see audio/audio.h */
    bool keep_partial;
    mlk_inspected *found;
} mlk_inspection;

/* Takes over `paths` with its strings (malloc), on failure too. Channels are mixed, partial files fail. NULL: see
 * status. */
mlk_inspection *mlk_inspection_new(char **paths, int n, mlk_inspection_depth depth, mlk_status *status);
void mlk_inspection_free(mlk_inspection *inspection);

/* mlk_job_work; a file without a single sample fails. */
mlk_code mlk_inspection_work(void *inspection, int index, mlk_status *status);

#endif
