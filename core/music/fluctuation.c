#include "music/fluctuation.h"

#include <math.h>
#include <stdlib.h>

#define SHORTEST_S 0.31
#define LONGEST_S 8.8
#define GROWTH 1.1
#define HOPS 50 /* a stretch begins every 50th of its length */
#define PART 16384 /* frames whose totals are held at once, or a few less */
#define SHIFT 3 /* frames; Peng and others (1994): what makes exponents of short stretches of noise right */

/* Sums of the levels' distance from their mean. */
static void integrate(const float *levels, int64_t n, double *sums)
{
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < n; i++)
        mean += levels[i];
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++)
        sums[i] = sum += levels[i] - mean;
}

/* Sums of the values before each of a part of a curve, of their squares and of their products with their place. Values
 * and places count from the part's beginning: so the sums stay small, and differences of them exact, in any long curve. */
typedef struct totals {
    double value, square, product;
} totals;

static void total(const double *y, int64_t n, totals *out)
{
    out[0] = (totals){0, 0, 0};
    for (int64_t i = 0; i < n; i++) {
        double v = y[i] - y[0];
        out[i + 1] = (totals){out[i].value + v, out[i].square + v * v, out[i].product + (double)i * v};
    }
}

/* The mean square distance from the straight line that fits `length` values best, from a place on. */
static double residue(const totals *t, int64_t from, int64_t length)
{
    double count = (double)length, spread = count * (count * count - 1) / 12;
    double sum = t[from + length].value - t[from].value, squares = t[from + length].square - t[from].square;
    double slope = t[from + length].product - t[from].product - ((double)from + 0.5 * (count - 1)) * sum;
    return fmax(0, (squares - sum * sum / count - slope * slope / spread) / count);
}

/* The root of the mean residue of all stretches of a length. `room` is for PART + length + 1 totals. */
static double fluctuation(const double *sums, int64_t n, int64_t length, totals *room)
{
    int64_t hop = length / HOPS > 1 ? length / HOPS : 1, part = PART / hop * hop;
    double sum = 0;
    for (int64_t begin = 0; begin < n - length; begin += part) {
        int64_t held = n - begin < part + length ? n - begin : part + length;
        total(sums + begin, held, room);
        for (int64_t from = 0; from < part && begin + from < n - length; from += hop)
            sum += residue(room, from, length);
    }
    return n > length ? sqrt(sum * (double)hop / (double)(n - length)) : 0;
}

mlk_code mlk_fluctuation(const float *levels, int64_t n, double rate, double *exponents, int64_t *count,
                         mlk_status *status)
{
    *count = 0;
    double before = 0, length_before = 0;
    double *sums = malloc(sizeof *sums * (size_t)(n > 0 ? n : 1));
    totals *room = malloc(sizeof *room * (size_t)(PART + (int64_t)(LONGEST_S * rate) + 2));
    mlk_code code = sums && room ? MLK_OK : mlk_fail_memory(status, "the sums of a curve");
    if (code == MLK_OK)
        integrate(levels, n, sums);
    for (double seconds = SHORTEST_S; code == MLK_OK && seconds <= LONGEST_S; seconds *= GROWTH) {
        int64_t length = (int64_t)(seconds * rate + 1e-9);
        double now = length > 1 ? fluctuation(sums, n, length, room) : 0;
        if (now <= 0)
            break;
        if (before > 0 && length > length_before)
            exponents[(*count)++] = log(now / before) / log(((double)length + SHIFT) / (length_before + SHIFT));
        before = now;
        length_before = (double)length;
    }
    free(room);
    free(sums);
    return code;
}
