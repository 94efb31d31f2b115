/* SHA-256 and SHA-1 by the vectors of FIPS 180-4, Git's SHA-1 by `git hash-object`; lengths about the ends of blocks. */
#include "test.h"

#include "net/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(const char *text, size_t n, mlk_digest kind, const char *wanted)
{
    char hex[MLK_DIGEST_SIZE];
    mlk_digest_bytes(text, n, kind, hex);
    assert_string_equal(hex, wanted);
}

static void published_vectors(void **state)
{
    (void)state;
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    check("", 0, MLK_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, MLK_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(two, 56, MLK_SHA256, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check("", 0, MLK_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    check("abc", 3, MLK_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    check(two, 56, MLK_SHA1, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    check("", 0, MLK_GIT_SHA1, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    check("hello\n", 6, MLK_GIT_SHA1, "ce013625030ba8dba906f756967f9e9ca394464a");
    char *many = malloc(1000000);
    memset(many, 'a', 1000000);
    check(many, 1000000, MLK_SHA256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(many);
}

/* A file is read in pieces: the same as at once, whatever its length. */
static void files_give_the_same(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 55, 56, 63, 64, 65, 119, 128, 262143, 262144, 262200};
    char path[] = "/tmp/moonlark-digest-XXXXXX", at_once[MLK_DIGEST_SIZE], read[MLK_DIGEST_SIZE];
    char *bytes = malloc(1 << 19);
    int descriptor = mkstemp(path);
    mlk_status status;
    for (size_t i = 0; i < 1 << 19; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assert_int_equal(ftruncate(descriptor, 0), 0);
        assert_int_equal(pwrite(descriptor, bytes, lengths[i], 0), lengths[i]);
        for (mlk_digest kind = MLK_SHA256; kind <= MLK_SHA1; kind++) {
            mlk_digest_bytes(bytes, lengths[i], kind, at_once);
            assert_int_equal(mlk_digest_file(path, kind, read, &status), 0);
            assert_string_equal(read, at_once);
        }
    }
    close(descriptor);
    unlink(path);
    free(bytes);
    assert_int_equal(mlk_digest_file(path, MLK_SHA256, read, &status), MLK_IO);
    assert_int_equal(mlk_digest_file("/tmp", MLK_SHA256, read, &status), MLK_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_vectors), cmocka_unit_test(files_give_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
