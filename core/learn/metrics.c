#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

mlk_code mlk_contingency(const int64_t *truth, const int64_t *labels, int64_t n, int64_t rows, int64_t columns,
                         int64_t *counts, mlk_status *status)
{
    memset(counts, 0, sizeof(int64_t) * (size_t)(rows * columns));
    for (int64_t i = 0; i < n; i++) {
        if (truth[i] < 0 || truth[i] >= rows || labels[i] < 0 || labels[i] >= columns)
            return mlk_fail(status, MLK_INVALID, "labels must be 0 or above, row %lld has %lld and %lld", (long long)i,
                            (long long)truth[i], (long long)labels[i]);
        counts[truth[i] * columns + labels[i]]++;
    }
    return MLK_OK;
}

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

/* Sum over the table's row `i` (or column, with the strides swapped). */
static double margin(const int64_t *counts, int64_t i, int64_t stride, int64_t step, int64_t length)
{
    double sum = 0;
    for (int64_t j = 0; j < length; j++)
        sum += (double)counts[i * stride + j * step];
    return sum;
}

double mlk_adjusted_rand(const int64_t *counts, int64_t rows, int64_t columns)
{
    double together = 0, in_rows = 0, in_columns = 0, n = 0;
    for (int64_t i = 0; i < rows * columns; i++)
        together += pairs((double)counts[i]);
    for (int64_t i = 0; i < rows; i++) {
        double sum = margin(counts, i, columns, 1, columns);
        in_rows += pairs(sum);
        n += sum;
    }
    for (int64_t j = 0; j < columns; j++)
        in_columns += pairs(margin(counts, j, 1, columns, rows));
    double expected = n > 1 ? in_rows * in_columns / pairs(n) : 0, most = (in_rows + in_columns) / 2;
    return most == expected ? 1 : (together - expected) / (most - expected);
}

static double entropy_term(double count, double n)
{
    return count > 0 ? -count / n * log(count / n) : 0;
}

/* What the two labellings of a table hold, and hold in common. */
typedef struct information {
    double n, of_rows, of_columns, common; /* entropies and their mutual information, in nats */
    int64_t used_rows, used_columns;
} information;

static information information_of(const int64_t *counts, int64_t rows, int64_t columns)
{
    information it = {0};
    double joint = 0;
    for (int64_t i = 0; i < rows * columns; i++)
        it.n += (double)counts[i];
    for (int64_t i = 0; i < rows; i++) {
        double sum = margin(counts, i, columns, 1, columns);
        it.of_rows += entropy_term(sum, it.n);
        it.used_rows += sum > 0;
    }
    for (int64_t j = 0; j < columns; j++) {
        double sum = margin(counts, j, 1, columns, rows);
        it.of_columns += entropy_term(sum, it.n);
        it.used_columns += sum > 0;
    }
    for (int64_t i = 0; i < rows * columns; i++)
        joint += entropy_term((double)counts[i], it.n);
    double common = it.of_rows + it.of_columns - joint;
    it.common = it.used_rows > 1 && it.used_columns > 1 && common > 0 ? common : 0;
    return it;
}

double mlk_normalized_mutual_information(const int64_t *counts, int64_t rows, int64_t columns)
{
    information it = information_of(counts, rows, columns);
    if (it.used_rows <= 1 && it.used_columns <= 1)
        return 1;
    double mean = (it.of_rows + it.of_columns) / 2;
    return mean > 0 ? it.common / mean : 0;
}

void mlk_homogeneity(const int64_t *counts, int64_t rows, int64_t columns, double *homogeneity, double *completeness)
{
    information it = information_of(counts, rows, columns);
    *homogeneity = it.of_rows > 0 ? it.common / it.of_rows : 1;
    *completeness = it.of_columns > 0 ? it.common / it.of_columns : 1;
}

/* The information that a class of `a` rows and a cluster of `b` have in common by chance, of n rows in all.
 * log_factorial: ln 0! .. ln n!. */
static double by_chance(int64_t a, int64_t b, int64_t n, const double *log_factorial)
{
    double sum = 0, all = (double)n;
    const double *f = log_factorial;
    double fixed = f[a] + f[b] + f[n - a] + f[n - b] - f[n];
    for (int64_t c = a + b > n ? a + b - n : 1; c <= a && c <= b; c++) {
        if (c == 0)
            continue;
        double chance = exp(fixed - f[c] - f[a - c] - f[b - c] - f[n - a - b + c]);
        sum += (double)c / all * log(all * (double)c / ((double)a * (double)b)) * chance;
    }
    return sum;
}

static double expected_information(const int64_t *counts, int64_t rows, int64_t columns, int64_t n,
                                   const double *log_factorial)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t a = (int64_t)margin(counts, i, columns, 1, columns);
        for (int64_t j = 0; j < columns && a > 0; j++) {
            int64_t b = (int64_t)margin(counts, j, 1, columns, rows);
            if (b > 0)
                sum += by_chance(a, b, n, log_factorial);
        }
    }
    return sum;
}

mlk_code mlk_expected_information(const int64_t *counts, int64_t rows, int64_t columns, double *value,
                                  mlk_status *status)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows * columns; i++)
        n += counts[i];
    double *log_factorial = malloc(sizeof *log_factorial * (size_t)(n + 1));
    if (!log_factorial)
        return mlk_fail_memory(status, "logarithms of factorials");
    log_factorial[0] = 0;
    for (int64_t i = 1; i <= n; i++)
        log_factorial[i] = log_factorial[i - 1] + log((double)i);
    *value = expected_information(counts, rows, columns, n, log_factorial);
    free(log_factorial);
    return MLK_OK;
}

mlk_code mlk_adjusted_mutual_information(const int64_t *counts, int64_t rows, int64_t columns, double *value,
                                         mlk_status *status)
{
    information it = information_of(counts, rows, columns);
    double expected;
    *value = 1;
    if (it.used_rows <= 1 && it.used_columns <= 1)
        return MLK_OK;
    mlk_code code = mlk_expected_information(counts, rows, columns, &expected, status);
    if (code != MLK_OK)
        return code;
    double room = (it.of_rows + it.of_columns) / 2 - expected;
    if (fabs(room) < 2.220446049250313e-16)
        room = room < 0 ? -2.220446049250313e-16 : 2.220446049250313e-16;
    *value = (it.common - expected) / room;
    return MLK_OK;
}
