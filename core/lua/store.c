/* store.c: core.store: files of tensors, content hashes, atomic writing. */
#include "arguments.h"
#include "modules.h"
#include "options.h"
#include "tensor.h"

#include "parallel.h"
#include "store/append.h"
#include "store/atomic.h"
#include "store/csv.h"
#include "store/deflate.h"
#include "store/format.h"
#include "store/hash.h"
#include "store/lock.h"
#include "store/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- a list of tensors that Lua's collector frees ----------------------------- */

#define TENSORS_TYPE "moonlark.store.tensors"
#define TREE_TYPE "moonlark.store.tree"
#define MAPPING_TYPE "moonlark.store.mapping"

static int free_tensors(lua_State *L)
{
    mlk_tensors_free(luaL_checkudata(L, 1, TENSORS_TYPE));
    return 0;
}

static int free_tree(lua_State *L)
{
    mlk_tree_free(luaL_checkudata(L, 1, TREE_TYPE));
    return 0;
}

static void let_go(mlk_mapping **held)
{
    if (*held)
        mlk_mapping_release(*held);
    *held = NULL;
}

static int free_mapping(lua_State *L)
{
    let_go(luaL_checkudata(L, 1, MAPPING_TYPE));
    return 0;
}

/* --- tables that anybody wrote (store/columns.h) ------------------------------- */

#define COLUMNS_TYPE "moonlark.store.columns"

static int free_columns(lua_State *L)
{
    mlk_columns_free(luaL_checkudata(L, 1, COLUMNS_TYPE));
    return 0;
}

/* Pushes a list of the names of all columns, or of those of numbers. */
static void push_names(lua_State *L, const mlk_columns *columns, bool numbers)
{
    int n = 0;
    lua_createtable(L, numbers ? columns->n_numbers : columns->count, 0);
    for (int i = 0; i < columns->count; i++) {
        if (numbers && columns->items[i].is_text)
            continue;
        lua_pushstring(L, columns->items[i].name);
        lua_rawseti(L, -2, ++n);
    }
}

static void push_texts(lua_State *L, const mlk_columns *columns)
{
    lua_createtable(L, 0, columns->n_texts);
    for (int i = 0; i < columns->count; i++) {
        const mlk_column *column = &columns->items[i];
        if (!column->is_text)
            continue;
        const mlk_slice *texts = columns->texts + column->place * columns->rows;
        lua_createtable(L, (int)columns->rows, 0);
        for (int64_t row = 0; row < columns->rows; row++) {
            lua_pushlstring(L, texts[row].at, texts[row].length);
            lua_rawseti(L, -2, row + 1);
        }
        lua_setfield(L, -2, column->name);
    }
}

/* What made each column of texts one: {name = {line, value}}. */
static void push_odd(lua_State *L, const mlk_columns *columns)
{
    lua_newtable(L);
    for (int i = 0; i < columns->count; i++) {
        const mlk_column *column = &columns->items[i];
        if (column->odd_line == 0)
            continue;
        lua_createtable(L, 0, 2);
        mlk_lua_set_integer(L, "line", column->odd_line);
        lua_pushlstring(L, column->odd.at, column->odd.length);
        lua_setfield(L, -2, "value");
        lua_setfield(L, -2, column->name);
    }
}

static void push_classes(lua_State *L, const mlk_columns *columns)
{
    lua_newtable(L);
    for (int i = 0; i < columns->count; i++) {
        const mlk_column *column = &columns->items[i];
        if (!column->classes)
            continue;
        mlk_lua_push_strings(L, (const char *const *)column->classes, column->n_classes);
        lua_setfield(L, -2, column->name);
    }
}

static void push_columns(lua_State *L, const mlk_columns *columns)
{
    lua_newtable(L);
    mlk_lua_set_integer(L, "rows", columns->rows);
    mlk_lua_set_boolean(L, "header", columns->named);
    mlk_lua_set_string(L, "recipe", columns->recipe);
    push_names(L, columns, false);
    lua_setfield(L, -2, "names");
    push_names(L, columns, true);
    lua_setfield(L, -2, "numbers");
    mlk_lua_push_copy(L, MLK_FLOAT64, 2, (int64_t[]){columns->rows, columns->n_numbers}, columns->values);
    lua_setfield(L, -2, "values");
    push_texts(L, columns);
    lua_setfield(L, -2, "texts");
    push_odd(L, columns);
    lua_setfield(L, -2, "odd");
    push_classes(L, columns);
    lua_setfield(L, -2, "classes");
    if (!columns->lines)
        return;
    mlk_lua_push_copy(L, MLK_INT64, 1, &columns->rows, columns->lines);
    lua_setfield(L, -2, "lines");
}

