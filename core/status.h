/* status.h: how a failure travels.
 *
 * Every function of the engine that can fail returns 0, or one of the codes
 * below after filling the caller's mlk_status with one line for a person: the
 * argument's name, what is allowed and what came. A function frees what it
 * took on every path. `status` may be NULL only where a function's header says
 * so. Names of files are handed over as they are: mlk_fail makes the whole
 * message harmless to look at (text.h).
 *
 *     mlk_status status;
 *     if (mlk_audio_load(path, &options, &audio, &status)) {
 *         fprintf(stderr, "%s\n", status.message);
 *         ...
 *     }
 */
#ifndef MLK_STATUS_H
#define MLK_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mlk_code {
    MLK_OK = 0,
    MLK_INVALID,     /* an argument or a file's content is not what is allowed */
    MLK_IO,          /* the operating system said no */
    MLK_MEMORY,      /* no memory left */
    MLK_UNSUPPORTED, /* valid, but not handled by this build */
    MLK_INTERRUPTED, /* the user asked to stop */
    MLK_BUSY,        /* another process has it */
    MLK_EXHAUSTED,   /* the machine has no open files or threads left; the item that was worked on is not at fault */
    MLK_DISK,        /* a disk is full, or fails: the item is not at fault, and a second try does not help */
} mlk_code;

typedef struct mlk_status {
    mlk_code code;
    char message[2048];
} mlk_status;

/* Fills *status (which may be NULL) and returns code, so that callers write
 * `return mlk_fail(status, MLK_INVALID, "hop_length must be ...", ...)`. */
mlk_code mlk_fail(mlk_status *status, mlk_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for memory: names what could not be held, e.g. "12 rows of 40 floats". */
mlk_code mlk_fail_memory(mlk_status *status, const char *what);

/* The same for a system call on a file that failed with `error` (errno); `doing` is in words: "cannot write". The code
 * is MLK_DISK, MLK_EXHAUSTED or MLK_MEMORY where the machine is short of something, otherwise MLK_IO. */
mlk_code mlk_fail_system(mlk_status *status, int error, const char *doing, const char *path);

#ifdef __cplusplus
}
#endif

#endif
