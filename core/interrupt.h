/* interrupt.h: one flag that Ctrl-C sets and every long loop polls.
 *
 * The program owns the flag. Its signal handler writes nothing else, and all threads read it. The engine is
 * loaded later, as a module, and is told where the flag lies. Where no program offers one (a stock lua5.4, a C
 * test), the engine reads a flag that stays 0.
 */
#ifndef MLK_INTERRUPT_H
#define MLK_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>

/* The registry field under which the program leaves the flag's address as light userdata. */
#define MLK_INTERRUPT_FIELD "moonlark.interrupt"

/* And under which it leaves the function that calls another one, stoppable, and says how it ended (shell/run.h). */
#define MLK_ATTEMPT_FIELD "moonlark.attempt"

/* Tells the engine which flag to poll; NULL returns to the engine's own. */
void mlk_interrupt_watch(const atomic_int *flag);

/* A second flag that this thread polls: it stops one background job and nothing else. NULL: none. */
void mlk_interrupt_watch_here(const atomic_bool *flag);

/* True once the user has asked to stop. The program, not the engine, clears the flag. */
bool mlk_interrupted(void);

#endif
