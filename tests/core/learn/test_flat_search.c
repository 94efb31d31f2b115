/* The most similar vectors beside plain loops over every row: by codes and by products, ties, zeros, and a file whose
 * writer is killed. */
#include "test.h"

#include "learn/flat_search.h"
#include "learn/keys.h"
#include "random.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static mlk_status status;

static float *normals(int64_t count, float offset, float scale, uint64_t seed)
{
    float *x = malloc(sizeof(float) * (size_t)count);
    mlk_random random = mlk_random_seeded(seed);
    mlk_random_normals(&random, scale, count, x);
    for (int64_t i = 0; i < count; i++)
        x[i] += offset;
    return x;
}

static uint64_t *by_plain_loops(mlk_samples samples, mlk_samples queries, int64_t query, const bool *allowed, int64_t *n)
{
    mlk_row_table rows, table;
    uint64_t *keys = malloc(sizeof(uint64_t) * (size_t)samples.n);
    assert_int_equal(mlk_row_table_new(samples, MLK_ROWS_COSINE, NULL, &rows, &status), MLK_OK);
    assert_int_equal(mlk_row_table_new(queries, MLK_ROWS_COSINE, NULL, &table, &status), MLK_OK);
    *n = 0;
    for (int64_t i = 0; i < samples.n; i++)
        if (!allowed || allowed[i])
            keys[(*n)++] = mlk_key(mlk_rows_apart(&table, query, &rows, i), i);
    mlk_keys_sort(keys, *n);
    mlk_row_table_free(&rows);
    mlk_row_table_free(&table);
    return keys;
}

static double cosine(const float *a, const float *b, int64_t d)
{
    double dot = 0, aa = 0, bb = 0;
    for (int64_t j = 0; j < d; j++)
        dot += (double)a[j] * b[j], aa += (double)a[j] * a[j], bb += (double)b[j] * b[j];
    return aa > 0 && bb > 0 ? dot / sqrt(aa * bb) : aa == bb;
}

/* Rows come in parts, so that codes are made of rows that were added since. */
static void fill(mlk_flat_search *search, mlk_samples samples)
{
    uint64_t key[1];
    assert_int_equal(mlk_flat_search_open(NULL, samples.d, search, &status), MLK_OK);
    for (int64_t at = 0, part = 1; at < samples.n; at += part, part = 7 * part + 1) {
        int64_t first, count = samples.n - at < part ? samples.n - at : part;
        mlk_samples some = {samples.x + at * samples.d, count, samples.d}, one = {samples.x, 1, samples.d};
        assert_int_equal(mlk_flat_search_add(search, some, &first, &status), MLK_OK);
        assert_int_equal(first, at);
        assert_int_equal(mlk_flat_search_find(search, one, 1, NULL, key, &status), MLK_OK);
    }
}

static void check(mlk_samples samples, mlk_samples queries, int64_t k, const bool *allowed)
{
    mlk_flat_search search;
    uint64_t *keys = malloc(sizeof(uint64_t) * (size_t)(queries.n * k));
    fill(&search, samples);
    assert_int_equal(mlk_flat_search_find(&search, queries, k, allowed, keys, &status), MLK_OK);
    for (int64_t i = 0; i < queries.n; i++) {
        int64_t n;
        uint64_t *truth = by_plain_loops(samples, queries, i, allowed, &n);
        assert_true(k <= n);
        assert_memory_equal(keys + i * k, truth, sizeof(uint64_t) * (size_t)k);
        for (int64_t j = 0; j < k; j++) {
            const float *row = samples.x + mlk_key_row(keys[i * k + j]) * samples.d;
            double wanted = cosine(queries.x + i * queries.d, row, samples.d);
            assert_true(fabs(1 - mlk_key_apart(keys[i * k + j]) / 2 - wanted) < 1e-6);
        }
        free(truth);
    }
    mlk_flat_search_close(&search);
    free(keys);
}

/* Both ways of bounding, of one table. */
static void check_both(const float *x, int64_t n, int64_t d, int64_t k, const bool *allowed, uint64_t seed)
{
    float *q = normals(40 * d, x[0] > 1 ? 3 : 0, 1, seed);
    memcpy(q, x + (n / 2) * d, sizeof(float) * (size_t)d); /* one of the rows */
    check((mlk_samples){x, n, d}, (mlk_samples){q, 2, d}, k, allowed);
    check((mlk_samples){x, n, d}, (mlk_samples){q, 40, d}, k, allowed);
    free(q);
}

