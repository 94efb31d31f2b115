/* A folder is written by one process at a time, and by the next when that one is gone, however it went. */
#include "test.h"

#include "store/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/moonlark-lock-XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/.lock", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a lock was left behind */
}

static void the_second_is_told_by_whom(void **state)
{
    (void)state;
    mlk_lock first, second;
    mlk_status status;
    char process[32];
    snprintf(process, sizeof process, "process %ld on ", (long)getpid());
    assert_int_equal(mlk_lock_take(path, "moonlark train a b", &first, &status), 0);
    assert_int_equal(mlk_lock_take(path, "another", &second, &status), MLK_BUSY);
    assert_ptr_equal(strstr(status.message, folder), status.message);
    assert_non_null(strstr(status.message, process));
    assert_non_null(strstr(status.message, "(moonlark train a b)"));
    mlk_lock_release(&second); /* never held: harmless */
    mlk_lock_release(&first);
    mlk_lock_release(&first);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(mlk_lock_take(path, "another", &second, &status), 0);
    mlk_lock_release(&second);
}

static void a_killed_holder_is_followed(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    mlk_lock lock;
    mlk_status status;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        byte = mlk_lock_take(path, "a child", &lock, &status) ? 'n' : 'y';
        (void)!write(ready[1], &byte, 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(mlk_lock_take(path, "mine", &lock, &status), MLK_BUSY);
    assert_non_null(strstr(status.message, "a child"));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(mlk_lock_take(path, "mine", &lock, &status), 0);
    mlk_lock_release(&lock);
    close(ready[0]);
    close(ready[1]);
}

static void programs_do_not_inherit_it(void **state)
{
    (void)state;
    mlk_lock lock;
    mlk_status status;
    assert_int_equal(mlk_lock_take(path, "mine", &lock, &status), 0);
    pid_t child = fork();
    if (child == 0) {
        execlp("sleep", "sleep", "60", (char *)NULL);
        _exit(127);
    }
    char link[64], target[64] = "";
    snprintf(link, sizeof link, "/proc/%ld/exe", (long)child);
    for (int i = 0; i < 2000 && !strstr(target, "sleep"); i++) { /* until it is that program, or is none */
        memset(target, 0, sizeof target);
        (void)!readlink(link, target, sizeof target - 1);
        if (strstr(target, "coreutils") || strstr(target, "busybox"))
            break;
        usleep(5000);
    }
    close(lock.descriptor); /* as the kernel does when the holder dies */
    lock.descriptor = -1;
    mlk_lock next;
    assert_int_equal(mlk_lock_take(path, "next", &next, &status), 0);
    mlk_lock_release(&next);
    mlk_lock_release(&lock);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Many take turns; two are never inside at once. */
static void one_at_a_time(void **state)
{
    (void)state;
    enum { PROCESSES = 4, TURNS = 50 };
    char inside[sizeof folder + 16];
    pid_t children[PROCESSES];
    snprintf(inside, sizeof inside, "%s/inside", folder);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (int turn = 0; turn < TURNS;) {
                mlk_lock lock;
                mlk_status status;
                mlk_code code = mlk_lock_take(path, "child", &lock, &status);
                if (code == MLK_BUSY) {
                    usleep(200);
                    continue;
                }
                if (code || mkdir(inside, 0700) != 0 || rmdir(inside) != 0)
                    _exit(1);
                mlk_lock_release(&lock);
                turn++;
            }
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int ended;
        assert_int_equal(waitpid(children[i], &ended, 0), children[i]);
        assert_true(WIFEXITED(ended));
        assert_int_equal(WEXITSTATUS(ended), 0);
    }
}

static void links_and_pipes_are_refused(void **state)
{
    (void)state;
    mlk_lock lock;
    mlk_status status;
    char elsewhere[sizeof folder + 16];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    assert_int_equal(symlink(elsewhere, path), 0);
    assert_int_equal(mlk_lock_take(path, "mine", &lock, &status), MLK_IO);
    assert_non_null(strstr(status.message, "it is a link"));
    assert_int_equal(access(elsewhere, F_OK), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(mlk_lock_take(path, "mine", &lock, &status), MLK_IO);
    assert_int_equal(unlink(path), 0);
}

static void what_the_machine_lacks_is_said(void **state)
{
    (void)state;
    mlk_lock lock;
    mlk_status status;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    mlk_code code = mlk_lock_take(path, "a", &lock, &status);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(code, MLK_EXHAUSTED);
    assert_non_null(strstr(status.message, "too many open files"));
    assert_non_null(strstr(status.message, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_is_told_by_whom), cmocka_unit_test(a_killed_holder_is_followed),
        cmocka_unit_test(programs_do_not_inherit_it), cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(links_and_pipes_are_refused), cmocka_unit_test(what_the_machine_lacks_is_said),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
