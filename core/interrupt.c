#include "interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t never;
static volatile sig_atomic_t *watched = &never;
static _Thread_local const atomic_bool *watched_here;

void mlk_interrupt_watch(volatile sig_atomic_t *flag)
{
    watched = flag ? flag : &never;
}

void mlk_interrupt_watch_here(const atomic_bool *flag)
{
    watched_here = flag;
}

bool mlk_interrupted(void)
{
    return *watched != 0 || (watched_here && atomic_load(watched_here));
}
