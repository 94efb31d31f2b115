#include "dsp/memo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct mlk_memo_entry {
    const mlk_memo_kind *kind;
    int n_key;
    double key[MLK_MEMO_MAX_KEY];
    void *value;
    size_t kept; /* its bytes when it is kept */
    struct mlk_memo_entry *next;
} entry;

static mlk_memo shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

mlk_memo *mlk_memo_shared(void)
{
    return &shared;
}

void mlk_memo_init(mlk_memo *memo)
{
    pthread_mutex_init(&memo->lock, NULL);
    memo->entries = NULL;
    memo->kept = 0;
}

void mlk_memo_clear(mlk_memo *memo)
{
    for (entry *e = memo->entries, *next; e; e = next) {
        next = e->next;
        e->kind->release(e->value);
        free(e);
    }
    memo->entries = NULL;
    pthread_mutex_destroy(&memo->lock);
}

static entry *find(const mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key)
{
    for (entry *e = memo->entries; e; e = e->next)
        if (e->kind == kind && e->n_key == n_key && memcmp(e->key, key, (size_t)n_key * sizeof *key) == 0)
            return e;
    return NULL;
}

const void *mlk_memo_find(mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key)
{
    pthread_mutex_lock(&memo->lock);
    const entry *known = find(memo, kind, key, n_key);
    pthread_mutex_unlock(&memo->lock);
    return known ? known->value : NULL;
}

const void *mlk_memo_get(mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key, void *context,
                         mlk_status *status)
{
    const void *there = mlk_memo_find(memo, kind, key, n_key);
    if (there)
        return there;

    entry *made = malloc(sizeof *made);
    if (!made) {
        mlk_fail_memory(status, "a cache entry");
        return NULL;
    }
    void *value = kind->make(context, key, status);
    if (!value) {
        free(made);
        return NULL;
    }
    *made = (entry){.kind = kind, .n_key = n_key, .value = value};
    memcpy(made->key, key, (size_t)n_key * sizeof *key);

    pthread_mutex_lock(&memo->lock);
    const entry *known = find(memo, kind, key, n_key);
    if (!known) {
        made->next = memo->entries;
        memo->entries = made;
    }
    pthread_mutex_unlock(&memo->lock);
    if (known) {
        kind->release(value);
        free(made);
        return known->value;
    }
    return value;
}

void mlk_memo_keep(mlk_memo *memo, const mlk_memo_kind *kind, const double *key, int n_key, size_t bytes,
                   size_t budget)
{
    pthread_mutex_lock(&memo->lock);
    entry *known = find(memo, kind, key, n_key);
    if (known && !known->kept && memo->kept + bytes <= budget) {
        known->kept = bytes;
        memo->kept += bytes;
    }
    pthread_mutex_unlock(&memo->lock);
}

/* Lets go of what is not kept, or of what begins with *first. */
static void prune(mlk_memo *memo, const double *first)
{
    pthread_mutex_lock(&memo->lock);
    for (entry **at = &memo->entries; *at;) {
        entry *e = *at;
        if (first ? e->key[0] != *first : e->kept > 0) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        memo->kept -= e->kept;
        e->kind->release(e->value);
        free(e);
    }
    pthread_mutex_unlock(&memo->lock);
}

void mlk_memo_forget(mlk_memo *memo)
{
    prune(memo, NULL);
}

void mlk_memo_drop(mlk_memo *memo, double first)
{
    prune(memo, &first);
}
