/* database.h: a file of tables (SQLite) that many processes may read while one writes.
 *
 * The file is in WAL mode with foreign keys: what was committed stays, however a process ends. Statements hold places for
 * values ("?", ":name"), which are bound and never become part of the text. Files of others are not trusted: nothing in
 * a schema runs functions with side effects, and no other file can be attached.
 *
 *     mlk_statement *statement;
 *     if (!(code = mlk_statement_new(database, "SELECT title FROM songs WHERE year = ?", &statement, status)))
 *         code = mlk_statement_bind(statement, 1, &(mlk_value){.kind = MLK_VALUE_INTEGER, .integer = 1969}, status);
 *     for (bool row = true; !code && row;)
 *         if (!(code = mlk_statement_step(statement, &row, status)) && row)
 *             ... mlk_statement_value(statement, 0) ...
 *     mlk_statement_free(statement);
 *
 * A database and its statements belong to one thread at a time.
 */
#ifndef MLK_DATABASE_H
#define MLK_DATABASE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mlk_value_kind {
    MLK_VALUE_NULL,
    MLK_VALUE_INTEGER,
    MLK_VALUE_NUMBER,
    MLK_VALUE_TEXT,
    MLK_VALUE_BLOB,
} mlk_value_kind;

typedef struct mlk_value {
    mlk_value_kind kind;
    int64_t integer;
    double number;
    const void *bytes; /* of a text or a blob */
    size_t size;
} mlk_value;

typedef struct mlk_database mlk_database;
typedef struct mlk_statement mlk_statement;

/* Opens the file; where there is none it is made, unless it is only read. `wait_s`: how long another process may keep it
 * locked before a step is MLK_BUSY. */
mlk_code mlk_database_open(const char *path, bool read_only, double wait_s, mlk_database **database,
                           mlk_status *status);

/* Harmless with NULL. Statements that are left stay good until they are freed. */
void mlk_database_close(mlk_database *database);

/* Runs statements without places, one after the other, to the first that fails. */
mlk_code mlk_database_script(mlk_database *database, const char *sql, mlk_status *status);

/* Rows that the last statement changed, and the number of the row that was inserted last. */
int64_t mlk_database_changes(const mlk_database *database);
int64_t mlk_database_inserted(const mlk_database *database);

/* Exactly one statement. */
mlk_code mlk_statement_new(mlk_database *database, const char *sql, mlk_statement **statement, mlk_status *status);
void mlk_statement_free(mlk_statement *statement);

/* Places count from 1; the name of one that is ":name" is "name", of others NULL. */
int mlk_statement_places(const mlk_statement *statement);
const char *mlk_statement_place(const mlk_statement *statement, int place);

/* Copies what the value points to. */
mlk_code mlk_statement_bind(mlk_statement *statement, int place, const mlk_value *value, mlk_status *status);

/* Goes to the next row; *row is false after the last. MLK_INTERRUPTED once mlk_interrupted(). */
mlk_code mlk_statement_step(mlk_statement *statement, bool *row, mlk_status *status);

/* Columns count from 0. What a value points to is good until the next step or reset. */
int mlk_statement_columns(const mlk_statement *statement);
const char *mlk_statement_column(const mlk_statement *statement, int column);
mlk_value mlk_statement_value(const mlk_statement *statement, int column);

/* Back to before the first row, with no value bound. */
void mlk_statement_reset(mlk_statement *statement);

#endif