/* read_table(path, options) -> {rows, names, numbers, values, texts, odd, classes, lines, recipe, header}
 *
 * names: of every column, each once; numbers: of the columns of `values`, a float64 tensor rows x #numbers with NaN for
 * what is missing; texts: {name = list of strings} of the other columns; odd: {name = {line, value}}, the first cell
 * that made a column text; classes: {name = list} where the file declares them; lines: on which each row begins, nil
 * in formats without lines; recipe: nil, or what Moonlark wrote with its table; header: whether the file named columns.
 * Options: delimiter, decimal, header (parameters.read_table), and text, a list of columns whose texts are kept. */
static int read_table(lua_State *L)
{
    mlk_columns_options options = {0};
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_status status;
    lua_settop(L, 2);
    mlk_lua_read(L, 2, "read_table", mlk_columns_parameters, &options);
    if (lua_istable(L, 2) && !lua_isnil(L, mlk_lua_field(L, 2, "text")))
        options.texts = mlk_lua_read_strings(L, lua_gettop(L), "text", 0);
    mlk_columns *columns = mlk_lua_push_object(L, COLUMNS_TYPE, sizeof *columns);
    mlk_lua_check(L, mlk_format_read_columns(path, &options, columns, &status), &status);
    push_columns(L, columns);
    mlk_columns_free(columns);
    return 1;
}

/* --- files of tensors: the name's ending says which (store/format.h) ----------- */

static const mlk_format *check_format(lua_State *L, const char *path)
{
    mlk_status status;
    const mlk_format *format = mlk_format_of(path, MLK_FORMAT_TENSORS, &status);
    if (!format)
        mlk_lua_raise(L, &status);
    return format;
}

static const mlk_format *check_readable(lua_State *L, const char *path)
{
    mlk_status status;
    const mlk_format *format = mlk_format_to_read(path, &status);
    if (!format)
        mlk_lua_raise(L, &status);
    return format;
}

/* Tensors of so many bytes lie where the file is mapped, or where it was unpacked; copies of smaller ones cost less than
 * their bookkeeping. */
enum { WORTH_WRAPPING = 64 << 10 };

/* Takes over a mapped file, so that tensors can lie in it; pushes what lets go of it. It holds NULL of an empty file. */
static mlk_mapping **push_mapping(lua_State *L, mlk_file *file)
{
    mlk_mapping **held = mlk_lua_push_object(L, MAPPING_TYPE, sizeof *held);
    *held = NULL;
    if (file->bytes && !(*held = mlk_mapping_new(file)))
        mlk_lua_fail(L, "not enough memory for a file");
    return held;
}

/* Pushes an array of a file. Its own memory, where it has some, may become the tensor's. */
static void push_array(lua_State *L, const mlk_array *array, void **owned, mlk_mapping *mapping)
{
    bool large = (uint64_t)mlk_array_count(array) * mlk_dtype_size(array->dtype) >= WORTH_WRAPPING;
    if (large && *owned) {
        void *memory = *owned;
        *owned = NULL;
        mlk_lua_push_wrapped(L, array, free, memory);
    } else if (large && mapping) {
        mlk_lua_push_wrapped(L, array, mlk_mapping_release, mlk_mapping_hold(mapping));
    } else {
        mlk_lua_push_copy(L, array->dtype, array->rank, array->shape, array->data);
    }
}

/* Pushes the strings from *item on as lists in lists, by the axes that are left; of no axis one string. */
static void push_strings(lua_State *L, const mlk_strings *strings, int axis, char ***item)
{
    if (axis == strings->rank) {
        lua_pushstring(L, *(*item)++);
        return;
    }
    lua_newtable(L);
    luaL_checkstack(L, 2, "lists in lists");
    for (int64_t i = 0; i < strings->shape[axis]; i++) {
        push_strings(L, strings, axis + 1, item);
        lua_rawseti(L, -2, i + 1);
    }
}

