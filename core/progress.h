/* progress.h: long work says how far it is, from the thread that called it; first 0, when its steps begin. */
#ifndef MLK_PROGRESS_H
#define MLK_PROGRESS_H

#include <stdint.h>

typedef struct mlk_progress {
    void (*say)(void *context, int64_t done, int64_t total); /* NULL: nobody wants to know */
    void *context;
} mlk_progress;

static inline void mlk_progress_say(mlk_progress progress, int64_t done, int64_t total)
{
    if (progress.say)
        progress.say(progress.context, done, total);
}

#endif
