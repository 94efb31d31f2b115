/* clock.h: a clock that never jumps. */
#ifndef MLK_CLOCK_H
#define MLK_CLOCK_H

#include <time.h>

/* Seconds since some moment, for deadlines and for measuring. */
static inline double mlk_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
