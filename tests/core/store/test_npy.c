/* What numpy writes is read exactly, .npy and .npz; what we write numpy's rules allow; damage is refused
 * without touching memory that is not ours (run under ASan). */
#include "test.h"

#include "store/npy.h"
#include "store/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFERENCE "tests/reference/store/"

static char folder[] = "/tmp/moonlark-test-XXXXXX";
static char out[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(out, sizeof out, "%s/out", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    remove(out);
    return rmdir(folder);
}

static char *slurp(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    char *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, in), *size);
    fclose(in);
    return bytes;
}

static mlk_array read_npy(const char *name)
{
    char path[100];
    mlk_array array;
    mlk_status status;
    snprintf(path, sizeof path, REFERENCE "%s.npy", name);
    if (mlk_npy_read(path, &array, &status))
        fail_msg("%s", status.message);
    return array;
}

static const char *const names[] = {"float64", "float32", "float16",   "int64",     "int32", "int16",
                                    "int8",    "uint8",   "bool",      "complex64", "complex128",
                                    "fortran", "number",  "empty"};

static void reads_every_type(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mlk_dtype dtype;
    } grids[] = {{"float64", MLK_FLOAT64}, {"float32", MLK_FLOAT32}, {"version2", MLK_FLOAT32},
                 {"version3", MLK_FLOAT32}, {"float32_big_endian", MLK_FLOAT32}};
    for (size_t k = 0; k < sizeof grids / sizeof *grids; k++) {
        mlk_array array = read_npy(grids[k].name);
        assert_int_equal(array.dtype, grids[k].dtype);
        assert_int_equal(array.rank, 2);
        assert_int_equal(array.shape[0], 2);
        assert_int_equal(array.shape[1], 3);
        for (int i = 0; i < 6; i++)
            assert_true((array.dtype == MLK_FLOAT64 ? ((double *)array.data)[i] : ((float *)array.data)[i]) == i / 8.0);
        free(array.data);
    }
    static const char *const ints[] = {"int64", "int32", "int16", "int8", "int16_big_endian"};
    for (size_t k = 0; k < sizeof ints / sizeof *ints; k++) {
        mlk_array array = read_npy(ints[k]);
        for (int i = 0; i < 6; i++) {
            int64_t value = array.dtype == MLK_INT64   ? ((int64_t *)array.data)[i]
                            : array.dtype == MLK_INT32 ? ((int32_t *)array.data)[i]
                            : array.dtype == MLK_INT16 ? ((int16_t *)array.data)[i]
                                                       : ((int8_t *)array.data)[i];
            assert_int_equal(value, i - 3);
        }
        free(array.data);
    }
    static const char *const complexes[] = {"complex64", "complex64_big_endian"};
    for (size_t k = 0; k < 2; k++) {
        mlk_array array = read_npy(complexes[k]);
        for (int i = 0; i < 6; i++) {
            assert_true(((float *)array.data)[2 * i] == (float)i);
            assert_true(((float *)array.data)[2 * i + 1] == (float)((i + 3) % 6));
        }
        free(array.data);
    }
    mlk_array number = read_npy("number"), empty = read_npy("empty"), fortran = read_npy("fortran");
    assert_int_equal(number.rank, 0);
    assert_true(*(double *)number.data == 2.5);
    assert_int_equal(empty.rank, 2);
    assert_int_equal(mlk_array_count(&empty), 0);
    for (int i = 0; i < 24; i++)
        assert_true(((float *)fortran.data)[i] == (float)i);
    free(number.data);
    free(empty.data);
    free(fortran.data);
}

static void widens_unsigned_numbers(void **state)
{
    (void)state;
    mlk_array narrow = read_npy("uint16"), middle = read_npy("uint32"), wide = read_npy("uint64_big_endian");
    assert_int_equal(narrow.dtype, MLK_INT32);
    assert_int_equal(middle.dtype, MLK_INT64);
    assert_int_equal(wide.dtype, MLK_INT64);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(((int32_t *)narrow.data)[i], 65530 + i);
        assert_true(((int64_t *)middle.data)[i] == INT64_C(4294967290) + i);
        assert_true(((int64_t *)wide.data)[i] == INT64_MAX - 5 + i);
    }
    free(narrow.data);
    free(middle.data);
    free(wide.data);
}

