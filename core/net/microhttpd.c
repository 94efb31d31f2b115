#include "net/microhttpd.h"

#include "library.h"

#include <dlfcn.h>

mlk_microhttpd_table mlk_microhttpd;

static mlk_code load(mlk_status *status)
{
    mlk_status why;
    void *library;
    mlk_code code = mlk_library_open("libmicrohttpd.so.12", &library, &why);
#define FIND(name)                                                                                                     \
    if (!code && !(*(void **)&mlk_microhttpd.name = dlsym(library, "MHD_" #name)))                                     \
        code = mlk_fail(&why, MLK_UNSUPPORTED, "MHD_%s is missing: version 0.9.70 or later is needed", #name);
    MLK_MICROHTTPD_FUNCTIONS(FIND)
#undef FIND
    if (mlk_library_may_come(code))
        return mlk_fail(status, code, "%s", why.message);
    if (code)
        return mlk_fail(status, code, "nothing can be served: libmicrohttpd cannot be loaded (%s): apt-get install "
                        "libmicrohttpd12", why.message);
    return MLK_OK;
}

mlk_code mlk_microhttpd_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
