/* library.h: plugins in a file, and what they are, in JSON. */
#ifndef MLK_VAMP_LIBRARY_H
#define MLK_VAMP_LIBRARY_H

#include "vamp/host/interface.h"

/* Opens a library; one that is none ends the process (talk.h). */
mlk_vamp_entry mlk_vamp_open(const char *path);

/* The plugin of this identifier; ends the process if there is none. */
const mlk_vamp_plugin *mlk_vamp_find(mlk_vamp_entry entry, const char *id);

/* Tells of each plugin of a library: one message each, so that those before one that crashes are known. */
void mlk_vamp_list(mlk_vamp_entry entry);

/* Tells of an output as it is once the plugin has started: its JSON, and the step, the block and the channels in use. */
void mlk_vamp_tell_output(const mlk_vamp_output *output, const mlk_vamp_plugin *plugin, unsigned step, unsigned block,
                          unsigned channels);

#endif
