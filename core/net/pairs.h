/* pairs.h: names with values, as a request brings them: headers, a query, fields of a form.
 *
 * The values may be any bytes without zeros. What exceeds the room is refused, so
 * that nobody fills the memory with fields.
 */
#ifndef MLK_NET_PAIRS_H
#define MLK_NET_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct mlk_pairs {
    char *bytes; /* name, zero, value, zero, … */
    size_t size, most;
} mlk_pairs;

/* Appends a pair; false: there is no room left, or no memory. NULL as value is an empty one. */
bool mlk_pairs_add(mlk_pairs *self, const char *name, const char *value);

/* Appends to the value of the last pair. */
bool mlk_pairs_extend(mlk_pairs *self, const char *bytes, size_t n);

/* The pair after the one whose name is `name`, or with NULL the first; NULL at the end. */
const char *mlk_pairs_next(const mlk_pairs *self, const char *name);

/* The value that belongs to a name that mlk_pairs_next gave. */
const char *mlk_pairs_value(const char *name);

void mlk_pairs_clear(mlk_pairs *self);

#endif
