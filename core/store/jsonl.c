#include "store/jsonl.h"

#include "store/atomic.h"
#include "store/json.h"

#include <math.h>
#include <stdio.h>

static void write_rows(FILE *out, const mlk_table *t)
{
    for (int64_t i = 0; i < t->n; i++) {
        fputs("{\"path\":", out);
        mlk_json_write_string(out, t->paths[i]);
        if (t->labels) {
            fputs(",\"label\":", out);
            mlk_json_write_string(out, t->labels[i]);
        }
        for (int64_t k = 0; k < t->width; k++)
            if (isfinite(t->rows[i][k]))
                fprintf(out, ",\"%s\":%.9g", t->columns[k], t->rows[i][k]);
            else
                fprintf(out, ",\"%s\":null", t->columns[k]);
        fputs("}\n", out);
    }
}

mlk_code mlk_jsonl_write_table(const char *path, const mlk_table *table, mlk_status *status)
{
    mlk_atomic file;
    if (mlk_atomic_open(path, &file, status))
        return status->code;
    write_rows(file.stream, table);
    return mlk_atomic_commit(&file, status);
}
