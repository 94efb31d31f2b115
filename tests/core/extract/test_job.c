/* Background jobs: reasons of failures, stopping in the middle of a long item, freeing while running. */
#include "test.h"

#include "extract/job.h"
#include "interrupt.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static mlk_code odd_ones_fail(void *context, int index, mlk_status *status)
{
    ((atomic_int *)context)[index]++;
    return index % 2 ? mlk_fail(status, MLK_INVALID, "item %d is odd", index) : MLK_OK;
}

static void keeps_reasons_and_goes_on(void **state)
{
    (void)state;
    enum { N = 500 };
    for (int workers = 0; workers < 6; workers++) {
        atomic_int runs[N] = {0};
        mlk_status status;
        mlk_job *job = mlk_job_start(N, workers, odd_ones_fail, runs, &status);
        assert_non_null(job);
        while (!mlk_job_wait(job, 0.01))
            ;
        mlk_job_counts counts = mlk_job_progress(job);
        assert_int_equal(counts.total, N);
        assert_int_equal(counts.done, N / 2);
        assert_int_equal(counts.failed, N / 2);
        for (int i = 0; i < N; i++) {
            assert_int_equal(runs[i], 1);
            assert_int_equal(mlk_job_state(job, i), i % 2 ? MLK_JOB_FAILED : MLK_JOB_DONE);
            char reason[32];
            snprintf(reason, sizeof reason, "item %d is odd", i);
            if (i % 2)
                assert_string_equal(mlk_job_reason(job, i), reason);
        }
        mlk_job_free(job);
    }
}

static mlk_code until_interrupted(void *context, int index, mlk_status *status)
{
    (void)index;
    atomic_fetch_add((atomic_int *)context, 1);
    while (!mlk_interrupted())
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
}

static void wait_for_start(atomic_int *started)
{
    while (atomic_load(started) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void stops_within_a_long_item(void **state)
{
    (void)state;
    atomic_int started = 0;
    mlk_status status;
    mlk_job *job = mlk_job_start(100, 2, until_interrupted, &started, &status);
    assert_non_null(job);
    wait_for_start(&started);
    assert_false(mlk_job_wait(job, 0.01));
    mlk_job_stop(job);
    double from = now();
    while (!mlk_job_wait(job, 1))
        ;
    assert_true(now() - from < 1);
    assert_int_equal(mlk_job_progress(job).done + mlk_job_progress(job).failed, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(mlk_job_state(job, i), MLK_JOB_OPEN);
    mlk_job_free(job);
    assert_false(mlk_interrupted()); /* the stop was the job's own */
}

static atomic_int flag;

static void the_users_flag_stops_it_too(void **state)
{
    (void)state;
    atomic_int started = 0;
    mlk_status status;
    flag = 0;
    mlk_interrupt_watch(&flag);
    mlk_job *job = mlk_job_start(100, 2, until_interrupted, &started, &status);
    assert_non_null(job);
    wait_for_start(&started);
    flag = 1;
    bool finished = false;
    for (int i = 0; i < 10 && !finished; i++)
        finished = mlk_job_wait(job, 1);
    assert_true(finished);
    mlk_job_free(job);
    mlk_interrupt_watch(NULL);
}

static void may_be_freed_while_it_runs(void **state)
{
    (void)state;
    atomic_int started = 0;
    mlk_status status;
    mlk_job *job = mlk_job_start(100, 3, until_interrupted, &started, &status);
    assert_non_null(job);
    wait_for_start(&started);
    mlk_job_free(job);
    mlk_job_free(NULL);
}

static void no_items_is_done_at_once(void **state)
{
    (void)state;
    mlk_status status;
    mlk_job *job = mlk_job_start(0, 4, until_interrupted, NULL, &status);
    assert_non_null(job);
    assert_true(mlk_job_wait(job, 5));
    mlk_job_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_reasons_and_goes_on),  cmocka_unit_test(stops_within_a_long_item),
        cmocka_unit_test(the_users_flag_stops_it_too), cmocka_unit_test(may_be_freed_while_it_runs),
        cmocka_unit_test(no_items_is_done_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
