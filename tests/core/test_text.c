/* What a person is shown of names that hold anything. */
#include "test.h"

#include "status.h"
#include "text.h"

#include <string.h>

static void assert_shown(const char *text, const char *name, const char *lines)
{
    char out[256];
    assert_int_equal(mlk_text_show(out, sizeof out, text, strlen(text), false), strlen(name));
    assert_string_equal(out, name);
    mlk_text_show(out, sizeof out, text, strlen(text), true);
    assert_string_equal(out, lines);
}

static void plain_text_stays_as_it_is(void **state)
{
    (void)state;
    const char *plain = "C:\\Bach – Präludium \"1\" 'ü' 日本 \xF0\x9F\x8E\xB5.wav";
    assert_shown(plain, plain, plain);
    assert_shown("", "", "");
}

static void control_characters_become_escapes(void **state)
{
    (void)state;
    assert_shown("a\x1b[2Jb", "a\\x1b[2Jb", "a\\x1b[2Jb");
    assert_shown("a\nb\tc\rd", "a\\nb\\tc\\rd", "a\nb\tc\\rd");
    assert_shown("\x01\x7f", "\\x01\\x7f", "\\x01\\x7f");
    assert_shown("\xC2\x9B" "2J", "\\u{9b}2J", "\\u{9b}2J"); /* a C1 escape sequence */
}

static void bytes_that_are_no_utf8_become_escapes(void **state)
{
    (void)state;
    assert_shown("Caf\xe9", "Caf\\xe9", "Caf\\xe9");
    assert_shown("\xC0\xAF \xED\xA0\x80 \xF4\x90\x80\x80", "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80",
                 "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
    assert_shown("\xE2\x82", "\\xe2\\x82", "\\xe2\\x82"); /* cut short */
}

static void text_is_not_turned_round(void **state)
{
    (void)state;
    assert_shown("a\u202Egpj.exe\u2066\u200F\u2028", "a\\u{202e}gpj.exe\\u{2066}\\u{200f}\\u{2028}",
                 "a\\u{202e}gpj.exe\\u{2066}\\u{200f}\\u{2028}");
}

static void what_does_not_fit_is_cut_between_characters(void **state)
{
    (void)state;
    char out[8];
    assert_int_equal(mlk_text_show(out, 6, "abcdü\n", 7, false), 8);
    assert_string_equal(out, "abcd");
    assert_int_equal(mlk_text_show(out, 8, "abcdü\nz", 8, false), 9);
    assert_string_equal(out, "abcdü"); /* not the z behind what was cut */
    assert_int_equal(mlk_text_show(NULL, 0, "\x1b", 1, false), 4);
}

static void failures_are_one_harmless_line(void **state)
{
    (void)state;
    mlk_status status;
    mlk_fail(&status, MLK_IO, "cannot open %s: %s", "Caf\xe9/a\nrejected b.wav: fake\x1b[2J", "gone");
    assert_string_equal(status.message, "cannot open Caf\\xe9/a\\nrejected b.wav: fake\\x1b[2J: gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays_as_it_is),
        cmocka_unit_test(control_characters_become_escapes),
        cmocka_unit_test(bytes_that_are_no_utf8_become_escapes),
        cmocka_unit_test(text_is_not_turned_round),
        cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(failures_are_one_harmless_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
