#include "store/pickle.h"

#include "interrupt.h"
#include "store/global.h"

#include <stdlib.h>
#include <string.h>

enum { MARKED = -1, EMPTY = -1 }; /* on the stack; in the memo */
enum { NEWEST_PROTOCOL = 5 };

/* The opcodes that weights need, by their letters. */
enum {
    MARK = '(', STOP = '.', NONE = 'N', NEWTRUE = 0x88, NEWFALSE = 0x89, BININT = 'J', BININT1 = 'K', BININT2 = 'M',
    LONG1 = 0x8A, BINFLOAT = 'G', BINUNICODE = 'X', SHORT_BINUNICODE = 0x8C, BINSTRING = 'T', SHORT_BINSTRING = 'U',
    BINBYTES = 'B', SHORT_BINBYTES = 'C', EMPTY_LIST = ']', APPEND = 'a', APPENDS = 'e', EMPTY_TUPLE = ')',
    TUPLE = 't', TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87, EMPTY_DICT = '}', SETITEM = 's', SETITEMS = 'u',
    BINGET = 'h', LONG_BINGET = 'j', BINPUT = 'q', LONG_BINPUT = 'r', MEMOIZE = 0x94, GLOBAL = 'c',
    STACK_GLOBAL = 0x93, REDUCE = 'R', BUILD = 'b', BINPERSID = 'Q', PROTO = 0x80, FRAME = 0x95,
};

