#include "calibration.h"

#include "interrupt.h"
#include "parallel.h"
#include "platt.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 5, ALWAYS_SEEN = -1, ROWS = 64 /* a task */ };

typedef struct calibrating {
    mlk_samples samples;
    const int64_t *y;
    int64_t k;
    const mlk_svm_options *options;
    int *part;         /* n: which one holds a row, or ALWAYS_SEEN */
    double *decisions; /* n x pairs, of SVMs that did not see the row */
    mlk_status status[PARTS];
    mlk_code code[PARTS];
} calibrating;

/* Deals the rows of each class into parts, in random order; the next class goes on where the last one ended. */
static mlk_code deal(calibrating *self, uint64_t seed, mlk_status *status)
{
    int64_t n = self->samples.n, next = 0;
    int64_t *rows = malloc(sizeof *rows * (size_t)n);
    if (!rows)
        return mlk_fail_memory(status, "the parts of a calibration");
    mlk_random random = mlk_random_seeded(seed);
    for (int64_t c = 0; c < self->k; c++) {
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++)
            if (self->y[i] == c)
                rows[count++] = i;
        if (count == 1)
            self->part[rows[0]] = ALWAYS_SEEN;
        for (int64_t left = count; count > 1 && left > 0; left--) {
            int64_t at = mlk_random_below(&random, left);
            self->part[rows[at]] = (int)(next++ % PARTS);
            rows[at] = rows[left - 1];
        }
    }
    free(rows);
    return MLK_OK;
}

/* The rows of a part, or of all others, as a table of their own. */
static int64_t gather(const calibrating *self, int part, bool inside, float *x, int64_t *y, int64_t *rows)
{
    int64_t count = 0, d = self->samples.d;
    for (int64_t i = 0; i < self->samples.n; i++) {
        if ((self->part[i] == part) != inside)
            continue;
        memcpy(x + count * d, self->samples.x + i * d, sizeof(float) * (size_t)d);
        y[count] = self->y[i];
        rows[count++] = i;
    }
    return count;
}

static mlk_code decide(calibrating *self, int part, float *x, int64_t *y, int64_t *rows, double *decisions,
                       mlk_status *status)
{
    int64_t d = self->samples.d, pairs = self->k * (self->k - 1) / 2;
    int64_t count = gather(self, part, false, x, y, rows);
    mlk_svm svm;
    mlk_code code = mlk_svm_fit((mlk_samples){x, count, d}, y, self->k, self->options, &svm, status);
    if (code)
        return code;
    count = gather(self, part, true, x, y, rows);
    code = mlk_svm_predict((mlk_samples){x, count, d}, &svm, decisions, y, status);
    for (int64_t i = 0; !code && i < count; i++)
        memcpy(self->decisions + rows[i] * pairs, decisions + i * pairs, sizeof(double) * (size_t)pairs);
    mlk_svm_free(&svm);
    return code;
}

static void one_part(void *context, int part, int worker)
{
    (void)worker;
    calibrating *self = context;
    size_t n = (size_t)self->samples.n, pairs = (size_t)(self->k * (self->k - 1) / 2);
    float *x = malloc(sizeof(float) * n * (size_t)self->samples.d);
    int64_t *y = malloc(sizeof *y * n), *rows = malloc(sizeof *rows * n);
    double *decisions = malloc(sizeof(double) * n * pairs);
    if (x && y && rows && decisions)
        self->code[part] = decide(self, part, x, y, rows, decisions, &self->status[part]);
    else
        self->code[part] = mlk_fail_memory(&self->status[part], "the calibration of an SVM");
    free(x), free(y), free(rows), free(decisions);
}

