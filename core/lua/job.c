#include "job.h"

#include "arguments.h"
#include "notes.h"

#define JOB_TYPE "moonlark.job"

/* job:close(): stops the job, waits for its threads and frees what it holds; may be called again */
static int close_job(lua_State *L)
{
    mlk_lua_job *self = luaL_checkudata(L, 1, JOB_TYPE);
    mlk_job_free(self->job);
    if (self->context)
        self->work->free(self->context);
    self->job = NULL;
    self->context = NULL;
    return 0;
}

static mlk_lua_job *check_job(lua_State *L, int arg)
{
    mlk_lua_job *self = luaL_checkudata(L, arg, JOB_TYPE);
    if (!self->job)
        mlk_lua_fail(L, "the job is closed");
    return self;
}

/* A job whose results may be read. */
static mlk_lua_job *check_finished(lua_State *L, int arg)
{
    mlk_lua_job *self = check_job(L, arg);
    if (!mlk_job_wait(self->job, 0))
        mlk_lua_fail(L, "the job still runs");
    return self;
}

mlk_lua_job *mlk_lua_finished_job(lua_State *L, int arg, const mlk_lua_work *work)
{
    mlk_lua_job *self = check_finished(L, arg);
    if (self->work != work)
        mlk_lua_fail(L, "the job does other work");
    return self;
}

/* job:wait(seconds) -> boolean: true once nothing runs any more */
static int wait(lua_State *L)
{
    mlk_lua_job *self = check_job(L, 1);
    lua_pushboolean(L, mlk_job_wait(self->job, mlk_lua_number(L, 2, "seconds", 0, 3600)));
    return 1;
}

/* job:progress() -> {total, done, failed, cached, uncached, unkept}; cached: found in the cache; uncached: could not be
 * kept, unkept: why the first of these could not */
static int progress(lua_State *L)
{
    mlk_lua_job *self = check_job(L, 1);
    mlk_job_counts counts = mlk_job_progress(self->job);
    mlk_extraction *extraction = self->work->extraction ? self->work->extraction(self->context) : NULL;
    mlk_status why;
    lua_createtable(L, 0, 6);
    if (extraction && mlk_extraction_unkept(extraction, &why)) {
        mlk_lua_set_string(L, "unkept", why.message);
    }
    mlk_lua_set_integer(L, "total", counts.total);
    mlk_lua_set_integer(L, "done", counts.done);
    mlk_lua_set_integer(L, "failed", counts.failed);
    mlk_lua_set_integer(L, "cached", extraction ? mlk_extraction_cached(extraction) : 0);
    mlk_lua_set_integer(L, "uncached", extraction ? mlk_extraction_uncached(extraction) : 0);
    return 1;
}

/* job:ended_by() -> string?: why the job ended before its items were done */
static int ended_by(lua_State *L)
{
    lua_pushstring(L, mlk_job_ended_by(check_finished(L, 1)->job));
    return 1;
}

/* job:outcome() -> list: true for an item that is done, the reason for one that failed, false for one left open */
static int outcome(lua_State *L)
{
    mlk_lua_job *self = check_finished(L, 1);
    lua_createtable(L, self->n, 0);
    for (int i = 0; i < self->n; i++) {
        mlk_job_item state = mlk_job_state(self->job, i);
        if (state == MLK_JOB_FAILED)
            lua_pushstring(L, mlk_job_reason(self->job, i));
        else
            lua_pushboolean(L, state == MLK_JOB_DONE);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* job:notes() -> list: of each item what is to be said of its sound ({partial, warning}), or false */
static int notes(lua_State *L)
{
    mlk_lua_job *self = check_finished(L, 1);
    lua_createtable(L, self->n, 0);
    for (int i = 0; i < self->n; i++) {
        bool done = mlk_job_state(self->job, i) == MLK_JOB_DONE;
        mlk_lua_push_notes(L, done ? self->work->notes(self->context, i) : NULL);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

mlk_lua_job *mlk_lua_push_job(lua_State *L, const mlk_lua_work *work, int n)
{
    static const luaL_Reg methods[] = {
        {"close", close_job}, {"ended_by", ended_by}, {"notes", notes}, {"outcome", outcome},
        {"progress", progress}, {"wait", wait}, {NULL, NULL},
    };
    mlk_lua_new_type(L, JOB_TYPE, close_job, methods);
    mlk_lua_job *self = mlk_lua_push_object(L, JOB_TYPE, sizeof *self);
    self->work = work;
    self->n = n;
    return self;
}

void mlk_lua_start_job(lua_State *L, mlk_lua_job *self, void *context, int workers)
{
    mlk_status status;
    self->context = context;
    self->job = mlk_job_start(self->n, workers, self->work->item, context, &status);
    if (!self->job)
        mlk_lua_raise(L, &status);
}
