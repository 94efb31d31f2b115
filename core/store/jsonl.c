#include "store/jsonl.h"

#include "store/json.h"

#include <math.h>

void mlk_jsonl_print_table(FILE *out, const mlk_table *t)
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
