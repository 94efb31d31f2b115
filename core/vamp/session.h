/* session.h: a Vamp plugin at work in a process of its own: samples go in, results come out.
 *
 * A plugin that crashes, hangs, prints or allocates without end takes that process down and no more: what it was said to
 * have done is an error here.
 */
#ifndef MLK_VAMP_SESSION_H
#define MLK_VAMP_SESSION_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mlk_vamp_session mlk_vamp_session;

/* What has come so far. */
typedef struct mlk_vamp_heard {
    int64_t n, n_values;
    double *times_s, *durations_s; /* of each result; duration NaN: it has none */
    int32_t *counts;               /* values of each result */
    float *values;                 /* one after the other */
    char *labels;                  /* n of them, each with a zero byte after it */
    size_t labels_size;
    char *about;                   /* what was said of plugins or an output: JSON texts, each with a zero byte after it */
    size_t about_size;
} mlk_vamp_heard;

/* Starts the host of a plugin: argv of core/vamp/host/main.c. It is ended where nothing goes in or comes out for
 * `timeout_s`, or where its results take more than most_bytes. */
mlk_code mlk_vamp_start(const char *const argv[], double timeout_s, size_t most_bytes, mlk_vamp_session **session,
                        mlk_status *status);

/* Gives it frames of interleaved samples. MLK_INTERRUPTED where the user asked to stop. */
mlk_code mlk_vamp_feed(mlk_vamp_session *session, const float *samples, int64_t n, mlk_status *status);

/* Tells it that the samples are over, and waits for the rest. */
mlk_code mlk_vamp_finish(mlk_vamp_session *session, mlk_status *status);

/* What came; belongs to the session. */
const mlk_vamp_heard *mlk_vamp_results_of(mlk_vamp_session *session);

/* Ends its process, too. NULL is allowed. */
void mlk_vamp_free(mlk_vamp_session *session);

#endif
