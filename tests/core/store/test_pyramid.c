/* Pyramids of tiles: every pixel of every zoom beside the columns that went in, halved by plain arithmetic. */
#include "test.h"

#include "store/file.h"
#include "store/pyramid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char path[] = "/tmp/test_pyramidXXXXXX";

static int make_place(void **state)
{
    (void)state;
    int descriptor = mkstemp(path);
    return descriptor < 0 || close(descriptor);
}

static int remove_place(void **state)
{
    (void)state;
    return unlink(path);
}

static uint64_t number(const unsigned char *at)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

static uint32_t big(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The pixels of a chunk IDAT, `width` + 1 bytes a row; checks its length and checksum. */
static void unpack(const unsigned char *chunk, uint64_t size, int rows, int width, unsigned char *pixels)
{
    uLongf got = (uLongf)rows * (uLongf)(width + 1), wanted = got;
    assert_int_equal(big(chunk), size - 12);
    assert_memory_equal(chunk + 4, "IDAT", 4);
    assert_int_equal(big(chunk + size - 4), crc32(0, chunk + 4, (uInt)size - 8));
    assert_int_equal(uncompress(pixels, &got, chunk + 8, (uLong)size - 12), Z_OK);
    assert_int_equal(got, wanted);
}

/* Level of a row and column of the source. */
static int source(int row, int64_t column)
{
    return (int)((uint64_t)(row * 37 + 11) * (uint64_t)(column + 3) % 251);
}

/* Columns halved as pyramid.h says: the mean of two; halves go down and up in turn; a last one alone stays. */
static int64_t halve(int *columns, int rows, int64_t n)
{
    for (int64_t i = 0; 2 * i < n; i++)
        for (int row = 0; row < rows; row++) {
            int a = columns[2 * i * rows + row], b = 2 * i + 1 < n ? columns[(2 * i + 1) * rows + row] : -1;
            columns[i * rows + row] = b < 0 ? a : (a + b + (int)(i % 2)) / 2;
        }
    return (n + 1) / 2;
}

static void check_zoom(const mlk_file *file, const unsigned char **index, const int *columns, int rows, int64_t n)
{
    unsigned char *pixels = malloc((size_t)rows * 257);
    uint64_t tiles = number(*index);
    assert_int_equal(tiles, (n + 255) / 256);
    *index += 8;
    for (uint64_t tile = 0; tile < tiles; tile++, *index += 16) {
        int width = (int)(n - (int64_t)tile * 256 < 256 ? n - (int64_t)tile * 256 : 256);
        unpack(file->bytes + number(*index), number(*index + 8), rows, width, pixels);
        for (int row = 0; row < rows; row++) {
            const unsigned char *line = pixels + (size_t)(rows - 1 - row) * (size_t)(width + 1);
            assert_int_equal(line[0], 0);
            for (int i = 0; i < width; i++)
                assert_int_equal(line[1 + i], columns[((int64_t)tile * 256 + i) * rows + row]);
        }
    }
    free(pixels);
}

/* Writes `n` columns, in pieces of `piece`, and reads them back. */
static void there_and_back(int rows, int64_t n, int64_t piece)
{
    mlk_status status;
    mlk_pyramid *tiles;
    mlk_pyramid_facts facts;
    mlk_levels levels = {.low = 0, .high = 255};
    float *values = malloc((size_t)(rows * n) * sizeof *values);
    int *columns = malloc((size_t)(rows * n) * sizeof *columns), highest = 0;
    for (int row = 0; row < rows; row++)
        for (int64_t i = 0; i < n; i++) {
            columns[i * rows + row] = source(row, i);
            values[row * n + i] = (float)source(row, i) + 0.25f;
            highest = source(row, i) > highest ? source(row, i) : highest;
        }
    assert_int_equal(mlk_pyramid_new(path, rows, &levels, &tiles, &status), MLK_OK);
    for (int64_t from = 0; from < n; from += piece)
        assert_int_equal(mlk_pyramid_add(tiles, values, n, from, from + piece < n ? from + piece : n, &status), MLK_OK);
    assert_int_equal(mlk_pyramid_finish(tiles, "about", 5, &facts, &status), MLK_OK);
    mlk_pyramid_free(tiles);

    mlk_file file;
    assert_int_equal(mlk_file_open(path, &file, &status), MLK_OK);
    const unsigned char *end = file.bytes + file.size - 56, *index = file.bytes + number(end + 32);
    uint64_t expected[] = {(uint64_t)rows, (uint64_t)facts.zooms, (uint64_t)n, (uint64_t)highest};
    for (int i = 0; i < 4; i++)
        assert_int_equal(number(end + 8 * i), expected[i]);
    assert_memory_equal(end + 48, "MLKTILES", 8);
    assert_memory_equal(file.bytes + number(end + 40), "about", 5);
    int64_t left = n;
    for (int zoom = 0; zoom < facts.zooms; zoom++) {
        assert_true(zoom == 0 || left > 128);
        check_zoom(&file, &index, columns, rows, left);
        assert_int_equal(left <= 256, zoom + 1 == facts.zooms);
        left = halve(columns, rows, left);
    }
    mlk_file_close(&file);
    free(values);
    free(columns);
}

static void any_number_of_columns_comes_back(void **state)
{
    (void)state;
    const int64_t counts[] = {1, 2, 3, 255, 256, 257, 511, 512, 513, 1025, 5000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        there_and_back(12, counts[i], 100);
        there_and_back(1, counts[i], counts[i]);
    }
    there_and_back(128, 1500, 7);
}

static void numbers_become_levels(void **state)
{
    (void)state;
    mlk_status status;
    mlk_pyramid *tiles;
    mlk_pyramid_facts facts;
    mlk_file file;
    mlk_levels levels = {.low = -80, .high = 47.5, .db_factor = 10};
    /* 0 dB is level 160; a factor of 10 is 20 levels; silence, what is negative and NaN are 0; too loud is 255. */
    const float values[] = {1, 10, 1e-8f, 1e-12f, 0, -1, NAN, 1e9f, INFINITY};
    const unsigned char expected[] = {160, 180, 0, 0, 0, 0, 0, 255, 255};
    unsigned char pixels[10];
    assert_int_equal(mlk_pyramid_new(path, 1, &levels, &tiles, &status), MLK_OK);
    assert_int_equal(mlk_pyramid_add(tiles, values, 9, 0, 9, &status), MLK_OK);
    assert_int_equal(mlk_pyramid_finish(tiles, "", 0, &facts, &status), MLK_OK);
    assert_int_equal(facts.highest, 255);
    mlk_pyramid_free(tiles);
    assert_int_equal(mlk_file_open(path, &file, &status), MLK_OK);
    unpack(file.bytes, number(file.bytes + file.size - 56 - 8), 1, 9, pixels);
    assert_memory_equal(pixels + 1, expected, 9);
    mlk_file_close(&file);
}

static void a_file_that_is_not_finished_is_not_there(void **state)
{
    (void)state;
    mlk_status status;
    mlk_pyramid *tiles;
    mlk_pyramid_facts facts;
    mlk_levels levels = {.high = 1};
    char other[64];
    snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(mlk_pyramid_new(other, 2, &levels, &tiles, &status), MLK_OK);
    assert_int_equal(mlk_pyramid_finish(tiles, "", 0, &facts, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "columns"));
    mlk_pyramid_free(tiles);
    assert_int_not_equal(access(other, F_OK), 0);
    assert_int_not_equal(mlk_pyramid_new("/nowhere/at/all", 2, &levels, &tiles, &status), MLK_OK);
    assert_null(tiles);
    mlk_pyramid_free(tiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_columns_comes_back),
        cmocka_unit_test(numbers_become_levels),
        cmocka_unit_test(a_file_that_is_not_finished_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
