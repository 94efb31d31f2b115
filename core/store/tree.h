/* tree.h: nested values: lists and dictionaries of numbers, texts and arrays, as a file of weights holds them.
 *
 * Whoever reads a file adds nodes, which know each other by their index; a node may be within several others. Arrays
 * are views of a storage: they get their memory when the file's storages were found. mlk_tree_finish then leaves only
 * kinds up to MLK_TREE_ARRAY that can be reached from the root, and neither a node within itself nor more nesting and
 * repetition than memory is good for.
 */
#ifndef MLK_TREE_H
#define MLK_TREE_H

#include "array.h"
#include "status.h"
#include "store/file.h"

#include <stdbool.h>

typedef enum mlk_tree_kind {
    MLK_TREE_NONE,
    MLK_TREE_BOOLEAN,
    MLK_TREE_INTEGER,
    MLK_TREE_NUMBER,
    MLK_TREE_STRING,
    MLK_TREE_LIST, /* also what Python calls a tuple, once the tree is finished */
    MLK_TREE_DICT, /* keys and values in turn; keys are strings, numbers or booleans. The last of a key counts */
    MLK_TREE_ARRAY,
    /* Only while a file is read: */
    MLK_TREE_TUPLE,
    MLK_TREE_ORDERED, /* a dict that may be told its attributes */
    MLK_TREE_BYTES,
    MLK_TREE_LARGE,   /* an integer of more than 64 bits: its bytes */
    MLK_TREE_GLOBAL,  /* a name of Python's (store/global.h) */
    MLK_TREE_STORAGE, /* where a tensor's numbers lie */
    MLK_TREE_DTYPE,   /* numpy's */
    MLK_TREE_BLANK,   /* an array of numpy's that has no content yet */
} mlk_tree_kind;

typedef struct mlk_tree_text {
    const char *at; /* no zero byte follows */
    size_t length;
} mlk_tree_text;

typedef struct mlk_tree_node {
    mlk_tree_kind kind;
    int count; /* of items; of a global its row */
    union {
        bool boolean;
        int64_t integer;
        double number;
        mlk_tree_text text; /* of strings, bytes, large integers; of a dtype its code: "<f4"; of a global what it is
                               as a value, or NULL */
        int *items;         /* nodes; room grows at powers of two */
        int index;          /* of an array, a storage */
    };
} mlk_tree_node;

/* A block of numbers in the file. */
typedef struct mlk_tree_storage {
    mlk_tree_text key; /* its name in the file */
    int dtype;         /* -1: bytes of any */
    int64_t count;     /* elements */
    unsigned char *bytes; /* NULL until it was found */
} mlk_tree_storage;

typedef struct mlk_tree_array {
    mlk_array array;
    void *owned;      /* memory of its own, or NULL: it lies in the file */
    int storage;      /* -1: the array has its memory */
    int64_t offset, stride[MLK_MAX_RANK]; /* in elements */
    mlk_tree_text name; /* what it is likely called, for messages */
} mlk_tree_array;

typedef struct mlk_tree {
    mlk_tree_node *nodes;
    int count, root;
    mlk_tree_storage *storages;
    int storage_count;
    mlk_tree_array *arrays;
    int array_count;
    char **texts; /* that do not lie in the file */
    int text_count;
    int64_t item_count; /* of all lists */
    int64_t left;       /* bytes that may yet be copied out of the file, texts and arrays: see mlk_tree_limit */
    mlk_file file; /* what the rest points into */
} mlk_tree;

/* Frees all, and closes the file; harmless on a zeroed tree. */
void mlk_tree_free(mlk_tree *tree);

/* Bounds what is copied out of a file of that size: four times as much, and 64 MB. */
void mlk_tree_limit(mlk_tree *tree, size_t size);

/* A new node of a kind, in *index; its content is zero. The limit is four million. */
mlk_code mlk_tree_add(mlk_tree *tree, mlk_tree_kind kind, int *index, mlk_status *status);

/* Puts a node at the end of a list, tuple or dict. */
mlk_code mlk_tree_append(mlk_tree *tree, int list, int item, mlk_status *status);

/* Memory for a text, with a zero byte behind it, in *text. */
mlk_code mlk_tree_make_text(mlk_tree *tree, size_t length, char **text, mlk_status *status);

mlk_code mlk_tree_add_storage(mlk_tree *tree, const mlk_tree_storage *storage, int *index, mlk_status *status);

/* Takes over array->owned, freeing it if memory is short. */
mlk_code mlk_tree_add_array(mlk_tree *tree, const mlk_tree_array *array, int *index, mlk_status *status);

/* True for a string (or bytes) of these characters. */
bool mlk_tree_is(const mlk_tree_node *node, const char *text);

/* Gives the arrays their memory, all storages being found: views of it where elements stand one after the other, each
 * where its type may lie, else copies. */
mlk_code mlk_tree_place(mlk_tree *tree, mlk_status *status);

/* Checks all that the root holds, and makes it of the kinds that stay. */
mlk_code mlk_tree_finish(mlk_tree *tree, int root, mlk_status *status);

#endif
