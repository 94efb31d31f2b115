/* wait.h: how the threads of OpenMP, which libtorch, OpenBLAS and XGBoost use, wait for their next piece of work.
 *
 * A thread that spins is back at once, but takes a core from other processes. One that sleeps costs some tens of
 * microseconds at each piece, and a network's step has thousands. Beside other work, spinning for a while and then
 * sleeping is worse than sleeping. MOONLARK_WAIT=active|passive|auto; auto, the default, sleeps when another process
 * computes as Moonlark starts, else leaves libgomp as it is: it spins for some milliseconds.
 */
#ifndef MLK_SHELL_WAIT_H
#define MLK_SHELL_WAIT_H

#include <stdbool.h>

/* Puts the choice into the environment, which libgomp reads when it is loaded: call it before any module is. What the
 * user has set there (OMP_WAIT_POLICY, GOMP_SPINCOUNT) is left alone. False when MOONLARK_WAIT is none of the three. */
bool mlk_wait_choose(void);

#endif
