/* Barnes and Hut's sums beside all pairs in double. */
#include "test.h"

#include "learn/space_tree.h"
#include "random.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3000, FEW = 70 };

static mlk_status status;
static float y[N * 3], others[FEW * 3], force[N * 3], z[N], again[N * 3], again_z[N];

static void scatter(int dims, double width)
{
    mlk_random random = mlk_random_seeded((uint64_t)dims);
    for (int i = 0; i < N * dims; i++)
        y[i] = (float)(width * (mlk_random_normal(&random) + 5 * (double)(i / dims % 7 * (i % dims + 1) % 4)));
    for (int i = 0; i < FEW * dims; i++)
        others[i] = (float)(width * 10 * mlk_random_normal(&random));
}

/* The share of the true forces and of their q that is missed. */
static void compare(const float *points, int n, int dims, double *force_off, double *z_off)
{
    double off = 0, size = 0, z_apart = 0, z_size = 0;
    for (int i = 0; i < n; i++) {
        double truth[3] = {0}, sum = 0;
        for (int j = 0; j < N; j++) {
            double squared = 0;
            for (int a = 0; a < dims; a++)
                squared += pow((double)points[i * dims + a] - y[j * dims + a], 2);
            double q = 1 / (1 + squared);
            sum += q;
            for (int a = 0; a < dims; a++)
                truth[a] += q * q * ((double)points[i * dims + a] - y[j * dims + a]);
        }
        for (int a = 0; a < dims; a++) {
            off += pow(truth[a] - force[i * dims + a], 2);
            size += truth[a] * truth[a];
        }
        z_apart += fabs(sum - z[i]);
        z_size += sum;
    }
    *force_off = sqrt(off / size);
    *z_off = z_apart / z_size;
}

static void sums_are_near_those_of_all_pairs(void **state)
{
    (void)state;
    for (int dims = 1; dims <= 3; dims++)
        for (double width = 1e-4; width < 20; width *= 100) {
            mlk_space_tree *tree, *few;
            scatter(dims, width);
            assert_int_equal(mlk_space_tree_new(N, dims, &tree, &status), MLK_OK);
            assert_int_equal(mlk_space_tree_new(FEW, dims, &few, &status), MLK_OK);
            mlk_space_tree_update(tree, y);
            mlk_space_tree_update(few, others);
            for (double theta = 0; theta <= 0.5; theta += 0.5) {
                double force_off, z_off, allowed = theta > 0 ? 0.02 : 1e-4;
                assert_int_equal(mlk_space_tree_repel(tree, tree, theta, force, z, &status), MLK_OK);
                compare(y, N, dims, &force_off, &z_off);
                print_message("%d dimensions, width %g, theta %g: %.1e of the forces, %.1e of q\n", dims, width, theta,
                              force_off, z_off);
                assert_true(force_off < allowed && z_off < allowed);
                assert_int_equal(mlk_space_tree_repel(tree, few, theta, force, z, &status), MLK_OK);
                compare(others, FEW, dims, &force_off, &z_off);
                assert_true(force_off < allowed && z_off < allowed);
            }
            mlk_space_tree_free(tree);
            mlk_space_tree_free(few);
        }
}

static void boxes_follow_points_that_move(void **state)
{
    (void)state;
    double force_off, z_off;
    mlk_space_tree *tree;
    scatter(2, 1);
    assert_int_equal(mlk_space_tree_new(N, 2, &tree, &status), MLK_OK);
    mlk_space_tree_update(tree, y);
    for (double way = 0.01; way < 10; way *= 10) { /* too little to be sorted anew; enough */
        for (int i = 0; i < N * 2; i++)
            y[i] += (float)(way * sin(i));
        mlk_space_tree_update(tree, y);
        assert_int_equal(mlk_space_tree_repel(tree, tree, 0.5, force, z, &status), MLK_OK);
        compare(y, N, 2, &force_off, &z_off);
        assert_true(force_off < 0.02 && z_off < 0.02);
    }
    mlk_space_tree_free(tree);
}

static void one_core_and_all_give_the_same_bits(void **state)
{
    (void)state;
    mlk_space_tree *tree;
    cpu_set_t all, one;
    scatter(2, 1);
    assert_int_equal(mlk_space_tree_new(N, 2, &tree, &status), MLK_OK);
    mlk_space_tree_update(tree, y);
    assert_int_equal(mlk_space_tree_repel(tree, tree, 0.5, force, z, &status), MLK_OK);
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(mlk_space_tree_repel(tree, tree, 0.5, again, again_z, &status), MLK_OK);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_memory_equal(force, again, sizeof(float) * N * 2);
    assert_memory_equal(z, again_z, sizeof z);
    mlk_space_tree_free(tree);
}

static void equal_points_do_not_push(void **state)
{
    (void)state;
    mlk_space_tree *tree;
    memset(y, 0, sizeof y);
    for (int n = 1; n < 200; n += 99) {
        assert_int_equal(mlk_space_tree_new(n, 2, &tree, &status), MLK_OK);
        mlk_space_tree_update(tree, y);
        assert_int_equal(mlk_space_tree_repel(tree, tree, 0.5, force, z, &status), MLK_OK);
        for (int i = 0; i < n; i++)
            assert_true(force[2 * i] == 0 && force[2 * i + 1] == 0 && z[i] == n);
        mlk_space_tree_free(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_near_those_of_all_pairs),
        cmocka_unit_test(boxes_follow_points_that_move),
        cmocka_unit_test(one_core_and_all_give_the_same_bits),
        cmocka_unit_test(equal_points_do_not_push),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
