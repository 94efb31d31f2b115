#include "net/wslay.h"

#include "library.h"

mlk_wslay_table mlk_wslay;

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"libwslay.so.1", NULL};
#define SYMBOL(name) {"wslay_event_" #name, (void *)&mlk_wslay.name},
    static const mlk_symbol symbols[] = {MLK_WSLAY_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, "version 1.1 or later",
                                          "there are no WebSockets: libwslay", "libwslay1"};
    return mlk_library_find(&wish, status);
}

mlk_code mlk_wslay_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