static void reads_and_writes_strings(void **state)
{
    (void)state;
    static const char *const files[] = {"unicode", "unicode_big_endian", "unicode_fortran"};
    static const char *const texts[] = {"Grüße", "", "a", "𝄞 clef", "xxxxxxxxx", "'=1"};
    char path[100];
    mlk_status status;
    for (size_t k = 0; k < 3; k++) {
        mlk_tensors list;
        snprintf(path, sizeof path, REFERENCE "%s.npy", files[k]);
        assert_int_equal(mlk_npy_read_list(path, &list, &status), 0);
        const mlk_strings *strings = mlk_tensors_find_strings(&list, "");
        assert_non_null(strings);
        assert_int_equal(strings->rank, 2);
        assert_int_equal(strings->shape[0] * 10 + strings->shape[1], 23);
        for (int i = 0; i < 6; i++)
            assert_string_equal(strings->items[i], texts[i]);
        assert_int_equal(mlk_npy_write_list(out, &list, &status), 0);
        size_t theirs_size, ours_size;
        char *theirs = slurp(REFERENCE "unicode.npy", &theirs_size), *ours = slurp(out, &ours_size);
        assert_int_equal(ours_size, theirs_size);
        assert_memory_equal(ours, theirs, theirs_size);
        free(theirs);
        free(ours);
        mlk_tensors_free(&list);
    }
    mlk_tensors list;
    assert_int_equal(mlk_npy_read_list(REFERENCE "bytes.npy", &list, &status), 0);
    assert_string_equal(mlk_tensors_find_strings(&list, "")->items[2], "\xE9"); /* kept in what is written, too */
    assert_int_equal(mlk_npy_write_list(out, &list, &status), 0);
    mlk_tensors_free(&list);
    assert_int_equal(mlk_npy_read_list(out, &list, &status), 0);
    assert_string_equal(mlk_tensors_find_strings(&list, "")->items[2], "\xE9");
    mlk_tensors_free(&list);
}

/* Row-major files of numpy come out again byte for byte. */
static void writes_the_same_bytes_as_numpy(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        if (strcmp(names[k], "fortran") == 0)
            continue;
        char path[100];
        mlk_status status;
        mlk_array array = read_npy(names[k]);
        snprintf(path, sizeof path, REFERENCE "%s.npy", names[k]);
        assert_int_equal(mlk_npy_write(out, &array, &status), 0);
        size_t theirs_size, ours_size;
        char *theirs = slurp(path, &theirs_size), *ours = slurp(out, &ours_size);
        assert_int_equal(ours_size, theirs_size);
        assert_memory_equal(ours, theirs, theirs_size);
        free(theirs);
        free(ours);
        free(array.data);
    }
    mlk_status status;
    mlk_array half = {.dtype = MLK_BFLOAT16};
    assert_int_equal(mlk_npy_write(out, &half, &status), MLK_UNSUPPORTED);
    assert_string_equal(status.message, ".npy has no bfloat16; convert it to float32 first");
}

static void refuses_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
    } cases[] = {{"object", "dtype '|O' (Python objects, a pickle) is not handled"},
                 {"uint64_beyond", "uint64 9223372036854775808 does not fit in int64"},
                 {"unicode", "the array holds strings, not numbers"},
                 {"structured", "structured"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char path[100];
        mlk_array array;
        mlk_status status = {0};
        snprintf(path, sizeof path, REFERENCE "%s.npy", cases[k].name);
        assert_int_equal(mlk_npy_read(path, &array, &status), MLK_UNSUPPORTED);
        if (!strstr(status.message, cases[k].says) || !strstr(status.message, path))
            fail_msg("%s", status.message);
    }
}

