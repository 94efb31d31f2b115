#include "kernel/zmq.h"

#include "library.h"

mlk_zmq_table mlk_zmq;

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"libzmq.so.5", NULL};
#define SYMBOL(result, name, arguments) {"zmq_" #name, (void *)&mlk_zmq.zmq_##name},
    static const mlk_symbol symbols[] = {MLK_ZMQ_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, "version 4 or later",
                                          "notebooks need libzmq, which", "libzmq5"};
    return mlk_library_find(&wish, status);
}

mlk_code mlk_zmq_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
