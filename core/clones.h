/* clones.h: loops that are compiled for several processors; the loader picks.
 *
 * MLK_CLONES compiles a function for any x86-64 and for those with AVX2, MLK_WIDE_CLONES also for those with AVX-512.
 * All give the same bits: nothing is summed in another order, and multiplications are never fused with additions
 * (-ffp-contract=off).
 */
#ifndef MLK_CLONES_H
#define MLK_CLONES_H

#include <features.h> /* __GLIBC__ */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__)
#define MLK_CLONES __attribute__((target_clones("avx2", "default")))
#define MLK_WIDE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MLK_CLONES
#define MLK_WIDE_CLONES
#endif

#endif
