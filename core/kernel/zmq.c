#include "kernel/zmq.h"

#include "library.h"

#include <dlfcn.h>

mlk_zmq_table mlk_zmq;

static mlk_code load(mlk_status *status)
{
    mlk_status why;
    void *library;
    mlk_code code = mlk_library_open("libzmq.so.5", &library, &why);
#define FIND(result, name, arguments)                                                                                  \
    if (!code && !(*(void **)&mlk_zmq.zmq_##name = dlsym(library, "zmq_" #name)))                                      \
        code = mlk_fail(&why, MLK_UNSUPPORTED, "zmq_" #name " is missing: version 4 or later is needed");
    MLK_ZMQ_FUNCTIONS(FIND)
#undef FIND
    if (mlk_library_may_come(code))
        return mlk_fail(status, code, "%s", why.message);
    if (code)
        return mlk_fail(status, code, "notebooks need libzmq, which cannot be loaded (%s): apt-get install libzmq5",
                        why.message);
    return MLK_OK;
}

mlk_code mlk_zmq_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
