/* Products of 8-bit integers: every way to multiply gives the bits of the plain loop, near the product of floats. */
#include "test.h"

#include "kernels/int8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 20, MOST_OUTPUTS = 130, MOST_K = 200 };

typedef struct layer {
    size_t rows, outputs, k;
    float x[MOST_ROWS * MOST_K], weight[MOST_OUTPUTS * MOST_K], bias[MOST_OUTPUTS];
    float scales[MOST_OUTPUTS];
    uint8_t *packed;
} layer;

static float draw(void)
{
    return (float)rand() / (float)RAND_MAX - 0.5f;
}

static layer *make(size_t rows, size_t outputs, size_t k)
{
    layer *made = calloc(1, sizeof *made);
    *made = (layer){.rows = rows, .outputs = outputs, .k = k, .packed = malloc(mlk_int8_packed_size(outputs, k))};
    for (size_t i = 0; i < rows * k; i++)
        made->x[i] = draw();
    for (size_t i = 0; i < outputs * k; i++)
        made->weight[i] = draw();
    for (size_t o = 0; o < outputs; o++)
        made->bias[o] = draw();
    mlk_int8_pack(made->weight, outputs, k, made->packed, made->scales);
    return made;
}

static void drop(layer *made)
{
    free(made->packed);
    free(made);
}

static void compute(const layer *made, mlk_int8_way way, float *out)
{
    size_t depth = mlk_int8_depth(made->k);
    int8_t *rounded = malloc(made->rows * depth);
    float scales[MOST_ROWS];
    int32_t sums[MOST_ROWS];
    for (size_t i = 0; i < made->rows; i++)
        mlk_int8_round(made->x + i * made->k, made->k, rounded + i * depth, &scales[i], &sums[i]);
    const mlk_int8_rows rows = {rounded, scales, sums, made->rows, made->k};
    for (size_t o = 0; o < made->outputs; o += MLK_INT8_PANEL) {
        size_t left = made->outputs - o;
        const mlk_int8_panel panel = {made->packed + o * depth, made->scales + o, made->bias + o,
                                      left < MLK_INT8_PANEL ? left : MLK_INT8_PANEL};
        mlk_int8_product(way, &rows, &panel, out + o, made->outputs);
    }
    free(rounded);
}

static double product(const layer *made, size_t row, size_t output)
{
    double sum = made->bias[output];
    for (size_t i = 0; i < made->k; i++)
        sum += (double)made->x[row * made->k + i] * made->weight[output * made->k + i];
    return sum;
}

static void products_are_near_those_of_floats(void **state)
{
    (void)state;
    layer *made = make(17, 130, 200);
    float out[MOST_ROWS * MOST_OUTPUTS];
    compute(made, MLK_INT8_PLAIN, out);
    double error = 0, power = 0;
    for (size_t i = 0; i < 17; i++)
        for (size_t o = 0; o < 130; o++) {
            double wanted = product(made, i, o);
            error += (wanted - out[i * 130 + o]) * (wanted - out[i * 130 + o]);
            power += wanted * wanted;
        }
    assert_true(sqrt(error / power) < 0.01);
    drop(made);
}

static void all_ways_give_the_same_bits(void **state)
{
    (void)state;
    for (size_t rows = 1; rows <= 14; rows++)
        for (size_t k = 1; k <= 9; k++) {
            const size_t outputs = rows * 9;
            layer *made = make(rows, outputs, k * k);
            float plain[MOST_ROWS * MOST_OUTPUTS], out[MOST_ROWS * MOST_OUTPUTS];
            compute(made, MLK_INT8_PLAIN, plain);
            for (mlk_int8_way way = MLK_INT8_PLAIN; way <= mlk_int8_best(); way++) {
                compute(made, way, out);
                assert_memory_equal(out, plain, rows * outputs * sizeof *out);
            }
            drop(made);
        }
}

static void whole_numbers_are_exact(void **state)
{
    (void)state;
    layer *made = make(3, 64, 127);
    for (size_t i = 0; i < 3 * 127; i++)
        made->x[i] = (float)((int)(i % 255) - 127);
    for (size_t o = 0; o < 64; o++)
        for (size_t i = 0; i < 127; i++)
            made->weight[o * 127 + i] = i == o ? 127 : i % 2 ? 1 : -127;
    mlk_int8_pack(made->weight, 64, 127, made->packed, made->scales);
    for (size_t i = 0; i < 3; i++)
        made->x[i * 127] = 127; /* the scale of each row is 1 */
    memset(made->bias, 0, sizeof made->bias);
    float out[3 * 64];
    compute(made, mlk_int8_best(), out);
    for (size_t i = 0; i < 3; i++)
        for (size_t o = 0; o < 64; o++)
            assert_true(out[i * 64 + o] == (float)product(made, i, o));
    drop(made);
}

static void zeros_and_what_is_no_number(void **state)
{
    (void)state;
    float row[40] = {0}, scale;
    int8_t rounded[40];
    int32_t sum;
    mlk_int8_round(row, 40, rounded, &scale, &sum);
    assert_true(scale == 0 && sum == 0 && rounded[7] == 0);
    row[30] = INFINITY;
    mlk_int8_round(row, 40, rounded, &scale, &sum);
    assert_true(isnan(scale));
    row[30] = NAN;
    mlk_int8_round(row, 40, rounded, &scale, &sum);
    assert_true(isnan(scale));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_near_those_of_floats),
        cmocka_unit_test(all_ways_give_the_same_bits),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(zeros_and_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
