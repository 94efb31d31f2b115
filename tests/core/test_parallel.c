/* Every task runs exactly once, for any number of workers, and the flag stops the queue. */
#include "test.h"

#include "interrupt.h"

#include <stdatomic.h>
#include "parallel.h"

enum { TASKS = 1000 };

static void mark(void *context, int task, int worker)
{
    (void)worker;
    ((int *)context)[task]++;
}

static void runs_each_task_once(void **state)
{
    (void)state;
    for (int workers = 0; workers <= 9; workers++) {
        int runs[TASKS] = {0};
        assert_int_equal(mlk_parallel(TASKS, workers, mark, runs), TASKS);
        for (int i = 0; i < TASKS; i++)
            assert_int_equal(runs[i], 1);
    }
    assert_int_equal(mlk_parallel(0, 3, mark, NULL), 0);
}

static atomic_int flag;

static void raise_flag(void *context, int task, int worker)
{
    (void)context, (void)worker;
    if (task == 10)
        flag = 1;
}

static void stops_when_interrupted(void **state)
{
    (void)state;
    flag = 0;
    mlk_interrupt_watch(&flag);
    int done = mlk_parallel(TASKS, 1, raise_flag, NULL);
    mlk_interrupt_watch(NULL);
    assert_int_equal(done, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_each_task_once),
        cmocka_unit_test(stops_when_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
