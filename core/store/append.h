/* append.h: adding whole lines to a file that others may read meanwhile. */
#ifndef MLK_APPEND_H
#define MLK_APPEND_H

#include "status.h"

#include <stddef.h>

/* Adds bytes to the end of a file, which is made where there is none, and hands them to the system before it returns.
 * A link, and anything that is no regular file, is refused. */
mlk_code mlk_append(const char *path, const void *bytes, size_t n, mlk_status *status);

#endif