/* Pushes {key = text}. */
static void push_metadata(lua_State *L, const mlk_tensors *tensors)
{
    lua_createtable(L, 0, tensors->metadata_count);
    for (int i = 0; i < tensors->metadata_count; i++)
        mlk_lua_set_string(L, tensors->metadata[i].key, tensors->metadata[i].value);
}

/* One tensor of all columns, which must be numbers. */
static void check_numbers(lua_State *L, const char *path, const mlk_columns *columns)
{
    for (int i = 0; i < columns->count; i++) {
        const mlk_column *column = &columns->items[i];
        if (!column->is_text)
            continue;
        lua_pushlstring(L, column->odd.at, column->odd.length);
        mlk_lua_fail(L, "%s, line %I: column '%s' holds no number: '%s' (dataset.table reads tables with texts)", path,
                     (LUAI_UACINT)column->odd_line, column->name, lua_tostring(L, -1));
    }
}

/* load(path, options) of delimited text -> float64 tensor rows x columns, and the names that the file gives, or nil */
static int load_numbers(lua_State *L, const char *path)
{
    mlk_columns_options options = {0};
    mlk_status status;
    mlk_lua_read(L, 2, "load", mlk_columns_parameters, &options);
    mlk_columns *columns = mlk_lua_push_object(L, COLUMNS_TYPE, sizeof *columns);
    mlk_lua_check(L, mlk_format_read_columns(path, &options, columns, &status), &status);
    check_numbers(L, path, columns);
    mlk_lua_push_copy(L, MLK_FLOAT64, 2, (int64_t[]){columns->rows, columns->n_numbers}, columns->values);
    if (columns->named)
        push_names(L, columns, true);
    else
        lua_pushnil(L);
    mlk_columns_free(columns);
    return 2;
}

/* --- nested values (store/tree.h) --- */

typedef struct tree_state {
    mlk_tree *tree;
    mlk_mapping *mapping;
    int made; /* the stack's place of a table: what was made of nodes that several may hold */
} tree_state;

static void push_node(lua_State *L, const tree_state *s, int index);

/* Lists and dicts; of None there is nothing in a dict, and false in a list, where the others keep their places. */
static void push_items(lua_State *L, const tree_state *s, const mlk_tree_node *node)
{
    int step = node->kind == MLK_TREE_DICT ? 2 : 1;
    luaL_checkstack(L, 6, "values in values");
    lua_createtable(L, step == 1 ? node->count : 0, step == 2 ? node->count / 2 : 0);
    for (int i = 0; i + step <= node->count; i += step) {
        if (step == 1)
            lua_pushinteger(L, i + 1);
        else
            push_node(L, s, node->items[i]);
        push_node(L, s, node->items[i + step - 1]);
        if (step == 1 && lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushboolean(L, 0);
        }
        lua_rawset(L, -3);
    }
}

/* What may be in several places is the same table, the same tensor in all of them. */
static void push_shared(lua_State *L, const tree_state *s, int index)
{
    const mlk_tree_node *node = &s->tree->nodes[index];
    luaL_checkstack(L, 4, "values in values");
    if (lua_rawgeti(L, s->made, index + 1) != LUA_TNIL)
        return;
    lua_pop(L, 1);
    if (node->kind == MLK_TREE_ARRAY) {
        mlk_tree_array *item = &s->tree->arrays[node->index];
        push_array(L, &item->array, &item->owned, s->mapping);
    } else {
        push_items(L, s, node);
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, s->made, index + 1);
}

static void push_node(lua_State *L, const tree_state *s, int index)
{
    const mlk_tree_node *node = &s->tree->nodes[index];
    switch (node->kind) {
    case MLK_TREE_BOOLEAN: lua_pushboolean(L, node->boolean); break;
    case MLK_TREE_INTEGER: lua_pushinteger(L, node->integer); break;
    case MLK_TREE_NUMBER: lua_pushnumber(L, node->number); break;
    case MLK_TREE_STRING: lua_pushlstring(L, node->text.at, node->text.length); break;
    case MLK_TREE_LIST:
    case MLK_TREE_DICT:
    case MLK_TREE_ARRAY: push_shared(L, s, index); break;
    default: lua_pushnil(L); break;
    }
}

