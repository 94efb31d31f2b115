#include "dsp/memo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct mlk_memo_entry {
    const mlk_memo_kind *kind;
    mlk_key key;
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

void mlk_key_append(mlk_key *key, size_t count, const double *numbers)
{
    if (count > (size_t)(MLK_KEY_ROOM - key->count))
        abort();
    memcpy(key->numbers + key->count, numbers, count * sizeof *numbers);
    key->count += (int)count;
}

static bool same(const mlk_key *a, const mlk_key *b)
{
    return a->scope == b->scope && a->block == b->block && a->count == b->count &&
           memcmp(a->numbers, b->numbers, (size_t)a->count * sizeof *a->numbers) == 0;
}

static entry *find(const mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key)
{
    for (entry *e = memo->entries; e; e = e->next)
        if (e->kind == kind && same(&e->key, key))
            return e;
    return NULL;
}

void *mlk_memo_find(mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key)
{
    pthread_mutex_lock(&memo->lock);
    const entry *known = find(memo, kind, key);
    pthread_mutex_unlock(&memo->lock);
    return known ? known->value : NULL;
}

void *mlk_memo_get(mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key, const void *request,
                   mlk_status *status)
{
    void *there = mlk_memo_find(memo, kind, key);
    if (there)
        return there;

    entry *made = malloc(sizeof *made);
    if (!made) {
        mlk_fail_memory(status, "a cache entry");
        return NULL;
    }
    void *value = kind->make(request, status);
    if (!value) {
        free(made);
        return NULL;
    }
    *made = (entry){.kind = kind, .key = *key, .value = value};

    pthread_mutex_lock(&memo->lock);
    const entry *known = find(memo, kind, key);
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

void mlk_memo_keep(mlk_memo *memo, const mlk_memo_kind *kind, const mlk_key *key, size_t bytes, size_t budget)
{
    pthread_mutex_lock(&memo->lock);
    entry *known = find(memo, kind, key);
    if (known && !known->kept && memo->kept + bytes <= budget) {
        known->kept = bytes;
        memo->kept += bytes;
    }
    pthread_mutex_unlock(&memo->lock);
}

/* Lets go of what is not kept, or of what belongs to *block. */
static void prune(mlk_memo *memo, const int64_t *block)
{
    pthread_mutex_lock(&memo->lock);
    for (entry **at = &memo->entries; *at;) {
        entry *e = *at;
        if (block ? e->key.scope != MLK_KEY_BLOCK || e->key.block != *block : e->kept > 0) {
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

void mlk_memo_drop(mlk_memo *memo, int64_t block)
{
    prune(memo, &block);
}
