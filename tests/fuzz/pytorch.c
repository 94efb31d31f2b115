/* pytorch.c: what torch.save wrote, in both containers. Checksums are mended first, so that damage gets past them. */
#include "arrays.h"
#include "store/pytorch.h"

#include <zlib.h>

static size_t little(const unsigned char *at, int n)
{
    size_t value = 0;
    while (n-- > 0)
        value = value << 8 | at[n];
    return value;
}

/* Gives each stored member the checksum of what it holds. */
static void mend(unsigned char *bytes, size_t size)
{
    enum { CENTRAL_SIZE = 46, LOCAL_SIZE = 30 };
    const unsigned char *end = bytes + size, *found = bytes;
    while ((found = memmem(found, (size_t)(end - found), "PK\1\2", 4)) && end - found >= CENTRAL_SIZE) {
        size_t at = (size_t)(found++ - bytes);
        size_t length = little(bytes + at + 20, 4), local = little(bytes + at + 42, 4);
        if (local > size || size - local < LOCAL_SIZE)
            continue;
        size_t begin = local + LOCAL_SIZE + little(bytes + local + 26, 2) + little(bytes + local + 28, 2);
        if (begin > size || length > size - begin)
            continue;
        uint32_t sum = (uint32_t)crc32(0, bytes + begin, (unsigned)length);
        for (int i = 0; i < 4; i++)
            bytes[at + 16 + i] = (unsigned char)(sum >> (8 * i));
    }
}

static void check_node(const mlk_tree *tree, int index, int depth)
{
    FUZZ_CHECK(index >= 0 && index < tree->count && depth <= 100);
    const mlk_tree_node *node = &tree->nodes[index];
    FUZZ_CHECK(node->kind <= MLK_TREE_ARRAY);
    if (node->kind == MLK_TREE_STRING)
        fuzz_touch_bytes((const unsigned char *)node->text.at, node->text.length);
    if (node->kind == MLK_TREE_ARRAY)
        FUZZ_CHECK(node->index >= 0 && node->index < tree->array_count);
    if (node->kind != MLK_TREE_LIST && node->kind != MLK_TREE_DICT)
        return;
    FUZZ_CHECK(node->kind == MLK_TREE_LIST || node->count % 2 == 0);
    for (int i = 0; i < node->count; i++)
        check_node(tree, node->items[i], depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    FUZZ_CHECK(copy);
    memcpy(copy, bytes, size);
    mend(copy, size);
    mlk_tree tree;
    mlk_status status = {0};
    mlk_code code = mlk_pytorch_parse(copy, size, &tree, &status);
    fuzz_check_status(code, &status);
    FUZZ_CHECK(code || mlk_pytorch_known(copy, size));
    if (!code) {
        check_node(&tree, tree.root, 0);
        for (int i = 0; i < tree.array_count; i++)
            fuzz_touch(&tree.arrays[i].array);
        mlk_tree_free(&tree);
    }
    free(copy);
    return 0;
}
