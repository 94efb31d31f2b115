#include "net/curl.h"

#include "library.h"

#include <dlfcn.h>

mlk_curl_table mlk_curl;

static mlk_code open_any(void **library, mlk_status *why)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    mlk_code code = MLK_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        code = mlk_library_open(names[i], library, why);
        if (!code || mlk_library_may_come(code))
            break;
    }
    return code;
}

static mlk_code load(mlk_status *status)
{
    enum { EVERYTHING = 3 };
    mlk_status why;
    void *library;
    mlk_code code = open_any(&library, &why);
#define FIND(result, name, arguments)                                                                                  \
    if (!code && !(*(void **)&mlk_curl.name = dlsym(library, "curl_" #name)))                                          \
        code = mlk_fail(&why, MLK_UNSUPPORTED, "curl_%s is missing: version 7.62 or later is needed", #name);
    MLK_CURL_FUNCTIONS(FIND)
#undef FIND
    if (!code && mlk_curl.global_init(EVERYTHING))
        code = mlk_fail(&why, MLK_UNSUPPORTED, "it does not start");
    if (mlk_library_may_come(code))
        return mlk_fail(status, code, "%s", why.message);
    if (code)
        return mlk_fail(status, code, "nothing can be fetched: libcurl cannot be loaded (%s): apt-get install libcurl4",
                        why.message);
    return MLK_OK;
}

mlk_code mlk_curl_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
