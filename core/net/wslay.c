#include "net/wslay.h"

#include "library.h"

#include <dlfcn.h>

mlk_wslay_table mlk_wslay;

static mlk_code load(mlk_status *status)
{
    mlk_status why;
    void *library;
    mlk_code code = mlk_library_open("libwslay.so.1", &library, &why);
#define FIND(name)                                                                                                     \
    if (!code && !(*(void **)&mlk_wslay.name = dlsym(library, "wslay_event_" #name)))                                  \
        code = mlk_fail(&why, MLK_UNSUPPORTED, "wslay_event_%s is missing: version 1.1 or later is needed", #name);
    MLK_WSLAY_FUNCTIONS(FIND)
#undef FIND
    if (mlk_library_may_come(code))
        return mlk_fail(status, code, "%s", why.message);
    if (code)
        return mlk_fail(status, code, "there are no WebSockets: libwslay cannot be loaded (%s): apt-get install libwslay1",
                        why.message);
    return MLK_OK;
}

mlk_code mlk_wslay_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
