/* subnormal.h: numbers too small for the ordinary format, taken for zero by the calling thread.
 *
 * Processors compute with them a hundred times slower, and trained networks are full of them. The setting belongs to a
 * thread; a new thread takes over its maker's. It is on while libtorch and XGBoost compute, and off elsewhere: the
 * arithmetic of Lua and of the engine itself is exact.
 */
#ifndef MLK_SUBNORMAL_H
#define MLK_SUBNORMAL_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* Subnormal operands and results become zeros. Returns the setting as it was; hand that to mlk_subnormal_restore. */
static inline uint64_t mlk_subnormal_flush(void)
{
#if defined(__x86_64__)
    const unsigned operands = 0x0040, results = 0x8000;
    unsigned before = _mm_getcsr();
    if ((before & (operands | results)) != (operands | results))
        _mm_setcsr(before | operands | results);
    return before;
#elif defined(__aarch64__)
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | (UINT64_C(1) << 24)));
    return before;
#else
    return 0;
#endif
}

static inline void mlk_subnormal_restore(uint64_t before)
{
#if defined(__x86_64__)
    unsigned flags = _mm_getcsr() & 0x3f; /* exceptions that were noted meanwhile stay noted */
    if ((_mm_getcsr() & ~0x3fu) != (before & ~0x3fu))
        _mm_setcsr((unsigned)(before & ~UINT64_C(0x3f)) | flags);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
    (void)before;
#endif
}

#endif
