/* main.c: moonlark-vamp, the process in which a Vamp plugin runs. Moonlark starts it (vamp/session.h); nobody else does.
 *
 *     moonlark-vamp list MEGABYTES LIBRARY
 *     moonlark-vamp run MEGABYTES LIBRARY PLUGIN OUTPUT RATE CHANNELS STEP BLOCK PROGRAM [NAME=VALUE ...]
 *
 * What a plugin prints goes nowhere, what it allocates is bounded, and it ends when Moonlark does.
 */
#include "vamp/host/library.h"
#include "vamp/host/runner.h"
#include "vamp/host/talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static unsigned number(const char *word)
{
    return (unsigned)strtoul(word, NULL, 10);
}

static void set_limits(unsigned megabytes)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes */
    rlim_t bytes = (rlim_t)megabytes << 20;
    setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes});
#endif
}

int main(int argc, char **argv)
{
    if (argc < 4 || (strcmp(argv[1], "run") == 0 && argc < 11)) {
        fputs("moonlark-vamp is started by Moonlark (feature.vamp)\n", stderr);
        return 2;
    }
    set_limits(number(argv[2]));
    if (strcmp(argv[1], "list") == 0) {
        mlk_vamp_list(mlk_vamp_open(argv[3]));
    } else {
        mlk_vamp_order order = {
            .library = argv[3], .plugin = argv[4], .output = argv[5], .rate_hz = number(argv[6]),
            .channels = number(argv[7]), .step = number(argv[8]), .block = number(argv[9]), .program = argv[10],
            .parameters = (const char *const *)argv + 11,
        };
        mlk_vamp_run(&order);
    }
    mlk_vamp_tell((mlk_vamp_message){.kind = MLK_VAMP_END}, NULL, NULL);
    _exit(0); /* what a library does on its way out has nobody to look at it */
}
