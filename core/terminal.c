#include "terminal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool mlk_terminal_measure(int fd, mlk_terminal_size *size)
{
    struct winsize window;
    if (ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
        return false;
    *size = (mlk_terminal_size){window.ws_col, window.ws_row, window.ws_xpixel, window.ws_ypixel};
    return true;
}

/* The answer to "primary device attributes", ESC [ ? 62 ; 4 ; 22 c: attribute 4 is sixel. */
static bool answer_has_sixel(const char *answer)
{
    const char *number = strstr(answer, "\033[?");
    if (!number)
        return false;
    number += 3;
    for (bool first = true;; first = false) {
        char *end;
        long attribute = strtol(number, &end, 10);
        if (!first && end != number && attribute == 4)
            return true;
        if (*end != ';')
            return false;
        number = end + 1;
    }
}

bool mlk_terminal_sixel(int fd, double timeout_s)
{
    static const char question[] = "\033[c";
    struct termios before, raw;
    if (!isatty(fd) || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &before) != 0)
        return false;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &raw) != 0)
        return false;

    char answer[256] = "";
    size_t length = 0;
    bool whole = false;
    if (write(fd, question, sizeof question - 1) == (ssize_t)sizeof question - 1) {
        struct pollfd input = {.fd = fd, .events = POLLIN};
        while (!whole && length < sizeof answer - 1 && poll(&input, 1, (int)(timeout_s * 1000)) > 0) {
            ssize_t count = read(fd, answer + length, sizeof answer - 1 - length);
            if (count <= 0)
                break;
            length += (size_t)count;
            answer[length] = '\0';
            whole = answer[length - 1] == 'c';
        }
    }
    tcsetattr(fd, TCSANOW, &before);
    return whole && answer_has_sixel(answer);
}
