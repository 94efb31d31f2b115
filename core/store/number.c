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

/* A power of five and its reciprocal: 2^(bits + 127) / power, cut off, which fills 128 bits. */
typedef struct five {
    uint64_t power;
    int bits;
    wide reciprocal;
} five;

static five fives[LARGEST_POWER + 1];

static void make_fives(void)
{
    uint64_t power = 1;
    for (int n = 0; n <= LARGEST_POWER; n++, power *= 5) {
        int bits = 64 - __builtin_clzll(power);
        wide upper = (wide)1 << (bits + 63);
        wide high = upper / power, low = ((upper % power) << 64) / power;
        fives[n] = (five){power, bits, (high << 64) + low};
    }
}

static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* m / power, to the bit. */
static double divide(uint64_t m, int size)
{
    int shift = 64 + __builtin_clzll(m); /* m fills the upper half, so the quotient has 64 bits at least */
    wide numerator = (wide)m << shift, divisor = fives[size].power, quotient = numerator / divisor;
    quotient |= numerator % divisor != 0; /* far below the last bit that is kept, it tells a half from more */
    return (double)quotient * power_of_two(-shift - size);
}

/* The same by the reciprocal. What was cut off it may add one to the bits below the upper 64: nothing, unless these
 * are all ones, or all zeros, which may be a half. */
static double multiply(uint64_t m, int size)
{
    int shift = __builtin_clzll(m);
    uint64_t full = m << shift;
    wide low = (wide)full * (uint64_t)fives[size].reciprocal;
    wide product = (wide)full * (uint64_t)(fives[size].reciprocal >> 64) + (uint64_t)(low >> 64);
    uint64_t upper = (uint64_t)(product >> 64), rest = (uint64_t)product;
    if (rest == 0 || rest == UINT64_MAX)
        return divide(m, size);
    return (double)(upper | 1) * power_of_two(1 - fives[size].bits - shift - size);
}

/* The double nearest to m * 10^exponent, for m > 0 and |exponent| <= 27. */
static double scale(uint64_t m, int exponent)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int size = exponent < 0 ? -exponent : exponent;
    if (m >> 53 == 0 && size <= 22) /* both are doubles, so one operation rounds once */
        return exponent < 0 ? (double)m / tens[size] : (double)m * tens[size];
    return exponent < 0 ? multiply(m, size) : (double)((wide)m * fives[size].power) * power_of_two(exponent);
}

/* --- the rest, by the C library --- */

static locale_t c_locale;

static void prepare(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", NULL);
    make_fives();
}

/* The text of one number, which has been looked at before. */
static double convert(const char *at, size_t length, char point)
{
    char room[128], *copy = length < sizeof room ? room : malloc(length + 1);
    if (!copy)
        return NAN;
    memcpy(copy, at, length);
    copy[length] = '\0';
    char *found = memchr(copy, point, length);
    if (found)
        *found = '.';
    double value = c_locale ? strtod_l(copy, NULL, c_locale) : strtod(copy, NULL);
    if (copy != room)
        free(copy);
    return value;
}

/* --- reading --- */

/* A number's digits, without its sign: digits * 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int64_t count, exponent; /* count: of digits behind leading zeros */
    bool any;
} decimal;

static const char *skip_zeros(const char *at, const char *end)
{
    while (at < end && *at == '0')
        at++;
    return at;
}

/* Digits that follow others; past 19 they are counted, but the sum is of no use. */
static const char *read_digits(const char *at, const char *end, decimal *d)
{
    const char *first = at;
    uint64_t digits = d->digits;
    for (; at < end && (unsigned char)(*at - '0') < 10; at++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    d->digits = digits;
    d->count += at - first;
    return at;
}

static const char *read_decimal(const char *at, const char *end, char point, decimal *d)
{
    const char *first = at;
    at = read_digits(skip_zeros(at, end), end, d);
    d->any = at > first;
    if (at == end || *at != point)
        return at;
    const char *fraction = ++at;
    at = read_digits(d->count > 0 ? at : skip_zeros(at, end), end, d);
    d->any = d->any || at > fraction;
    d->exponent = fraction - at;
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
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (at == end)
        return NULL;
    pthread_once(&once, prepare);
    bool negative = *at == '-';
    at += negative || *at == '+';
    const char *first = at;
    decimal d = {0};
    at = read_decimal(at, end, point, &d);
    if (d.any) {
        at = read_exponent(at, end, &d);
        bool exact = d.count <= MOST_DIGITS && d.exponent >= -LARGEST_POWER && d.exponent <= LARGEST_POWER;
        *value = d.count == 0  ? 0
                 : exact      ? scale(d.digits, (int)d.exponent)
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
