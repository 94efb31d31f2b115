/* memo.h: values that are costly to make, kept under the numbers they were made from.
 *
 * One type serves twice: the process-wide memo holds FFT plans, windows and
 * filter banks; each mlk_analysis has one of its own for spectra that several
 * features share. A lookup takes a short lock. Values are made outside of it, so
 * no thread waits for another's filter bank. When two threads make the same
 * value, the first is kept: both are equal.
 */
#ifndef MLK_MEMO_H
#define MLK_MEMO_H

#include "status.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { MLK_KEY_ROOM = 24 };

/* What a value is about. */
typedef enum mlk_key_scope {
    MLK_KEY_SHARED,   /* its parameters alone */
    MLK_KEY_CLIP,     /* a clip that is analysed as one block */
    MLK_KEY_BLOCK,    /* one block of a clip */
    MLK_KEY_SURVEYED, /* a clip, as it was gathered from its blocks */
} mlk_key_scope;

/* The numbers that a value is made from. Each struct of parameters has a function beside it that writes it to a key:
 *
 *     mlk_key key = {0};
 *     mlk_stft_key(&key, &stft);
 *     mlk_key_add(&key, power);
 */
typedef struct mlk_key {
    mlk_key_scope scope;
    int64_t block; /* its number, in MLK_KEY_BLOCK; else 0 */
    int count;
    double numbers[MLK_KEY_ROOM];
} mlk_key;

/* Appends numbers. Aborts when there is no room: two values under one key would be mistaken for each other. */
void mlk_key_append(mlk_key *key, size_t count, const double *numbers);

#define mlk_key_add(key, ...)                                                                                   \
    mlk_key_append(key, sizeof((const double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__})

/* A shared key of a few numbers. */
#define MLK_KEY(...)                                                                                            \
    &(mlk_key){.count = sizeof((const double[]){__VA_ARGS__}) / sizeof(double), .numbers = {__VA_ARGS__}}

typedef struct mlk_memo {
    pthread_mutex_t lock;
    struct mlk_memo_entry *entries;
    size_t kept; /* bytes */
} mlk_memo;

/* How one kind of value is made from its request and let go; its address is part of the key. */
typedef struct mlk_memo_kind {
    void *(*make)(const void *request, mlk_status *status); /* NULL after filling status */
    void (*release)(void *value);
} mlk_memo_kind;

void mlk_memo_init(mlk_memo *memo);
void mlk_memo_clear(mlk_memo *memo);

/* The value of this kind and key; if there is none, it is made from the request and kept. NULL: see status.
 * Numbers are compared bit by bit, so NAN may stand for "not given". */
void *mlk_memo_get(mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key, const void *request,
                   mlk_status *status);

/* The value if it is there, else NULL. */
void *mlk_memo_find(mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key);

/* Keeps a value of so many bytes until mlk_memo_drop, if all that is kept stays within `budget` bytes: mlk_memo_forget
 * then frees only the other values. */
void mlk_memo_keep(mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key, size_t bytes, size_t budget);
void mlk_memo_forget(mlk_memo *memo);

/* Frees the values of a block, kept or not. */
void mlk_memo_drop(mlk_memo *memo, int64_t block);

/* The memo of the whole process: never cleared, so only for what depends on parameters, not on sound. */
mlk_memo *mlk_memo_shared(void);

#endif
