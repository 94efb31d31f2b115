#include "database.h"

#include "clock.h"
#include "interrupt.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mlk_database {
    sqlite3 *handle;
    char *path;
    double wait_s;
    double waits_since_s; /* of a lock that another has */
};

struct mlk_statement {
    mlk_database *database;
    sqlite3_stmt *handle;
};

/* --- failures --- */

static mlk_code code_of(int error)
{
    switch (error & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return MLK_BUSY;
    case SQLITE_NOMEM:
        return MLK_MEMORY;
    case SQLITE_FULL:
        return MLK_DISK;
    case SQLITE_INTERRUPT:
        return MLK_INTERRUPTED;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return MLK_IO;
    default:
        return MLK_INVALID;
    }
}

static mlk_code fail(const mlk_database *self, int error, mlk_status *status)
{
    mlk_code code = code_of(error);
    if (code == MLK_INTERRUPTED)
        return mlk_fail(status, code, "interrupted");
    if (code == MLK_BUSY)
        return mlk_fail(status, code, "%s: another process has kept it locked for %g s", self->path, self->wait_s);
    if ((error & 0xff) == SQLITE_NOTADB)
        return mlk_fail(status, code, "%s is no SQLite database", self->path);
    int system = sqlite3_system_errno(self->handle);
    if (code == MLK_IO && (system == ENOSPC || system == EDQUOT))
        code = MLK_DISK;
    return mlk_fail(status, code, "%s: %s", self->path, sqlite3_errmsg(self->handle));
}

/* --- opening --- */

static int stop_if_interrupted(void *unused)
{
    (void)unused;
    return mlk_interrupted();
}

/* Called while another process has the lock: nonzero tries again. */
static int wait_for_lock(void *database, int times)
{
    mlk_database *self = database;
    double now = mlk_now_s();
    if (times == 0)
        self->waits_since_s = now;
    if (now - self->waits_since_s >= self->wait_s || mlk_interrupted())
        return 0;
    struct timespec step = {.tv_nsec = times < 10 ? 1000000 : 10000000};
    nanosleep(&step, NULL);
    return 1;
}

