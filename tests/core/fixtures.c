#include "fixtures.h"
#include "test.h"

#include <ftw.h>
#include <stdio.h>

uint32_t fixture_draw(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

float fixture_uniform(uint32_t *seed)
{
    return (float)(fixture_draw(seed) >> 8) / (1 << 24);
}

void fixture_noise(float *samples, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++)
        samples[i] = fixture_uniform(&seed) - 0.5f;
}

void fixture_write_wav(const char *path, uint32_t rate, const int16_t *samples, uint32_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    uint32_t bytes = n * 2, riff = 36 + bytes, sixteen = 16, second = rate * 2;
    uint16_t pcm = 1, mono = 1, align = 2, bits = 16;
    fwrite("RIFF", 4, 1, file), fwrite(&riff, 4, 1, file), fwrite("WAVEfmt ", 8, 1, file);
    fwrite(&sixteen, 4, 1, file), fwrite(&pcm, 2, 1, file), fwrite(&mono, 2, 1, file), fwrite(&rate, 4, 1, file);
    fwrite(&second, 4, 1, file), fwrite(&align, 2, 1, file), fwrite(&bits, 2, 1, file);
    fwrite("data", 4, 1, file), fwrite(&bytes, 4, 1, file), fwrite(samples, 2, n, file);
    fclose(file);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

int fixture_remove(const char *folder)
{
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
