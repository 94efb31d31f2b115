/* arff_reader.c: reads Weka's tables. */
#include "store/arff.h"

#include "store/number.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct reading {
    const mlk_columns_options *options;
    mlk_columns *columns;
    mlk_status *status;
    char *at, *end; /* what is left of the text */
    int64_t number; /* of the line that was read last */
    bool own;       /* Moonlark wrote it: a comment above each row is its path */
    mlk_slice path; /* the last comment */
} reading;

/* A line without the blanks around it. */
typedef struct line {
    char *at, *end;
} line;

static mlk_code refuse(const reading *r, const char *what)
{
    return mlk_fail(r->status, MLK_INVALID, "line %lld: %s", (long long)r->number, what);
}

/* --- words of a line --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(line *l)
{
    while (l->at < l->end && is_blank(*l->at))
        l->at++;
}

/* The next line that is no comment and not empty; false at the end. */
static bool next_line(reading *r, line *l)
{
    while (r->at < r->end) {
        char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
        *l = (line){r->at, end ? end : r->end};
        r->at = end ? end + 1 : r->end;
        r->number++;
        skip_blanks(l);
        while (l->end > l->at && is_blank(l->end[-1]))
            l->end--;
        if (l->at < l->end && *l->at != '%')
            return true;
        if (l->at < l->end) {
            l->at++;
            skip_blanks(l);
            r->path = (mlk_slice){l->at, (size_t)(l->end - l->at)};
        }
    }
    return false;
}

/* What is inside quotes, without its backslashes, in place; false: there is no closing quote. */
static bool take_quoted(line *l, mlk_slice *word)
{
    static const char letters[] = "nrt", meanings[] = "\n\r\t";
    char quote = *l->at++, *to = l->at;
    word->at = to;
    for (; l->at < l->end && *l->at != quote; l->at++) {
        if (*l->at == '\\' && l->end - l->at > 1) {
            l->at++;
            const char *letter = memchr(letters, *l->at, sizeof letters - 1);
            *to++ = letter ? meanings[letter - letters] : *l->at;
        } else {
            *to++ = *l->at;
        }
    }
    word->length = (size_t)(to - word->at);
    return l->at < l->end && *l->at++ == quote;
}

/* A word in quotes, or what comes before one of `stops`, which stays; false: a quote is never closed. */
static bool take_word(line *l, const char *stops, mlk_slice *word)
{
    skip_blanks(l);
    if (l->at < l->end && (*l->at == '\'' || *l->at == '"'))
        return take_quoted(l, word);
    word->at = l->at;
    while (l->at < l->end && !strchr(stops, *l->at))
        l->at++;
    char *end = l->at;
    while (end > word->at && is_blank(end[-1]))
        end--;
    word->length = (size_t)(end - word->at);
    return true;
}

static bool is_word(mlk_slice word, const char *wanted)
{
    return word.length == strlen(wanted) && strncasecmp(word.at, wanted, word.length) == 0;
}

/* --- the header --- */

/* {rock, 'hip hop', jazz} */
static mlk_code read_classes(reading *r, line *l, mlk_column *column)
{
    int room = 0;
    l->at++;
    do {
        mlk_slice word;
        if (!take_word(l, ",}", &word))
            return refuse(r, "a quote is never closed");
        if (column->n_classes == room) {
            room = room ? 2 * room : 8;
            char **grown = realloc(column->classes, (size_t)room * sizeof *grown);
            if (!grown)
                return mlk_fail_memory(r->status, "the classes of a column");
            column->classes = grown;
        }
        if (!(column->classes[column->n_classes] = strndup(word.at, word.length)))
            return mlk_fail_memory(r->status, "the classes of a column");
        column->n_classes++;
        skip_blanks(l);
    } while (l->at < l->end && *l->at++ == ',');
    return l->at[-1] == '}' ? MLK_OK : refuse(r, "the list of classes does not end in '}'");
}

static mlk_code read_kind(reading *r, line *l, mlk_column *column)
{
    static const char *const numbers[] = {"numeric", "real", "integer"}, *const texts[] = {"string", "date"};
    mlk_slice kind;
    skip_blanks(l);
    column->is_text = true;
    if (l->at < l->end && *l->at == '{')
        return read_classes(r, l, column);
    if (!take_word(l, " \t", &kind))
        return refuse(r, "a quote is never closed");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (is_word(kind, texts[i]))
            return MLK_OK;
    column->is_text = mlk_columns_wants_text(r->options, column->name);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (is_word(kind, numbers[i]))
            return MLK_OK;
    return mlk_fail(r->status, MLK_UNSUPPORTED,
                    "line %lld: attribute '%.80s' is of kind '%.*s'; read are numeric, real, integer, string, date and "
                    "lists of classes in {}",
                    (long long)r->number, column->name, (int)(kind.length < 40 ? kind.length : 40), kind.at);
}

static mlk_code read_attribute(reading *r, line *l, int i)
{
    mlk_slice name;
    skip_blanks(l);
    if (!take_word(l, " \t{", &name) || name.length == 0)
        return refuse(r, "an attribute needs a name");
    mlk_code code = mlk_columns_name(r->columns, i, name.at, name.length, r->status);
    return code ? code : read_kind(r, l, &r->columns->items[i]);
}