/* load(path) of a file of nested values -> its value */
static int load_tree(lua_State *L, const char *path, const mlk_format *format)
{
    mlk_status status;
    mlk_tree *tree = mlk_lua_push_object(L, TREE_TYPE, sizeof *tree);
    mlk_lua_check(L, format->read_tree(path, tree, &status), &status);
    mlk_mapping **held = push_mapping(L, &tree->file);
    tree_state s = {tree, *held, 0};
    lua_newtable(L);
    s.made = lua_gettop(L);
    push_node(L, &s, tree->root);
    mlk_tree_free(tree);
    let_go(held);
    return 1;
}

/* load(path) -> {name = tensor, string or list of strings}, or of a file of one array that itself; and of .mat, what
 * has no place in Lua, {name = "struct"} */
static int load(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    const mlk_format *format = check_readable(L, path);
    mlk_status status;
    lua_settop(L, 2);
    if (format->parse_columns && !format->read)
        return load_numbers(L, path);
    if (!lua_isnil(L, 2))
        mlk_lua_fail(L, "options are of .csv and .tsv, '%s' has none", path);
    if (format->read_tree)
        return load_tree(L, path, format);
    mlk_tensors *tensors = mlk_lua_push_object(L, TENSORS_TYPE, sizeof *tensors);
    mlk_lua_check(L, format->read(path, tensors, &status), &status);
    mlk_mapping **held = push_mapping(L, &tensors->file);
    lua_createtable(L, 0, tensors->count + tensors->strings_count);
    for (int i = 0; i < tensors->count; i++) {
        push_array(L, &tensors->items[i].array, &tensors->items[i].owned, *held);
        if (!format->single)
            lua_setfield(L, -2, tensors->items[i].name);
    }
    for (int i = 0; i < tensors->strings_count; i++) {
        char **item = tensors->strings[i].strings.items;
        push_strings(L, &tensors->strings[i].strings, 0, &item);
        if (!format->single)
            lua_setfield(L, -2, tensors->strings[i].name);
    }
    bool more = tensors->metadata_count > 0 && !format->texts;
    if (more)
        push_metadata(L, tensors);
    mlk_tensors_free(tensors);
    let_go(held);
    return more ? 2 : 1;
}

/* metadata(path) -> {key = text} of a .safetensors file, without reading its tensors */
static int metadata(lua_State *L)
{
    mlk_status status;
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_tensors *tensors = mlk_lua_push_object(L, TENSORS_TYPE, sizeof *tensors);
    mlk_lua_check(L, mlk_safetensors_read(path, tensors, &status), &status);
    push_metadata(L, tensors);
    mlk_tensors_free(tensors);
    return 1;
}

/* Adds copies of n strings, of rank 0 or 1. */
static void add_strings(lua_State *L, const char *name, const char *const *texts, int64_t n, int rank,
                        mlk_tensors *tensors)
{
    mlk_status status;
    mlk_strings strings = {.rank = rank, .shape = {rank ? n : 0}};
    size_t bytes = 0;
    char *to;
    for (int64_t i = 0; i < n; i++)
        bytes += strlen(texts[i]) + 1;
    mlk_lua_check(L, mlk_strings_make(&strings, bytes, &to, &status), &status);
    for (int64_t i = 0; i < n; i++) {
        strings.items[i] = to;
        to = stpcpy(to, texts[i]) + 1;
    }
    mlk_lua_check(L, mlk_tensors_add_strings(tensors, name, &strings, &status), &status);
}

/* Adds what is at the top of the stack, a tensor, a string or a list of strings, and pops it; a tensor's owner goes
 * into the table at `owners`. */
