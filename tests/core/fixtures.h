/* fixtures.h: what several C tests share: random numbers that never change, sound files made by hand, folders. */
#ifndef TEST_FIXTURES_H
#define TEST_FIXTURES_H

#include <stdint.h>

/* The next number of a sequence, which it also is the seed of; its upper bits are the better ones. */
uint32_t fixture_draw(uint32_t *seed);

/* 0 or more and below 1, from the upper 24 bits. */
float fixture_uniform(uint32_t *seed);

/* Noise from -0.5 to 0.5. */
void fixture_noise(float *samples, int64_t n, uint32_t seed);

/* A mono WAV file of 16 bits. */
void fixture_write_wav(const char *path, uint32_t rate, const int16_t *samples, uint32_t n);

/* Removes a folder and what it holds; 0 when all went. */
int fixture_remove(const char *folder);

#endif
