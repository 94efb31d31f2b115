/* wslay.h: the frames of WebSocket (RFC 6455) by libwslay, opened when the first is needed: Moonlark runs without it. */
#ifndef MLK_WSLAY_H
#define MLK_WSLAY_H

#include "status.h"

#include <wslay/wslay.h>

#define MLK_WSLAY_FUNCTIONS(X)                                                                                         \
    X(config_set_max_recv_msg_length) X(context_free) X(context_server_init) X(get_close_received) X(get_close_sent)  \
    X(get_queued_msg_count) X(get_queued_msg_length) X(get_read_enabled) X(get_status_code_received)                  \
    X(get_status_code_sent) X(queue_close) X(queue_msg) X(recv) X(send) X(set_error) X(shutdown_read) X(want_write)

#define MLK_WSLAY_FIELD(name) __typeof__(&wslay_event_##name) name;
typedef struct mlk_wslay_table {
    MLK_WSLAY_FUNCTIONS(MLK_WSLAY_FIELD)
} mlk_wslay_table;
#undef MLK_WSLAY_FIELD

extern mlk_wslay_table mlk_wslay;

/* Loads the library once a process. MLK_UNSUPPORTED when it is not there: the message says how to get it. */
mlk_code mlk_wslay_load(mlk_status *status);

#endif
