#include "net/microhttpd.h"

#include "library.h"

mlk_microhttpd_table mlk_microhttpd;

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"libmicrohttpd.so.12", NULL};
#define SYMBOL(name) {"MHD_" #name, (void *)&mlk_microhttpd.name},
    static const mlk_symbol symbols[] = {MLK_MICROHTTPD_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, "version 0.9.70 or later",
                                          "nothing can be served: libmicrohttpd", "libmicrohttpd12"};
    return mlk_library_find(&wish, status);
}

mlk_code mlk_microhttpd_load(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}
