#include "vamp/host/runner.h"

#include "dsp/fft.h"
#include "vamp/host/library.h"
#include "vamp/host/talk.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_BLOCK = 1024, MOST_BLOCK = 1 << 24, MOST_CHANNELS = 256 };

typedef struct runner {
    const mlk_vamp_order *order;
    const mlk_vamp_plugin *plugin;
    mlk_vamp_instance instance;
    unsigned step, block, channels; /* of the plugin, which may hear more or fewer than come */
    mlk_vamp_timing timing;
    double rate_hz;     /* of the output, where its results have one */
    int64_t shift;      /* samples from the beginning of a block to the time that it stands for */
    float *frames;      /* as they come, interleaved */
    float **samples;    /* of each channel of the plugin: block */
    float **input;      /* what it is given: these, or their spectra: block + 2 */
    double *windowed, *window;
    double complex *bins;
    const mlk_fft *fft;
    int64_t n_told;
    double last_s; /* when the last result at a rate was */
} runner;

/* --- setting up --- */

static void *take(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        mlk_vamp_fail("no memory left");
    return memory;
}

static void choose_program(const runner *self)
{
    const mlk_vamp_plugin *plugin = self->plugin;
    if (!self->order->program[0])
        return;
    for (unsigned i = 0; i < plugin->n_programs; i++)
        if (strcmp(plugin->programs[i], self->order->program) == 0) {
            plugin->set_program(self->instance, i);
            return;
        }
    mlk_vamp_fail("it has no program %s", self->order->program);
}

static int parameter_of(const mlk_vamp_plugin *plugin, const char *word)
{
    size_t length = strcspn(word, "=");
    for (unsigned i = 0; i < plugin->n_parameters; i++) {
        const char *id = plugin->parameters[i]->id;
        if (id && strlen(id) == length && strncmp(id, word, length) == 0)
            return (int)i;
    }
    mlk_vamp_fail("it has no parameter %.*s", (int)length, word);
}

static void set_parameters(const runner *self)
{
    for (const char *const *word = self->order->parameters; *word; word++) {
        const char *value = strchr(*word, '=');
        self->plugin->set_parameter(self->instance, parameter_of(self->plugin, *word),
                                    value ? strtof(value + 1, NULL) : 0);
    }
}

static void choose_sizes(runner *self)
{
    bool spectra = self->plugin->domain == MLK_VAMP_SPECTRA;
    self->block = self->order->block ? self->order->block : self->plugin->wanted_block(self->instance);
    self->step = self->order->step ? self->order->step : self->plugin->wanted_step(self->instance);
    if (self->block == 0)
        self->block = self->step > USUAL_BLOCK ? self->step : USUAL_BLOCK;
    if (spectra)
        self->block += self->block % 2;
    if (self->step == 0)
        self->step = spectra ? self->block / 2 : self->block;
    if (self->step > self->block)
        self->block = spectra ? 2 * self->step : self->step;
    if (self->block > MOST_BLOCK)
        mlk_vamp_fail("it wants blocks of %u samples", self->block);
}

static void choose_channels(runner *self)
{
    unsigned least = self->plugin->least_channels(self->instance), most = self->plugin->most_channels(self->instance);
    self->channels = self->order->channels;
    if (self->channels > most)
        self->channels = most;
    if (self->channels < least)
        self->channels = least;
    if (self->channels < 1 || self->channels > MOST_CHANNELS)
        mlk_vamp_fail("it hears %u to %u channels", least, most);
}

/* A Hann window as the SDK's adapter has it. */
static void prepare_spectra(runner *self)
{
    mlk_status status;
    self->fft = mlk_fft_plan((int)self->block, &status);
    if (!self->fft)
        mlk_vamp_fail("%s", status.message);
    self->shift = self->block / 2;
    self->windowed = mlk_fft_buffer(self->block);
    self->bins = (double complex *)mlk_fft_buffer(self->block + 2);
    self->window = take(self->block, sizeof *self->window);
    if (!self->windowed || !self->bins)
        mlk_vamp_fail("no memory left");
    for (unsigned i = 0; i < self->block; i++)
        self->window[i] = 0.5 - 0.5 * cos(2 * M_PI * i / self->block);
}

static void prepare_buffers(runner *self)
{
    self->frames = take((size_t)self->order->channels * self->block, sizeof(float));
    self->samples = take(self->channels, sizeof *self->samples);
    self->input = take(self->channels, sizeof *self->input);
    for (unsigned c = 0; c < self->channels; c++) {
        self->samples[c] = take(self->block, sizeof(float));
        self->input[c] = self->samples[c];
        if (self->plugin->domain == MLK_VAMP_SPECTRA)
            self->input[c] = take(self->block + 2, sizeof(float));
    }
    if (self->plugin->domain == MLK_VAMP_SPECTRA)
        prepare_spectra(self);
}

/* The number of the output that is asked for. */
static unsigned find_output(runner *self)
{
    unsigned n = self->plugin->n_outputs(self->instance);
    for (unsigned i = 0; i < n; i++) {
        mlk_vamp_output *output = self->plugin->output(self->instance, i);
        bool found = !self->order->output[0] || (output->id && strcmp(output->id, self->order->output) == 0);
        if (found) {
            self->timing = output->timing;
            self->rate_hz = output->rate_hz;
            mlk_vamp_tell_output(output, self->plugin, self->step, self->block, self->channels);
        }
        self->plugin->release_output(output);
        if (found && self->timing == MLK_VAMP_RATE && !(self->rate_hz > 0))
            mlk_vamp_fail("its results have a rate of %g", self->rate_hz);
        if (found)
            return i;
    }
    mlk_vamp_fail("it has no output %s", self->order->output);
}

