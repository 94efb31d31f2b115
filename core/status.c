#include "status.h"

#include "text.h"

#include <errno.h>
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

mlk_code mlk_fail_system(mlk_status *status, int error, const char *doing, const char *path)
{
    switch (error) {
    case ENOSPC:
        return mlk_fail(status, MLK_DISK, "no room left on the device: %s %s", doing, path);
    case EDQUOT:
        return mlk_fail(status, MLK_DISK, "no room left, the user's share of the disk is used up: %s %s", doing,
                        path);
    case EMFILE:
        return mlk_fail(status, MLK_EXHAUSTED, "too many open files for this process (ulimit -n): %s %s", doing, path);
    case ENFILE:
        return mlk_fail(status, MLK_EXHAUSTED, "too many open files on this machine: %s %s", doing, path);
    case ENOMEM:
        return mlk_fail(status, MLK_MEMORY, "not enough memory: %s %s", doing, path);
    default:
        return mlk_fail(status, MLK_IO, "%s %s: %s", doing, path, strerror(error));
    }
}
