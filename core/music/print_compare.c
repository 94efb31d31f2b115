/* How two recordings agree. */
#include "print_overlap.h"

#include "clones.h"
#include "interrupt.h"

#include <stdlib.h>

enum {
    BITS = 32,
    LEAST = 50,       /* frames: 2 s */
    WINDOW = 75,      /* frames: 3 s */
    WORST_BANDS = 4,
    LEAST_STRONG = 64 /* bits in a window, of which a share says something */
};

static bool sounds(mlk_print print)
{
    return print.strong != 0;
}

static int64_t sounding(mlk_prints prints)
{
    int64_t n = 0;
    for (int64_t i = 0; i < prints.n; i++)
        n += sounds(prints.frames[i]);
    return n;
}

mlk_overlap mlk_overlap_of(mlk_prints a, mlk_prints b, int64_t offset)
{
    int64_t first = offset > 0 ? offset : 0, end = a.n < b.n + offset ? a.n : b.n + offset;
    return (mlk_overlap){a.frames + first, b.frames + first - offset, end > first ? end - first : 0};
}

mlk_overlap mlk_overlap_near(mlk_overlap overlap, int64_t at, int64_t reach)
{
    int64_t first = at > reach ? at - reach : 0, end = at + reach < overlap.n ? at + reach : overlap.n;
    return (mlk_overlap){overlap.a + first, overlap.b + first, end - first};
}

/* Bits that differ in frames where both sound; clones have an instruction that counts bits. */
MLK_CLONES
static int64_t count_wrong(const mlk_print *a, const mlk_print *b, int64_t n, int64_t *heard)
{
    int64_t wrong = 0, both = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t sounding_here = -(uint32_t)(a[i].strong != 0 && b[i].strong != 0);
        both += sounding_here & 1;
        wrong += __builtin_popcount((a[i].signs ^ b[i].signs) & sounding_here);
    }
    *heard = both;
    return wrong;
}

double mlk_overlap_wrong(mlk_overlap overlap, int64_t *heard)
{
    int64_t wrong = count_wrong(overlap.a, overlap.b, overlap.n, heard);
    return *heard > 0 ? (double)wrong / (double)(BITS * *heard) : 0.5;
}

/* --- where the strong bits differ ------------------------------------------------------ */

static uint32_t strong_at(mlk_overlap overlap, int64_t i)
{
    return overlap.a[i].strong & overlap.b[i].strong;
}

static uint32_t wrong_at(mlk_overlap overlap, int64_t i)
{
    return (overlap.a[i].signs ^ overlap.b[i].signs) & strong_at(overlap, i);
}

static double share(int64_t wrong, int64_t all)
{
    return all > 0 ? (double)wrong / (double)all : 0;
}

static double worst_time(mlk_overlap overlap)
{
    double worst = 0;
    int64_t wrong = 0, strong = 0;
    for (int64_t i = 0; i < overlap.n; i++) {
        wrong += __builtin_popcount(wrong_at(overlap, i));
        strong += __builtin_popcount(strong_at(overlap, i));
        if (i >= WINDOW) {
            wrong -= __builtin_popcount(wrong_at(overlap, i - WINDOW));
            strong -= __builtin_popcount(strong_at(overlap, i - WINDOW));
        }
        if (strong >= LEAST_STRONG && share(wrong, strong) > worst)
            worst = share(wrong, strong);
    }
    return worst;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void judge_strong(mlk_overlap overlap, mlk_agreement *agreement)
{
    int64_t wrong[BITS] = {0}, strong[BITS] = {0}, all_wrong = 0, all_strong = 0;
    double shares[BITS];
    for (int64_t i = 0; i < overlap.n; i++)
        for (int m = 0; m < BITS; m++) {
            wrong[m] += wrong_at(overlap, i) >> m & 1;
            strong[m] += strong_at(overlap, i) >> m & 1;
        }
    for (int m = 0; m < BITS; m++) {
        all_wrong += wrong[m];
        all_strong += strong[m];
        shares[m] = strong[m] * BITS >= overlap.n ? share(wrong[m], strong[m]) : 0;
    }
    qsort(shares, BITS, sizeof *shares, descending);
    agreement->wrong_strong = share(all_wrong, all_strong);
    agreement->worst_time = worst_time(overlap);
    agreement->worst_bands = 0;
    for (int m = 0; m < WORST_BANDS; m++)
        agreement->worst_bands += shares[m] / WORST_BANDS;
}

mlk_agreement mlk_overlap_judge(mlk_prints a, mlk_prints b, int64_t offset)
{
    mlk_overlap overlap = mlk_overlap_of(a, b, offset);
    mlk_agreement agreement = {.offset = offset};
    agreement.wrong = mlk_overlap_wrong(overlap, &agreement.heard);
    judge_strong(overlap, &agreement);
    return agreement;
}

int64_t mlk_overlap_least(mlk_prints a, mlk_prints b)
{
    int64_t in_a = sounding(a), in_b = sounding(b), half = (in_a < in_b ? in_a : in_b) / 2;
    return half > LEAST ? half : LEAST;
}

mlk_code mlk_print_compare(mlk_prints a, mlk_prints b, mlk_agreement *agreement, mlk_status *status)
{
    int64_t least = mlk_overlap_least(a, b), best = 0;
    double most = -1;
    *agreement = (mlk_agreement){.wrong = 0.5, .wrong_strong = 0.5, .worst_time = 0.5, .worst_bands = 0.5};
    for (int64_t offset = least - b.n; offset <= a.n - least; offset++) {
        int64_t heard;
        double wrong = mlk_overlap_wrong(mlk_overlap_of(a, b, offset), &heard);
        double surprise = (0.5 - wrong) * (0.5 - wrong) * (double)heard; /* that chance would do as well */
        if (heard < least || wrong > 0.5 || surprise <= most)
            continue;
        most = surprise;
        best = offset;
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    if (most >= 0)
        *agreement = mlk_overlap_judge(a, b, best);
    return MLK_OK;
}
