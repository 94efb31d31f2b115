#include "net/pairs.h"

#include <stdlib.h>
#include <string.h>

static bool append(mlk_pairs *self, const char *bytes, size_t n)
{
    if (n > self->most - self->size)
        return false;
    char *longer = realloc(self->bytes, self->size + n); /* few and small: no room is kept */
    if (!longer)
        return false;
    self->bytes = longer;
    memcpy(self->bytes + self->size, bytes, n);
    self->size += n;
    return true;
}

bool mlk_pairs_add(mlk_pairs *self, const char *name, const char *value)
{
    size_t before = self->size;
    if (!value)
        value = "";
    if (append(self, name, strlen(name) + 1) && append(self, value, strlen(value) + 1))
        return true;
    self->size = before;
    return false;
}

bool mlk_pairs_extend(mlk_pairs *self, const char *bytes, size_t n)
{
    if (!self->size || memchr(bytes, 0, n))
        return false;
    self->size--; /* the end moves */
    bool fits = append(self, bytes, n);
    self->bytes[self->size++] = '\0';
    return fits;
}

const char *mlk_pairs_next(const mlk_pairs *self, const char *name)
{
    const char *next = self->bytes;
    if (name) {
        next = mlk_pairs_value(name);
        next += strlen(next) + 1;
    }
    return next && next < self->bytes + self->size ? next : NULL;
}

const char *mlk_pairs_value(const char *name)
{
    return name + strlen(name) + 1;
}

void mlk_pairs_clear(mlk_pairs *self)
{
    free(self->bytes);
    *self = (mlk_pairs){.most = self->most};
}
