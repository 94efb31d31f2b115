#include "store/arff.h"

#include <math.h>
#include <string.h>

/* A name in ARFF: quoted, for it may hold anything. */
static void write_nominal(FILE *out, const char *text)
{
    static const char special[] = "'\\%\n\r\t", *const escapes[] = {"\\'", "\\\\", "\\%", "\\n", "\\r", "\\t"};
    fputc('\'', out);
    for (; *text; text++) {
        const char *found = strchr(special, *text);
        if (found)
            fputs(escapes[found - special], out);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

static void write_comment(FILE *out, const char *text)
{
    fputs("% ", out);
    for (; *text; text++)
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    fputc('\n', out);
}

static void write_header(FILE *out, const mlk_table *t)
{
    fputs("@RELATION moonlark\n\n", out);
    for (int64_t k = 0; k < t->width; k++)
        fprintf(out, "@ATTRIBUTE %s NUMERIC\n", t->columns[k]);
    if (t->labels) {
        fputs("@ATTRIBUTE class {", out);
        for (int64_t c = 0; c < t->n_classes; c++) {
            if (c > 0)
                fputc(',', out);
            write_nominal(out, t->classes[c]);
        }
        fputs("}\n", out);
    }
}

static void write_rows(FILE *out, const mlk_table *t)
{
    fputs("\n@DATA\n", out);
    for (int64_t i = 0; i < t->n; i++) {
        write_comment(out, t->paths[i]);
        for (int64_t k = 0; k < t->width; k++) {
            if (k > 0)
                fputc(',', out);
            if (isfinite(t->rows[i][k]))
                fprintf(out, "%.9g", t->rows[i][k]);
            else
                fputc('?', out);
        }
        if (t->labels) {
            fputc(',', out);
            write_nominal(out, t->labels[i]);
        }
        fputc('\n', out);
    }
}

void mlk_arff_print_table(FILE *out, const mlk_table *table)
{
    write_header(out, table);
    write_rows(out, table);
}
