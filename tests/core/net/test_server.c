/* What a server judges requests by: pairs, routes, the gate, visits. Sockets are those of tests/lua/test_server.lua. */
#include "test.h"

#include "net/gate.h"
#include "net/pairs.h"
#include "net/route.h"
#include "net/tally.h"
#include "net/visits.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void pairs_keep_what_fits(void **state)
{
    (void)state;
    mlk_pairs pairs = {.most = 24};
    assert_null(mlk_pairs_next(&pairs, NULL));
    assert_false(mlk_pairs_extend(&pairs, "x", 1));
    assert_true(mlk_pairs_add(&pairs, "a", "12"));      /* 5 bytes */
    assert_true(mlk_pairs_extend(&pairs, "345", 3));    /* 8 */
    assert_false(mlk_pairs_extend(&pairs, "6\0007", 3));
    assert_true(mlk_pairs_add(&pairs, "longer", NULL)); /* 16 */
    assert_true(mlk_pairs_extend(&pairs, "12345678", 8));
    assert_false(mlk_pairs_extend(&pairs, "9", 1));
    assert_false(mlk_pairs_add(&pairs, "", ""));
    const char *first = mlk_pairs_next(&pairs, NULL), *second = mlk_pairs_next(&pairs, first);
    assert_string_equal(first, "a");
    assert_string_equal(mlk_pairs_value(first), "12345");
    assert_string_equal(second, "longer");
    assert_string_equal(mlk_pairs_value(second), "12345678");
    assert_null(mlk_pairs_next(&pairs, second));
    mlk_pairs_clear(&pairs);
}

static int find(const mlk_routes *routes, const char *method, const char *path)
{
    char allowed[MLK_ALLOWED_SIZE];
    return mlk_routes_find(routes, method, path, allowed);
}

static void routes_prefer_what_is_written_out(void **state)
{
    (void)state;
    static const char *const all[][2] = {{"GET", "/"}, {"GET", "/v1/{a}/x"}, {"GET", "/v1/y/{b}"}, {"GET", "/v1/y/x"},
                                         {"DELETE", "/v1/y/{b}"}};
    mlk_routes routes = {0};
    mlk_status status;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(mlk_routes_add(&routes, all[i][0], all[i][1], MLK_BODY_NONE, false, &status), MLK_OK);
    assert_int_equal(find(&routes, "GET", "/"), 0);
    assert_int_equal(find(&routes, "HEAD", "/"), 0);
    assert_int_equal(find(&routes, "GET", "/v1/z/x"), 1);
    assert_int_equal(find(&routes, "GET", "/v1/y/z"), 2);
    assert_int_equal(find(&routes, "GET", "/v1/y/x"), 3);
    assert_int_equal(find(&routes, "DELETE", "/v1/y/x"), 4);
    assert_int_equal(find(&routes, "GET", "/v1/y/"), MLK_ROUTE_UNKNOWN);
    assert_int_equal(find(&routes, "GET", "/v1/y/x/"), MLK_ROUTE_UNKNOWN);
    assert_int_equal(find(&routes, "GET", "*"), MLK_ROUTE_UNKNOWN);
    assert_int_equal(find(&routes, "GET", ""), MLK_ROUTE_UNKNOWN);
    assert_int_equal(find(&routes, "PUT", "/v1/y/x"), MLK_ROUTE_OTHER_METHOD);
    char allowed[MLK_ALLOWED_SIZE];
    mlk_routes_find(&routes, "PUT", "/v1/y/x", allowed);
    assert_string_equal(allowed, "GET, HEAD, DELETE");
    mlk_routes_clear(&routes);
}

static void routes_are_written_well(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"get", "/"}, {"", "/"}, {"GET", ""}, {"GET", "v1"}, {"GET", "/a//b"},
                                         {"GET", "/{a"}, {"GET", "/a}"}, {"GET", "/{}"}, {"GET", "/a/"}};
    mlk_routes routes = {0};
    mlk_status status;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(mlk_routes_add(&routes, bad[i][0], bad[i][1], MLK_BODY_NONE, false, &status), MLK_INVALID);
    assert_int_equal(mlk_routes_add(&routes, "GET", "/a", MLK_BODY_NONE, false, &status), MLK_OK);
    assert_int_equal(mlk_routes_add(&routes, "GET", "/a", MLK_BODY_NONE, false, &status), MLK_INVALID);
    mlk_routes_clear(&routes);
}

static int judge(mlk_gate *gate, mlk_visitor visitor)
{
    visitor.peer = visitor.peer ? visitor.peer : "127.0.0.1";
    visitor.method = visitor.method ? visitor.method : "GET";
    return mlk_gate_judge(gate, &visitor, 0).status;
}

