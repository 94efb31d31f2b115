/* Files come whole and right, or not at all, whatever the server does. */
#include "test.h"

#include "fixtures.h"
#include "interrupt.h"
#include "net/curl.h"
#include "net/download.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 300000 };

static char folder[] = "/tmp/moonlark-net-XXXXXX", hash[MLK_DIGEST_SIZE], place[sizeof folder + 16];
static char content[SIZE + 1];
static FILE *server;
static int port;

static void write_file(const char *name, const char *bytes, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static int start(void **state)
{
    (void)state;
    char command[512], path[256];
    uint32_t seed = 1;
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    if (!mkdtemp(folder))
        return -1;
    for (int i = 0; i <= SIZE; i++)
        content[i] = (char)(fixture_draw(&seed) >> 24);
    snprintf(path, sizeof path, "%s/org", folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/org/name", folder);
    mkdir(path, 0777);
    write_file("org/name/weights", content, SIZE);
    write_file("org/name/empty", "", 0);
    mlk_digest_bytes(content, SIZE, MLK_SHA256, hash);
    snprintf(place, sizeof place, "%s/got", folder);
    snprintf(command, sizeof command, "exec %s %s", HUB_SERVER, folder);
    server = popen(command, "r");
    return server && fscanf(server, "%d", &port) == 1 ? 0 : -1;
}

static mlk_code fetch(const char *path, const mlk_download *wishes, mlk_status *status)
{
    static char url[512];
    mlk_download file = *wishes;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, path);
    file.url = url;
    file.path = place;
    file.fetch.tries = file.fetch.tries ? file.fetch.tries : 3;
    file.fetch.pause_s = 0.01;
    file.stall_s = 1;
    return mlk_download_file(&file, (mlk_progress){0}, status);
}

static int stop(void **state)
{
    mlk_status status;
    (void)state;
    fetch("quit", &(mlk_download){.size = -1}, &status);
    pclose(server);
    return fixture_remove(folder);
}

static bool is_there(const char *ending)
{
    char path[sizeof place + 16];
    snprintf(path, sizeof path, "%s%s", place, ending);
    return access(path, F_OK) == 0;
}

/* The place holds the content, and nothing lies beside it. */
static void assert_whole(void)
{
    char hex[MLK_DIGEST_SIZE];
    mlk_status status;
    assert_int_equal(mlk_digest_file(place, MLK_SHA256, hex, &status), 0);
    assert_string_equal(hex, hash);
    assert_false(is_there(".incomplete"));
    unlink(place);
}

static void assert_fails(const char *path, const mlk_download *wishes, const char *words, bool part)
{
    mlk_status status;
    mlk_code code = fetch(path, wishes, &status);
    if (!code || !strstr(status.message, words))
        fail_msg("%s: code %d, '%s' is not in '%s'", path, code, words, code ? status.message : "");
    assert_null(strchr(status.message, '\n'));
    assert_false(is_there(""));
    assert_int_equal(is_there(".incomplete"), part);
    if (part) {
        char beside[sizeof place + 16];
        snprintf(beside, sizeof beside, "%s.incomplete", place);
        unlink(beside);
    }
}

static void assert_comes(const char *path, const mlk_download *wishes)
{
    mlk_status status = {0};
    if (fetch(path, wishes, &status))
        fail_msg("%s: %s", path, status.message);
    assert_whole();
}

static mlk_download known(void)
{
    return (mlk_download){.size = SIZE, .kind = MLK_SHA256, .hash = hash};
}

static void a_whole_file(void **state)
{
    (void)state;
    mlk_download all = known();
    mlk_status status;
    assert_comes("good/store/org/name/weights", &all);
    assert_comes("good/org/name/resolve/main/weights", &all);
    assert_comes("good/store/org/name/weights", &(mlk_download){.size = -1});
    assert_int_equal(fetch("good/store/org/name/empty", &(mlk_download){.size = 0}, &status), 0);
    assert_true(is_there(""));
    unlink(place);
}

static void troubles_that_pass(void **state)
{
    (void)state;
    mlk_download all = known();
    assert_comes("cut/store/org/name/weights", &all);
    assert_comes("cut/store/org/name/weights", &(mlk_download){.size = -1}); /* by its ETag */
    assert_comes("cut/org/name/resolve/main/weights", &all);
    assert_comes("flaky/store/org/name/weights", &all);
    assert_comes("busy/store/org/name/weights", &all);
}

static void a_part_from_before(void **state)
{
    (void)state;
    mlk_download all = known();
    write_file("got.incomplete", content, 1000);
    assert_comes("good/store/org/name/weights", &all);
    write_file("got.incomplete", content, SIZE);
    assert_comes("good/store/org/name/weights", &all);
    write_file("got.incomplete", content + 1, SIZE - 1); /* of something else */
    assert_comes("good/store/org/name/weights", &all);
    write_file("got.incomplete", content + 1, SIZE);
    assert_comes("good/store/org/name/weights", &all);
    write_file("got.incomplete", content, 1000);
    assert_comes("good/store/org/name/weights", &(mlk_download){.size = -1}); /* whose hash nobody knows */
    write_file("got.incomplete", content, SIZE);
    assert_comes("good/store/org/name/weights", &(mlk_download){.size = -1, .hash = hash});
}

static void troubles_that_stay(void **state)
{
    (void)state;
    mlk_download all = known(), slow = all;
    slow.fetch.tries = 1;
    assert_fails("stingy/store/org/name/weights", &all, "cannot fetch", true);
    assert_fails("slow/store/org/name/weights", &slow, "Operation too slow", true);
    assert_fails("longer/store/org/name/weights", &all, "announces 300100 bytes, and it must be 300000", false);
    assert_fails("shorter/store/org/name/weights", &all, "announces 299990 bytes", false);
    assert_fails("other/store/org/name/weights", &all, "damaged or another file", false);
    assert_fails("good/store/org/name/weights", &(mlk_download){.size = -1, .most = 1000}, "more than the 1000", true);
    assert_fails("loop/store/org/name/weights", &all, "more than 10 redirections", true);
    assert_fails("garbage/store/org/name/weights", &all, "cannot fetch", true);
    assert_fails("401/x", &all, "needs a valid token", true);
    assert_fails("403/x", &all, "forbidden", true);
    assert_fails("404/x", &all, "not found (status 404)", true);
    assert_fails("429/x", &all, "too many requests", true);
    assert_fails("500/x", &all, "the server fails (status 500)", true);
}

static mlk_http_answer answer;

static mlk_code ask(const char *url, bool head)
{
    mlk_status status;
    mlk_http_request request = {.url = url, .head = head, .connect_s = 2};
    return mlk_http_ask(&request, NULL, &answer, &status);
}

static void what_is_no_answer(void **state)
{
    (void)state;
    assert_int_equal(ask("http://127.0.0.1:1/", false), MLK_IO);
    assert_true(answer.passing);
    assert_int_equal(ask("http://no-such-host.invalid/", false), MLK_IO);
    assert_int_equal(ask("file:///etc/passwd", false), MLK_IO);
    assert_false(answer.passing);
    assert_int_equal(ask("http://", false), MLK_IO);
}

/* The token goes to the host that was asked, not to the one that it leads to. */
static void the_token_stays_at_home(void **state)
{
    (void)state;
    mlk_download all = known();
    char log[64], line[256];
    bool asked = false, led = false;
    all.token = "hf_secret";
    assert_comes("good/org/name/resolve/v2/weights", &all);
    mlk_status status;
    assert_int_equal(fetch("log", &(mlk_download){.size = -1}, &status), 0);
    snprintf(log, sizeof log, "%s", place);
    FILE *lines = fopen(log, "r");
    while (fgets(line, sizeof line, lines)) {
        if (strstr(line, "resolve/v2"))
            asked = strstr(line, "Bearer hf_secret") != NULL;
        if (strstr(line, "/store/")) {
            assert_null(strstr(line, "hf_secret"));
            led = true;
        }
    }
    fclose(lines);
    unlink(place);
    assert_true(asked && led);
}

static void headers(void **state)
{
    (void)state;
    char url[128], text[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/good/org/name/resolve/main/weights", port);
    assert_int_equal(ask(url, true), 0);
    assert_int_equal(answer.status, 302); /* to another host: the answer itself */
    assert_true(mlk_http_header(&answer, "x-linked-etag", text, sizeof text));
    assert_int_equal(strncmp(text + 1, hash, 64), 0);
    assert_int_equal(mlk_http_number(&answer, "X-Linked-Size"), SIZE);
    assert_int_equal(mlk_http_number(&answer, "X-Linked-Etag"), -1);
    assert_false(mlk_http_header(&answer, "x-linked", text, sizeof text));
    assert_false(mlk_http_header(&answer, "x-linked-etag", text, 8));
}

/* Ctrl-C keeps the part, and the next time goes on with it. */
static void interrupted(void **state)
{
    (void)state;
    atomic_int flag = 1;
    mlk_download all = known();
    mlk_status status;
    mlk_interrupt_watch(&flag);
    assert_int_equal(fetch("500/x", &all, &status), MLK_INTERRUPTED);
    mlk_interrupt_watch(NULL);
    assert_comes("good/store/org/name/weights", &all);
}

static void a_disk_that_is_full(void **state)
{
    (void)state;
    mlk_download all = known();
    struct rlimit before, small = {100000, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_fails("good/store/org/name/weights", &all, "cannot write", false);
    setrlimit(RLIMIT_FSIZE, &before);
    char disk[sizeof folder + 8], kept[sizeof place];
    snprintf(disk, sizeof disk, "%s/disk", folder);
    mkdir(disk, 0777);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=100k") != 0) {
        print_message("no file system can be mounted here: a full one is not tried\n");
        rmdir(disk);
        return;
    }
    strcpy(kept, place);
    snprintf(place, sizeof place, "%s/got", disk);
    assert_fails("good/store/org/name/weights", &all, "no room left on the device", false);
    strcpy(place, kept);
    assert_int_equal(umount(disk), 0);
    rmdir(disk);
}

static void a_place_that_cannot_be_written(void **state)
{
    (void)state;
    mlk_download all = known();
    char kept[sizeof place], beside[sizeof place + 16];
    strcpy(kept, place);
    snprintf(place, sizeof place, "%s/no/x", folder);
    assert_fails("good/store/org/name/weights", &all, "cannot write", false);
    strcpy(place, kept);
    snprintf(beside, sizeof beside, "%s.incomplete", place);
    assert_int_equal(symlink("/etc/passwd", beside), 0);
    mlk_status status;
    assert_int_equal(fetch("good/store/org/name/weights", &all, &status), MLK_IO);
    unlink(beside);
}

int main(void)
{
    mlk_status status;
    if (mlk_curl_load(&status)) {
        printf("skipped: %s\n", status.message);
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file), cmocka_unit_test(troubles_that_pass), cmocka_unit_test(a_part_from_before),
        cmocka_unit_test(troubles_that_stay), cmocka_unit_test(what_is_no_answer),
        cmocka_unit_test(the_token_stays_at_home), cmocka_unit_test(headers), cmocka_unit_test(interrupted),
        cmocka_unit_test(a_disk_that_is_full), cmocka_unit_test(a_place_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
