#include "store/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

__extension__ typedef unsigned __int128 wide;

enum { MOST_DIGITS = 19, LARGEST_POWER = 27 }; /* what 64 bits hold: 19 digits, 5^27 */

/* --- exact arithmetic --- */

static uint64_t power_of_five(int n)
{
    uint64_t power = 1;
    while (n-- > 0)
        power *= 5;
    return power;
}

/* The double nearest to m * 10^exponent, for |exponent| <= 27. */
static double scale(uint64_t m, int exponent)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int size = exponent < 0 ? -exponent : exponent;
    if (m >> 53 == 0 && size <= 22) /* both are doubles, so one operation rounds once */
        return exponent < 0 ? (double)m / tens[size] : (double)m * tens[size];
    if (exponent >= 0)
        return ldexp((double)((wide)m * power_of_five(size)), exponent);
    int shift = 64 + __builtin_clzll(m); /* m fills the upper half, so the quotient has 64 bits at least */
    wide numerator = (wide)m << shift, divisor = power_of_five(size);
    wide quotient = numerator / divisor;
    quotient |= numerator % divisor != 0; /* far below the last bit that is kept, it tells a half from more */
    return ldexp((double)quotient, exponent - shift);
}

/* --- the rest, by the C library --- */

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

/* The text of one number, which has been looked at before. */
static double convert(const char *at, size_t length, char point)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char room[128], *copy = length < sizeof room ? room : malloc(length + 1);
    if (!copy)
        return NAN;
    memcpy(copy, at, length);
    copy[length] = '\0';
    char *found = memchr(copy, point, length);
    if (found)
        *found = '.';
    pthread_once(&once, make_locale);
    double value = c_locale ? strtod_l(copy, NULL, c_locale) : strtod(copy, NULL);
    if (copy != room)
        free(copy);
    return value;
}

/* --- reading --- */

/* A number's digits, without its sign: digits * 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int count; /* of significant digits */
    int64_t exponent;
    bool any;
} decimal;

static const char *read_digits(const char *at, const char *end, bool fraction, decimal *d)
{
    for (; at < end && (unsigned char)(*at - '0') < 10; at++) {
        d->any = true;
        if (d->count < MOST_DIGITS)
            d->digits = d->digits * 10 + (uint64_t)(*at - '0');
        d->count += d->digits != 0;
        d->exponent -= fraction;
    }
    return at;
}

/* e and an integer, if both are there. */
static const char *read_exponent(const char *at, const char *end, decimal *d)
{
    const char *digit = at + 1;
    if (at == end || (*at != 'e' && *at != 'E'))
        return at;
    bool negative = digit < end && *digit == '-';
    digit += digit < end && (*digit == '-' || *digit == '+');
    if (digit == end || (unsigned char)(*digit - '0') >= 10)
        return at;
    int64_t exponent = 0;
    for (; digit < end && (unsigned char)(*digit - '0') < 10; digit++)
        exponent = exponent < 100000000 ? exponent * 10 + (*digit - '0') : exponent;
    d->exponent += negative ? -exponent : exponent;
    return digit;
}

static const char *read_word(const char *at, const char *end, double *value)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"infinity", INFINITY}, {"inf", INFINITY}, {"nan", NAN}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].word);
        if ((size_t)(end - at) >= length && strncasecmp(at, words[i].word, length) == 0) {
            *value = words[i].value;
            return at + length;
        }
    }
    return NULL;
}

const char *mlk_number_read(const char *at, const char *end, char point, double *value)
{
    if (at == end)
        return NULL;
    bool negative = *at == '-';
    at += negative || *at == '+';
    const char *first = at;
    decimal d = {0};
    at = read_digits(at, end, false, &d);
    if (at < end && *at == point)
        at = read_digits(at + 1, end, true, &d);
    if (d.any) {
        at = read_exponent(at, end, &d);
        bool exact = d.count <= MOST_DIGITS && d.exponent >= -LARGEST_POWER && d.exponent <= LARGEST_POWER;
        *value = d.digits == 0 ? 0
                 : exact       ? scale(d.digits, (int)d.exponent)
                               : convert(first, (size_t)(at - first), point);
    } else {
        at = read_word(first, end, value);
    }
    if (at && negative)
        *value = -*value;
    return at;
}

static bool read_whole_word(const char *at, size_t length, double *value)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"", NAN},     {"?", NAN},    {"na", NAN},   {"n/a", NAN}, {"#n/a", NAN},
                 {"<na>", NAN}, {"null", NAN}, {"none", NAN}, {"true", 1},  {"false", 0}};
    *value = NAN;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == length && strncasecmp(at, words[i].word, length) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

bool mlk_number_cell(const char *at, size_t length, char point, double *value)
{
    const char *end = at + length;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (at < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (mlk_number_read(at, end, point, value) == end && at < end)
        return true;
    return read_whole_word(at, (size_t)(end - at), value);
}