/* The others, for messages. */
static const struct {
    unsigned char code;
    const char *name;
} refused[] = {
    {'0', "POP"}, {'1', "POP_MARK"}, {'2', "DUP"}, {'F', "FLOAT"}, {'I', "INT"}, {'L', "LONG"}, {'S', "STRING"},
    {'V', "UNICODE"}, {'P', "PERSID"}, {'d', "DICT"}, {'l', "LIST"}, {'i', "INST"}, {'o', "OBJ"}, {'g', "GET"},
    {'p', "PUT"}, {0x81, "NEWOBJ"}, {0x82, "EXT1"}, {0x83, "EXT2"}, {0x84, "EXT4"}, {0x8B, "LONG4"},
    {0x8D, "BINUNICODE8"}, {0x8E, "BINBYTES8"}, {0x8F, "EMPTY_SET"}, {0x90, "ADDITEMS"}, {0x91, "FROZENSET"},
    {0x92, "NEWOBJ_EX"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
};

typedef struct machine {
    const unsigned char *start, *at, *end;
    mlk_tree *tree;
    int *stack; /* nodes and MARKED */
    size_t depth, room;
    int *memo;
    size_t memo_room, memo_count;
    bool stopped;
    mlk_status *status;
} machine;

static mlk_code damaged(machine *m, const char *what)
{
    return mlk_fail(m->status, MLK_INVALID, "its pickle is damaged at byte %zu: %s", (size_t)(m->at - m->start), what);
}

/* --- bytes --- */

static mlk_code take(machine *m, size_t n, const unsigned char **bytes)
{
    if (n > (size_t)(m->end - m->at))
        return damaged(m, "it is cut short");
    *bytes = m->at;
    m->at += n;
    return MLK_OK;
}

/* An unsigned number of n bytes, little-endian. */
static mlk_code take_count(machine *m, int n, uint64_t *value)
{
    const unsigned char *bytes = NULL;
    if (take(m, (size_t)n, &bytes))
        return m->status->code;
    *value = 0;
    for (int i = n - 1; i >= 0; i--)
        *value = *value << 8 | bytes[i];
    return MLK_OK;
}

/* --- stack and memo --- */

static mlk_code push(machine *m, int node)
{
    if (m->depth == m->room) {
        m->room = m->room ? 2 * m->room : 64;
        int *grown = realloc(m->stack, m->room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(m->status, "a pickle's stack");
        m->stack = grown;
    }
    m->stack[m->depth++] = node;
    return MLK_OK;
}

/* The node at `below` places under the top of the stack, which must be no mark. */
static mlk_code peek(machine *m, size_t below, int *node)
{
    if (below >= m->depth || m->stack[m->depth - 1 - below] == MARKED)
        return damaged(m, "its stack is empty");
    *node = m->stack[m->depth - 1 - below];
    return MLK_OK;
}

static mlk_code pop(machine *m, int *node)
{
    if (peek(m, 0, node))
        return m->status->code;
    m->depth--;
    return MLK_OK;
}

/* The place on the stack after the last mark. */
static mlk_code find_mark(machine *m, size_t *after)
{
    for (size_t at = m->depth; at > 0; at--)
        if (m->stack[at - 1] == MARKED) {
            *after = at;
            return MLK_OK;
        }
    return damaged(m, "there is no mark");
}

static mlk_code put(machine *m, uint64_t place)
{
    int node = 0;
    if (peek(m, 0, &node))
        return m->status->code;
    if (place >= (uint64_t)(m->end - m->start)) /* who has so many places has bytes that fill them */
        return damaged(m, "a place of its memo is beyond the file");
    if (place >= m->memo_room) {
        size_t room = m->memo_room ? m->memo_room : 64;
        while (room <= place)
            room *= 2;
        int *grown = realloc(m->memo, room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(m->status, "a pickle's memo");
        for (size_t i = m->memo_room; i < room; i++)
            grown[i] = EMPTY;
        m->memo = grown;
        m->memo_room = room;
    }
    m->memo_count += m->memo[place] == EMPTY;
    m->memo[place] = node;
    return MLK_OK;
}

static mlk_code get(machine *m, uint64_t place)
{
    if (place >= m->memo_room || m->memo[place] == EMPTY)
        return damaged(m, "a place of its memo is empty");
    return push(m, m->memo[place]);
}

/* --- values --- */

static mlk_code push_new(machine *m, mlk_tree_node value)
{
    int node = 0;
    if (mlk_tree_add(m->tree, value.kind, &node, m->status))
        return m->status->code;
    m->tree->nodes[node] = value;
    return push(m, node);
}

static mlk_code push_integer(machine *m, int64_t value)
{
    return push_new(m, (mlk_tree_node){.kind = MLK_TREE_INTEGER, .integer = value});
}

static mlk_code push_count(machine *m, int bytes)
{
    uint64_t value = 0;
    if (take_count(m, bytes, &value))
        return m->status->code;
    return push_integer(m, bytes == 4 ? (int32_t)value : (int64_t)value);
}

/* Two's complement of up to 255 bytes. */
static mlk_code push_long(machine *m)
{
    uint64_t n = 0, value = 0;
    const unsigned char *bytes = NULL;
    if (take_count(m, 1, &n) || take(m, (size_t)n, &bytes))
        return m->status->code;
    if (n > 8)
        return push_new(m, (mlk_tree_node){.kind = MLK_TREE_LARGE, .text = {(const char *)bytes, (size_t)n}});
    for (uint64_t i = 8; i > 0; i--)
        value = value << 8 | (i <= n ? bytes[i - 1] : n > 0 && bytes[n - 1] >= 0x80 ? 0xFF : 0);
    return push_integer(m, (int64_t)value);
}

static mlk_code push_float(machine *m)
{
    const unsigned char *bytes = NULL;
    uint64_t bits = 0;
    mlk_tree_node value = {.kind = MLK_TREE_NUMBER};
    if (take(m, 8, &bytes))
        return m->status->code;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | bytes[i];
    memcpy(&value.number, &bits, sizeof bits);
    return push_new(m, value);
}

static mlk_code push_text(machine *m, mlk_tree_kind kind, int length_bytes)
{
    uint64_t length = 0;
    const unsigned char *bytes = NULL;
    if (take_count(m, length_bytes, &length) || take(m, (size_t)length, &bytes))
        return m->status->code;
    return push_new(m, (mlk_tree_node){.kind = kind, .text = {(const char *)bytes, (size_t)length}});
}

/* The topmost n of the stack as a tuple in their place. */
static mlk_code push_tuple(machine *m, size_t n, bool marked)
{
    int tuple, node = 0;
    if (mlk_tree_add(m->tree, MLK_TREE_TUPLE, &tuple, m->status))
        return m->status->code;
    for (size_t i = n; i > 0; i--)
        if (peek(m, i - 1, &node) || mlk_tree_append(m->tree, tuple, node, m->status))
            return m->status->code;
    m->depth -= n + marked;
    return push(m, tuple);
}

static mlk_code push_marked_tuple(machine *m)
{
    size_t after = 0;
    return find_mark(m, &after) ? m->status->code : push_tuple(m, m->depth - after, true);
}

/* What stands from `after` on goes into the list or dict before it, and before the mark where there is one. */
static mlk_code add_items(machine *m, size_t after, bool marked, bool dict)
{
    if (after < 1 + (size_t)marked || m->stack[after - 1 - marked] == MARKED)
        return damaged(m, "its stack is empty");
    int target = m->stack[after - 1 - marked];
    mlk_tree_kind kind = m->tree->nodes[target].kind;
    if (dict ? kind != MLK_TREE_DICT && kind != MLK_TREE_ORDERED : kind != MLK_TREE_LIST)
        return damaged(m, dict ? "items are for a dict" : "items are for a list");
    if (dict && (m->depth - after) % 2 != 0)
        return damaged(m, "a key has no value");
    for (size_t i = after; i < m->depth; i++)
        if (mlk_tree_append(m->tree, target, m->stack[i], m->status))
            return m->status->code;
    m->depth = after - marked;
    return MLK_OK;
}

static mlk_code add_one(machine *m, size_t n, bool dict)
{
    int node = 0;
    for (size_t i = 0; i < n; i++)
        if (peek(m, i, &node))
            return m->status->code;
    return add_items(m, m->depth - n, false, dict);
}

static mlk_code add_marked(machine *m, bool dict)
{
    size_t after = 0;
    return find_mark(m, &after) ? m->status->code : add_items(m, after, true, dict);
}

/* --- names --- */

static mlk_code push_global(machine *m, mlk_tree_text module, mlk_tree_text name)
{
    mlk_tree_node value = {0};
    if (mlk_global_find(module, name, &value, m->status))
        return m->status->code;
    return push_new(m, value);
}

/* Up to a line break. */
static mlk_code take_line(machine *m, mlk_tree_text *line)
{
    const unsigned char *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!end)
        return damaged(m, "a name has no end");
    *line = (mlk_tree_text){(const char *)m->at, (size_t)(end - m->at)};
    m->at = end + 1;
    return MLK_OK;
}

static mlk_code take_global(machine *m)
{
    mlk_tree_text module = {0}, name = {0};
    if (take_line(m, &module) || take_line(m, &name))
        return m->status->code;
    return push_global(m, module, name);
}

static mlk_code stack_global(machine *m)
{
    int module = 0, name = 0;
    if (pop(m, &name) || pop(m, &module))
        return m->status->code;
    const mlk_tree_node *a = &m->tree->nodes[module], *b = &m->tree->nodes[name];
    if (a->kind != MLK_TREE_STRING || b->kind != MLK_TREE_STRING)
        return damaged(m, "a name is no text");
    return push_global(m, a->text, b->text);
}

/* What a tensor that is being made is likely called: the next text down the stack, its key in a dict. */
static mlk_tree_text likely_name(const machine *m)
{
    enum { FAR = 8 };
    for (size_t i = 0; i < m->depth && i < FAR; i++) {
        int node = m->stack[m->depth - 1 - i];
        if (node != MARKED && m->tree->nodes[node].kind == MLK_TREE_STRING)
            return m->tree->nodes[node].text;
    }
    return (mlk_tree_text){"", 0};
}

static mlk_code reduce(machine *m)
{
    int arguments = 0, callee = 0, result = 0;
    if (pop(m, &arguments) || pop(m, &callee))
        return m->status->code;
    if (mlk_global_call(m->tree, callee, arguments, likely_name(m), &result, m->status))
        return m->status->code;
    return push(m, result);
}

static mlk_code build(machine *m)
{
    int state = 0, object = 0;
    if (pop(m, &state) || peek(m, 0, &object))
        return m->status->code;
    return mlk_global_build(m->tree, object, state, likely_name(m), m->status);
}

static mlk_code persistent(machine *m)
{
    int tuple = 0, result = 0;
    if (pop(m, &tuple) || mlk_global_storage(m->tree, tuple, &result, m->status))
        return m->status->code;
    return push(m, result);
}

/* --- the machine --- */

static mlk_code refuse(machine *m, unsigned char code)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].code == code)
            return mlk_fail(m->status, MLK_UNSUPPORTED,
                            "its pickle has the opcode %s, which weights do not need: nothing of the file was run",
                            refused[i].name);
    return mlk_fail(m->status, MLK_INVALID, "its pickle is damaged at byte %zu: there is no opcode 0x%02x",
                    (size_t)(m->at - m->start) - 1, code);
}

