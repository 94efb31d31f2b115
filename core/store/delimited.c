#include "store/delimited.h"

#include "parallel.h"
#include "store/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One cell of a line; quoted ones may hold doubled quotes. */
typedef struct cell {
    char *at;
    size_t length;
    bool quoted, broken; /* broken: text follows the closing quote */
} cell;

/* How a file writes its cells. */
typedef struct dialect {
    char delimiter, point, line_end;
} dialect;

/* A line with cells; quoted ones may break it. */
typedef struct line {
    char *at, *end;
    int64_t number;
} line;

typedef struct lines {
    line *items;
    int64_t count, room;
} lines;

typedef struct sheet {
    const mlk_columns_options *options;
    mlk_columns *columns;
    mlk_status *status;
    dialect dialect;
    char *at, *end;       /* the text */
    int64_t first_number; /* of the line at `at` */
    int64_t header;       /* lines of names; -1: not known yet */
    lines lines;
} sheet;

/* --- cells --- */

/* Where the next cell begins: blanks that delimit come in runs. */
static char *skip_blanks(const dialect *d, char *at, const char *end)
{
    while (d->delimiter == ' ' && at < end && (*at == ' ' || *at == '\r'))
        at++;
    return at;
}

/* The end of a quoted cell that begins at `at`, behind its closing quote; NULL: it is never closed. */
static char *close_quote(char *at, const char *end)
{
    at++;
    for (;;) {
        char *quote = memchr(at, '"', (size_t)(end - at));
        if (!quote)
            return NULL;
        at = quote + 1;
        if (at == end || *at != '"')
            return at;
        at++;
    }
}

/* The cell at *at; moves *at behind the delimiter after it, or to NULL behind the last cell of the line. */
static cell next_cell(const dialect *d, char **at, char *end)
{
    cell cell = {.at = *at};
    char *stop = cell.at < end && *cell.at == '"' ? close_quote(cell.at, end) : NULL;
    if (stop) {
        cell.quoted = true;
        cell.at++;
        cell.length = (size_t)(stop - 1 - cell.at);
        cell.broken = stop < end && *stop != d->delimiter;
    } else {
        stop = cell.at;
    }
    char *delimiter = stop < end ? memchr(stop, d->delimiter, (size_t)(end - stop)) : NULL;
    stop = delimiter ? delimiter : end;
    if (!cell.quoted)
        cell.length = (size_t)(stop - cell.at);
    char *next = stop < end ? skip_blanks(d, stop + 1, end) : NULL;
    *at = next == end && d->delimiter == ' ' ? NULL : next;
    return cell;
}

/* Takes away what was put into a cell to write it: doubled quotes, and the apostrophe before a formula. */
static mlk_slice plain_text(cell cell)
{
    char *to = cell.at, *end = cell.at + cell.length;
    if (cell.quoted && memchr(cell.at, '"', cell.length)) {
        for (const char *from = cell.at; from < end; from++) {
            *to++ = *from;
            from += *from == '"';
        }
        end = to;
    }
    char *formula = cell.at;
    while (formula < end && *formula == '\'')
        formula++;
    bool marked = formula > cell.at && formula < end && strchr("=+-@\t\r\n", *formula);
    return (mlk_slice){cell.at + marked, (size_t)(end - cell.at) - marked};
}

/* --- lines --- */

/* The end of the line at `at`, its cells and the line breaks within them; NULL: a quote is never closed. */
static char *scan_line(const dialect *d, char *at, char *end, int *cells, int64_t *breaks)
{
    *cells = 1;
    *breaks = 0;
    at = skip_blanks(d, at, end);
    for (;;) {
        if (at < end && *at == '"') {
            char *close = close_quote(at, end);
            if (!close)
                return NULL;
            for (; at < close; at++)
                *breaks += *at == d->line_end;
        }
        while (at < end && *at != d->delimiter && *at != d->line_end)
            at++;
        if (at == end || *at == d->line_end)
            return at;
        at = skip_blanks(d, at + 1, end);
        if (d->delimiter == ' ' && (at == end || *at == d->line_end))
            return at;
        *cells += 1;
    }
}

