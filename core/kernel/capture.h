/* capture.h: what the process writes on its standard output and standard error, whoever writes it: Lua, C, a library,
 * a program that it starts.
 *
 * Both descriptors become pipes. A thread reads them a few dozen times a second and hands on what came; whoever
 * writes more than that waits, so that an endless loop of prints fills no memory. A character that has arrived in part
 * waits for its rest. Standard input is empty from here on: a notebook asks by messages.
 */
#ifndef MLK_KERNEL_CAPTURE_H
#define MLK_KERNEL_CAPTURE_H

#include "kernel/hmac.h"
#include "status.h"

typedef struct mlk_capture mlk_capture;

/* Takes what was written: name is "stdout" or "stderr". Called by one thread at a time. */
typedef void mlk_capture_sink(void *context, const char *name, mlk_bytes text);

mlk_code mlk_capture_start(mlk_capture_sink *sink, void *context, mlk_capture **capture, mlk_status *status);

/* Hands on, before it returns, all that was written before the call. */
void mlk_capture_flush(mlk_capture *capture);

/* Puts the descriptors back. */
void mlk_capture_stop(mlk_capture *capture);

#endif
