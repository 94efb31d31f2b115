#include "net/curl.h"

#include "library.h"

mlk_curl_table mlk_curl;

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
#define SYMBOL(result, name, arguments) {"curl_" #name, (void *)&mlk_curl.name},
    static const mlk_symbol symbols[] = {MLK_CURL_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, "version 7.62 or later",
                                          "nothing can be fetched: libcurl", "libcurl4"};
    enum { EVERYTHING = 3 };
    mlk_code code = mlk_library_find(&wish, status);
    if (!code && mlk_curl.global_init(EVERYTHING))
        code = mlk_fail(status, MLK_UNSUPPORTED, "nothing can be fetched: libcurl does not start");
    return code;
}

mlk_code mlk_curl_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