/* The most attributes and rows that the text can have. */
static int64_t count_lines(const reading *r, bool attributes)
{
    int64_t count = 0;
    for (const char *at = r->at, *end; at < r->end; at = end + 1) {
        while (at < r->end && is_blank(*at))
            at++;
        count += at < r->end && (attributes ? *at == '@' : *at != '%' && *at != '\n');
        end = memchr(at, '\n', (size_t)(r->end - at));
        end = end ? end : r->end - 1;
    }
    return count;
}

static mlk_code read_header(reading *r)
{
    int64_t most = count_lines(r, true) + 1; /* and the path */
    int count = 0;
    mlk_slice word;
    line l;
    if (most > MLK_COLUMNS_MOST)
        return mlk_fail(r->status, MLK_INVALID, "more than %d attributes", MLK_COLUMNS_MOST);
    mlk_code code = mlk_columns_start(r->columns, (int)most, r->status);
    while (!code && next_line(r, &l)) {
        if (*l.at != '@' || !take_word(&l, " \t", &word))
            return refuse(r, "@RELATION, @ATTRIBUTE or @DATA was expected");
        if (is_word(word, "@data")) {
            r->columns->count = count;
            return count > r->own ? MLK_OK : refuse(r, "there is no @ATTRIBUTE before @DATA");
        }
        if (is_word(word, "@relation") && !r->own) {
            r->own = count == 0 && take_word(&l, " \t", &word) && is_word(word, "moonlark");
            count += r->own;
        } else if (is_word(word, "@attribute")) {
            code = read_attribute(r, &l, count++);
        } else {
            return refuse(r, "@RELATION, @ATTRIBUTE or @DATA was expected");
        }
    }
    return code ? code : mlk_fail(r->status, MLK_INVALID, "not ARFF, or cut short: there is no @DATA");
}

/* --- the rows --- */

static mlk_code put_cell(reading *r, int64_t row, mlk_column *column, mlk_slice word, bool missing)
{
    mlk_columns *c = r->columns;
    if (column->is_text) {
        if (!missing)
            c->texts[column->place * c->rows + row] = word;
        return MLK_OK;
    }
    double *value = &c->values[row * c->n_numbers + column->place];
    if (missing || mlk_number_cell(word.at, word.length, '.', value))
        return MLK_OK;
    return mlk_fail(r->status, MLK_INVALID, "line %lld: attribute '%.80s' is numeric, got '%.*s'", (long long)r->number,
                    column->name, (int)(word.length < 80 ? word.length : 80), word.at);
}

static mlk_code read_row(reading *r, int64_t row, line l)
{
    const mlk_columns *c = r->columns;
    mlk_code code = MLK_OK;
    if (*l.at == '{')
        return refuse(r, "a sparse row ({1 x, 5 y}) is not read; Weka's filter SparseToNonSparse makes it dense");
    for (int i = r->own; !code && i < c->count; i++) {
        mlk_slice word;
        skip_blanks(&l);
        bool quoted = l.at < l.end && strchr("'\"", *l.at);
        if (!take_word(&l, ",\t", &word))
            return refuse(r, "a quote is never closed");
        code = put_cell(r, row, &c->items[i], word, !quoted && is_word(word, "?"));
        bool tab = l.at < l.end && *l.at == '\t';
        skip_blanks(&l);
        bool more = l.at < l.end;
        if (!code && (more != (i + 1 < c->count) || (more && *l.at != ',' && !tab)))
            return mlk_fail(r->status, MLK_INVALID, "line %lld: %s values than the %d attributes", (long long)r->number,
                            more ? "more" : "fewer", c->count - r->own);
        l.at += more && *l.at == ',';
    }
    return code;
}

static mlk_code read_rows(reading *r)
{
    mlk_columns *c = r->columns;
    mlk_code code = MLK_OK;
    int64_t row = 0;
    for (line l; !code && next_line(r, &l); row++) {
        code = read_row(r, row, l);
        c->lines[row] = r->number;
        if (r->own)
            c->texts[row] = r->path;
        r->path = (mlk_slice){0};
    }
    return code;
}

static mlk_code make_columns(reading *r)
{
    mlk_columns *c = r->columns;
    mlk_code code = read_header(r);
    if (!code && r->own) {
        c->items[0].is_text = true;
        code = mlk_columns_name(c, 0, "path", 4, r->status);
    }
    if (!code)
        code = mlk_columns_part_names(c, r->status);
    if (code)
        return code;
    c->named = true;
    c->rows = count_lines(r, false);
    if (c->rows == 0)
        return mlk_fail(r->status, MLK_INVALID, "there are no rows after @DATA");
    c->lines = calloc((size_t)c->rows, sizeof *c->lines);
    return c->lines ? mlk_columns_hold(c, r->status) : mlk_fail_memory(r->status, "the lines of a table");
}

mlk_code mlk_arff_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                        mlk_status *status)
{
    reading r = {.options = options, .columns = columns, .status = status, .at = at, .end = end};
    *columns = (mlk_columns){0};
    mlk_code code = make_columns(&r);
    if (!code)
        code = read_rows(&r);
    if (code)
        mlk_columns_free(columns);
    return code;
}
