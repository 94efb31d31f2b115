/* A database: values that are bound, locks that are waited for, interrupts, files that are none, ends in any order. */
#include "test.h"

#include "clock.h"
#include "fixtures.h"
#include "interrupt.h"
#include "store/database.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/moonlark-database-XXXXXX";
static char path[sizeof folder + 16];
static mlk_status status;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/notes.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return fixture_remove(folder);
}

static mlk_database *opened(double wait_s)
{
    mlk_database *database;
    assert_int_equal(mlk_database_open(path, false, wait_s, &database, &status), MLK_OK);
    return database;
}

static mlk_code run(mlk_database *database, const char *sql)
{
    return mlk_database_script(database, sql, &status);
}

static mlk_statement *prepared(mlk_database *database, const char *sql)
{
    mlk_statement *statement;
    assert_int_equal(mlk_statement_new(database, sql, &statement, &status), MLK_OK);
    return statement;
}

static bool next_row(mlk_statement *statement)
{
    bool row;
    assert_int_equal(mlk_statement_step(statement, &row, &status), MLK_OK);
    return row;
}

static void values_come_back(void **state)
{
    (void)state;
    static const char bytes[] = "a\0'; DROP TABLE notes; --";
    const mlk_value values[] = {
        {.kind = MLK_VALUE_INTEGER, .integer = INT64_MIN},
        {.kind = MLK_VALUE_NUMBER, .number = 0.1},
        {.kind = MLK_VALUE_TEXT, .bytes = bytes, .size = sizeof bytes},
        {.kind = MLK_VALUE_BLOB, .bytes = bytes, .size = sizeof bytes},
        {.kind = MLK_VALUE_BLOB, .bytes = bytes, .size = 0},
        {.kind = MLK_VALUE_NULL},
    };
    mlk_database *database = opened(0);
    assert_int_equal(run(database, "CREATE TABLE notes (x); INSERT INTO notes VALUES (7)"), MLK_OK);
    mlk_statement *statement = prepared(database, "SELECT :a, ?2, ?3, ?4, ?5, ?6;  ");
    assert_int_equal(mlk_statement_places(statement), 6);
    assert_string_equal(mlk_statement_place(statement, 1), "a");
    assert_null(mlk_statement_place(statement, 2));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 6; i++)
            assert_int_equal(mlk_statement_bind(statement, i + 1, &values[i], &status), MLK_OK);
        assert_true(next_row(statement));
        assert_int_equal(mlk_statement_columns(statement), 6);
        for (int i = 0; i < 6; i++) {
            mlk_value found = mlk_statement_value(statement, i);
            assert_int_equal(found.kind, values[i].kind);
            assert_int_equal(found.integer, values[i].integer);
            assert_true(found.number == values[i].number);
            assert_int_equal(found.size, values[i].size);
            assert_true(found.size == 0 || memcmp(found.bytes, values[i].bytes, found.size) == 0);
        }
        assert_false(next_row(statement));
        mlk_statement_reset(statement);
    }
    assert_int_equal(mlk_statement_bind(statement, 7, &values[0], &status), MLK_INVALID);
    mlk_statement_free(statement);
    mlk_database_close(database);
}

static void statements_may_outlive_the_database(void **state)
{
    (void)state;
    mlk_database *database = opened(0);
    mlk_statement *statement = prepared(database, "SELECT x FROM notes");
    assert_true(next_row(statement));
    mlk_database_close(database);
    mlk_statement_free(statement);
    mlk_statement_free(NULL);
    mlk_database_close(NULL);
}

static void what_is_refused_has_a_code(void **state)
{
    (void)state;
    mlk_statement *statement;
    mlk_database *database = opened(0);
    assert_int_equal(mlk_statement_new(database, "SELEC", &statement, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "syntax error"));
    assert_int_equal(mlk_statement_new(database, "SELECT 1; SELECT 2", &statement, &status), MLK_INVALID);
    assert_int_equal(mlk_statement_new(database, "", &statement, &status), MLK_INVALID);
    assert_int_equal(run(database, "CREATE TABLE once (x UNIQUE); INSERT INTO once VALUES (1), (1)"), MLK_INVALID);
    assert_int_equal(run(database, "CREATE TABLE child (x REFERENCES once (x)); INSERT INTO child VALUES (5)"),
                     MLK_INVALID);
    assert_int_equal(run(database, "ATTACH ':memory:' AS other"), MLK_INVALID);
    mlk_database_close(database);

    char text[sizeof folder + 16];
    snprintf(text, sizeof text, "%s/text", folder);
    FILE *file = fopen(text, "w");
    for (int i = 0; i < 200; i++)
        fputs("no database ", file);
    fclose(file);
    assert_int_equal(mlk_database_open(text, false, 0, &database, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "is no SQLite database"));
    assert_int_equal(mlk_database_open(folder, false, 0, &database, &status), MLK_IO);
    assert_int_equal(mlk_database_open(path, true, 0, &database, &status), MLK_OK);
    assert_int_equal(run(database, "DELETE FROM notes"), MLK_IO);
    mlk_database_close(database);
}

static void a_lock_is_waited_for_so_long(void **state)
{
    (void)state;
    mlk_database *one = opened(0), *other = opened(0.1);
    assert_int_equal(run(one, "BEGIN IMMEDIATE; INSERT INTO notes VALUES (1)"), MLK_OK);
    double start = mlk_now_s();
    assert_int_equal(run(other, "INSERT INTO notes VALUES (2)"), MLK_BUSY);
    assert_true(mlk_now_s() - start >= 0.1);
    mlk_statement *statement = prepared(other, "SELECT count(*) FROM notes");
    assert_true(next_row(statement));
    assert_int_equal(mlk_statement_value(statement, 0).integer, 1); /* readers see what was committed */
    mlk_statement_free(statement);
    assert_int_equal(run(one, "COMMIT"), MLK_OK);
    assert_int_equal(run(other, "INSERT INTO notes VALUES (2)"), MLK_OK);
    assert_int_equal(mlk_database_changes(other), 1);
    assert_int_equal(mlk_database_inserted(other), 3);
    mlk_database_close(one);
    mlk_database_close(other);
}

static void work_without_end_stops_at_an_interrupt(void **state)
{
    (void)state;
    bool row;
    atomic_int flag = 1;
    mlk_database *database = opened(0);
    mlk_statement *endless = prepared(
        database, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
    mlk_interrupt_watch(&flag);
    assert_int_equal(mlk_statement_step(endless, &row, &status), MLK_INTERRUPTED);
    mlk_interrupt_watch(NULL);
    mlk_statement_free(endless);
    mlk_database_close(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(statements_may_outlive_the_database),
        cmocka_unit_test(what_is_refused_has_a_code),
        cmocka_unit_test(a_lock_is_waited_for_so_long),
        cmocka_unit_test(work_without_end_stops_at_an_interrupt),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
