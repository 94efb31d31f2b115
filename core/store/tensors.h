/* tensors.h: a list of named arrays, of numbers and of strings, that owns its memory: what a file of weights or
 * features holds. */
#ifndef MLK_TENSORS_H
#define MLK_TENSORS_H

#include "array.h"
#include "status.h"
#include "store/file.h"

#include <stdbool.h>

typedef struct mlk_named_array {
    char *name;
    mlk_array array;
    void *owned; /* memory of its own, or NULL: the array lies in the list's mapped file */
} mlk_named_array;

/* An array of strings, row-major; one block (malloc): the addresses, then the characters. */
typedef struct mlk_strings {
    int rank;
    int64_t shape[MLK_MAX_RANK];
    char **items;
} mlk_strings;

typedef struct mlk_named_strings {
    char *name;
    mlk_strings strings;
} mlk_named_strings;

typedef struct mlk_text_pair {
    char *key, *value;
} mlk_text_pair;

typedef struct mlk_tensors {
    int count;
    mlk_named_array *items; /* sorted by name, byte by byte */
    int strings_count;
    mlk_named_strings *strings; /* sorted by name, all different from the arrays' */
    int metadata_count;
    mlk_text_pair *metadata; /* sorted by key */
    mlk_file file;
} mlk_tensors;

/* The array of that name, or NULL. */
const mlk_array *mlk_tensors_find(const mlk_tensors *tensors, const char *name);

/* The array of strings of that name, or NULL. */
const mlk_strings *mlk_tensors_find_strings(const mlk_tensors *tensors, const char *name);

/* Frees all that a reading function made; harmless on a zeroed list. */
void mlk_tensors_free(mlk_tensors *tensors);

/* Maps a file, lets `parse` make views of its bytes, and keeps the map in the list. Errors name the file. */
mlk_code mlk_tensors_map(const char *path,
                         mlk_code (*parse)(unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status),
                         mlk_tensors *tensors, mlk_status *status);

/* Adds an item to a list under construction; takes over `name` and `owned` (malloc), freeing both if
 * memory is short. */
mlk_code mlk_tensors_add(mlk_tensors *tensors, char *name, const mlk_array *array, void *owned,
                         mlk_status *status);

/* The same, of a copy of the name. */
mlk_code mlk_tensors_add_copy(mlk_tensors *tensors, const char *name, const mlk_array *array, void *owned,
                              mlk_status *status);

/* Adds an array of strings under a copy of the name; takes over its block, freeing it if memory is short. */
mlk_code mlk_tensors_add_strings(mlk_tensors *tensors, const char *name, const mlk_strings *strings,
                                 mlk_status *status);

/* Makes a block for the strings of a shape with `bytes` characters in all, their zeros among them; *characters is where
 * the caller writes them, pointing items[i] there. */
mlk_code mlk_strings_make(mlk_strings *strings, size_t bytes, char **characters, mlk_status *status);

/* How many there are; 1 for rank 0. */
int64_t mlk_strings_count(const mlk_strings *strings);

/* Adds copies of both to the metadata. */
mlk_code mlk_tensors_add_text(mlk_tensors *tensors, const char *key, const char *value, mlk_status *status);

/* Sorts items and metadata; a name or key that comes twice is refused. */
mlk_code mlk_tensors_sort(mlk_tensors *tensors, mlk_status *status);

/* Copies column-major elements of `size` bytes to row-major ones; with the shape reversed, row-major to column-major
 * ones. */
void mlk_copy_columns(int rank, const int64_t *shape, const void *from, void *to, size_t size);

/* Size of an array in bytes; false when it does not fit in 63 bits. */
bool mlk_array_bytes(const mlk_array *array, int64_t *bytes);

#endif
