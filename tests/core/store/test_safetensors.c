/* safetensors files of Python's library are read exactly, what breaks the format is refused by name, and
 * no damage to a file makes the reader touch memory that is not its own (run under ASan). */
#include "test.h"

#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFERENCE "tests/reference/store/"

static char folder[] = "/tmp/moonlark-test-XXXXXX";
static char out[sizeof folder + 32];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(out, sizeof out, "%s/out.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    remove(out);
    return rmdir(folder);
}

static void reads_every_dtype(void **state)
{
    (void)state;
    mlk_tensors file;
    mlk_status status;
    assert_int_equal(mlk_safetensors_read(REFERENCE "all.safetensors", &file, &status), 0);
    assert_int_equal(file.count, 13);
    for (int i = 0; i < 6; i++) {
        assert_true(((double *)mlk_tensors_find(&file, "float64")->data)[i] == i / 8.0);
        assert_true(((float *)mlk_tensors_find(&file, "float32")->data)[i] == (float)i / 8);
        assert_int_equal(((int64_t *)mlk_tensors_find(&file, "int64")->data)[i], i - 3);
        assert_int_equal(((int32_t *)mlk_tensors_find(&file, "int32")->data)[i], i - 3);
        assert_int_equal(((int16_t *)mlk_tensors_find(&file, "int16")->data)[i], i - 3);
        assert_int_equal(((int8_t *)mlk_tensors_find(&file, "int8")->data)[i], i - 3);
        assert_int_equal(((uint8_t *)mlk_tensors_find(&file, "uint8")->data)[i], (uint8_t)(i + 250));
        assert_int_equal(((uint8_t *)mlk_tensors_find(&file, "bool")->data)[i], i % 2);
        assert_true(((float *)mlk_tensors_find(&file, "complex64")->data)[2 * i] == (float)i);
        assert_true(((float *)mlk_tensors_find(&file, "complex64")->data)[2 * i + 1] == (float)((i + 3) % 6));
    }
    static const uint16_t half[] = {0, 0x3000, 0x3400, 0x3600, 0x3800, 0x3900};
    assert_memory_equal(mlk_tensors_find(&file, "float16")->data, half, sizeof half);
    const mlk_array *matrix = mlk_tensors_find(&file, "float32");
    assert_int_equal(matrix->rank, 2);
    assert_int_equal(matrix->shape[0], 2);
    assert_int_equal(matrix->shape[1], 3);
    assert_int_equal(mlk_tensors_find(&file, "number")->rank, 0);
    assert_true(*(float *)mlk_tensors_find(&file, "number")->data == 2.5f);
    assert_int_equal(mlk_array_count(mlk_tensors_find(&file, "empty")), 0);
    assert_non_null(mlk_tensors_find(&file, "näme \"quoted\" \\ / \n"));
    assert_null(mlk_tensors_find(&file, "absent"));
    assert_int_equal(file.metadata_count, 2);
    assert_string_equal(file.metadata[0].key, "Grüße");
    assert_string_equal(file.metadata[0].value, "tab\t, quote \", clef \U0001d11e");
    mlk_tensors_free(&file);
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

static void writes_the_same_bytes_as_python(void **state)
{
    (void)state;
    mlk_tensors file;
    mlk_status status;
    assert_int_equal(mlk_safetensors_read(REFERENCE "plain.safetensors", &file, &status), 0);
    assert_int_equal(mlk_safetensors_write(out, &file, &status), 0);
    mlk_tensors_free(&file);
    size_t theirs_size, ours_size;
    char *theirs = slurp(REFERENCE "plain.safetensors", &theirs_size), *ours = slurp(out, &ours_size);
    assert_int_equal(ours_size, theirs_size);
    assert_memory_equal(ours, theirs, theirs_size);
    free(theirs);
    free(ours);
}

static void reads_back_what_it_writes(void **state)
{
    (void)state;
    mlk_tensors file, again;
    mlk_status status;
    assert_int_equal(mlk_safetensors_read(REFERENCE "all.safetensors", &file, &status), 0);
    assert_int_equal(mlk_safetensors_write(out, &file, &status), 0);
    assert_int_equal(mlk_safetensors_read(out, &again, &status), 0);
    assert_int_equal(again.count, file.count);
    assert_int_equal(again.metadata_count, file.metadata_count);
    assert_string_equal(again.metadata[0].value, file.metadata[0].value);
    for (int i = 0; i < file.count; i++) {
        int64_t bytes;
        assert_string_equal(again.items[i].name, file.items[i].name);
        assert_true(mlk_array_bytes(&file.items[i].array, &bytes));
        assert_memory_equal(again.items[i].array.data, file.items[i].array.data, (size_t)bytes);
    }
    mlk_tensors_free(&file);
    mlk_tensors_free(&again);
}

/* Parses a header (followed by `data` zero bytes) in memory of exactly its size. */
static mlk_code parse(const char *header, size_t data, mlk_status *status)
{
    size_t length = strlen(header), size = 8 + length + data;
    unsigned char *bytes = calloc(1, size);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(length >> (8 * i));
    memcpy(bytes + 8, header, length);
    mlk_tensors tensors;
    mlk_code code = mlk_safetensors_parse(bytes, size, &tensors, status);
    if (!code)
        mlk_tensors_free(&tensors);
    free(bytes);
    return code;
}

static void refuses_what_the_format_forbids(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *says; /* NULL: legal */
    } cases[] = {
        {"{}", 0, NULL},
        {"{}      ", 0, NULL},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, NULL},
        {" {}", 0, "does not begin with '{'"},
        {"{} x", 0, "goes on after"},
        {"{}", 1, "0 bytes, the file has 1"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3, "take 4 bytes, the file has 3"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "takes 8 bytes by its shape, 4 by"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "before it begins"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "leave a gap at byte 0"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
         "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, "overlap at byte 2"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "tensor 'a' comes twice"},
        {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype 'F8_E4M3'"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, "more than 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "too large"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,0,2],\"data_offsets\":[0,0]}}", 0, "too large"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,1]}}", 1, "not an integer"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "not an integer"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, "not an integer"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}", 1, "not an integer"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 0, "must be two numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 0, "lacks data_offsets"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "twice the field 'shape'"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, "unknown field 'x'"},
        {"{\"a\":[[[[[[[[[[[[", 0, "'{' was expected"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}", 1, "'}' was expected"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},}", 1, "a string was expected"},
        {"{\"__metadata__\":{\"k\":\"v\"}}", 0, NULL},
        {"{\"__metadata__\":{}}", 0, NULL},
        {"{\"__metadata__\":{\"k\":1}}", 0, "metadata 'k' must be a string"},
        {"{\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}}", 0, "metadata key 'k' comes twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ comes twice"},
        {"{\"a\\u0000b\":{}}", 0, "U+0000"},
        {"{\"a\\q\":{}}", 0, "an escape that does not exist"},
        {"{\"\\ud834\":{}}", 0, "an escape that does not exist"},
        {"{\"a\nb\":{}}", 0, "a control character"},
        {"{\"abc", 0, "a string does not end"},
        {"{\"abc\\", 0, "a string does not end"},
        {"{\"\xC0\x80\":{}}", 0, "not UTF-8"},
        {"{\"\xED\xA0\x80\":{}}", 0, "not UTF-8"},
        {"{\"\xF4\x90\x80\x80\":{}}", 0, "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlk_status status = {0};
        mlk_code code = parse(cases[i].header, cases[i].data, &status);
        if (!cases[i].says != !code || (code && !strstr(status.message, cases[i].says)))
            fail_msg("%s: wanted \"%s\", got \"%s\"", cases[i].header, cases[i].says ? cases[i].says : "no error",
                     code ? status.message : "no error");
    }
}

