#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char POLICY[] = "OMP_WAIT_POLICY";

/* Threads of the whole machine that run or could, this one left out; 0 where the system does not say. */
static int others_running(void)
{
    int running = 1;
    FILE *file = fopen("/proc/loadavg", "r");
    if (file) {
        if (fscanf(file, "%*f %*f %*f %d/", &running) != 1)
            running = 1;
        fclose(file);
    }
    return running - 1;
}

/* Somebody computes, and is not only passing through: seen at each of some looks. */
static bool in_company(void)
{
    enum { LOOKS = 4 };
    const struct timespec between = {.tv_nsec = 150 * 1000};
    for (int look = 0; look < LOOKS; look++) {
        if (others_running() < 1)
            return false;
        nanosleep(&between, NULL);
    }
    return true;
}

bool mlk_wait_choose(void)
{
    const char *wanted = getenv("MOONLARK_WAIT");
    bool automatic = !wanted || strcmp(wanted, "auto") == 0;
    if (!automatic && strcmp(wanted, "active") != 0 && strcmp(wanted, "passive") != 0)
        return false;
    if (getenv(POLICY) || getenv("GOMP_SPINCOUNT"))
        return true;
    if (!automatic)
        setenv(POLICY, wanted, 0);
    else if (in_company())
        setenv(POLICY, "passive", 0);
    return true;
}
