#include "blas/processor.h"

#include <stddef.h>
#include <strings.h>

unsigned mlk_processor_features(void)
{
#if defined(__x86_64__)
    unsigned features = 0;
    if (__builtin_cpu_supports("avx"))
        features |= MLK_PROCESSOR_AVX;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        features |= MLK_PROCESSOR_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        features |= MLK_PROCESSOR_AVX512;
    if (__builtin_cpu_is("amd"))
        features |= MLK_PROCESSOR_AMD;
    return features;
#else
    return 0;
#endif
}

/* Kernels older than AVX-512, by what they need: 0 SSE, 1 AVX, 2 AVX2. */
static const struct {
    const char *name;
    int age;
} known[] = {
    {"Katmai", 0},    {"Coppermine", 0},  {"Northwood", 0}, {"Prescott", 0}, {"Banias", 0},      {"Atom", 0},
    {"Core2", 0},     {"Penryn", 0},      {"Dunnington", 0}, {"Nehalem", 0}, {"Athlon", 0},      {"Opteron", 0},
    {"Opteron_SSE3", 0}, {"Barcelona", 0}, {"Bobcat", 0},   {"Nano", 0},     {"Sandybridge", 1}, {"Bulldozer", 1},
    {"Piledriver", 1}, {"Steamroller", 1}, {"Excavator", 2}, {"Haswell", 2}, {"Zen", 2},
};

enum { NEWEST = 3 };

static int age_of(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(known[i].name, name) == 0)
            return known[i].age;
    return NEWEST;
}

const char *mlk_processor_kernels(unsigned features, const char *own)
{
    int age = age_of(own);
    if (features & MLK_PROCESSOR_AVX512)
        return age < NEWEST ? "SkylakeX" : NULL;
    if (features & MLK_PROCESSOR_AVX2)
        return age < 2 ? (features & MLK_PROCESSOR_AMD ? "Zen" : "Haswell") : NULL;
    if (features & MLK_PROCESSOR_AVX)
        return age < 1 ? "Sandybridge" : NULL;
    return NULL;
}