static mlk_code set_up(mlk_database *self, bool read_only, mlk_status *status)
{
    sqlite3_extended_result_codes(self->handle, 1);
    sqlite3_busy_handler(self->handle, wait_for_lock, self);
    sqlite3_progress_handler(self->handle, 10000, stop_if_interrupted, NULL);
    sqlite3_db_config(self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(self->handle, SQLITE_LIMIT_ATTACHED, 0);
    mlk_code code = mlk_database_script(self, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", status);
    /* Reads the file's head, so that what is no database is known at once. */
    if (!code)
        code = mlk_database_script(self, read_only ? "PRAGMA user_version" : "PRAGMA journal_mode = WAL", status);
    /* The disk is waited for when the log is taken over, not at each commit: a power cut may cost the last commits, but
     * tears none. */
    return code ? code : mlk_database_script(self, "PRAGMA synchronous = NORMAL", status);
}

mlk_code mlk_database_open(const char *path, bool read_only, double wait_s, mlk_database **database,
                           mlk_status *status)
{
    mlk_database *self = calloc(1, sizeof *self);
    if (!self || !(self->path = strdup(path))) {
        free(self);
        return mlk_fail_memory(status, "a database");
    }
    self->wait_s = wait_s;
    int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int error = sqlite3_open_v2(path, &self->handle, flags | SQLITE_OPEN_EXRESCODE, NULL);
    mlk_code code = error ? fail(self, error, status) : set_up(self, read_only, status);
    if (code) {
        mlk_database_close(self);
        return code;
    }
    *database = self;
    return MLK_OK;
}

void mlk_database_close(mlk_database *self)
{
    if (!self)
        return;
    /* SQLite keeps the handle alive for statements that are left: these must not call what is freed here. */
    sqlite3_busy_handler(self->handle, NULL, NULL);
    sqlite3_close_v2(self->handle);
    free(self->path);
    free(self);
}

/* --- running --- */

mlk_code mlk_database_script(mlk_database *self, const char *sql, mlk_status *status)
{
    int error = sqlite3_exec(self->handle, sql, NULL, NULL, NULL);
    return error ? fail(self, error, status) : MLK_OK;
}

int64_t mlk_database_changes(const mlk_database *self)
{
    return sqlite3_changes64(self->handle);
}

int64_t mlk_database_inserted(const mlk_database *self)
{
    return sqlite3_last_insert_rowid(self->handle);
}

mlk_code mlk_statement_new(mlk_database *database, const char *sql, mlk_statement **statement, mlk_status *status)
{
    mlk_statement *self = calloc(1, sizeof *self);
    if (!self)
        return mlk_fail_memory(status, "a statement");
    const char *rest = "";
    self->database = database;
    int error = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &self->handle, &rest);
    mlk_code code = error ? fail(database, error, status) : MLK_OK;
    if (!code && (!self->handle || rest[strspn(rest, " \t\r\n;")]))
        code = mlk_fail(status, MLK_INVALID, "sql must be one statement, got \"%s\"", sql);
    if (code)
        mlk_statement_free(self);
    else
        *statement = self;
    return code;
}

void mlk_statement_free(mlk_statement *self)
{
    if (!self)
        return;
    sqlite3_finalize(self->handle);
    free(self);
}

int mlk_statement_places(const mlk_statement *self)
{
    return sqlite3_bind_parameter_count(self->handle);
}

const char *mlk_statement_place(const mlk_statement *self, int place)
{
    const char *name = sqlite3_bind_parameter_name(self->handle, place);
    return name && *name == ':' ? name + 1 : NULL;
}

mlk_code mlk_statement_bind(mlk_statement *self, int place, const mlk_value *value, mlk_status *status)
{
    int error = SQLITE_OK;
    switch (value->kind) {
    case MLK_VALUE_NULL:
        error = sqlite3_bind_null(self->handle, place);
        break;
    case MLK_VALUE_INTEGER:
        error = sqlite3_bind_int64(self->handle, place, value->integer);
        break;
    case MLK_VALUE_NUMBER:
        error = sqlite3_bind_double(self->handle, place, value->number);
        break;
    case MLK_VALUE_TEXT:
        error = sqlite3_bind_text64(self->handle, place, value->bytes, value->size, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case MLK_VALUE_BLOB:
        error = sqlite3_bind_blob64(self->handle, place, value->bytes, value->size, SQLITE_TRANSIENT);
        break;
    }
    return error ? fail(self->database, error, status) : MLK_OK;
}

mlk_code mlk_statement_step(mlk_statement *self, bool *row, mlk_status *status)
{
    int error = sqlite3_step(self->handle);
    *row = error == SQLITE_ROW;
    if (error == SQLITE_ROW || error == SQLITE_DONE)
        return MLK_OK;
    mlk_code code = fail(self->database, error, status);
    sqlite3_reset(self->handle);
    return code;
}

int mlk_statement_columns(const mlk_statement *self)
{
    return sqlite3_column_count(self->handle);
}

const char *mlk_statement_column(const mlk_statement *self, int column)
{
    return sqlite3_column_name(self->handle, column);
}

mlk_value mlk_statement_value(const mlk_statement *self, int column)
{
    mlk_value value = {.kind = MLK_VALUE_NULL};
    switch (sqlite3_column_type(self->handle, column)) {
    case SQLITE_INTEGER:
        value.kind = MLK_VALUE_INTEGER;
        value.integer = sqlite3_column_int64(self->handle, column);
        break;
    case SQLITE_FLOAT:
        value.kind = MLK_VALUE_NUMBER;
        value.number = sqlite3_column_double(self->handle, column);
        break;
    case SQLITE_TEXT:
        value.kind = MLK_VALUE_TEXT;
        value.bytes = sqlite3_column_text(self->handle, column);
        break;
    case SQLITE_BLOB:
        value.kind = MLK_VALUE_BLOB;
        value.bytes = sqlite3_column_blob(self->handle, column);
        break;
    }
    if (value.kind >= MLK_VALUE_TEXT)
        value.size = (size_t)sqlite3_column_bytes(self->handle, column);
    return value;
}

void mlk_statement_reset(mlk_statement *self)
{
    sqlite3_reset(self->handle);
    sqlite3_clear_bindings(self->handle);
}
