#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char POLICY[] = "OMP_WAIT_POLICY", COUNT[] = "GOMP_SPINCOUNT";

static const double SPIN_S = 50e-6;

#if defined(__x86_64__)
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What libgomp does between two looks takes 10 to 140 cycles, by processor: measured, the least of some trials. */
static double pause_s(void)
{
    enum { PAUSES = 64, TRIALS = 3 };
    double least = 1;
    for (int trial = 0; trial < TRIALS; trial++) {
        double start = now_s();
        for (int i = 0; i < PAUSES; i++)
            __builtin_ia32_pause();
        double each = (now_s() - start) / PAUSES;
        least = each < least ? each : least;
    }
    return least;
}

static void spin_a_little(void)
{
    char count[32];
    double each = pause_s();
    snprintf(count, sizeof count, "%d", each > 1e-9 ? (int)(SPIN_S / each) + 1 : 10000);
    setenv(COUNT, count, 0);
}
#else
static void spin_a_little(void)
{
}
#endif

bool mlk_wait_choose(void)
{
    const char *wanted = getenv("MOONLARK_WAIT");
    bool automatic = !wanted || strcmp(wanted, "auto") == 0;
    if (!automatic && strcmp(wanted, "active") != 0 && strcmp(wanted, "passive") != 0)
        return false;
    if (getenv(POLICY) || getenv(COUNT))
        return true;
    if (automatic)
        spin_a_little();
    else
        setenv(POLICY, wanted, 0);
    return true;
}
