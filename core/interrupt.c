#include "interrupt.h"

#include <stddef.h>

static const atomic_int never;
static const atomic_int *_Atomic watched = &never;
static _Thread_local const atomic_bool *watched_here;

void mlk_interrupt_watch(const atomic_int *flag)
{
    atomic_store(&watched, flag ? flag : &never);
}

void mlk_interrupt_watch_here(const atomic_bool *flag)
{
    watched_here = flag;
}

bool mlk_interrupted(void)
{
    return atomic_load(atomic_load(&watched)) != 0 || (watched_here && atomic_load(watched_here));
}
