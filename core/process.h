/* process.h: runs another program and waits for it, or talks with it.
 *
 * The program is spawned (never forked: libtorch's threads do not survive a
 * fork), without a shell, with /dev/null as its input, in a process group of its
 * own, so that Ctrl-C at the prompt does not reach it and a time limit ends it
 * together with its children. What it writes is captured. Its text is UTF-8: when
 * the caller's locale is another or is missing, the program gets LC_CTYPE=C.UTF-8
 * (and LANG in place of LC_ALL, which would override that).
 *
 *     mlk_process_options options = {.timeout_s = 10};
 *     mlk_process_result result;
 *     const char *argv[] = {"gnuplot", "-d", "script.gp", NULL};
 *     if (mlk_process_run(argv, &options, &result, &status) == 0) {
 *         ... result.exit_code, result.out, result.err ...
 *         mlk_process_result_clear(&result);
 *     }
 */
#ifndef MLK_PROCESS_H
#define MLK_PROCESS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct mlk_process_options {
    const char *directory;          /* working directory; NULL: the caller's */
    const char *const *environment; /* "NAME=value" strings that replace or add to the caller's; NULL: none */
    double timeout_s;               /* the group is killed after so long; 0: never */
    size_t capture_bytes;           /* of each stream; the rest is read and dropped; 0: 16 MiB */
} mlk_process_options;

typedef struct mlk_process_result {
    int exit_code;      /* 0..255; -1 when a signal ended it */
    int signal;         /* the signal that ended it, or 0 */
    bool timed_out;     /* it was killed because timeout_s had passed */
    char *out, *err;    /* what it wrote; a zero byte follows */
    size_t out_size, err_size;
} mlk_process_result;

/* Runs argv[0], looked up in PATH, and waits for it. Returns 0 when it ran, however it ended;
 * MLK_UNSUPPORTED when there is no such program; MLK_INTERRUPTED (its group killed) when the user
 * asked to stop. A grandchild that outlives the program (a window) is not waited for. */
mlk_code mlk_process_run(const char *const argv[], const mlk_process_options *options, mlk_process_result *result,
                         mlk_status *status);

/* Frees what a result holds. */
void mlk_process_result_clear(mlk_process_result *result);

/* What becomes of a program's streams 0 to 3: descriptors of ours, which stay open here; below 0: /dev/null, and no
 * stream 3 at all. */
typedef struct mlk_process_streams {
    int in, out, err, talk;
} mlk_process_streams;

/* Starts argv[0], and comes back at once. */
mlk_code mlk_process_spawn(const char *const argv[], const mlk_process_streams *streams, pid_t *pid,
                           mlk_status *status);

/* Starts argv[0] to talk with it: its descriptor 3 is one end of a socket, *socket the other, which does not block. Its
 * standard error is the descriptor `err` (-1: nowhere), and what it prints goes nowhere. */
mlk_code mlk_process_start(const char *const argv[], int err, pid_t *pid, int *socket, mlk_status *status);

/* Waits so long for a started program that is about to end, kills it and its group if it does not, and returns how it
 * ended, as waitpid tells it. One that has ended is not killed. */
int mlk_process_end(pid_t pid, double patience_s);

/* From now on this process is killed when the thread that started it ends, however that ends. */
void mlk_process_follow_parent(void);

#endif
