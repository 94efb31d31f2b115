/* curl.h: libcurl, opened when something is first fetched: Moonlark builds and runs without it. */
#ifndef MLK_CURL_H
#define MLK_CURL_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

/* What we use of its binary interface, which its soname ("4", since 2006) vouches for. */
typedef struct mlk_curl_list mlk_curl_list;

/* CURLOPT_…: numbers from 10000 on take a pointer, from 20000 a function, from 30000 an int64_t, others a long. */
enum {
    MLK_CURL_WRITE_DATA = 10001, MLK_CURL_URL = 10002, MLK_CURL_ERROR_BUFFER = 10010, MLK_CURL_USER_AGENT = 10018,
    MLK_CURL_LOW_SPEED_LIMIT = 19, MLK_CURL_LOW_SPEED_TIME = 20, MLK_CURL_HTTP_HEADER = 10023,
    MLK_CURL_HEADER_DATA = 10029, MLK_CURL_NO_PROGRESS = 43, MLK_CURL_NO_BODY = 44, MLK_CURL_PROGRESS_DATA = 10057,
    MLK_CURL_BUFFER_SIZE = 98, MLK_CURL_NO_SIGNAL = 99, MLK_CURL_CONNECT_TIMEOUT_MS = 156, MLK_CURL_PROTOCOLS = 181,
    MLK_CURL_WRITE_FUNCTION = 20011, MLK_CURL_HEADER_FUNCTION = 20079, MLK_CURL_PROGRESS_FUNCTION = 20219,
};
enum { MLK_CURL_ERROR_SIZE = 256, MLK_CURL_HTTP_AND_HTTPS = 3, MLK_CURL_REDIRECT_URL = 0x100000 + 31 };

/* CURLcode */
enum {
    MLK_CURLE_UNSUPPORTED_PROTOCOL = 1, MLK_CURLE_FAILED_INIT = 2, MLK_CURLE_URL = 3, MLK_CURLE_NOT_BUILT_IN = 4,
    MLK_CURLE_WRITE = 23, MLK_CURLE_MEMORY = 27, MLK_CURLE_ABORTED = 42, MLK_CURLE_CERTIFICATE = 60,
};

/* CURLUPART_… */
enum { MLK_CURLU_URL = 0, MLK_CURLU_SCHEME = 1, MLK_CURLU_HOST = 5, MLK_CURLU_PORT = 6, MLK_CURLU_DEFAULT_PORT = 1 };

#define MLK_CURL_FUNCTIONS(X)                                                                                          \
    X(int, global_init, (long flags))                                                                                  \
    X(const char *, version, (void))                                                                                   \
    X(void *, easy_init, (void))                                                                                       \
    X(int, easy_setopt, (void *handle, int option, ...))                                                               \
    X(int, easy_perform, (void *handle))                                                                               \
    X(int, easy_getinfo, (void *handle, int info, ...))                                                                \
    X(const char *, easy_strerror, (int code))                                                                         \
    X(void, easy_cleanup, (void *handle))                                                                              \
    X(mlk_curl_list *, slist_append, (mlk_curl_list *list, const char *line))                                          \
    X(void, slist_free_all, (mlk_curl_list *list))                                                                     \
    X(void *, url, (void))                                                                                             \
    X(int, url_set, (void *url, int part, const char *text, unsigned flags))                                           \
    X(int, url_get, (void *url, int part, char **text, unsigned flags))                                                \
    X(void, url_cleanup, (void *url))                                                                                  \
    X(void, free, (void *text))

#define MLK_CURL_FIELD(result, name, arguments) result(*name) arguments;
typedef struct mlk_curl_table {
    MLK_CURL_FUNCTIONS(MLK_CURL_FIELD)
} mlk_curl_table;
#undef MLK_CURL_FIELD

extern mlk_curl_table mlk_curl;

/* Loads the library once a process, from any thread. MLK_UNSUPPORTED when it is not there: the message says how to
 * get it. */
mlk_code mlk_curl_load(mlk_status *status);

#endif