static void the_gate_knows_its_names(void **state)
{
    (void)state;
    static const char *const hosts[] = {"music.example", NULL};
    static const char *const good[] = {"localhost", "LocalHost:8000", "127.0.0.1:1", "[::1]", "[::1]:8000", "music.example:80"};
    static const char *const bad[] = {"", ":80", "localhost:80x", "localhost.evil.example", "evil.example", "[::1", "[::1]x",
                                      "localhost:80:80", "2130706433", "127.1", "music.example.", "localhost@evil.example"};
    mlk_gate gate;
    mlk_status status;
    assert_int_equal(mlk_gate_open(&gate, hosts, NULL, 0, &status), MLK_OK);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(judge(&gate, (mlk_visitor){.host = good[i]}), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(judge(&gate, (mlk_visitor){.host = bad[i]}), 421);
    assert_int_equal(judge(&gate, (mlk_visitor){.host = NULL}), 421);
    mlk_gate_close(&gate);
}

static void the_gate_lets_no_other_page_in(void **state)
{
    (void)state;
    mlk_gate gate;
    mlk_status status;
    assert_int_equal(mlk_gate_open(&gate, NULL, NULL, 0, &status), MLK_OK);
    mlk_visitor v = {.host = "localhost:8000", .origin = "http://localhost:8000"};
    assert_int_equal(judge(&gate, v), 0);
    v.origin = "http://localhost:80";
    assert_int_equal(judge(&gate, v), 403);
    v.origin = "localhost:8000";
    assert_int_equal(judge(&gate, v), 403);
    v.origin = NULL, v.fetch_site = "same-site";
    assert_int_equal(judge(&gate, v), 403);
    v.fetch_mode = "navigate";
    assert_int_equal(judge(&gate, v), 0);
    v.method = "POST";
    assert_int_equal(judge(&gate, v), 403);
    mlk_gate_close(&gate);
}

static void the_gate_asks_for_a_token(void **state)
{
    (void)state;
    mlk_gate gate;
    mlk_status status;
    assert_int_equal(mlk_gate_open(&gate, NULL, "secret", 0, &status), MLK_OK);
    mlk_visitor v = {.host = "localhost"};
    assert_int_equal(judge(&gate, v), 401);
    v.public = true;
    assert_int_equal(judge(&gate, v), 0);
    v.public = false, v.authorization = "bearer secret";
    assert_int_equal(judge(&gate, v), 0);
    v.authorization = "Bearer secret ";
    assert_int_equal(judge(&gate, v), 401);
    v.authorization = NULL, v.cookie = "notmoonlark=secret; moonlark=secret2";
    assert_int_equal(judge(&gate, v), 401);
    v.cookie = "a=b;moonlark=secret;c=d";
    assert_int_equal(judge(&gate, v), 0);
    assert_true(mlk_gate_knows(&gate, "secret", 6));
    assert_false(mlk_gate_knows(&gate, "secret", 5));
    mlk_gate_close(&gate);
    assert_int_equal(mlk_gate_open(&gate, NULL, NULL, 0, &status), MLK_OK);
    assert_false(mlk_gate_knows(&gate, "", 0)); /* where no token is needed, none is known */
    mlk_gate_close(&gate);
}

static void the_gate_counts(void **state)
{
    (void)state;
    mlk_gate gate;
    mlk_status status;
    assert_int_equal(mlk_gate_open(&gate, NULL, NULL, 5, &status), MLK_OK);
    mlk_visitor v = {.host = "localhost", .peer = "10.0.0.1", .method = "GET"}, other = v;
    other.peer = "10.0.0.2";
    for (int i = 0; i < 10; i++) /* two seconds' worth at once */
        assert_int_equal(mlk_gate_judge(&gate, &v, 100).status, 0);
    assert_int_equal(mlk_gate_judge(&gate, &v, 100).status, 429);
    assert_int_equal(mlk_gate_judge(&gate, &other, 100).status, 0);
    assert_int_equal(mlk_gate_judge(&gate, &v, 100.25).status, 0);
    assert_int_equal(mlk_gate_judge(&gate, &v, 100.25).status, 429);
    mlk_gate_close(&gate);
}

static void slow_visits_are_shut(void **state)
{
    (void)state;
    int pairs[3][2];
    mlk_visits visits = {0};
    mlk_visit *all[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        all[i] = mlk_visits_add(&visits, pairs[i][0], NULL, 10);
    }
    mlk_visit_turn(all[1], MLK_VISIT_BODY, 10);
    mlk_visit_turn(all[2], MLK_VISIT_SERVED, 10);
    assert_int_equal(mlk_visits_of(&visits, all[0]->peer), 3);
    mlk_visits_sweep(&visits, 30, 60, 39);
    assert_false(all[0]->shut || all[1]->shut || all[2]->shut);
    mlk_visits_sweep(&visits, 30, 60, 41);
    assert_true(all[0]->shut && !all[1]->shut && !all[2]->shut);
    mlk_visits_sweep(&visits, 30, 60, 1000);
    assert_true(all[1]->shut && !all[2]->shut);
    char said[13] = {0};
    assert_int_equal(recv(pairs[1][1], said, 12, 0), 12);
    assert_string_equal(said, "HTTP/1.1 408");
    assert_int_equal(recv(pairs[0][1], said, 12, 0), 0);
    for (int i = 0; i < 3; i++) {
        mlk_visits_remove(&visits, all[i]);
        close(pairs[i][0]), close(pairs[i][1]);
    }
    assert_int_equal(visits.count, 0);
    assert_null(visits.first);
}

static void tallies_count(void **state)
{
    (void)state;
    mlk_tally tally = {0};
    mlk_tally_add(&tally, 200, .0005);
    mlk_tally_add(&tally, 404, .003);
    mlk_tally_add(&tally, 0, 1000); /* gone before its answer */
    assert_int_equal(tally.statuses[1], 1);
    assert_int_equal(tally.statuses[3], 1);
    assert_int_equal(tally.within[0], 1);
    assert_int_equal(tally.within[2], 1);
    assert_float_equal(tally.seconds, 1000.0035, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_keep_what_fits), cmocka_unit_test(routes_prefer_what_is_written_out),
        cmocka_unit_test(routes_are_written_well), cmocka_unit_test(the_gate_knows_its_names),
        cmocka_unit_test(the_gate_lets_no_other_page_in), cmocka_unit_test(the_gate_asks_for_a_token),
        cmocka_unit_test(the_gate_counts), cmocka_unit_test(slow_visits_are_shut), cmocka_unit_test(tallies_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
