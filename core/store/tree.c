#include "store/tree.h"

#include "interrupt.h"
#include "store/tensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 1 << 22, MOST_VALUES = 10000000, DEEPEST = 100 };

void mlk_tree_free(mlk_tree *tree)
{
    for (int i = 0; i < tree->count; i++) {
        mlk_tree_kind kind = tree->nodes[i].kind;
        if (kind == MLK_TREE_LIST || kind == MLK_TREE_DICT || kind == MLK_TREE_TUPLE || kind == MLK_TREE_ORDERED)
            free(tree->nodes[i].items);
    }
    for (int i = 0; i < tree->array_count; i++)
        free(tree->arrays[i].owned);
    for (int i = 0; i < tree->text_count; i++)
        free(tree->texts[i]);
    free(tree->nodes);
    free(tree->storages);
    free(tree->arrays);
    free(tree->texts);
    mlk_file_close(&tree->file);
    *tree = (mlk_tree){0};
}

/* --- growing --- */

/* Room for one more item in a list of `count` that grows at powers of two; false when memory is short. */
static bool grow(void **items, int count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return true;
    void *grown = realloc(*items, (count ? 2 * (size_t)count : 1) * size);
    if (grown)
        *items = grown;
    return grown != NULL;
}

static mlk_code add(void **items, int *count, size_t size, const void *item, int *index, mlk_status *status)
{
    if (*count == MOST_NODES)
        return mlk_fail(status, MLK_INVALID, "it holds more than %d values", MOST_NODES);
    if (!grow(items, *count, size))
        return mlk_fail_memory(status, "the values of a file");
    memcpy((char *)*items + (size_t)*count * size, item, size);
    *index = (*count)++;
    return MLK_OK;
}

mlk_code mlk_tree_add(mlk_tree *tree, mlk_tree_kind kind, int *index, mlk_status *status)
{
    mlk_tree_node node = {.kind = kind};
    return add((void **)&tree->nodes, &tree->count, sizeof node, &node, index, status);
}

mlk_code mlk_tree_append(mlk_tree *tree, int list, int item, mlk_status *status)
{
    int index;
    mlk_tree_node *node = &tree->nodes[list];
    if (tree->item_count++ == MOST_VALUES)
        return mlk_fail(status, MLK_INVALID, "its lists hold more than %d values", MOST_VALUES);
    return add((void **)&node->items, &node->count, sizeof item, &item, &index, status);
}

void mlk_tree_limit(mlk_tree *tree, size_t size)
{
    tree->left = (INT64_C(64) << 20) + (int64_t)(size < INT64_MAX / 8 ? 4 * size : INT64_MAX / 2);
}

/* Notes that so many bytes are copied. */
static mlk_code take(mlk_tree *tree, size_t bytes, mlk_status *status)
{
    if (bytes > (uint64_t)tree->left)
        return mlk_fail(status, MLK_INVALID, "its values repeat more of the file than memory is good for");
    tree->left -= (int64_t)bytes;
    return MLK_OK;
}

mlk_code mlk_tree_make_text(mlk_tree *tree, size_t length, char **text, mlk_status *status)
{
    int index;
    if (take(tree, length, status))
        return status->code;
    if (!(*text = calloc(length + 1, 1)))
        return mlk_fail_memory(status, "a text");
    mlk_code code = add((void **)&tree->texts, &tree->text_count, sizeof *text, text, &index, status);
    if (code)
        free(*text);
    return code;
}

mlk_code mlk_tree_add_storage(mlk_tree *tree, const mlk_tree_storage *storage, int *index, mlk_status *status)
{
    return add((void **)&tree->storages, &tree->storage_count, sizeof *storage, storage, index, status);
}

mlk_code mlk_tree_add_array(mlk_tree *tree, const mlk_tree_array *array, int *index, mlk_status *status)
{
    int64_t bytes;
    mlk_array_bytes(&array->array, &bytes);
    mlk_code code = array->owned ? take(tree, (size_t)bytes, status) : MLK_OK;
    if (!code)
        code = add((void **)&tree->arrays, &tree->array_count, sizeof *array, array, index, status);
    if (code)
        free(array->owned);
    return code;
}

