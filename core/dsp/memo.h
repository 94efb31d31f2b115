/* memo.h: values that are costly to make, kept under the numbers they were made from.
 *
 * One type serves twice: the process-wide memo holds FFT plans, windows and
 * filter banks; each mlk_analysis has one of its own for spectra that several
 * features share. A lookup takes a short lock; making happens outside of it, so
 * no thread waits for another's filter bank (should two make the same, the
 * first one in is kept: both are equal).
 */
#ifndef MLK_MEMO_H
#define MLK_MEMO_H

#include "status.h"

#include <pthread.h>
#include <stddef.h>

#define MLK_MEMO_MAX_KEY 20

typedef struct mlk_memo {
    pthread_mutex_t lock;
    struct mlk_memo_entry *entries;
    size_t kept; /* bytes */
} mlk_memo;

/* How one kind of value is made from its key and let go; its address is part of the key. */
typedef struct mlk_memo_kind {
    void *(*make)(void *context, const double *key, mlk_status *status); /* NULL after filling status */
    void (*release)(void *value);
} mlk_memo_kind;

void mlk_memo_init(mlk_memo *memo);
void mlk_memo_clear(mlk_memo *memo);

/* The value of this kind and key, made now if need be; the memo keeps it. NULL: see status.
 * Keys are compared bit by bit, so NAN may stand for "not given". */
const void *mlk_memo_get(mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key, void *context,
                         mlk_status *status);

/* The value if it is there, else NULL. */
const void *mlk_memo_find(mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key);

/* Keeps a value, of so many bytes, through mlk_memo_forget, which lets all others go, until mlk_memo_drop: if all
 * that is kept stays within `budget` bytes. */
void mlk_memo_keep(mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key, size_t bytes,
                   size_t budget);
void mlk_memo_forget(mlk_memo *memo);

/* Lets go of the values, kept or not, whose key begins with `first`. */
void mlk_memo_drop(mlk_memo *memo, double first);

/* The memo of the whole process: never cleared, so only for what depends on parameters, not on sound. */
mlk_memo *mlk_memo_shared(void);

#endif
