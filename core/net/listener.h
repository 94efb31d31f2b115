/* listener.h: a socket that waits for connections. */
#ifndef MLK_NET_LISTENER_H
#define MLK_NET_LISTENER_H

#include "status.h"

/* Listens at an address of this machine, as numbers (IPv4 or IPv6), and a port (0: any free one). Returns a descriptor, or
 * -1: MLK_INVALID, MLK_IO. */
int mlk_listen(const char *address, int port, mlk_status *status);

/* The port that it listens on. */
int mlk_listener_port(int listener);

#endif