static line trimmed(const dialect *d, char *at, char *end, int64_t number)
{
    if (end > at && end[-1] == '\r')
        end--;
    return (line){skip_blanks(d, at, end), end, number};
}

static mlk_code add_line(lines *lines, line added, mlk_status *status)
{
    if (lines->count == lines->room) {
        int64_t room = lines->room ? 2 * lines->room : 64;
        line *grown = realloc(lines->items, (size_t)room * sizeof *grown);
        if (!grown)
            return mlk_fail_memory(status, "the lines of a table");
        lines->items = grown;
        lines->room = room;
    }
    lines->items[lines->count++] = added;
    return MLK_OK;
}

static mlk_code find_lines(sheet *s)
{
    bool quotes = memchr(s->at, '"', (size_t)(s->end - s->at));
    int64_t number = s->first_number;
    mlk_code code = MLK_OK;
    for (char *at = s->at; !code && at < s->end;) {
        int cells;
        int64_t breaks = 0;
        char *end = quotes ? scan_line(&s->dialect, at, s->end, &cells, &breaks)
                           : memchr(at, s->dialect.line_end, (size_t)(s->end - at));
        if (!end && quotes)
            return mlk_fail(s->status, MLK_INVALID, "line %lld: a quoted cell is never closed", (long long)number);
        end = end ? end : s->end;
        line found = trimmed(&s->dialect, at, end, number);
        if (found.at < found.end)
            code = add_line(&s->lines, found, s->status);
        number += breaks + 1;
        at = end + 1;
    }
    return code;
}

/* --- what the first lines say --- */

static void skip_line(sheet *s)
{
    char *end = memchr(s->at, s->dialect.line_end, (size_t)(s->end - s->at));
    s->at = end ? end + 1 : s->end;
    s->first_number++;
}

/* "sep=;" is for Excel. */
static void read_separator(sheet *s)
{
    if (s->end - s->at < 6 || strncasecmp(s->at, "sep=", 4) != 0 || (s->at[5] != '\r' && s->at[5] != '\n'))
        return;
    if (!s->dialect.delimiter)
        s->dialect.delimiter = s->at[4];
    skip_line(s);
}

/* Where the first line begins that is no comment; the start, where all are. */
static char *behind_comments(const sheet *s)
{
    char *at = s->at;
    while (at < s->end && *at == '#') {
        char *end = memchr(at, s->dialect.line_end, (size_t)(s->end - at));
        if (!end)
            return s->at;
        at = end + 1;
    }
    return at < s->end ? at : s->at;
}

static bool is_all_numbers(const dialect *d, line one)
{
    for (char *at = one.at; at;) {
        double value;
        cell cell = next_cell(d, &at, one.end);
        if (!mlk_number_cell(cell.at, cell.length, d->point, &value))
            return false;
    }
    return true;
}

/* True when the first lines all have the same number of cells, more than one, with this delimiter; blanks must part
 * numbers, for they are in texts, too. */
static bool fits(const sheet *s, char delimiter)
{
    enum { LOOKED_AT = 20 };
    dialect d = s->dialect;
    d.delimiter = delimiter;
    int wanted = 0, seen = 0;
    for (char *at = behind_comments(s); at < s->end && seen < LOOKED_AT;) {
        int cells;
        int64_t breaks;
        char *end = scan_line(&d, at, s->end, &cells, &breaks);
        if (!end)
            return false;
        line found = trimmed(&d, at, end, 0);
        if (found.at < found.end) {
            wanted = seen++ ? wanted : cells;
            if (cells != wanted || cells < 2 || (delimiter == ' ' && seen > 1 && !is_all_numbers(&d, found)))
                return false;
        }
        at = end + 1;
    }
    return delimiter == ' ' ? seen > 1 : seen > 0;
}

