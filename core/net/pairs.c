#include "net/pairs.h"

#include <stdlib.h>
#include <string.h>

/* Room for n bytes more; false: it is not allowed, or there is no memory. */
static bool grow(mlk_pairs *self, size_t n)
{
    char *longer = n <= self->most - self->size ? realloc(self->bytes, self->size + n) : NULL; /* few and small: no spare */
    if (!longer)
        return false;
    self->bytes = longer;
    return true;
}

bool mlk_pairs_add(mlk_pairs *self, const char *name, const char *value)
{
    if (!value)
        value = "";
    size_t name_size = strlen(name) + 1, value_size = strlen(value) + 1;
    if (!grow(self, name_size + value_size))
        return false;
    memcpy(self->bytes + self->size, name, name_size);
    memcpy(self->bytes + self->size + name_size, value, value_size);
    self->size += name_size + value_size;
    return true;
}

bool mlk_pairs_extend(mlk_pairs *self, const char *bytes, size_t n)
{
    if (!self->size || memchr(bytes, 0, n) || !grow(self, n))
        return false;
    memcpy(self->bytes + self->size - 1, bytes, n); /* over the end, which moves */
    self->size += n;
    self->bytes[self->size - 1] = '\0';
    return true;
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
