#include "interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t never;
static volatile sig_atomic_t *watched = &never;

void mlk_interrupt_watch(volatile sig_atomic_t *flag)
{
    watched = flag ? flag : &never;
}

bool mlk_interrupted(void)
{
    return *watched != 0;
}
