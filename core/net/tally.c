#include "net/tally.h"

const double mlk_latency_bounds_s[MLK_LATENCIES] = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30};

void mlk_tally_add(mlk_tally *self, int status, double seconds)
{
    if (status >= 100 && status < 600)
        self->statuses[status / 100 - 1]++;
    for (size_t i = 0; i < MLK_LATENCIES; i++)
        if (seconds <= mlk_latency_bounds_s[i]) {
            self->within[i]++;
            break;
        }
    self->seconds += seconds;
}