static void finds_what_plain_loops_find(void **state)
{
    (void)state;
    static const int64_t widths[] = {1, 2, 15, 16, 40, 127, 128, 513};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        float *x = normals(5000 * widths[i], 0, 1, i + 1);
        check_both(x, 5000, widths[i], 10, NULL, 100 + i);
        check_both(x, 7, widths[i], 7, NULL, 200 + i);
        check_both(x, 5000, widths[i], 1500, NULL, 300 + i);
        free(x);
    }
}

static void finds_among_rows_that_are_all_alike(void **state)
{
    (void)state;
    const int64_t n = 30000, d = 48;
    float *x = normals(n * d, 3, 0.05f, 5);
    check_both(x, n, d, 20, NULL, 6);
    for (int64_t i = 0; i < n; i++) /* the same row over and over: the earliest are found */
        memcpy(x + i * d, x + (i % 3) * d, sizeof(float) * (size_t)d);
    check_both(x, n, d, 20, NULL, 7);
    free(x);
}

static void finds_differences_in_the_last_place(void **state)
{
    (void)state;
    const int64_t n = 20000, d = 32;
    float *x = normals(n * d, 3, 0, 5);
    mlk_random random = mlk_random_seeded(9);
    for (int64_t i = 0; i < n; i++)
        x[i * d + mlk_random_below(&random, d)] = nextafterf(3, (float)mlk_random_below(&random, 7));
    check_both(x, n, d, 50, NULL, 8);
    free(x);
}

static void knows_zeros_tiny_and_huge_numbers(void **state)
{
    (void)state;
    const int64_t n = 3000, d = 24;
    float *x = normals(n * d, 0, 1, 11);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            x[i * d + j] *= i % 4 == 0 ? 0 : i % 4 == 1 ? 1e-30f : i % 4 == 2 ? 1e30f : 1;
    check_both(x, n, d, 800, NULL, 12);
    free(x);
}

