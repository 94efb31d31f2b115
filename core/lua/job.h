/* job.h: moonlark.job: work over many items in the background, as Lua sees it.
 *
 * A job runs while Lua polls it, so that Lua draws the progress and Ctrl-C
 * reaches the prompt at once. Closing a job, or collecting it, stops it and
 * waits for its threads.
 *
 *     local job <close> = core.extract.start(recipe, tracks, workers, cache)
 *     while not job:wait(0.1) do show(job:progress()) end
 *     local outcome, notes = job:outcome(), job:notes()
 */
#ifndef MLK_LUA_JOB_H
#define MLK_LUA_JOB_H

#include "extract/extraction.h"

#include <lua.h>

/* One kind of work. Its `context` belongs to the job, which frees it after its threads have ended. */
typedef struct mlk_lua_work {
    mlk_job_work *item;
    void (*free)(void *context);
    const mlk_audio_notes *(*notes)(const void *context, int index); /* of an item that is done; NULL: none */
    mlk_extraction *(*extraction)(const void *context);              /* the one that fills a cache; NULL: none */
} mlk_lua_work;

typedef struct mlk_lua_job {
    mlk_job *job; /* NULL: not started yet, or closed */
    int n;
    const mlk_lua_work *work;
    void *context;
} mlk_lua_job;

/* Pushes a job of n items that is still to start. */
mlk_lua_job *mlk_lua_push_job(lua_State *L, const mlk_lua_work *work, int n);

/* Starts it; takes over `context`, on failure too. */
void mlk_lua_start_job(lua_State *L, mlk_lua_job *job, void *context, int workers);

/* The job at `arg`, which does this kind of work and has ended. */
mlk_lua_job *mlk_lua_finished_job(lua_State *L, int arg, const mlk_lua_work *work);

#endif
