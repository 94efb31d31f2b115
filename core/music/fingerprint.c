#include "fingerprint.h"

#include <string.h>

enum { FIRST_ROW = 86, ROWS = 3, BITS = 32 };

/* The energy of a tone of -80 dBFS. */
static const float SILENCE = 1e-8f;

void mlk_print_bands(const float *spectrum, int64_t frames, float *bands)
{
    for (int band = 0; band < MLK_PRINT_BANDS; band++)
        for (int64_t t = 0; t < frames; t++) {
            float sum = 0;
            for (int row = FIRST_ROW + ROWS * band; row < FIRST_ROW + ROWS * (band + 1); row++)
                sum += spectrum[row * frames + t] * spectrum[row * frames + t];
            bands[band * frames + t] = sum;
        }
}

/* The 16 largest of 32, the earlier of equals. */
static uint32_t largest_half(const float *sizes)
{
    uint32_t mask = 0;
    for (int m = 0; m < BITS; m++) {
        int larger = 0;
        for (int other = 0; other < BITS; other++)
            larger += sizes[other] > sizes[m] || (sizes[other] == sizes[m] && other < m);
        mask |= (uint32_t)(larger < BITS / 2) << m;
    }
    return mask;
}

static mlk_print print_at(const float *bands, int64_t frames, int64_t t)
{
    mlk_print print = {0};
    float sizes[BITS], before = 0, after = 0;
    for (int band = 0; band < MLK_PRINT_BANDS; band++) {
        before += bands[band * frames + t];
        after += bands[band * frames + t + MLK_PRINT_LAG];
    }
    if (before < SILENCE && after < SILENCE)
        return print;
    for (int m = 0; m < BITS; m++) {
        const float *low = bands + m * frames + t, *high = low + frames;
        float grown = (low[MLK_PRINT_LAG] - high[MLK_PRINT_LAG]) - (low[0] - high[0]);
        print.signs |= (uint32_t)(grown > 0) << m;
        sizes[m] = grown < 0 ? -grown : grown;
    }
    print.strong = largest_half(sizes);
    return print;
}

void mlk_print_of(const float *bands, int64_t frames, mlk_print *prints)
{
    for (int64_t t = 0; t + MLK_PRINT_LAG < frames; t++)
        prints[t] = print_at(bands, frames, t);
}
