/* runner.h: runs one plugin over the samples that come, and tells what it finds. */
#ifndef MLK_VAMP_RUNNER_H
#define MLK_VAMP_RUNNER_H

#include "vamp/host/interface.h"

typedef struct mlk_vamp_order {
    const char *library, *plugin, *output; /* output "": the first */
    unsigned rate_hz, channels;            /* of the samples */
    unsigned step, block;                  /* 0: as the plugin wants it, else as its domain has it */
    const char *program;                   /* "": none is chosen */
    const char *const *parameters;         /* "name=value", NULL after them */
} mlk_vamp_order;

/* Blocks, their times and how a song is ended are those of the Vamp SDK's simple host (vamp-simple-host). Whatever is
 * wrong ends the process (talk.h). */
void mlk_vamp_run(const mlk_vamp_order *order);

#endif
