/* plugins.c: Vamp plugins for tests: what a plugin may give, and what a bad one does. No use of the SDK. */
#include "vamp/host/interface.h"
#include "vamp/message.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CRASH, HANG, LEAVE, EAT, PRINT, SCRIBBLE, FLOOD, N_DEEDS, WIDTH = 4 };

typedef struct instance {
    float deed, gain;
    unsigned program, channels, step, block;
    int n_blocks;
    float values[2 * WIDTH];
    mlk_vamp_slot *slots;
    mlk_vamp_results outputs[3];
} instance;

static mlk_vamp_instance create(const mlk_vamp_plugin *plugin, float rate_hz)
{
    (void)plugin;
    instance *self = rate_hz > 0 ? calloc(1, sizeof *self) : NULL;
    if (self) {
        self->deed = PRINT;
        self->gain = 1;
        self->slots = calloc(8, sizeof *self->slots);
    }
    return self;
}

static void destroy(mlk_vamp_instance handle)
{
    instance *self = handle;
    free(self->slots);
    free(self);
}

static int start(mlk_vamp_instance handle, unsigned channels, unsigned step, unsigned block)
{
    instance *self = handle;
    self->channels = channels;
    self->step = step;
    self->block = block;
    return block != 13; /* which it refuses */
}

static void reset(mlk_vamp_instance handle)
{
    ((instance *)handle)->n_blocks = 0;
}

static float get_parameter(mlk_vamp_instance handle, int i)
{
    const instance *self = handle;
    return i == 0 ? self->gain : self->deed;
}

static void set_parameter(mlk_vamp_instance handle, int i, float value)
{
    instance *self = handle;
    *(i == 0 ? &self->gain : &self->deed) = value;
}

static unsigned get_program(mlk_vamp_instance handle)
{
    return ((const instance *)handle)->program;
}

static void set_program(mlk_vamp_instance handle, unsigned i)
{
    ((instance *)handle)->program = i;
    ((instance *)handle)->gain = i == 1 ? 10 : 1;
}

static unsigned no_wish(mlk_vamp_instance handle)
{
    (void)handle;
    return 0;
}

static unsigned one(mlk_vamp_instance handle)
{
    (void)handle;
    return 1;
}

static unsigned two(mlk_vamp_instance handle)
{
    (void)handle;
    return 2;
}

static void release_output(mlk_vamp_output *output)
{
    free(output);
}

static void release_results(mlk_vamp_results *outputs)
{
    (void)outputs;
}

static mlk_vamp_output *output_of(mlk_vamp_output filled)
{
    mlk_vamp_output *output = malloc(sizeof *output);
    if (output)
        *output = filled;
    return output;
}

static mlk_vamp_results *result_of(instance *self, unsigned n_values)
{
    self->slots[0].result = (mlk_vamp_result){.n_values = n_values, .values = self->values};
    self->outputs[0] = (mlk_vamp_results){1, self->slots};
    return self->outputs;
}

/* --- sum: the mean of each channel's block, times the gain; but for every third block, of which it says nothing --- */

static mlk_vamp_output *sum_output(mlk_vamp_instance handle, unsigned i)
{
    static const char *names[] = {"left", "right"};
    (void)handle;
    (void)i;
    return output_of((mlk_vamp_output){.id = "mean", .name = "Mean", .unit = "V", .fixed_bins = 1, .bins = 2,
                                       .bin_names = names, .timing = MLK_VAMP_STEPS});
}

static mlk_vamp_results *sum_process(mlk_vamp_instance handle, const float *const *channels, int s, int ns)
{
    (void)s;
    (void)ns;
    instance *self = handle;
    for (unsigned c = 0; c < self->channels; c++) {
        double sum = 0;
        for (unsigned i = 0; i < self->block; i++)
            sum += channels[c][i];
        self->values[c] = self->gain * (float)(sum / self->block);
    }
    return self->n_blocks++ % 3 == 2 ? NULL : result_of(self, 2);
}

/* --- moody: the same, but a long sound with more than silence in it is the end of it --- */

static mlk_vamp_results *moody_process(mlk_vamp_instance handle, const float *const *channels, int s, int ns)
{
    const instance *self = handle;
    if (self->n_blocks == 2 && channels[0][0] > 0)
        abort();
    return sum_process(handle, channels, s, ns);
}

static mlk_vamp_results *nothing(mlk_vamp_instance handle)
{
    (void)handle;
    return NULL;
}

/* --- spectrum: the first bins as they come --- */

static mlk_vamp_output *spectrum_output(mlk_vamp_instance handle, unsigned i)
{
    (void)handle;
    (void)i;
    return output_of((mlk_vamp_output){.id = "bins", .fixed_bins = 1, .bins = 2 * WIDTH, .timing = MLK_VAMP_STEPS});
}

static mlk_vamp_results *spectrum_process(mlk_vamp_instance handle, const float *const *channels, int s, int ns)
{
    (void)s;
    (void)ns;
    instance *self = handle;
    memcpy(self->values, channels[0], sizeof self->values);
    return result_of(self, 2 * WIDTH);
}

/* --- events: labels, durations and values at odd times, all at the end; and a curve of its own rate --- */

static mlk_vamp_output *events_output(mlk_vamp_instance handle, unsigned i)
{
    (void)handle;
    if (i == 1)
        return output_of((mlk_vamp_output){.id = "curve", .fixed_bins = 1, .bins = 1, .timing = MLK_VAMP_RATE,
                                           .rate_hz = 10});
    return output_of((mlk_vamp_output){.id = i == 0 ? "segments" : "clicks", .unit = "dB", .timing = MLK_VAMP_ANY_TIME,
                                       .has_duration = i == 0});
}

