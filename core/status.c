#include "status.h"

#include <stdarg.h>
#include <stdio.h>

mlk_code mlk_fail(mlk_status *status, mlk_code code, const char *format, ...)
{
    if (status) {
        va_list arguments;
        va_start(arguments, format);
        status->code = code;
        vsnprintf(status->message, sizeof status->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

mlk_code mlk_fail_memory(mlk_status *status, const char *what)
{
    return mlk_fail(status, MLK_MEMORY, "not enough memory for %s", what);
}
