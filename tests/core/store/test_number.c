/* Every text is the double that strtod gives, to the bit, whichever way it is read. */
#include "test.h"

#include "store/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *text)
{
    double value, wanted = strtod(text, NULL);
    const char *end = text + strlen(text);
    if (mlk_number_read(text, end, '.', &value) != end || memcmp(&value, &wanted, sizeof value) != 0)
        fail_msg("%s: %.17g, not %.17g", text, value, wanted);
}

/* xorshift64* */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

static void random_texts(void **state)
{
    (void)state;
    uint64_t seed = 0x9E3779B97F4A7C15u;
    char text[64];
    for (int i = 0; i < 1000000; i++) {
        uint64_t digits = next(&seed) >> (next(&seed) % 63);
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, (int)(next(&seed) % 80) - 40);
        check(text);
        snprintf(text, sizeof text, "%d.%0*llu", (int)(next(&seed) % 3), (int)(next(&seed) % 24),
                 (unsigned long long)digits);
        check(text);
    }
}

/* Halves between two doubles, and what lies next to them: five to the power divides the digits. */
static void halves(void **state)
{
    (void)state;
    uint64_t seed = 1;
    char text[64];
    for (int i = 0; i < 200000; i++) {
        int n = 1 + (int)(next(&seed) % 5);
        uint64_t odd = (next(&seed) >> 10 | 1) | (uint64_t)1 << 53; /* 54 bits: half of a double's last */
        uint64_t power = 1;
        for (int k = 0; k < n; k++)
            power *= 5;
        if (odd > UINT64_MAX / power)
            continue;
        for (int step = -1; step <= 1; step++) {
            snprintf(text, sizeof text, "%llue-%d", (unsigned long long)(odd * power) + (unsigned long long)step, n);
            check(text);
        }
    }
    static const char *const known[] = {"9007199254740993", "9007199254740992.5", "2.2250738585072011e-308",
                                        "1.7976931348623159e308", "5e-324", "2.4703282292062327e-324", "0.1e-6",
                                        "1e23", "8.5e22", "123456789012345678901234567890", "-0", "-0.0", "+.5", "5.",
                                        "00000000000000000000000012.5", "0.000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        check(known[i]);
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "-", "+", ".", "e5", "-.e1", "x", "--1", "i", "na"};
    double value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_null(mlk_number_read(texts[i], texts[i] + strlen(texts[i]), '.', &value));
    const char *part = "1.5e+x";
    assert_ptr_equal(mlk_number_read(part, part + 6, '.', &value), part + 3);
    assert_true(value == 1.5);
    assert_ptr_equal(mlk_number_read(part, part + 6, ',', &value), part + 1);
    assert_true(mlk_number_cell(" -1,5\t", 6, ',', &value) && value == -1.5);
    assert_true(mlk_number_cell("-Inf", 4, '.', &value) && value == -INFINITY);
    assert_true(mlk_number_cell(" n/A ", 5, '.', &value) && isnan(value));
    assert_true(mlk_number_cell("TRUE", 4, '.', &value) && value == 1);
    assert_false(mlk_number_cell("1 2", 3, '.', &value));
    assert_false(mlk_number_cell("nano", 4, '.', &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_texts), cmocka_unit_test(halves),
                                       cmocka_unit_test(what_is_no_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
