/* fuzz.h: targets for libFuzzer over the readers of files that strangers may have made.
 *
 * One target a file: it reads any bytes and must neither crash nor hang, and what it accepts must hold together.
 * With clang, libFuzzer searches for bytes that break it:
 *
 *     cmake --preset fuzz && cmake --build --preset fuzz
 *     build/fuzz/bin/fuzz_seeds build/fuzz/seeds
 *     build/fuzz/bin/fuzz_npz -max_total_time=300 build/fuzz/seeds/npz tests/reference/store
 *
 * (the first folder also takes what is found to be new). Without libFuzzer the same targets are plain programs,
 * built with the tests, that read the files of the folders named and mutants of them; the suite runs each over the
 * seeds, and a crash that libFuzzer left is looked at with
 *
 *     build/asan/bin/fuzz_npz crash-2f0a…
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Stops with a crash, which libFuzzer and the sanitizers report, when a property does not hold. */
#define FUZZ_CHECK(property) \
    do { \
        if (!(property)) \
            fuzz_failed(#property, __FILE__, __LINE__); \
    } while (0)

#include <stdio.h>
#include <stdlib.h>

static inline void fuzz_failed(const char *property, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    abort();
}

#endif
