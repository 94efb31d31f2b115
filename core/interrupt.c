#include "interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t never;
static volatile sig_atomic_t *watched = &never;
static _Thread_local volatile sig_atomic_t *watched_here;

void mlk_interrupt_watch(volatile sig_atomic_t *flag)
{
    watched = flag ? flag : &never;
}

void mlk_interrupt_watch_here(volatile sig_atomic_t *flag)
{
    watched_here = flag;
}

bool mlk_interrupted(void)
{
    return *watched != 0 || (watched_here && *watched_here);
}
