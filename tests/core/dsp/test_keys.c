/* Keys of the memo: a parameter that one forgot would bring back what was made with another value of it. */
#include "fixtures.h"
#include "test.h"

#include "dsp/feature.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAMPLES = 4608, FAILED = 2 };

static float sound[SAMPLES];

/* A number that stands for the feature's values; 0 where it is refused. */
static uint64_t digest(const mlk_settings *settings, mlk_analysis *analysis)
{
    mlk_feature_shape shape;
    mlk_status status;
    if (mlk_feature_measure(settings, SAMPLES, analysis->rate, &shape, &status))
        return 0;
    size_t bytes = (size_t)(shape.rows * shape.frames) * mlk_dtype_size(shape.dtype);
    unsigned char *out = malloc(bytes);
    uint64_t sum = 14695981039346656037u;
    if (!out || mlk_feature_compute(settings, analysis, out, &status))
        _exit(FAILED);
    for (size_t i = 0; i < bytes; i++)
        sum = (sum ^ out[i]) * 1099511628211u;
    free(out);
    return sum;
}

/* The digest of a feature of a process of its own, whose memo is empty: computed alone, or after its defaults. */
static uint64_t in_a_process(const mlk_settings *settings, double rate, bool after_defaults)
{
    int pipes[2], how;
    uint64_t sum = 0;
    mlk_status status;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        mlk_settings defaults;
        mlk_analysis *analysis = mlk_analysis_new(sound, SAMPLES, rate, &status);
        mlk_settings_init(&defaults, settings->feature);
        if (!analysis)
            _exit(FAILED);
        if (after_defaults)
            digest(&defaults, analysis);
        sum = digest(settings, analysis);
        _exit(write(pipes[1], &sum, sizeof sum) == sizeof sum ? 0 : FAILED);
    }
    close(pipes[1]);
    ssize_t got = read(pipes[0], &sum, sizeof sum);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(got, sizeof sum);
    return sum;
}

/* The next value of a parameter, other than its default, that counts as one; false when there are no more. */
static bool next_value(mlk_settings *settings, int p, size_t *next)
{
    static const double tries[] = {40, 440, 1, 0, 0.5, 3, NAN};
    const mlk_parameter *parameter = &settings->feature->parameters[p];
    int choices = 0;
    while (parameter->kind == MLK_PARAMETER_CHOICE && parameter->choices[choices])
        choices++;
    while (*next < sizeof tries / sizeof *tries) {
        double value = tries[(*next)++];
        bool slow = strcmp(parameter->name, "hop_length") == 0 && value < 100;
        bool fits = parameter->kind != MLK_PARAMETER_CHOICE || value < choices;
        if (fits && !slow && value != parameter->standard && !mlk_settings_set(settings, parameter->name, value, NULL))
            return true;
    }
    return false;
}

/* Inputs of pretrained models take 16 kHz alone. */
static double rate_of(const mlk_feature *feature)
{
    mlk_settings settings;
    mlk_feature_shape shape;
    mlk_settings_init(&settings, feature);
    return mlk_feature_measure(&settings, SAMPLES, 22050, &shape, NULL) ? 16000 : 22050;
}

/* Tries values until one makes another result than the defaults; whether there is one. */
static bool is_in_the_key(const mlk_feature *feature, int p, uint64_t defaults)
{
    mlk_settings settings;
    size_t next = 0;
    mlk_settings_init(&settings, feature);
    while (next_value(&settings, p, &next)) {
        uint64_t alone = in_a_process(&settings, rate_of(feature), false);
        if (alone == 0 || alone == defaults)
            continue;
        if (alone != in_a_process(&settings, rate_of(feature), true))
            fail_msg("%s is not made anew for %s = %g", feature->name, feature->parameters[p].name,
                     settings.values[p]);
        return true;
    }
    return false;
}

static void every_parameter_is_in_the_key_of_what_it_makes(void **state)
{
    (void)state;
    fixture_noise(sound, SAMPLES, 1);
    int told_apart = 0;
    for (int i = 0; i < mlk_feature_count(); i++) {
        const mlk_feature *feature = mlk_feature_at(i);
        mlk_settings settings;
        mlk_settings_init(&settings, feature);
        uint64_t defaults = in_a_process(&settings, rate_of(feature), false);
        for (int p = 0; p < feature->n_parameters; p++) {
            bool found = is_in_the_key(feature, p, defaults);
            told_apart += found;
            if (!found)
                printf("%s: no value of %s makes a difference here\n", feature->name, feature->parameters[p].name);
        }
    }
    assert_true(told_apart > 300);
}

static void add_without_room(void)
{
    mlk_key key = {.count = MLK_KEY_ROOM};
    mlk_key_add(&key, 0);
}

static void ask_for_an_unknown_setting(void)
{
    mlk_settings settings;
    mlk_settings_init(&settings, mlk_feature_find("mel"));
    mlk_settings_get(&settings, "n_mel");
}

/* In builds for release, too. */
static void assert_aborts(void (*work)(void))
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL); /* not cmocka's */
        work();
        _exit(0);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
}

static void what_would_be_served_wrong_aborts(void **state)
{
    (void)state;
    mlk_key key = {0};
    for (int i = 0; i < MLK_KEY_ROOM; i++)
        mlk_key_add(&key, i);
    assert_int_equal(key.count, MLK_KEY_ROOM);
    assert_aborts(add_without_room);
    assert_aborts(ask_for_an_unknown_setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_parameter_is_in_the_key_of_what_it_makes),
        cmocka_unit_test(what_would_be_served_wrong_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
