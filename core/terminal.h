/* terminal.h: what the terminal behind a file descriptor can do. */
#ifndef MLK_TERMINAL_H
#define MLK_TERMINAL_H

#include <stdbool.h>

typedef struct mlk_terminal_size {
    int columns, rows; /* characters */
    int width, height; /* pixels; 0 when the terminal does not tell */
} mlk_terminal_size;

/* Size of the terminal; false when fd is none or it does not tell. */
bool mlk_terminal_measure(int fd, mlk_terminal_size *size);

/* Asks the terminal, which must be readable and writable, whether it draws sixel graphics; waits at
 * most timeout_s for its answer. False when fd is no terminal or this process is in its background. */
bool mlk_terminal_sixel(int fd, double timeout_s);

#endif