/* --- hearing --- */

/* What channel `c` of the plugin hears of a frame: all mixed where it hears one, silence where there are too few, but one
 * channel is heard by all. */
static float sample_of(const runner *self, const float *frame, unsigned c)
{
    unsigned given = self->order->channels;
    if (self->channels == 1 && given > 1) {
        float sum = 0;
        for (unsigned i = 0; i < given; i++)
            sum += frame[i];
        return sum / (float)given;
    }
    return given == 1 ? frame[0] : c < given ? frame[c] : 0;
}

/* Moves on by a step and fills the rest of the block; false once samples are missing. */
static bool fill_block(runner *self, bool first)
{
    unsigned kept = first ? 0 : self->block - self->step, wanted = self->block - kept;
    size_t frame = sizeof(float) * self->order->channels;
    unsigned came = (unsigned)(mlk_vamp_hear(self->frames, frame * wanted) / frame);
    for (unsigned c = 0; c < self->channels; c++) {
        float *samples = self->samples[c];
        memmove(samples, samples + self->step, sizeof *samples * kept);
        for (unsigned i = 0; i < came; i++)
            samples[kept + i] = sample_of(self, self->frames + (size_t)i * self->order->channels, c);
        memset(samples + kept + came, 0, sizeof *samples * (wanted - came));
    }
    return came == wanted;
}

/* The spectrum of a windowed block whose middle is at phase 0. */
static void transform(runner *self)
{
    unsigned half = self->block / 2;
    for (unsigned c = 0; c < self->channels; c++) {
        for (unsigned i = 0; i < self->block; i++)
            self->windowed[(i + half) % self->block] = self->window[i] * (double)self->samples[c][i];
        mlk_fft_forward(self->fft, self->windowed, self->bins);
        for (unsigned k = 0; k <= half; k++) {
            self->input[c][2 * k] = (float)creal(self->bins[k]);
            self->input[c][2 * k + 1] = (float)cimag(self->bins[k]);
        }
    }
}

/* --- telling --- */

static double seconds_of(const mlk_vamp_result *result)
{
    return result->s + 1e-9 * result->ns;
}

/* When a result is: with its block, at the next place of its rate, or when it says. */
static double time_of(runner *self, const mlk_vamp_result *result, double block_s)
{
    if (self->timing == MLK_VAMP_STEPS || (self->timing == MLK_VAMP_ANY_TIME && !result->has_time))
        return block_s;
    if (self->timing == MLK_VAMP_ANY_TIME)
        return seconds_of(result);
    double next = self->n_told > 0 ? self->last_s + 1 / self->rate_hz : 0;
    self->last_s = result->has_time ? seconds_of(result) : next;
    return self->last_s;
}

static void tell_result(runner *self, const mlk_vamp_result *result, const mlk_vamp_length *length, double block_s)
{
    mlk_vamp_message head = {.kind = MLK_VAMP_RESULT, .duration_ns = MLK_VAMP_NO_DURATION};
    if (result->n_values > MLK_VAMP_MOST_VALUES)
        mlk_vamp_fail("it gives %u values at once", result->n_values);
    head.n_values = result->values ? result->n_values : 0;
    head.time_ns = llround(1e9 * time_of(self, result, block_s));
    if (length && length->has_duration)
        head.duration_ns = length->s * INT64_C(1000000000) + length->ns;
    mlk_vamp_tell(head, result->values, result->label);
    self->n_told++;
}

static void tell_results(runner *self, mlk_vamp_results *outputs, unsigned output, double block_s)
{
    if (!outputs)
        return;
    const mlk_vamp_results *list = &outputs[output];
    for (unsigned i = 0; list->slots && i < list->n; i++)
        tell_result(self, &list->slots[i].result,
                    self->plugin->api >= MLK_VAMP_VERSION ? &list->slots[list->n + i].length : NULL, block_s);
    self->plugin->release_results(outputs);
}

static void process_blocks(runner *self, unsigned output)
{
    /* So many blocks that end in silence follow after the samples have ended. */
    int left = self->block / self->step > 2 ? (int)(self->block / self->step) - 1 : 1;
    double rate = self->order->rate_hz, block_s = 0;
    for (int64_t n = 0; left > 0; n++) {
        left -= !fill_block(self, n == 0);
        if (self->fft)
            transform(self);
        int64_t at = n * self->step + self->shift, s = at / self->order->rate_hz;
        int ns = (int)((double)(at - s * self->order->rate_hz) / rate * 1e9 + 0.5);
        tell_results(self, self->plugin->process(self->instance, (const float *const *)self->input, (int)s, ns), output,
                     (double)at / rate);
        block_s = (double)(at + self->step) / rate;
    }
    tell_results(self, self->plugin->rest(self->instance), output, block_s);
}

void mlk_vamp_run(const mlk_vamp_order *order)
{
    runner self = {.order = order, .plugin = mlk_vamp_find(mlk_vamp_open(order->library), order->plugin)};
    self.instance = self.plugin->create(self.plugin, (float)order->rate_hz);
    if (!self.instance)
        mlk_vamp_fail("it cannot be made for %u Hz", order->rate_hz);
    choose_program(&self);
    set_parameters(&self);
    choose_sizes(&self);
    choose_channels(&self);
    prepare_buffers(&self);
    if (!self.plugin->start(self.instance, self.channels, self.step, self.block))
        mlk_vamp_fail("it refuses %u channel%s at %u Hz in blocks of %u, %u apart", self.channels,
                      self.channels == 1 ? "" : "s", order->rate_hz, self.block, self.step);
    unsigned output = find_output(&self);
    process_blocks(&self, output);
    self.plugin->destroy(self.instance);
}
