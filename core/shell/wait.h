/* wait.h: how OpenMP's threads wait for work between two pieces of it: libtorch's, OpenBLAS's and XGBoost's are these.
 *
 * A thread that spins is back at once, but takes a core from whoever shares the machine; one that sleeps costs some
 * tens of microseconds at each piece, and a network's step has thousands. Spinning for a while and then sleeping is
 * worse than sleeping beside other work. MOONLARK_WAIT=active|passive|auto; auto, the default, sleeps when another
 * process computes as Moonlark starts, else leaves libgomp its way, which spins for some milliseconds.
 */
#ifndef MLK_SHELL_WAIT_H
#define MLK_SHELL_WAIT_H

#include <stdbool.h>

/* Puts the choice into the environment, which libgomp reads when it is loaded: call it before any module is. What the
 * person has set there (OMP_WAIT_POLICY, GOMP_SPINCOUNT) is left. False when MOONLARK_WAIT is none of the three. */
bool mlk_wait_choose(void);

#endif
