/* jsonl_reader.c: reads tables that have an object a line: {"path": "a.wav", "tempo": 120.5}.
 *
 * The file is walked three times: what columns there are and how many rows; the numbers, and which columns hold a text;
 * then the texts, decoded where they stand.
 */
#include "store/jsonl.h"

#include "store/json.h"
#include "store/number.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keys in another order than the line before are looked for one by one. */
enum { MOST_KEYS = 20000 };

typedef struct reading {
    const mlk_columns_options *options;
    mlk_columns *columns;
    mlk_status *status;
    char *at, *end;
    mlk_slice *keys; /* of the columns, as the file has them */
    int count, room;
    int64_t line, row, rows, pairs;
} reading;

/* One name and its value. */
typedef struct pair {
    int column;
    mlk_slice value; /* as the file has it */
    char kind;       /* '"' a string, '0' a number, 't' and 'f', 'n' null */
    double number;
} pair;

typedef mlk_code visitor(reading *r, pair *p);

static mlk_code refuse(const reading *r, const char *what)
{
    return mlk_fail(r->status, MLK_INVALID, "line %lld: %s", (long long)r->line, what);
}

/* --- one pair --- */

static mlk_code add_key(reading *r, mlk_slice key)
{
    if (r->count == MOST_KEYS)
        return mlk_fail(r->status, MLK_INVALID, "line %lld: more than %d columns", (long long)r->line, MOST_KEYS);
    if (r->count == r->room) {
        int room = r->room ? 2 * r->room : 64;
        mlk_slice *grown = realloc(r->keys, (size_t)room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(r->status, "the columns of a table");
        r->keys = grown;
        r->room = room;
    }
    r->keys[r->count++] = key;
    return MLK_OK;
}

/* The column of a key, looked for from where it is if lines have the same order; a new one at the end. */
static mlk_code find_key(reading *r, mlk_slice key, int expected, int *column)
{
    for (int i = 0; i < r->count; i++) {
        *column = (expected + i) % r->count;
        const mlk_slice *known = &r->keys[*column];
        if (known->length == key.length && memcmp(known->at, key.at, key.length) == 0)
            return MLK_OK;
    }
    *column = r->count;
    return add_key(r, key);
}

/* A string as the file has it, with its quotes. */
static bool skip_string(char **at, const char *end, mlk_slice *text)
{
    char *close = *at + 1;
    while (close < end && *close != '"')
        close += *close == '\\' && end - close > 1 ? 2 : 1;
    if (*at == end || **at != '"' || close >= end)
        return false;
    *text = (mlk_slice){*at, (size_t)(close + 1 - *at)};
    *at = close + 1;
    return true;
}

static bool skip_word(char **at, const char *end, const char *word)
{
    size_t length = strlen(word);
    bool found = (size_t)(end - *at) >= length && memcmp(*at, word, length) == 0;
    *at += found ? length : 0;
    return found;
}

static bool skip_value(char **at, const char *end, pair *p)
{
    char *first = *at;
    p->number = NAN;
    if (skip_string(at, end, &p->value)) {
        p->kind = '"';
        return true;
    }
    if (skip_word(at, end, "true"))
        p->kind = 't';
    else if (skip_word(at, end, "false"))
        p->kind = 'f';
    else if (skip_word(at, end, "null"))
        p->kind = 'n';
    else {
        const char *stop = mlk_number_read(*at, end, '.', &p->number);
        if (!stop)
            return false;
        p->kind = '0';
        *at = (char *)stop;
    }
    if (p->kind == 't' || p->kind == 'f')
        p->number = p->kind == 't';
    p->value = (mlk_slice){first, (size_t)(*at - first)};
    return true;
}

/* --- a line, the file --- */

static char *skip_blanks(char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

static bool take(char **at, const char *end, char character)
{
    *at = skip_blanks(*at, end);
    bool found = *at < end && **at == character;
    *at += found;
    return found;
}

static mlk_code read_pair(reading *r, char **at, const char *end, int expected, pair *p)
{
    mlk_slice key;
    *at = skip_blanks(*at, end);
    if (!skip_string(at, end, &key) || !take(at, end, ':'))
        return refuse(r, "not JSON: a name and ':' were expected");
    mlk_code code = find_key(r, key, expected, &p->column);
    *at = skip_blanks(*at, end);
    if (!code && !skip_value(at, end, p))
        return mlk_fail(r->status, MLK_INVALID, "line %lld: %.*s must be a number, a text or null",
                        (long long)r->line, (int)(key.length < 80 ? key.length : 80), key.at);
    return code;
}

static mlk_code walk_line(reading *r, char *at, const char *end, visitor *visit)
{
    if (!take(&at, end, '{'))
        return refuse(r, "an object was expected: {\"name\": value, ...}");
    bool empty = take(&at, end, '}');
    int expected = 0;
    while (!empty) {
        pair p = {0};
        mlk_code code = read_pair(r, &at, end, expected, &p);
        if (!code)
            code = visit(r, &p);
        if (code)
            return code;
        expected = p.column + 1;
        empty = take(&at, end, '}');
        if (!empty && !take(&at, end, ','))
            return refuse(r, "not JSON: ',' or '}' was expected");
    }
    return skip_blanks(at, end) < end ? refuse(r, "not JSON: text follows the object") : MLK_OK;
}

static mlk_code walk(reading *r, visitor *visit)
{
    mlk_code code = MLK_OK;
    r->row = 0;
    r->line = 1;
    for (char *at = r->at; !code && at < r->end; r->line++) {
        char *end = memchr(at, '\n', (size_t)(r->end - at));
        end = end ? end : r->end;
        if (skip_blanks(at, end) < end) {
            code = walk_line(r, at, end, visit);
            if (!code && r->columns->lines)
                r->columns->lines[r->row] = r->line;
            r->row++;
        }
        at = end + 1;
    }
    r->rows = r->row;
    return code;
}

/* --- what is done with each pair --- */

static mlk_code count_pair(reading *r, pair *p)
{
    (void)p;
    r->pairs++;
    return MLK_OK;
}

static mlk_code read_number(reading *r, pair *p)
{
    mlk_columns *c = r->columns;
    mlk_column *column = &c->items[p->column];
    c->values[r->row * c->count + p->column] = p->number;
    if (p->kind == '"' && column->odd_line == 0)
        column->odd_line = r->line;
    return MLK_OK;
}

static mlk_code read_text(reading *r, pair *p)
{
    mlk_columns *c = r->columns;
    mlk_column *column = &c->items[p->column];
    if (!column->is_text || p->kind == 'n')
        return MLK_OK;
    mlk_slice *text = &c->texts[column->place * c->rows + r->row];
    *text = p->value;
    if (p->kind == '"') {
        mlk_json json = {p->value.at, p->value.at + p->value.length};
        if (mlk_json_decode(&json, text->at, &text->length, r->status))
            return mlk_fail(r->status, MLK_INVALID, "line %lld: a text is no JSON", (long long)r->line);
    }
    if (column->odd_line == r->line)
        column->odd = *text;
    return MLK_OK;
}

/* --- the three walks --- */

static mlk_code name_columns(reading *r)
{
    mlk_code code = mlk_columns_start(r->columns, r->count, r->status);
    for (int i = 0; !code && i < r->count; i++) {
        char *name;
        mlk_json json = {r->keys[i].at, r->keys[i].at + r->keys[i].length};
        code = mlk_json_string(&json, &name, r->status);
        if (!code)
            code = mlk_columns_name(r->columns, i, name, strlen(name), r->status);
        if (!code)
            free(name);
    }
    return code ? code : mlk_columns_part_names(r->columns, r->status);
}

static mlk_code find_columns(reading *r)
{
    mlk_code code = walk(r, count_pair);
    if (code)
        return code;
    if (r->rows == 0 || r->count == 0)
        return mlk_fail(r->status, MLK_INVALID, "there is nothing in it");
    /* A name that differs from line to line must not ask for endless memory. */
    if (r->rows * r->count / 100 > r->pairs + 10000)
        return mlk_fail(r->status, MLK_INVALID, "its %lld lines have %d different names: this is no table",
                        (long long)r->rows, r->count);
    r->columns->rows = r->rows;
    r->columns->named = true;
    r->columns->lines = malloc((size_t)r->rows * sizeof *r->columns->lines);
    return r->columns->lines ? name_columns(r) : mlk_fail_memory(r->status, "the lines of a table");
}

static mlk_code read_columns(reading *r)
{
    mlk_columns *c = r->columns;
    mlk_code code = mlk_columns_hold(c, r->status);
    if (!code)
        code = walk(r, read_number);
    if (code)
        return code;
    for (int i = 0; i < c->count; i++) {
        bool wanted = mlk_columns_wants_text(r->options, c->items[i].name);
        c->items[i].is_text = wanted || c->items[i].odd_line > 0;
        c->items[i].odd_line = wanted ? 0 : c->items[i].odd_line;
    }
    mlk_columns_place(c);
    mlk_columns_close_up(c);
    free(c->texts);
    c->texts = calloc((size_t)c->n_texts * (size_t)c->rows + 1, sizeof *c->texts);
    return c->texts ? walk(r, read_text) : mlk_fail_memory(r->status, "the texts of a table");
}

mlk_code mlk_jsonl_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                         mlk_status *status)
{
    reading r = {.options = options, .columns = columns, .status = status, .at = at, .end = end};
    *columns = (mlk_columns){0};
    mlk_code code = mlk_utf8_valid(at, (size_t)(end - at))
                        ? find_columns(&r)
                        : mlk_fail(status, MLK_INVALID, "not JSON: it is not UTF-8");
    if (!code)
        code = read_columns(&r);
    free(r.keys);
    if (code)
        mlk_columns_free(columns);
    return code;
}
