/* pseudo_terminal.h: whether this machine lends tests one: a chroot and some containers do not. */
#ifndef TEST_PSEUDO_TERMINAL_H
#define TEST_PSEUDO_TERMINAL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Says so when there is none. */
static inline bool pseudo_terminal_is_there(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
    if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
        slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave >= 0)
        close(slave);
    if (master >= 0)
        close(master);
    if (slave < 0)
        printf("skipped: there is no pseudo-terminal (/dev/ptmx, /dev/pts)\n");
    return slave >= 0;
}

#endif
