/* HMAC-SHA256 by the vectors of RFC 4231. */
#include "test.h"

#include "kernel/hmac.h"

#include <string.h>

static void check(const char *key, size_t key_size, const char *text, size_t size, const char *wanted)
{
    char hex[MLK_DIGEST_SIZE];
    mlk_hmac_key made = mlk_hmac_key_of(key, key_size);
    mlk_hmac(&made, &(mlk_bytes){text, size}, 1, hex);
    assert_memory_equal(hex, wanted, strlen(wanted));
    for (size_t cut = 0; cut <= size; cut++) { /* in pieces it is the same */
        mlk_bytes parts[] = {{text, cut}, {text + cut, 0}, {text + cut, size - cut}};
        mlk_hmac(&made, parts, 3, hex);
        assert_memory_equal(hex, wanted, strlen(wanted));
    }
}

static void published_vectors(void **state)
{
    (void)state;
    char key[131], text[50], counted[25];
    memset(key, 0x0b, 20);
    check(key, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check("Jefe", 4, "what do ya want for nothing?", 28,
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(text, 0xdd, sizeof text);
    check(key, 20, text, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    for (size_t i = 0; i < sizeof counted; i++)
        counted[i] = (char)(i + 1);
    memset(text, 0xcd, sizeof text);
    check(counted, 25, text, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    memset(counted, 0x0c, 20);
    check(counted, 20, "Test With Truncation", 20, "a3b6167473100ee06e0c796c2955552b"); /* its first half */
    check(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    const char *long_text = "This is a test using a larger than block-size key and a larger than block-size data. "
                            "The key needs to be hashed before being used by the HMAC algorithm.";
    check(key, 131, long_text, strlen(long_text), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void a_difference_is_seen_wherever_it_is(void **state)
{
    (void)state;
    char a[64], b[64];
    memset(a, 'x', sizeof a);
    memcpy(b, a, sizeof b);
    assert_true(mlk_hmac_same(a, b, sizeof a));
    assert_true(mlk_hmac_same(a, b, 0));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] ^= (char)(1 << i % 8);
        assert_false(mlk_hmac_same(a, b, sizeof a));
        b[i] = a[i];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(a_difference_is_seen_wherever_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
