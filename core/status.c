#include "status.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

mlk_code mlk_fail(mlk_status *status, mlk_code code, const char *format, ...)
{
    if (status) {
        char message[sizeof status->message];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        status->code = code;
        mlk_text_show(status->message, sizeof status->message, message, strlen(message), false);
    }
    return code;
}

mlk_code mlk_fail_memory(mlk_status *status, const char *what)
{
    return mlk_fail(status, MLK_MEMORY, "not enough memory for %s", what);
}