/* Without a delimiter that fits: the one that the first line has most of, so that a ragged line is named. */
static char most_frequent(const sheet *s, const char *candidates)
{
    char best = ',';
    int most = 1;
    for (const char *candidate = candidates; *candidate; candidate++) {
        dialect d = s->dialect;
        int cells = 0;
        int64_t breaks;
        d.delimiter = *candidate;
        if (scan_line(&d, behind_comments(s), s->end, &cells, &breaks) && cells > most) {
            most = cells;
            best = *candidate;
        }
    }
    return best;
}

static char guess_delimiter(const sheet *s)
{
    const char *candidates = s->dialect.point == ',' ? "\t;|" : "\t;|,";
    for (const char *candidate = candidates; *candidate; candidate++)
        if (fits(s, *candidate))
            return *candidate;
    if (fits(s, ' '))
        return ' ';
    char best = most_frequent(s, candidates);
    return best == ',' && s->dialect.point == ',' ? ';' : best;
}

static int count_cells(const sheet *s, line one)
{
    int cells = 0;
    for (char *at = one.at; at; cells++)
        next_cell(&s->dialect, &at, one.end);
    return cells;
}

/* Skips comments before the table. One with as many cells as the table names its columns, as numpy.savetxt has it:
 * "# time,pitch". */
static void skip_comments(sheet *s)
{
    lines *lines = &s->lines;
    int64_t first = 0, skipped = 0;
    while (first < lines->count && *lines->items[first].at == '#')
        first++;
    if (first == 0 || first == lines->count)
        return;
    int cells = count_cells(s, lines->items[first]);
    while (skipped < first && count_cells(s, lines->items[skipped]) != cells)
        skipped++;
    line *names = &lines->items[skipped];
    if (skipped < first && names->at + 1 < names->end && names->at[1] != s->dialect.delimiter) {
        names->at++;
        s->header = s->header < 0 ? 1 : s->header;
    }
    lines->count -= skipped;
    memmove(lines->items, names, (size_t)lines->count * sizeof *lines->items);
}

/* True when the cells of a line are 0, 1, 2 …: the names that pandas gives. */
static bool counts_up(const sheet *s, line one, bool behind_index)
{
    int next = 0;
    char *at = one.at;
    if (behind_index && next_cell(&s->dialect, &at, one.end).length > 0)
        return false;
    while (at) {
        char wanted[16];
        int length = snprintf(wanted, sizeof wanted, "%d", next++);
        cell cell = next_cell(&s->dialect, &at, one.end);
        if (cell.length != (size_t)length || memcmp(cell.at, wanted, cell.length) != 0)
            return false;
    }
    return next > 1;
}

static bool is_all_integers(const sheet *s, line one)
{
    for (char *at = one.at; at;) {
        cell cell = next_cell(&s->dialect, &at, one.end);
        for (size_t i = 0; i < cell.length; i++)
            if (!strchr("-+0123456789", cell.at[i]))
                return false;
    }
    return true;
}

/* A first line of numbers alone is data, unless it counts from 0 as pandas's names do: behind the index, whose name is
 * empty, or above numbers that are not all whole. */
static bool first_line_is_data(const sheet *s)
{
    const line *items = s->lines.items;
    int numbers = 0;
    for (char *at = items[0].at; at;) {
        double value;
        cell cell = next_cell(&s->dialect, &at, items[0].end);
        if (!mlk_number_cell(cell.at, cell.length, s->dialect.point, &value))
            return false;
        numbers += !isnan(value) || cell.length > 0;
    }
    bool named = counts_up(s, items[0], true) ||
                 (counts_up(s, items[0], false) && s->lines.count > 1 && !is_all_integers(s, items[1]));
    return numbers > 0 && !named;
}

/* --- names --- */

/* Adds the cell of one more line of names to a column's name: "chroma.mean.01". */
static mlk_code extend_name(sheet *s, int i, mlk_slice text)
{
    mlk_column *column = &s->columns->items[i];
    if (!column->name || text.length == 0)
        return text.length == 0 ? MLK_OK : mlk_columns_name(s->columns, i, text.at, text.length, s->status);
    char *joined = NULL;
    if (asprintf(&joined, "%s.%.*s", column->name, (int)text.length, text.at) < 0)
        return mlk_fail_memory(s->status, "a column's name");
    free(column->name);
    column->name = joined;
    return MLK_OK;
}