bool mlk_tree_is(const mlk_tree_node *node, const char *text)
{
    return (node->kind == MLK_TREE_STRING || node->kind == MLK_TREE_BYTES) && node->text.length == strlen(text) &&
           memcmp(node->text.at, text, node->text.length) == 0;
}

/* --- memory of arrays --- */

/* How much of a tensor's name a message shows. */
static int shown(const mlk_tree_array *item)
{
    return item->name.length < 100 ? (int)item->name.length : 100;
}

static bool dense(const mlk_tree_array *item)
{
    int64_t step = 1;
    for (int axis = item->array.rank - 1; axis >= 0; axis--) {
        if (item->array.shape[axis] != 1 && item->stride[axis] != step)
            return false;
        step *= item->array.shape[axis];
    }
    return true;
}

/* Row-major elements of `size` bytes. */
static void copy_strided(const mlk_tree_array *item, const unsigned char *from, unsigned char *to, size_t size)
{
    const mlk_array *array = &item->array;
    int64_t count = mlk_array_count(array), index[MLK_MAX_RANK] = {0}, at = 0;
    for (int64_t i = 0; i < count; i++) {
        memcpy(to + (size_t)i * size, from + (size_t)at * size, size);
        for (int axis = array->rank - 1; axis >= 0; axis--) {
            at += item->stride[axis];
            if (++index[axis] < array->shape[axis])
                break;
            at -= item->stride[axis] * array->shape[axis];
            index[axis] = 0;
        }
    }
}

static mlk_code copy_array(mlk_tree *tree, mlk_tree_array *item, const unsigned char *from, size_t bytes,
                           mlk_status *status)
{
    if (take(tree, bytes, status))
        return mlk_fail(status, MLK_INVALID, "tensor '%.*s': %s", shown(item), item->name.at, status->message);
    item->array.data = item->owned = malloc(bytes);
    if (!item->owned)
        return mlk_fail_memory(status, "a tensor");
    if (dense(item))
        memcpy(item->owned, from, bytes);
    else
        copy_strided(item, from, item->owned, mlk_dtype_size(item->array.dtype));
    return MLK_OK;
}

static mlk_code check_booleans(const mlk_tree_array *item, mlk_status *status)
{
    int64_t count = item->array.dtype == MLK_BOOL ? mlk_array_count(&item->array) : 0;
    for (int64_t i = 0; i < count; i++) {
        int value = ((const unsigned char *)item->array.data)[i];
        if (value > 1)
            return mlk_fail(status, MLK_INVALID, "bool tensor '%.*s' holds a byte %d", shown(item), item->name.at,
                            value);
    }
    return MLK_OK;
}

mlk_code mlk_tree_place(mlk_tree *tree, mlk_status *status)
{
    for (int i = 0; i < tree->array_count; i++) {
        mlk_tree_array *item = &tree->arrays[i];
        int64_t bytes;
        if (item->storage < 0)
            continue;
        mlk_array_bytes(&item->array, &bytes);
        if (bytes == 0)
            continue;
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        size_t element = mlk_dtype_size(item->array.dtype), alignment = element < 8 ? element : 8;
        unsigned char *from = tree->storages[item->storage].bytes + (size_t)item->offset * element;
        mlk_code code = MLK_OK;
        if (dense(item) && (uintptr_t)from % alignment == 0)
            item->array.data = from;
        else
            code = copy_array(tree, item, from, (size_t)bytes, status);
        if (!code)
            code = check_booleans(item, status);
        if (code)
            return code;
    }
    return MLK_OK;
}

/* --- the finished tree --- */

/* What is known of each node while the tree is walked. */
typedef struct seen {
    int values; /* that it is, with all within it; 0: not known yet, -1: it is on the way */
    int height; /* lists within lists, itself included */
} seen;

typedef struct walk {
    mlk_tree *tree;
    seen *seen;
    mlk_status *status;
} walk;

