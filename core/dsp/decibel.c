#include "dsp/decibel.h"

#include <math.h>

void mlk_power_to_db(const float *in, int64_t count, double ref, double amin, double top_db, float *out)
{
    double scale = 10 * log10(2), offset = 10 * log10(fmax(amin, fabs(ref)));
    float floor = (float)amin, highest = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        out[i] = (float)(scale * log2f(in[i] > floor ? in[i] : floor) - offset);
        highest = out[i] > highest ? out[i] : highest;
    }
    if (isnan(top_db))
        return;
    float lowest = (float)(highest - top_db);
    for (int64_t i = 0; i < count; i++)
        out[i] = out[i] > lowest ? out[i] : lowest;
}

void mlk_db_to_power(const float *in, int64_t count, double ref, float *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(ref * pow(10, 0.1 * in[i]));
}