static mlk_code read_name_line(sheet *s, line names, int shift)
{
    mlk_code code = MLK_OK;
    int i = shift;
    for (char *at = names.at; !code && at; i++) {
        cell cell = next_cell(&s->dialect, &at, names.end);
        if (i == s->columns->count)
            return mlk_fail(s->status, MLK_INVALID, "line %lld: more names than the line below it has",
                            (long long)names.number);
        code = extend_name(s, i, plain_text(cell));
    }
    return code;
}

/* True when the last cell of a line is empty: the line ends in a delimiter. */
static bool ends_empty(const sheet *s, line one)
{
    return one.end > one.at && one.end[-1] == s->dialect.delimiter;
}

/* Names from the first lines. Where rows have one cell more than there are names, the first holds the names of rows, as
 * R writes them; or each row ends in a delimiter. */
static mlk_code read_names(sheet *s)
{
    const line *items = s->lines.items;
    int named = count_cells(s, items[0]);
    bool more = s->lines.count > s->header && count_cells(s, items[s->header]) == named + 1;
    int shift = more && !ends_empty(s, items[s->header]);
    mlk_code code = mlk_columns_start(s->columns, named + more, s->status);
    for (int64_t i = 0; !code && i < s->header; i++)
        code = read_name_line(s, items[i], shift);
    for (int i = 0; !code && i < s->columns->count; i++)
        if (!s->columns->items[i].name)
            code = mlk_columns_name(s->columns, i, "", 0, s->status);
    return code ? code : mlk_columns_part_names(s->columns, s->status);
}

static mlk_code make_columns(sheet *s)
{
    if (s->lines.count == 0)
        return mlk_fail(s->status, MLK_INVALID, "there is nothing in it");
    if (s->header < 0)
        s->header = !first_line_is_data(s);
    if (s->header >= s->lines.count)
        return mlk_fail(s->status, MLK_INVALID, "there are no rows, only the names of columns");
    if (count_cells(s, s->lines.items[0]) > MLK_COLUMNS_MOST)
        return mlk_fail(s->status, MLK_INVALID, "more than %d columns", MLK_COLUMNS_MOST);
    s->columns->named = s->header > 0;
    s->columns->rows = s->lines.count - s->header;
    if (s->header > 0)
        return read_names(s);
    mlk_code code = mlk_columns_start(s->columns, count_cells(s, s->lines.items[0]), s->status);
    return code ? code : mlk_columns_number_names(s->columns, s->status);
}

/* --- numbers --- */

/* A stretch of rows that one thread reads. */
typedef struct block {
    int64_t *odd;     /* by column, the first row with a cell that is no number; -1: none */
    int64_t bad_row;  /* the first whose cells cannot be taken; -1: none */
    int bad_cells;    /* how many it has; -1: one is broken */
} block;

typedef struct reading {
    sheet *sheet;
    block *blocks;
    int n_blocks;
} reading;

static int count_blocks(int64_t rows)
{
    return rows < 64 * 64 ? (int)(rows / 64) + 1 : 64;
}

static int64_t block_start(const reading *r, int i)
{
    return r->sheet->columns->rows * i / r->n_blocks;
}

static line row_line(const sheet *s, int64_t row)
{
    return s->lines.items[s->header + row];
}

/* Reads one cell; false when it is broken. Most cells are a number and nothing else. */
static bool read_cell(const sheet *s, char **at, char *end, double *value, bool *is_number)
{
    const dialect *d = &s->dialect;
    const char *stop = mlk_number_read(*at, end, d->point, value);
    if (stop && (stop == end || *stop == d->delimiter) && d->delimiter != ' ') {
        *at = stop == end ? NULL : (char *)stop + 1;
        *is_number = true;
        return true;
    }
    cell cell = next_cell(d, at, end);
    *is_number = mlk_number_cell(cell.at, cell.length, d->point, value);
    return !cell.broken;
}