static void add_value(lua_State *L, const char *name, int owners, mlk_tensors *tensors)
{
    mlk_status status;
    int value = lua_gettop(L);
    const char *shown = *name ? name : "tensor";
    if (lua_type(L, value) == LUA_TSTRING) {
        add_strings(L, name, &(const char *){mlk_lua_string(L, value, shown)}, 1, 0, tensors);
    } else if (lua_type(L, value) == LUA_TTABLE && lua_geti(L, value, 1) == LUA_TSTRING) {
        const char **texts = mlk_lua_read_strings(L, value, shown, 1);
        add_strings(L, name, texts, luaL_len(L, value), 1, tensors);
    } else {
        lua_settop(L, value);
        mlk_array array = mlk_lua_read_tensor(L, value, shown, -1, -1);
        lua_rawseti(L, owners, tensors->count + 1);
        mlk_lua_check(L, mlk_tensors_add_copy(tensors, name, &array, NULL, &status), &status);
    }
    lua_settop(L, value - 1);
}

static void add_tensors(lua_State *L, int arg, int owners, mlk_tensors *tensors)
{
    if (lua_type(L, arg) != LUA_TTABLE)
        mlk_lua_fail(L, "tensors must be a table {name = tensor}, got %s", mlk_lua_describe(L, arg));
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            mlk_lua_fail(L, "tensors must have names: a key is %s", mlk_lua_describe(L, lua_gettop(L) - 1));
        add_value(L, mlk_lua_string(L, -2, "a tensor's name"), owners, tensors);
    }
}

static void add_metadata(lua_State *L, int arg, mlk_tensors *tensors)
{
    mlk_status status;
    if (lua_isnoneornil(L, arg))
        return;
    if (lua_type(L, arg) != LUA_TTABLE)
        mlk_lua_fail(L, "metadata must be a table {key = text}, got %s", mlk_lua_describe(L, arg));
    for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            mlk_lua_fail(L, "metadata must be a table {key = text} of strings, got %s",
                         mlk_lua_describe(L, lua_gettop(L) - (lua_type(L, -2) != LUA_TSTRING)));
        const char *key = mlk_lua_string(L, -2, "metadata"), *text = mlk_lua_string(L, -1, "metadata");
        mlk_lua_check(L, mlk_tensors_add_text(tensors, key, text, &status), &status);
    }
}

/* save(path, tensor, names) of delimited text */
static int save_numbers(lua_State *L, const char *path, const mlk_format *format)
{
    char delimiter = strcmp(format->name, "tsv") == 0 ? '\t' : ',';
    mlk_status status;
    mlk_array array = mlk_lua_read_tensor(L, 2, "tensor", -1, -1);
    const char **names = lua_isnil(L, 3) ? NULL : mlk_lua_read_strings(L, 3, "names", 0);
    int64_t width = array.rank == 2 ? array.shape[1] : 1;
    if (names && luaL_len(L, 3) != width)
        mlk_lua_fail(L, "names must be %I, one for each column, got %I", (LUAI_UACINT)width,
                     (LUAI_UACINT)luaL_len(L, 3));
    mlk_lua_check(L, mlk_csv_write_matrix(path, delimiter, &array, names, &status), &status);
    return 0;
}

/* save(path, {name = value} or, for a file of one array, the value[, {key = text}]); a value is a tensor, and where the
 * format has them a string or a list of strings */
static int save(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    const mlk_format *format = check_format(L, path);
    mlk_status status;
    lua_settop(L, 3);
    if (!format->read)
        return save_numbers(L, path, format);
    mlk_tensors *tensors = mlk_lua_push_object(L, TENSORS_TYPE, sizeof *tensors);
    lua_newtable(L);
    int owners = lua_gettop(L);
    if (format->single) {
        lua_pushvalue(L, 2);
        add_value(L, "", owners, tensors);
    } else {
        add_tensors(L, 2, owners, tensors);
    }
    add_metadata(L, 3, tensors);
    mlk_lua_check(L, mlk_tensors_sort(tensors, &status), &status);
    mlk_lua_check(L, format->write(path, tensors, &status), &status);
    mlk_tensors_free(tensors);
    return 0;
}

/* formats("tensors" | "frames" | "table" | "columns" | "weights" or nil) -> list of the endings, without the dot, of
 * files that hold such; nil: that features are written to, frames or a table */
