/* microhttpd.h: GNU libmicrohttpd, opened when a server is first started: Moonlark runs without it.
 *
 * It was chosen for what a service that hears files needs: bodies arrive in pieces,
 * chunked ones too, multipart is taken apart as it comes, a connection can wait
 * (suspend) while its request is worked on, and can become another protocol's
 * (upgrade). libwebsockets decodes no chunked bodies of requests.
 */
#ifndef MLK_MICROHTTPD_H
#define MLK_MICROHTTPD_H

#include "status.h"

#include <microhttpd.h>

#define MLK_MICROHTTPD_FUNCTIONS(X)                                                                                    \
    X(add_response_header) X(create_post_processor) X(create_response_for_upgrade)                                     \
    X(create_response_from_buffer) X(create_response_from_callback) X(create_response_from_fd_at_offset64)             \
    X(destroy_post_processor) X(destroy_response) X(get_connection_info) X(get_connection_values)                      \
    X(get_connection_values_n) X(get_daemon_info) X(lookup_connection_value) X(post_process) X(queue_response)         \
    X(quiesce_daemon) X(resume_connection) X(start_daemon) X(stop_daemon) X(suspend_connection) X(upgrade_action)

#define MLK_MICROHTTPD_FIELD(name) __typeof__(&MHD_##name) name;
typedef struct mlk_microhttpd_table {
    MLK_MICROHTTPD_FUNCTIONS(MLK_MICROHTTPD_FIELD)
} mlk_microhttpd_table;
#undef MLK_MICROHTTPD_FIELD

extern mlk_microhttpd_table mlk_microhttpd;

/* Loads the library once a process. MLK_UNSUPPORTED when it is not there: the message says how to get it. */
mlk_code mlk_microhttpd_load(mlk_status *status);

#endif