static void read_row(const sheet *s, int64_t row, double *values, block *b)
{
    line one = row_line(s, row);
    int count = s->columns->count, i = 0;
    for (char *at = one.at; at; i++) {
        double value;
        bool is_number, fine = read_cell(s, &at, one.end, &value, &is_number);
        if (!fine || i == count) {
            b->bad_row = row;
            b->bad_cells = fine ? count_cells(s, one) : -1;
            return;
        }
        values[i] = value;
        if (!is_number && b->odd[i] < 0)
            b->odd[i] = row;
    }
    if (i < count) {
        b->bad_row = row;
        b->bad_cells = i;
    }
}

static void read_block(void *context, int task, int worker)
{
    (void)worker;
    reading *r = context;
    block *b = &r->blocks[task];
    int64_t count = r->sheet->columns->count;
    for (int64_t row = block_start(r, task); row < block_start(r, task + 1) && b->bad_row < 0; row++)
        read_row(r->sheet, row, r->sheet->columns->values + row * count, b);
}

static mlk_code refuse_row(const sheet *s, int64_t row, int cells)
{
    long long number = (long long)row_line(s, row).number;
    if (cells < 0)
        return mlk_fail(s->status, MLK_INVALID, "line %lld: text follows a closing quote", number);
    return mlk_fail(s->status, MLK_INVALID, "line %lld: %d cell%s, but the first line %s %d columns", number, cells,
                    cells == 1 ? "" : "s", s->header > 0 ? "names" : "has", s->columns->count);
}

static mlk_code make_blocks(reading *r)
{
    int64_t rows = r->sheet->columns->rows, count = r->sheet->columns->count;
    r->n_blocks = count_blocks(rows);
    r->blocks = calloc((size_t)r->n_blocks, sizeof *r->blocks);
    int64_t *odd = malloc((size_t)(r->n_blocks * count) * sizeof *odd + 1);
    if (!r->blocks || !odd) {
        free(odd);
        return mlk_fail_memory(r->sheet->status, "the columns of a table");
    }
    for (int64_t i = 0; i < r->n_blocks * count; i++)
        odd[i] = -1;
    for (int i = 0; i < r->n_blocks; i++)
        r->blocks[i] = (block){.odd = odd + i * count, .bad_row = -1};
    return MLK_OK;
}

/* Each cell takes a byte, so a file of fewer bytes than cells has a line that is too short: found before memory for all
 * of them is asked for. */
static mlk_code check_size(const sheet *s)
{
    int64_t rows = s->columns->rows, count = s->columns->count;
    if (rows * count <= s->end - s->at + 1)
        return MLK_OK;
    for (int64_t row = 0; row < rows; row++) {
        int cells = count_cells(s, row_line(s, row));
        if (cells != count)
            return refuse_row(s, row, cells);
    }
    return MLK_OK;
}

/* The kind of each column, over all of its rows. */
static void decide_kinds(const reading *r)
{
    const sheet *s = r->sheet;
    for (int i = 0; i < s->columns->count; i++) {
        mlk_column *column = &s->columns->items[i];
        column->is_text = mlk_columns_wants_text(s->options, column->name);
        for (int b = 0; b < r->n_blocks && !column->is_text; b++) {
            if (r->blocks[b].odd[i] >= 0) {
                column->is_text = true;
                column->odd_line = row_line(s, r->blocks[b].odd[i]).number;
            }
        }
    }
    mlk_columns_place(s->columns);
}

static mlk_code finish_numbers(const reading *r, int done)
{
    const sheet *s = r->sheet;
    if (done < r->n_blocks)
        return mlk_fail(s->status, MLK_INTERRUPTED, "interrupted");
    for (int i = 0; i < r->n_blocks; i++)
        if (r->blocks[i].bad_row >= 0)
            return refuse_row(s, r->blocks[i].bad_row, r->blocks[i].bad_cells);
    decide_kinds(r);
    return MLK_OK;
}