static void refuses_hostile_lengths(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {0, 1, 9, 100000001, 1ULL << 32, 1ULL << 63, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned char *bytes = calloc(1, 16);
        for (int k = 0; k < 8; k++)
            bytes[k] = (unsigned char)(lengths[i] >> (8 * k));
        mlk_tensors tensors;
        mlk_status status;
        assert_int_equal(mlk_safetensors_parse(bytes, 16, &tensors, &status), MLK_INVALID);
        free(bytes);
    }
}

static void errors_name_the_file(void **state)
{
    (void)state;
    mlk_tensors tensors;
    mlk_status status;
    assert_int_equal(mlk_safetensors_read("tests/absent.safetensors", &tensors, &status), MLK_IO);
    assert_string_equal(status.message, "cannot open tests/absent.safetensors: No such file or directory");
    assert_int_equal(mlk_safetensors_read("tests", &tensors, &status), MLK_IO);
    assert_string_equal(status.message, "cannot read tests: it is a directory");
    assert_int_equal(mlk_safetensors_read("CMakeLists.txt", &tensors, &status), MLK_INVALID);
    assert_non_null(strstr(status.message, "CMakeLists.txt: not a safetensors file"));
}

/* Every truncation, and every byte replaced by several values: a status or a sound list, never a bad access. */
static void survives_damage(void **state)
{
    (void)state;
    size_t size;
    char *good = slurp(REFERENCE "all.safetensors", &size);
    int refused = 0, tries = 0;
    static const unsigned char values[] = {0, 1, '"', '\\', '{', '}', '[', ']', ',', '9', 0x7F, 0x80, 0xFF};
    for (size_t at = 0; at < size; at++) {
        for (size_t v = 0; v <= sizeof values; v++) {
            size_t n = v == sizeof values ? at : size;
            unsigned char *bytes = malloc(n ? n : 1);
            memcpy(bytes, good, n);
            if (n == size)
                bytes[at] = values[v];
            mlk_tensors tensors;
            mlk_status status = {0};
            tries++;
            if (mlk_safetensors_parse(bytes, n, &tensors, &status)) {
                refused++;
                assert_true(status.message[0] != '\0');
            } else {
                volatile unsigned sum = 0;
                for (int i = 0; i < tensors.count; i++) {
                    int64_t length;
                    assert_true(mlk_array_bytes(&tensors.items[i].array, &length));
                    for (int64_t k = 0; k < length; k++)
                        sum += ((unsigned char *)tensors.items[i].array.data)[k];
                }
                mlk_tensors_free(&tensors);
            }
            free(bytes);
        }
    }
    free(good);
    assert_true(refused > tries / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_dtype),
        cmocka_unit_test(writes_the_same_bytes_as_python),
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(refuses_what_the_format_forbids),
        cmocka_unit_test(refuses_hostile_lengths),
        cmocka_unit_test(errors_name_the_file),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