static mlk_code by_count(machine *m, mlk_code (*use)(machine *m, uint64_t place), int bytes)
{
    uint64_t place = 0;
    return take_count(m, bytes, &place) ? m->status->code : use(m, place);
}

static mlk_code check_protocol(machine *m)
{
    uint64_t protocol = 0;
    if (take_count(m, 1, &protocol))
        return m->status->code;
    if (protocol <= NEWEST_PROTOCOL)
        return MLK_OK;
    return mlk_fail(m->status, MLK_UNSUPPORTED, "pickle protocol %d; known are 2 to 5", (int)protocol);
}

static mlk_code step(machine *m)
{
    const unsigned char *code = NULL, *skipped;
    if (take(m, 1, &code))
        return m->status->code;
    switch (*code) {
    case PROTO: return check_protocol(m);
    case FRAME: return take(m, 8, &skipped); /* what is framed is read one by one all the same */
    case STOP: m->stopped = true; return MLK_OK;
    case MARK: return push(m, MARKED);
    case NONE: return push_new(m, (mlk_tree_node){.kind = MLK_TREE_NONE});
    case NEWTRUE:
    case NEWFALSE: return push_new(m, (mlk_tree_node){.kind = MLK_TREE_BOOLEAN, .boolean = *code == NEWTRUE});
    case BININT: return push_count(m, 4);
    case BININT1: return push_count(m, 1);
    case BININT2: return push_count(m, 2);
    case LONG1: return push_long(m);
    case BINFLOAT: return push_float(m);
    case BINUNICODE:
    case BINSTRING: return push_text(m, MLK_TREE_STRING, 4);
    case SHORT_BINUNICODE:
    case SHORT_BINSTRING: return push_text(m, MLK_TREE_STRING, 1);
    case BINBYTES: return push_text(m, MLK_TREE_BYTES, 4);
    case SHORT_BINBYTES: return push_text(m, MLK_TREE_BYTES, 1);
    case EMPTY_LIST: return push_new(m, (mlk_tree_node){.kind = MLK_TREE_LIST});
    case EMPTY_DICT: return push_new(m, (mlk_tree_node){.kind = MLK_TREE_DICT});
    case EMPTY_TUPLE: return push_tuple(m, 0, false);
    case TUPLE1: return push_tuple(m, 1, false);
    case TUPLE2: return push_tuple(m, 2, false);
    case TUPLE3: return push_tuple(m, 3, false);
    case TUPLE: return push_marked_tuple(m);
    case APPEND: return add_one(m, 1, false);
    case APPENDS: return add_marked(m, false);
    case SETITEM: return add_one(m, 2, true);
    case SETITEMS: return add_marked(m, true);
    case BINPUT: return by_count(m, put, 1);
    case LONG_BINPUT: return by_count(m, put, 4);
    case MEMOIZE: return put(m, m->memo_count);
    case BINGET: return by_count(m, get, 1);
    case LONG_BINGET: return by_count(m, get, 4);
    case GLOBAL: return take_global(m);
    case STACK_GLOBAL: return stack_global(m);
    case REDUCE: return reduce(m);
    case BUILD: return build(m);
    case BINPERSID: return persistent(m);
    default: return refuse(m, *code);
    }
}

mlk_code mlk_pickle_read(const unsigned char *bytes, size_t size, mlk_tree *tree, int *value, size_t *used,
                         mlk_status *status)
{
    enum { BETWEEN_LOOKS = 1 << 16 };
    machine m = {.start = bytes, .at = bytes, .end = bytes + size, .tree = tree, .status = status};
    mlk_code code = MLK_OK;
    for (int64_t steps = 0; !code && !m.stopped; steps++)
        code = steps % BETWEEN_LOOKS == 0 && mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted")
                                                               : step(&m);
    if (!code)
        code = pop(&m, value);
    if (!code && m.depth > 0)
        code = damaged(&m, "values are left on its stack");
    *used = (size_t)(m.at - m.start);
    free(m.stack);
    free(m.memo);
    return code;
}