static mlk_code read_numbers(sheet *s)
{
    size_t cells = (size_t)s->columns->rows * (size_t)s->columns->count;
    mlk_code code = check_size(s);
    if (code)
        return code;
    s->columns->values = malloc(cells * sizeof *s->columns->values + 1);
    if (!s->columns->values)
        return mlk_fail(s->status, MLK_MEMORY, "not enough memory for %lld rows of %d numbers",
                        (long long)s->columns->rows, s->columns->count);
    reading r = {.sheet = s};
    code = make_blocks(&r);
    if (!code)
        code = finish_numbers(&r, mlk_parallel(r.n_blocks, 0, read_block, &r));
    if (r.blocks)
        free(r.blocks[0].odd);
    free(r.blocks);
    if (!code)
        mlk_columns_close_up(s->columns);
    return code;
}

/* --- texts --- */

static void read_row_texts(const sheet *s, int64_t row)
{
    mlk_columns *c = s->columns;
    line one = row_line(s, row);
    int i = 0;
    for (char *at = one.at; at; i++) {
        cell cell = next_cell(&s->dialect, &at, one.end);
        mlk_column *column = &c->items[i];
        if (!column->is_text)
            continue;
        mlk_slice *text = &c->texts[column->place * c->rows + row];
        *text = plain_text(cell);
        if (column->odd_line == one.number)
            column->odd = *text;
    }
}

static void read_block_texts(void *context, int task, int worker)
{
    (void)worker;
    const reading *r = context;
    for (int64_t row = block_start(r, task); row < block_start(r, task + 1); row++)
        read_row_texts(r->sheet, row);
}

static mlk_code keep_lines(const sheet *s)
{
    mlk_columns *c = s->columns;
    c->lines = malloc((size_t)c->rows * sizeof *c->lines + 1);
    if (!c->lines)
        return mlk_fail_memory(s->status, "the lines of a table");
    for (int64_t row = 0; row < c->rows; row++)
        c->lines[row] = row_line(s, row).number;
    return MLK_OK;
}

static mlk_code finish_texts(sheet *s)
{
    mlk_columns *c = s->columns;
    if (c->n_texts > 0) {
        c->texts = calloc((size_t)c->n_texts * (size_t)c->rows, sizeof *c->texts);
        if (!c->texts)
            return mlk_fail_memory(s->status, "the texts of a table");
        reading r = {.sheet = s, .n_blocks = count_blocks(c->rows)};
        if (mlk_parallel(r.n_blocks, 0, read_block_texts, &r) < r.n_blocks)
            return mlk_fail(s->status, MLK_INTERRUPTED, "interrupted");
    }
    return keep_lines(s);
}

/* --- whole files --- */

static mlk_code begin(sheet *s)
{
    static const char delimiters[] = "\0,;\t| ", points[] = ".,";
    bool line_feeds = memchr(s->at, '\n', (size_t)(s->end - s->at));
    s->dialect = (dialect){delimiters[s->options->delimiter], points[s->options->decimal], line_feeds ? '\n' : '\r'};
    s->header = s->options->header;
    s->first_number = 1;
    read_separator(s);
    if (!s->dialect.delimiter)
        s->dialect.delimiter = guess_delimiter(s);
    if (s->dialect.delimiter == s->dialect.point)
        return mlk_fail(s->status, MLK_INVALID, "decimal and delimiter must differ, both are '%c'", s->dialect.point);
    mlk_code code = find_lines(s);
    if (!code)
        skip_comments(s);
    return code ? code : make_columns(s);
}

mlk_code mlk_delimited_parse(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                             mlk_status *status)
{
    sheet s = {.options = options, .columns = columns, .status = status, .at = at, .end = end};
    *columns = (mlk_columns){0};
    mlk_code code = begin(&s);
    if (!code)
        code = read_numbers(&s);
    if (!code)
        code = finish_texts(&s);
    free(s.lines.items);
    if (code)
        mlk_columns_free(columns);
    return code;
}
