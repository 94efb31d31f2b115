#include "store/pytorch.h"

#include "store/pickle.h"
#include "store/tensors.h"
#include "store/zip.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The integer that the first pickle of a legacy file holds, as LONG1 writes it. */
static const unsigned char magic[] = {0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19};
enum { MAGIC = sizeof magic, LEGACY_VERSION = 1001 };

/* PROTO, perhaps FRAME, and the magic integer. */
static bool is_legacy(const unsigned char *bytes, size_t size)
{
    if (size < 2 + 9 + MAGIC || bytes[0] != 0x80)
        return false;
    size_t at = bytes[2] == 0x95 ? 11 : 2;
    return memcmp(bytes + at, magic, MAGIC) == 0;
}

static bool is_archive(const unsigned char *bytes, size_t size)
{
    return size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static size_t storage_bytes(const mlk_tree_storage *storage)
{
    return storage->dtype < 0 ? 1 : mlk_dtype_size((mlk_dtype)storage->dtype);
}

/* --- the archive --- */

/* The member "ROOT/data.pkl"; the root may have any name. */
static const mlk_zip_member *find_pickle(const mlk_zip *zip)
{
    for (int i = 0; i < zip->count; i++) {
        const char *slash = strchr(zip->members[i].name, '/');
        if (slash && strcmp(slash, "/data.pkl") == 0)
            return &zip->members[i];
    }
    return NULL;
}

/* The member of the same root, or NULL. */
static const mlk_zip_member *find_beside(const mlk_zip *zip, const mlk_zip_member *pickle, mlk_tree_text name)
{
    char *path = NULL;
    int root = (int)(strlen(pickle->name) - strlen("data.pkl"));
    if (name.length > 1000 || asprintf(&path, "%.*s%.*s", root, pickle->name, (int)name.length, name.at) < 0)
        return NULL;
    const mlk_zip_member *found = mlk_zip_find(zip, path);
    free(path);
    return found;
}

/* A member's content. A checksum of 0 is none: PyTorch can be told not to compute them. */
static mlk_code read_member(const mlk_zip *zip, const mlk_zip_member *member, unsigned char **bytes,
                            unsigned char **owned, mlk_status *status)
{
    *owned = NULL;
    if (member->crc == 0 && member->method == MLK_ZIP_STORED)
        return mlk_zip_view(zip, member, bytes, status);
    return mlk_zip_read(zip, member, bytes, owned, status);
}

static mlk_code check_byte_order(const mlk_zip *zip, const mlk_zip_member *pickle, mlk_status *status)
{
    unsigned char *bytes, *owned;
    const mlk_zip_member *order = find_beside(zip, pickle, (mlk_tree_text){"byteorder", 9});
    if (!order)
        return MLK_OK;
    mlk_code code = read_member(zip, order, &bytes, &owned, status);
    if (!code && (order->size != 6 || memcmp(bytes, "little", 6) != 0))
        code = mlk_fail(status, MLK_UNSUPPORTED, "its byte order is '%.*s'; handled is little",
                        order->size < 20 ? (int)order->size : 20, (const char *)bytes);
    free(owned);
    return code;
}

static mlk_code find_storage(const mlk_zip *zip, const mlk_zip_member *pickle, mlk_tree_storage *storage,
                             mlk_status *status)
{
    char name[128];
    int shown = storage->key.length < 100 ? (int)storage->key.length : 100;
    int length = snprintf(name, sizeof name, "data/%.*s", shown, storage->key.at);
    const mlk_zip_member *member = find_beside(zip, pickle, (mlk_tree_text){name, (size_t)length});
    uint64_t wanted;
    if (!member)
        return mlk_fail(status, MLK_INVALID, "the numbers of storage '%s' are not in the file", name);
    if (__builtin_mul_overflow((uint64_t)storage->count, storage_bytes(storage), &wanted) || wanted != member->size)
        return mlk_fail(status, MLK_INVALID, "storage '%s' should be %" PRId64 " elements of %zu bytes, the file has %"
                        PRIu64 " bytes for it", name, storage->count, storage_bytes(storage), member->size);
    mlk_code code = mlk_zip_view(zip, member, &storage->bytes, status);
    return code ? mlk_fail(status, code, "storage '%s': %s", name, status->message) : MLK_OK;
}

/* The pickle's bytes must outlive the tree: what is not in the file is a text of the tree. */
static mlk_code keep_bytes(mlk_tree *tree, unsigned char **bytes, unsigned char *owned, size_t size,
                           mlk_status *status)
{
    char *copy;
    if (!owned)
        return MLK_OK;
    mlk_code code = mlk_tree_make_text(tree, size, &copy, status);
    if (!code)
        *bytes = memcpy(copy, owned, size);
    free(owned);
    return code;
}

static mlk_code read_archive(const mlk_zip *zip, mlk_tree *tree, int *root, mlk_status *status)
{
    unsigned char *bytes, *owned;
    size_t used;
    const mlk_zip_member *pickle = find_pickle(zip);
    if (!pickle)
        return mlk_fail(status, MLK_INVALID, "not a file of PyTorch's: the archive holds no data.pkl");
    mlk_code code = check_byte_order(zip, pickle, status);
    if (!code)
        code = read_member(zip, pickle, &bytes, &owned, status);
    if (!code)
        code = keep_bytes(tree, &bytes, owned, pickle->size, status);
    if (!code)
        code = mlk_pickle_read(bytes, pickle->size, tree, root, &used, status);
    if (!code && used != pickle->size)
        code = mlk_fail(status, MLK_INVALID, "its pickle goes on after its end");
    for (int i = 0; i < tree->storage_count && !code; i++)
        code = find_storage(zip, pickle, &tree->storages[i], status);
    return code;
}

static mlk_code parse_archive(unsigned char *bytes, size_t size, mlk_tree *tree, int *root, mlk_status *status)
{
    mlk_zip zip;
    mlk_code code = mlk_zip_open(bytes, size, "a file of PyTorch's", &zip, status);
    if (!code)
        code = read_archive(&zip, tree, root, status);
    mlk_zip_close(&zip);
    return code;
}

/* --- the legacy container --- */

typedef struct legacy {
    unsigned char *at, *end;
    mlk_tree *tree;
    mlk_status *status;
} legacy;

static mlk_code next_pickle(legacy *l, int *value)
{
    size_t used = 0;
    mlk_code code = mlk_pickle_read(l->at, (size_t)(l->end - l->at), l->tree, value, &used, l->status);
    l->at += used;
    return code;
}

/* The dict's value under a key, or NULL; the last one counts. */
static const mlk_tree_node *find_value(const mlk_tree *tree, const mlk_tree_node *dict, const char *key)
{
    const mlk_tree_node *found = NULL;
    for (int i = 0; dict->kind == MLK_TREE_DICT && i < dict->count; i += 2)
        if (mlk_tree_is(&tree->nodes[dict->items[i]], key))
            found = &tree->nodes[dict->items[i + 1]];
    return found;
}

/* Magic, version, and what machine wrote the file. */
static mlk_code read_preamble(legacy *l)
{
    int value;
    for (int i = 0; i < 3; i++) {
        if (next_pickle(l, &value))
            return l->status->code;
        const mlk_tree_node *node = &l->tree->nodes[value];
        if (i == 1 && (node->kind != MLK_TREE_INTEGER || node->integer != LEGACY_VERSION))
            return mlk_fail(l->status, MLK_UNSUPPORTED, "its version is not %d", LEGACY_VERSION);
        if (i < 2)
            continue;
        const mlk_tree_node *order = find_value(l->tree, node, "little_endian");
        if (!order || order->kind != MLK_TREE_BOOLEAN || !order->boolean)
            return mlk_fail(l->status, MLK_UNSUPPORTED, "its byte order is not little");
    }
    return MLK_OK;
}

static int compare_texts(const mlk_tree_text *x, const mlk_tree_text *y)
{
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = shorter ? memcmp(x->at, y->at, shorter) : 0;
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static int by_key(const void *a, const void *b)
{
    return compare_texts(&(*(mlk_tree_storage *const *)a)->key, &(*(mlk_tree_storage *const *)b)->key);
}

/* Takes the numbers of the storages called `key` out of the file: a count, then as many elements. */
static mlk_code read_storage(legacy *l, mlk_tree_text key, mlk_tree_storage *const *sorted, int count)
{
    int shown = key.length < 80 ? (int)key.length : 80;
    int low = 0, high = count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (compare_texts(&sorted[middle]->key, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count || compare_texts(&sorted[low]->key, &key) != 0)
        return mlk_fail(l->status, MLK_INVALID, "storage '%.*s' belongs to no tensor", shown, key.at);
    const mlk_tree_storage *first = sorted[low];
    uint64_t elements = 0, bytes;
    if (l->end - l->at < 8)
        return mlk_fail(l->status, MLK_INVALID, "it is cut short before storage '%.*s'", shown, key.at);
    for (int i = 7; i >= 0; i--)
        elements = elements << 8 | l->at[i];
    l->at += 8;
    if (elements != (uint64_t)first->count)
        return mlk_fail(l->status, MLK_INVALID, "storage '%.*s' should be %" PRId64 " elements, the file has %" PRIu64,
                        shown, key.at, first->count, elements);
    if (__builtin_mul_overflow(elements, storage_bytes(first), &bytes) || bytes > (uint64_t)(l->end - l->at))
        return mlk_fail(l->status, MLK_INVALID, "it is cut short within storage '%.*s'", shown, key.at);
    if (first->bytes)
        return mlk_fail(l->status, MLK_INVALID, "storage '%.*s' comes twice", shown, key.at);
    for (; low < count && compare_texts(&sorted[low]->key, &key) == 0; low++) {
        if (sorted[low]->dtype != first->dtype || sorted[low]->count != first->count)
            return mlk_fail(l->status, MLK_INVALID, "storage '%.*s' is said to be of two kinds", shown, key.at);
        sorted[low]->bytes = l->at;
    }
    l->at += bytes;
    return MLK_OK;
}

static mlk_code read_storages(legacy *l, const mlk_tree_node *keys)
{
    mlk_tree *tree = l->tree;
    int count = tree->storage_count;
    mlk_tree_storage **sorted = malloc(((size_t)count + 1) * sizeof *sorted);
    if (!sorted)
        return mlk_fail_memory(l->status, "the list of storages");
    for (int i = 0; i < count; i++)
        sorted[i] = &tree->storages[i];
    if (count > 1)
        qsort(sorted, (size_t)count, sizeof *sorted, by_key);
    mlk_code code = MLK_OK;
    for (int i = 0; i < keys->count && !code; i++) {
        const mlk_tree_node *key = &tree->nodes[keys->items[i]];
        code = key->kind == MLK_TREE_STRING ? read_storage(l, key->text, sorted, count)
                                            : mlk_fail(l->status, MLK_INVALID, "a storage's key is no text");
    }
    for (int i = 0; i < count && !code; i++)
        if (!sorted[i]->bytes)
            code = mlk_fail(l->status, MLK_INVALID, "the numbers of storage '%.*s' are not in the file",
                            sorted[i]->key.length < 80 ? (int)sorted[i]->key.length : 80, sorted[i]->key.at);
    free(sorted);
    return code;
}

static mlk_code parse_legacy(unsigned char *bytes, size_t size, mlk_tree *tree, int *root, mlk_status *status)
{
    legacy l = {bytes, bytes + size, tree, status};
    int keys;
    mlk_code code = read_preamble(&l);
    if (!code)
        code = next_pickle(&l, root);
    if (!code)
        code = next_pickle(&l, &keys);
    if (!code && tree->nodes[keys].kind != MLK_TREE_LIST)
        code = mlk_fail(status, MLK_INVALID, "its list of storages is no list");
    if (!code)
        code = read_storages(&l, &tree->nodes[keys]);
    if (!code && l.at != l.end)
        code = mlk_fail(status, MLK_INVALID, "it goes on after its last storage");
    return code;
}

/* --- both --- */

bool mlk_pytorch_known(const unsigned char *bytes, size_t size)
{
    mlk_zip zip;
    mlk_status status;
    if (is_legacy(bytes, size))
        return true;
    if (!is_archive(bytes, size) || mlk_zip_open((unsigned char *)bytes, size, "an archive", &zip, &status))
        return false;
    bool known = find_pickle(&zip) != NULL;
    mlk_zip_close(&zip);
    return known;
}

mlk_code mlk_pytorch_parse(unsigned char *bytes, size_t size, mlk_tree *tree, mlk_status *status)
{
    int root = 0;
    mlk_code code;
    *tree = (mlk_tree){0};
    mlk_tree_limit(tree, size);
    if (is_legacy(bytes, size))
        code = parse_legacy(bytes, size, tree, &root, status);
    else if (is_archive(bytes, size))
        code = parse_archive(bytes, size, tree, &root, status);
    else
        code = mlk_fail(status, MLK_INVALID,
                        "not a file of PyTorch's: it begins neither as a zip archive nor as a legacy file");
    if (!code)
        code = mlk_tree_finish(tree, root, status);
    if (!code)
        code = mlk_tree_place(tree, status);
    if (code)
        mlk_tree_free(tree);
    return code;
}

mlk_code mlk_pytorch_read(const char *path, mlk_tree *tree, mlk_status *status)
{
    mlk_file file;
    *tree = (mlk_tree){0};
    mlk_code code = mlk_file_open(path, &file, status);
    if (code)
        return code;
    code = mlk_pytorch_parse(file.bytes, file.size, tree, status);
    if (code) {
        mlk_file_close(&file);
        mlk_file_blame(path, status);
        return code;
    }
    tree->file = file;
    return MLK_OK;
}
