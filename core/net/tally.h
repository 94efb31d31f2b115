/* tally.h: how often each route was answered, how, and how long it took. */
#ifndef MLK_NET_TALLY_H
#define MLK_NET_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum { MLK_LATENCIES = 12, MLK_STATUS_CLASSES = 5 };

/* The upper bounds of what is counted as one, as Prometheus's histograms have them. */
extern const double mlk_latency_bounds_s[MLK_LATENCIES];

typedef struct mlk_tally {
    uint64_t statuses[MLK_STATUS_CLASSES]; /* 1xx .. 5xx */
    uint64_t within[MLK_LATENCIES];        /* answers within a bound, and not within a smaller one */
    double seconds;                        /* of all together */
} mlk_tally;

void mlk_tally_add(mlk_tally *self, int status, double seconds);

#endif