static mlk_vamp_results *no_results(mlk_vamp_instance handle, const float *const *channels, int s, int ns)
{
    (void)channels;
    (void)s;
    (void)ns;
    ((instance *)handle)->n_blocks++;
    return NULL;
}

static mlk_vamp_results *events_rest(mlk_vamp_instance handle)
{
    static float values[] = {1.5f, NAN, 3, 7};
    instance *self = handle;
    mlk_vamp_slot *slots = self->slots;
    memset(slots, 0, 8 * sizeof *slots);
    slots[0].result = (mlk_vamp_result){.has_time = 1, .s = 1, .ns = 500000000, .n_values = 2, .values = values,
                                        .label = "chorus"};
    slots[1].result = (mlk_vamp_result){.has_time = 1, .s = 0, .ns = 250000000, .label = "Stra\xdf" "e"};
    slots[2].length = (mlk_vamp_length){.has_duration = 1, .s = 0, .ns = 750000000};
    self->outputs[0] = (mlk_vamp_results){2, slots};
    slots[4].result = slots[5].result = (mlk_vamp_result){.n_values = 1, .values = values + 3};
    slots[5].result.has_time = 1;
    slots[5].result.ns = 300000000;
    self->outputs[1] = (mlk_vamp_results){2, slots + 4};
    return self->outputs;
}

/* --- bad: does what no plugin should, in its third block --- */

static mlk_vamp_output *bad_output(mlk_vamp_instance handle, unsigned i)
{
    (void)handle;
    (void)i;
    return output_of((mlk_vamp_output){.id = "deeds", .timing = MLK_VAMP_ANY_TIME});
}

/* Results without end, a thousand at once. */
static void flood(void)
{
    static mlk_vamp_message heads[1000];
    for (int i = 0; i < 1000; i++)
        heads[i].kind = MLK_VAMP_RESULT;
    while (write(MLK_VAMP_SOCKET, heads, sizeof heads) > 0)
        continue;
}

static void do_harm(instance *self)
{
    switch ((int)self->deed) {
    case CRASH:
        abort();
    case HANG:
        for (;;)
            pause();
    case LEAVE:
        exit(7);
    case EAT:
        for (;;) {
            char *memory = malloc(1 << 24);
            if (!memory)
                abort();
            memset(memory, 1, 1 << 24);
        }
    case SCRIBBLE:
        if (write(3, "what is this? more than the head of a message takes, and no sense in it", 70) < 0)
            abort();
        break;
    case FLOOD:
        flood();
        break;
    default:
        printf("hello from a plugin\n");
        fprintf(stderr, "hello from a plugin\n");
        fflush(stdout);
    }
}

static mlk_vamp_results *bad_process(mlk_vamp_instance handle, const float *const *channels, int s, int ns)
{
    (void)channels;
    (void)s;
    (void)ns;
    instance *self = handle;
    if (++self->n_blocks == 3)
        do_harm(self);
    return self->n_blocks == 1 ? result_of(self, 0) : NULL;
}

static const char *deeds[] = {"crash", "hang", "leave", "eat", "print", "scribble", "flood", NULL};
static const mlk_vamp_parameter gain = {.id = "gain", .name = "Gain", .unit = "x", .least = 0, .most = 100, .usual = 1};
static const mlk_vamp_parameter deed = {.id = "deed", .least = 0, .most = N_DEEDS - 1, .usual = PRINT, .quantized = 1,
                                        .quantum = 1, .names = deeds};
static const mlk_vamp_parameter *parameters[] = {&gain, &deed};
static const char *programs[] = {"soft", "loud"};

#define PLUGIN(word, the_domain, channels, outputs, output_f, process_f, rest_f)                                       \
    {                                                                                                                  \
        .api = 2, .id = #word, .name = "The " #word, .maker = "Moonlark", .version = 3, .n_parameters = 2,             \
        .parameters = parameters, .n_programs = 2, .programs = programs, .domain = the_domain, .create = create,       \
        .destroy = destroy, .start = start, .reset = reset, .get_parameter = get_parameter,                            \
        .set_parameter = set_parameter, .get_program = get_program, .set_program = set_program, .wanted_step = no_wish,\
        .wanted_block = no_wish, .least_channels = channels, .most_channels = channels, .n_outputs = outputs,          \
        .output = output_f, .release_output = release_output, .process = process_f, .rest = rest_f,                    \
        .release_results = release_results                                                                             \
    }

static unsigned three(mlk_vamp_instance handle)
{
    (void)handle;
    return 3;
}

static const mlk_vamp_plugin plugins[] = {
    PLUGIN(sum, MLK_VAMP_SAMPLES, two, one, sum_output, sum_process, nothing),
    PLUGIN(moody, MLK_VAMP_SAMPLES, two, one, sum_output, moody_process, nothing),
    PLUGIN(spectrum, MLK_VAMP_SPECTRA, one, one, spectrum_output, spectrum_process, nothing),
    PLUGIN(events, MLK_VAMP_SAMPLES, one, three, events_output, no_results, events_rest),
    PLUGIN(bad, MLK_VAMP_SAMPLES, one, one, bad_output, bad_process, nothing),
};

__attribute__((visibility("default"))) const mlk_vamp_plugin *vampGetPluginDescriptor(unsigned version,
                                                                                      unsigned index);

const mlk_vamp_plugin *vampGetPluginDescriptor(unsigned version, unsigned index)
{
    static bool crashes;
    crashes = getenv("MOONLARK_TEST_CRASH") != NULL;
    if (crashes && index == 1)
        abort();
    return version >= 1 && index < sizeof plugins / sizeof *plugins ? &plugins[index] : NULL;
}