static void finds_among_those_that_are_allowed(void **state)
{
    (void)state;
    const int64_t n = 9000, d = 20;
    float *x = normals(n * d, 0, 1, 13);
    bool *allowed = malloc(sizeof(bool) * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        allowed[i] = i % 17 == 3;
    check_both(x, n, d, 25, allowed, 14);
    free(allowed);
    free(x);
}

static void few_rows_are_compared(void **state)
{
    (void)state;
    mlk_flat_search search;
    const int64_t n = 200000, d = 64;
    uint64_t keys[10];
    float *x = normals(n * d, 2, 1, 15);
    fill(&search, (mlk_samples){x, n, d});
    assert_int_equal(mlk_flat_search_find(&search, (mlk_samples){x, 1, d}, 10, NULL, keys, &status), MLK_OK);
    assert_true(search.compared < n / 20);
    mlk_flat_search_close(&search);
    free(x);
}

static void refuses(void **state)
{
    (void)state;
    mlk_flat_search search;
    int64_t first;
    uint64_t keys[4];
    float x[] = {1, 2, 3, NAN};
    assert_int_equal(mlk_flat_search_open(NULL, 2, &search, &status), MLK_OK);
    assert_int_equal(mlk_flat_search_find(&search, (mlk_samples){x, 1, 2}, 1, NULL, keys, &status), MLK_INVALID);
    assert_string_equal(status.message, "k must be 1..0 (the rows), got 1");
    assert_int_equal(mlk_flat_search_add(&search, (mlk_samples){x, 2, 2}, &first, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "row 1, column 1 is NaN"));
    assert_int_equal(search.vectors.n, 0);
    assert_int_equal(mlk_flat_search_add(&search, (mlk_samples){x, 1, 3}, &first, &status), MLK_INVALID);
    assert_string_equal(status.message, "x must have 2 columns, got 3");
    assert_int_equal(mlk_flat_search_add(&search, (mlk_samples){x, 0, 2}, &first, &status), MLK_OK);
    assert_int_equal(search.vectors.n, 0);
    mlk_flat_search_close(&search);
}

/* --- the file ------------------------------------------------------------------------ */

static char place[64]; /* of the file */

static float number_of(int64_t row, int64_t column)
{
    return (float)(1 + (row * 31 + column * 7) % 101);
}

/* Appends rows, one at a time or some, until it is killed. */
static void write_for_ever(void)
{
    mlk_vectors vectors;
    enum { D = 1000 };
    static float rows[5 * D];
    if (mlk_vectors_open(place, D, D, &vectors, &status))
        _exit(1);
    for (int64_t count = 1;; count = count % 5 + 1) {
        int64_t first;
        for (int64_t i = 0; i < count; i++)
            for (int64_t j = 0; j < D; j++)
                rows[i * D + j] = number_of(vectors.n + i, j);
        if (mlk_vectors_append(&vectors, rows, count, &first, &status))
            _exit(1);
    }
}

static void whole_rows_stay_when_a_writer_is_killed(void **state)
{
    (void)state;
    int64_t before = 0;
    unlink(place);
    for (int round = 0; round < 20; round++) {
        mlk_vectors vectors;
        pid_t child = fork();
        if (child == 0)
            write_for_ever();
        usleep((useconds_t)(5000 + 3000 * round));
        kill(child, SIGKILL);
        int ended;
        waitpid(child, &ended, 0);
        assert_true(WIFSIGNALED(ended));
        int descriptor = open(place, O_WRONLY | O_APPEND); /* and a writer that came no further than a part */
        assert_true(round % 2 || write(descriptor, "torn", 4) == 4);
        close(descriptor);
        assert_int_equal(mlk_vectors_open(place, 1000, 1000, &vectors, &status), MLK_OK);
        assert_true(vectors.n >= before);
        before = vectors.n;
        for (int64_t i = 0; i < vectors.n; i += 1 + vectors.n / 50)
            for (int64_t j = 0; j < 1000; j++)
                assert_true(vectors.x[i * 1000 + j] == number_of(i, j));
        mlk_vectors_close(&vectors);
    }
    assert_true(before > 20);
    unlink(place);
}

static void a_reader_sees_what_is_added(void **state)
{
    (void)state;
    mlk_flat_search writer, reader;
    int64_t first;
    uint64_t key;
    float x[] = {1, 0, 0, 1, 1, 1};
    unlink(place);
    assert_int_equal(mlk_flat_search_open(place, 0, &reader, &status), MLK_IO);
    assert_int_equal(mlk_flat_search_open(place, 2, &writer, &status), MLK_OK);
    assert_int_equal(mlk_flat_search_add(&writer, (mlk_samples){x, 2, 2}, &first, &status), MLK_OK);
    assert_int_equal(mlk_flat_search_open(place, 0, &reader, &status), MLK_OK);
    assert_int_equal(reader.vectors.columns, 2);
    assert_int_equal(reader.vectors.n, 2);
    assert_int_equal(mlk_flat_search_add(&writer, (mlk_samples){x + 4, 1, 2}, &first, &status), MLK_OK);
    assert_int_equal(first, 2);
    assert_int_equal(mlk_vectors_refresh(&reader.vectors, &status), MLK_OK);
    assert_int_equal(mlk_flat_search_find(&reader, (mlk_samples){x + 4, 1, 2}, 1, NULL, &key, &status), MLK_OK);
    assert_int_equal(mlk_key_row(key), 2);
    mlk_flat_search_close(&reader);
    mlk_flat_search_close(&writer);
    assert_int_equal(mlk_flat_search_open(place, 3, &reader, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "holds vectors of 2 numbers, not of 3"));
    int descriptor = open(place, O_WRONLY);
    assert_true(pwrite(descriptor, "x", 1, 0) == 1);
    close(descriptor);
    assert_int_equal(mlk_flat_search_open(place, 2, &reader, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "is no file of vectors"));
    unlink(place);
}

int main(void)
{
    snprintf(place, sizeof place, "/tmp/moonlark-test-vectors-%ld", (long)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_plain_loops_find),
        cmocka_unit_test(finds_among_rows_that_are_all_alike),
        cmocka_unit_test(finds_differences_in_the_last_place),
        cmocka_unit_test(knows_zeros_tiny_and_huge_numbers),
        cmocka_unit_test(finds_among_those_that_are_allowed),
        cmocka_unit_test(few_rows_are_compared),
        cmocka_unit_test(refuses),
        cmocka_unit_test(whole_rows_stay_when_a_writer_is_killed),
        cmocka_unit_test(a_reader_sees_what_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