static int formats(lua_State *L)
{
    static const char *const uses[] = {"tensors", "frames", "table", "columns", "weights", NULL};
    int use = lua_isnoneornil(L, 1) ? MLK_FORMAT_FRAMES | MLK_FORMAT_TABLE : 1 << mlk_lua_choice(L, 1, "use", uses);
    int n = 0;
    lua_newtable(L);
    for (const mlk_format *format = mlk_formats; format->name; format++)
        if (format->uses & use) {
            lua_pushstring(L, format->name);
            lua_rawseti(L, -2, ++n);
        }
    return 1;
}

/* frame_files(path, features) -> list of the files that frames of these features go to; of no features: the path */
static int frame_files(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    int count = mlk_lua_list_length(L, 2, "features");
    const mlk_format *format = mlk_format_of(path, MLK_FORMAT_FRAMES, NULL);
    lua_createtable(L, count, 0);
    bool named = format && count > 0;
    for (int i = 0; i < (named && format->single ? count : 1); i++) {
        lua_geti(L, 2, i + 1);
        char *file = named ? mlk_format_path(format, path, count, mlk_lua_string(L, -1, "feature")) : NULL;
        lua_pop(L, 1);
        lua_pushstring(L, file ? file : path);
        free(file);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* hash_file(path) -> 32 hexadecimal digits */
static int hash_file(lua_State *L)
{
    mlk_status status;
    char hex[MLK_HASH_SIZE];
    mlk_lua_check(L, mlk_hash_file(mlk_lua_string(L, 1, "path"), hex, &status), &status);
    lua_pushstring(L, hex);
    return 1;
}

/* hash(text) -> 32 hexadecimal digits of any bytes */
static int hash(lua_State *L)
{
    size_t length;
    char hex[MLK_HASH_SIZE];
    const char *text = mlk_lua_bytes(L, 1, "text", &length);
    mlk_hash_bytes(text, length, hex);
    lua_pushstring(L, hex);
    return 1;
}

/* hash_tensor(tensor) -> 32 hexadecimal digits of its elements' bytes, in C order */
static int hash_tensor(lua_State *L)
{
    int64_t bytes;
    char hex[MLK_HASH_SIZE];
    mlk_array array = mlk_lua_read_tensor(L, 1, "tensor", -1, -1);
    mlk_array_bytes(&array, &bytes);
    mlk_hash_bytes(array.data, (size_t)bytes, hex);
    lua_pushstring(L, hex);
    return 1;
}

/* --- numbers that are too small (subnormal.h) --- */

typedef struct search {
    const mlk_array *array;
    int64_t count;
    atomic_bool found;
} search;

enum { SEARCHED_AT_ONCE = 1 << 20 };

static void search_part(void *context, int task, int worker)
{
    (void)worker;
    search *s = context;
    int64_t first = (int64_t)task * SEARCHED_AT_ONCE, left = s->count - first;
    if (!s->found && mlk_array_holds_subnormals(s->array, first, left < SEARCHED_AT_ONCE ? left : SEARCHED_AT_ONCE))
        s->found = true;
}

/* holds_subnormals(tensor) -> boolean: whether some number is too small for its format; of float16 never */
static int holds_subnormals(lua_State *L)
{
    mlk_array array = mlk_lua_read_tensor(L, 1, "tensor", -1, -1);
    search s = {.array = &array, .count = mlk_array_count(&array)};
    mlk_parallel((int)((s.count + SEARCHED_AT_ONCE - 1) / SEARCHED_AT_ONCE), 0, search_part, &s);
    lua_pushboolean(L, s.found);
    return 1;
}

/* deflated_size(text) -> bytes that zlib needs for it */
static int deflated_size(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    int64_t size = mlk_deflated_size(text, length);
    if (size < 0)
        return mlk_lua_fail(L, "not enough memory to compress a text");
    lua_pushinteger(L, size);
    return 1;
}

/* The shortest decimal text that reads back as the same float32; what JSON has no number for is null. */
static void add_number(luaL_Buffer *text, float value)
{
    char written[32] = "null";
    for (int digits = 6; isfinite(value) && digits <= 9; digits++) {
        snprintf(written, sizeof written, "%.*g", digits, (double)value);
        if (strtof(written, NULL) == value)
            break;
    }
    luaL_addstring(text, written);
}

/* json_numbers(tensor) -> its numbers as float32, row after row, as an array of JSON */
static int json_numbers(lua_State *L)
{
    mlk_array array = mlk_lua_read_tensor(L, 1, "tensor", MLK_FLOAT32, -1);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    luaL_addchar(&text, '[');
    for (int64_t i = 0; i < mlk_array_count(&array); i++) {
        if (i > 0)
            luaL_addchar(&text, ',');
        add_number(&text, ((const float *)array.data)[i]);
    }
    luaL_addchar(&text, ']');
    luaL_pushresult(&text);
    return 1;
}

/* write(path, text): atomically */
static int write_text(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    size_t length;
    const char *text = mlk_lua_bytes(L, 2, "text", &length);
    mlk_status status;
    mlk_atomic file;
    mlk_lua_check(L, mlk_atomic_open(path, &file, &status), &status);
    if (mlk_atomic_write(&file, text, length, &status)) {
        mlk_atomic_abort(&file);
        return mlk_lua_raise(L, &status);
    }
    mlk_lua_check(L, mlk_atomic_commit(&file, &status), &status);
    return 0;
}

/* append(path, text): to the end of a file, which must not be a link */
static int append(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    size_t length;
    const char *text = mlk_lua_bytes(L, 2, "text", &length);
    mlk_status status;
    mlk_lua_check(L, mlk_append(path, text, length, &status), &status);
    return 0;
}

/* make_private_folder(path, made) -> true, or nil and why: a new folder that only its owner may enter. It is
 * noted in the table `made` before it is there, so that no signal between the two can make it forgotten. */
static int make_private_folder(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path");
    mlk_lua_check_type(L, 2, "made", LUA_TTABLE);
    lua_settop(L, 2);
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 1);
    lua_rawset(L, 2);
    if (mkdir(path, 0700) == 0) {
        lua_pushboolean(L, 1);
        return 1;
    }
    int reason = errno;
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    lua_rawset(L, 2);
    lua_pushnil(L);
    lua_pushstring(L, strerror(reason));
    return 2;
}

/* --- locks ---------------------------------------------------------------------- */

#define LOCK_TYPE "moonlark.store.lock"

static int release(lua_State *L)
{
    mlk_lock_release(luaL_checkudata(L, 1, LOCK_TYPE));
    return 0;
}

/* lock(path, command) -> the lock, held until it is closed or collected; nil and who has it when another process
 * does, or another lock of this one */
static int lock(lua_State *L)
{
    const char *path = mlk_lua_string(L, 1, "path"), *command = mlk_lua_string(L, 2, "command");
    mlk_status status;
    mlk_lock *taken = lua_newuserdatauv(L, sizeof *taken, 0);
    *taken = (mlk_lock){.descriptor = -1};
    luaL_setmetatable(L, LOCK_TYPE);
    mlk_code code = mlk_lock_take(path, command, taken, &status);
    if (!code)
        return 1;
    if (code != MLK_BUSY)
        return mlk_lua_raise(L, &status);
    lua_pushnil(L);
    lua_pushstring(L, status.message);
    return 2;
}

int mlk_lua_open_store(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"append", append}, {"deflated_size", deflated_size}, {"json_numbers", json_numbers}, {"formats", formats}, {"frame_files", frame_files},
        {"hash", hash}, {"hash_file", hash_file}, {"hash_tensor", hash_tensor}, {"holds_subnormals", holds_subnormals},
        {"load", load}, {"lock", lock}, {"make_private_folder", make_private_folder}, {"metadata", metadata},
        {"read_table", read_table}, {"save", save}, {"write", write_text},
        {NULL, NULL},
    };
    static const luaL_Reg lock_methods[] = {{"close", release}, {NULL, NULL}};
    mlk_lua_new_type(L, TENSORS_TYPE, free_tensors, NULL);
    mlk_lua_new_type(L, TREE_TYPE, free_tree, NULL);
    mlk_lua_new_type(L, MAPPING_TYPE, free_mapping, NULL);
    mlk_lua_new_type(L, COLUMNS_TYPE, free_columns, NULL);
    mlk_lua_new_type(L, LOCK_TYPE, release, lock_methods);
    luaL_newlib(L, functions);
    mlk_lua_add_parameters(L, "read_table", mlk_columns_parameters);
    return 1;
}