/* The sigmoid of each pair, from the rows of its two classes. */
static mlk_code fit_sigmoids(const calibrating *self, double *slopes, double *intercepts, mlk_status *status)
{
    int64_t n = self->samples.n, pairs = self->k * (self->k - 1) / 2, pair = 0;
    double *decisions = malloc(sizeof(double) * (size_t)n);
    bool *first = malloc(sizeof *first * (size_t)n);
    for (int64_t a = 0; decisions && first && a < self->k; a++) {
        for (int64_t b = a + 1; b < self->k; b++, pair++) {
            int64_t count = 0;
            for (int64_t i = 0; i < n; i++) {
                if (self->part[i] == ALWAYS_SEEN || (self->y[i] != a && self->y[i] != b))
                    continue;
                decisions[count] = self->decisions[i * pairs + pair];
                first[count++] = self->y[i] == a;
            }
            mlk_platt_fit(decisions, first, count, slopes + pair, intercepts + pair);
        }
    }
    mlk_code code = decisions && first ? MLK_OK : mlk_fail_memory(status, "the calibration of an SVM");
    free(decisions), free(first);
    return code;
}

mlk_code mlk_svm_calibrate(mlk_samples samples, const int64_t *y, int64_t k, const mlk_svm_options *options,
                           uint64_t seed, double *slopes, double *intercepts, mlk_status *status)
{
    calibrating self = {.samples = samples, .y = y, .k = k, .options = options};
    size_t n = (size_t)samples.n, pairs = (size_t)(k * (k - 1) / 2);
    self.part = malloc(sizeof(int) * n);
    self.decisions = calloc(n * pairs, sizeof(double));
    mlk_code code = self.part && self.decisions ? deal(&self, seed, status)
                                                : mlk_fail_memory(status, "the calibration of an SVM");
    if (!code)
        mlk_parallel(PARTS, 0, one_part, &self);
    for (int part = 0; !code && part < PARTS; part++) {
        code = self.code[part];
        if (code)
            *status = self.status[part];
    }
    if (!code && mlk_interrupted())
        code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    if (!code)
        code = fit_sigmoids(&self, slopes, intercepts, status);
    free(self.part), free(self.decisions);
    return code;
}

typedef struct coupling {
    const double *decisions, *slopes, *intercepts;
    int64_t n, k;
    double *proba;
    double *scratch; /* workers x (2 k k + k) */
} coupling;

static void couple_rows(void *context, int task, int worker)
{
    const coupling *self = context;
    int64_t k = self->k, pairs = k * (k - 1) / 2;
    double *between = self->scratch + worker * (2 * k * k + k), *q = between + k * k, *qp = q + k * k;
    int64_t last = (task + 1) * (int64_t)ROWS;
    last = last < self->n ? last : self->n;
    for (int64_t row = task * (int64_t)ROWS; row < last; row++) {
        int64_t pair = 0;
        for (int64_t a = 0; a < k; a++) {
            for (int64_t b = a + 1; b < k; b++, pair++) {
                double p = mlk_platt_probability(self->decisions[row * pairs + pair], self->slopes[pair],
                                                 self->intercepts[pair]);
                p = p < 1e-7 ? 1e-7 : p > 1 - 1e-7 ? 1 - 1e-7 : p;
                between[a * k + b] = p, between[b * k + a] = 1 - p;
            }
        }
        mlk_platt_couple(between, k, q, qp, self->proba + row * k);
    }
}

mlk_code mlk_svm_proba(const double *decisions, int64_t n, int64_t k, const double *slopes, const double *intercepts,
                       double *proba, mlk_status *status)
{
    int workers = mlk_cores();
    coupling self = {.decisions = decisions, .slopes = slopes, .intercepts = intercepts, .n = n, .k = k,
                     .proba = proba};
    self.scratch = malloc(sizeof(double) * (size_t)(workers * (2 * k * k + k)));
    if (!self.scratch)
        return mlk_fail_memory(status, "the probabilities of an SVM");
    mlk_parallel((int)((n + ROWS - 1) / ROWS), workers, couple_rows, &self);
    free(self.scratch);
    return mlk_interrupted() ? mlk_fail(status, MLK_INTERRUPTED, "interrupted") : MLK_OK;
}