static const char *const kind_names[] = {
    [MLK_TREE_NONE] = "None", [MLK_TREE_LIST] = "a list", [MLK_TREE_DICT] = "a dict", [MLK_TREE_ARRAY] = "a tensor",
    [MLK_TREE_TUPLE] = "a tuple", [MLK_TREE_ORDERED] = "a dict", [MLK_TREE_BYTES] = "bytes",
    [MLK_TREE_LARGE] = "an integer of more than 64 bits", [MLK_TREE_GLOBAL] = "a class or a function",
    [MLK_TREE_STORAGE] = "a storage without a tensor", [MLK_TREE_DTYPE] = "numpy's dtype",
    [MLK_TREE_BLANK] = "an array without content",
};

static mlk_code check_key(const mlk_tree_node *key, mlk_status *status)
{
    bool good = key->kind == MLK_TREE_STRING || key->kind == MLK_TREE_INTEGER || key->kind == MLK_TREE_BOOLEAN ||
                (key->kind == MLK_TREE_NUMBER && key->number == key->number);
    if (good)
        return MLK_OK;
    return mlk_fail(status, MLK_UNSUPPORTED, "a dict's key is %s; handled are strings and numbers",
                    key->kind == MLK_TREE_NUMBER ? "not a number" : kind_names[key->kind]);
}

static mlk_code visit(walk *w, int index, int depth);

static mlk_code visit_items(walk *w, int index, int depth)
{
    mlk_tree_node *node = &w->tree->nodes[index];
    bool dict = node->kind == MLK_TREE_DICT || node->kind == MLK_TREE_ORDERED;
    int64_t total = 1;
    int height = 0;
    w->seen[index].values = -1;
    for (int i = 0; i < node->count; i++) {
        if (dict && i % 2 == 0 && check_key(&w->tree->nodes[node->items[i]], w->status))
            return w->status->code;
        if (visit(w, node->items[i], depth + 1))
            return w->status->code;
        const seen *item = &w->seen[node->items[i]];
        height = item->height > height ? item->height : height;
        total += item->values;
        if (depth + height >= DEEPEST)
            return mlk_fail(w->status, MLK_INVALID, "its values are nested deeper than %d", DEEPEST);
        if (total > MOST_VALUES)
            return mlk_fail(w->status, MLK_INVALID, "lists that repeat each other are more than %d values",
                            MOST_VALUES);
    }
    node->kind = dict ? MLK_TREE_DICT : MLK_TREE_LIST;
    w->seen[index] = (seen){(int)total, height + 1};
    return MLK_OK;
}

static mlk_code visit(walk *w, int index, int depth)
{
    mlk_tree_node *node = &w->tree->nodes[index];
    if (w->seen[index].values < 0)
        return mlk_fail(w->status, MLK_INVALID, "a list or a dict is within itself");
    if (depth > DEEPEST)
        return mlk_fail(w->status, MLK_INVALID, "its values are nested deeper than %d", DEEPEST);
    if (w->seen[index].values > 0)
        return MLK_OK;
    switch (node->kind) {
    case MLK_TREE_LIST:
    case MLK_TREE_TUPLE:
    case MLK_TREE_DICT:
    case MLK_TREE_ORDERED: return visit_items(w, index, depth);
    case MLK_TREE_BYTES: node->kind = MLK_TREE_STRING; break;
    case MLK_TREE_GLOBAL:
        if (!node->text.at)
            return mlk_fail(w->status, MLK_UNSUPPORTED, "it holds %s", kind_names[node->kind]);
        node->kind = MLK_TREE_STRING;
        break;
    case MLK_TREE_LARGE:
    case MLK_TREE_STORAGE:
    case MLK_TREE_DTYPE:
    case MLK_TREE_BLANK: return mlk_fail(w->status, MLK_UNSUPPORTED, "it holds %s", kind_names[node->kind]);
    default: break;
    }
    w->seen[index].values = 1;
    return MLK_OK;
}

mlk_code mlk_tree_finish(mlk_tree *tree, int root, mlk_status *status)
{
    walk w = {tree, calloc((size_t)tree->count + 1, sizeof *w.seen), status};
    if (!w.seen)
        return mlk_fail_memory(status, "the values of a file");
    mlk_code code = visit(&w, root, 0);
    free(w.seen);
    tree->root = root;
    return code;
}
