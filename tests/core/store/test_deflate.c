/* How much zlib shrinks a text. */
#include "test.h"

#include "store/deflate.h"

#include <string.h>

static void nothing_has_a_header_and_a_checksum(void **state)
{
    (void)state;
    assert_int_equal(mlk_deflated_size("", 0), 8);
}

/* As Python: len(zlib.compress(b"ab" * 500)) and of b"moonlark". */
static void a_text_that_repeats_itself_is_short(void **state)
{
    (void)state;
    char text[1000];
    for (int i = 0; i < 1000; i++)
        text[i] = i % 2 ? 'b' : 'a';
    assert_int_equal(mlk_deflated_size(text, sizeof text), 18);
    assert_int_equal(mlk_deflated_size("moonlark", 8), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_a_header_and_a_checksum),
        cmocka_unit_test(a_text_that_repeats_itself_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