static void refuses_hostile_headers(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 0, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (", "{'descr': '<f4', 'fortran_order': Fal",
        "{'descr': '<f4', 'fortran_order': False, }", "{'descr': '<f4', 'descr': '<f4', 'shape': (), }",
        "{'descr': '', 'fortran_order': False, 'shape': (), }", "{'descr': '<f4', 'evil': __import__('os'), }",
        "{'descr': '", "{'", "{", "",
    };
    for (size_t k = 0; k < sizeof headers / sizeof *headers; k++) {
        size_t length = strlen(headers[k]);
        unsigned char *bytes = malloc(10 + length);
        memcpy(bytes, "\x93NUMPY\1\0", 8);
        bytes[8] = (unsigned char)length;
        bytes[9] = 0;
        memcpy(bytes + 10, headers[k], length);
        mlk_array array;
        mlk_status status = {0};
        if (!mlk_npy_parse(bytes, 10 + length, &array, &status) || !status.message[0])
            fail_msg("accepted: %s", headers[k]);
        free(bytes);
    }
}

static void reads_archives(void **state)
{
    (void)state;
    mlk_tensors file;
    mlk_status status;
    assert_int_equal(mlk_npz_read(REFERENCE "stored.npz", &file, &status), 0);
    assert_int_equal(file.count, 3);
    assert_string_equal(file.items[0].name, "a/inner");
    assert_true(((int64_t *)mlk_tensors_find(&file, "a/inner")->data)[5] == 2);
    assert_true(((double *)mlk_tensors_find(&file, "fortran")->data)[1] == 0.5);
    mlk_tensors_free(&file);
    assert_int_equal(mlk_npz_read(REFERENCE "deflated.npz", &file, &status), 0);
    assert_int_equal(mlk_array_count(mlk_tensors_find(&file, "zeros")), 2000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(((int32_t *)mlk_tensors_find(&file, "ramp")->data)[i], i);
    mlk_tensors_free(&file);
    assert_int_equal(mlk_npz_read(REFERENCE "zip64.npz", &file, &status), 0);
    assert_true(((float *)mlk_tensors_find(&file, "wide")->data)[5] == 0.625f);
    mlk_tensors_free(&file);
}

static void archives_read_back(void **state)
{
    (void)state;
    mlk_tensors file, again;
    mlk_status status;
    assert_int_equal(mlk_npz_read(REFERENCE "stored.npz", &file, &status), 0);
    assert_int_equal(mlk_npz_write(out, &file, &status), 0);
    assert_int_equal(mlk_npz_read(out, &again, &status), 0);
    assert_int_equal(again.count, file.count);
    for (int i = 0; i < file.count; i++) {
        int64_t bytes;
        assert_string_equal(again.items[i].name, file.items[i].name);
        assert_true(mlk_array_bytes(&file.items[i].array, &bytes));
        assert_memory_equal(again.items[i].array.data, file.items[i].array.data, (size_t)bytes);
    }
    mlk_tensors_free(&file);
    mlk_tensors_free(&again);
}

/* Replaces every occurrence of `from` by `to` (same length) in a copy of stored.npz; says what comes of it. */
static void check_edited(const char *from, const char *to, const char *says)
{
    size_t size, length = strlen(from);
    char *bytes = slurp(REFERENCE "stored.npz", &size);
    for (size_t at = 0; at + length <= size; at++)
        if (memcmp(bytes + at, from, length) == 0)
            memcpy(bytes + at, to, length);
    mlk_tensors file;
    mlk_status status = {0};
    if (!mlk_npz_parse((unsigned char *)bytes, size, &file, &status) || !strstr(status.message, says))
        fail_msg("%s: %s", to, status.message);
    free(bytes);
}

static void refuses_path_tricks_and_wrong_checksums(void **state)
{
    (void)state;
    check_edited("a/inner.npy", "../nner.npy", "member '../nner.npy' has a name that leaves its folder");
    check_edited("a/inner.npy", "/ainner.npy", "leaves its folder");
    check_edited("a/inner.npy", "a\\inner.npy", "leaves its folder");
    check_edited("a/inner.npy", "a/../in.npy", "leaves its folder");
    check_edited("a/inner.npy", "a/inner.txt", "is not an array");
    check_edited("a/inner.npy", "a/i\xff\xffr.npy.", "leaves its folder");
    check_edited("\x93NUMPY", "\x93NUMPX", "does not match its checksum");
}

/* Every truncation, and every byte replaced: a status or sound arrays, never a bad access. */
static int damage(const char *path, mlk_code parse(const unsigned char *, size_t, mlk_status *))
{
    static const unsigned char values[] = {0, 1, 0x27, '(', '9', 0x7F, 0x80, 0xFF};
    size_t size;
    char *good = slurp(path, &size);
    int refused = 0;
    for (size_t at = 0; at < size; at++) {
        for (size_t v = 0; v <= sizeof values; v++) {
            size_t n = v == sizeof values ? at : size;
            unsigned char *bytes = malloc(n ? n : 1);
            mlk_status status = {0};
            memcpy(bytes, good, n);
            if (n == size)
                bytes[at] = values[v];
            mlk_code code = parse(bytes, n, &status);
            assert_true(!code == !status.message[0]);
            assert_true(n == size || code); /* no part of a file passes for the whole */
            refused += code != 0;
            free(bytes);
        }
    }
    free(good);
    return refused;
}

static mlk_code parse_npy(const unsigned char *bytes, size_t n, mlk_status *status)
{
    mlk_array array;
    mlk_code code = mlk_npy_parse(bytes, n, &array, status);
    if (!code)
        free(array.data);
    return code;
}

static mlk_code parse_npz(const unsigned char *bytes, size_t n, mlk_status *status)
{
    mlk_tensors file;
    mlk_code code = mlk_npz_parse(bytes, n, &file, status);
    if (!code)
        mlk_tensors_free(&file);
    return code;
}

static void survives_damage(void **state)
{
    (void)state;
    assert_true(damage(REFERENCE "float32.npy", parse_npy) > 128);
    assert_true(damage(REFERENCE "fortran.npy", parse_npy) > 128);
    assert_true(damage(REFERENCE "bool.npy", parse_npy) > 128);
    assert_true(damage(REFERENCE "stored.npz", parse_npz) > 868);
    assert_true(damage(REFERENCE "deflated.npz", parse_npz) > 1859);
    assert_true(damage(REFERENCE "zip64.npz", parse_npz) > 390);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type), cmocka_unit_test(widens_unsigned_numbers),
        cmocka_unit_test(reads_and_writes_strings),
        cmocka_unit_test(writes_the_same_bytes_as_numpy),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(refuses_hostile_headers),
        cmocka_unit_test(reads_archives),
        cmocka_unit_test(archives_read_back),
        cmocka_unit_test(refuses_path_tricks_and_wrong_checksums),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
