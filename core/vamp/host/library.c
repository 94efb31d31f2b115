#include "vamp/host/library.h"

#include "store/json.h"
#include "vamp/host/talk.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float listing_rate = 44100; /* outputs are known of a plugin that was made for some rate */

mlk_vamp_entry mlk_vamp_open(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        mlk_vamp_fail("%s", dlerror());
    mlk_vamp_entry entry;
    *(void **)&entry = dlsym(library, MLK_VAMP_ENTRY);
    if (!entry)
        mlk_vamp_fail("%s is no library of Vamp plugins", path);
    return entry;
}

/* The plugin of an index, as far as this host can use it. */
static const mlk_vamp_plugin *plugin_at(mlk_vamp_entry entry, unsigned index)
{
    const mlk_vamp_plugin *plugin = entry(MLK_VAMP_VERSION, index);
    return plugin && plugin->id && plugin->api >= 1 && plugin->api <= MLK_VAMP_VERSION ? plugin : NULL;
}

const mlk_vamp_plugin *mlk_vamp_find(mlk_vamp_entry entry, const char *id)
{
    for (unsigned i = 0; entry(MLK_VAMP_VERSION, i); i++) {
        const mlk_vamp_plugin *plugin = plugin_at(entry, i);
        if (plugin && strcmp(plugin->id, id) == 0)
            return plugin;
    }
    mlk_vamp_fail("there is no plugin %s in it", id);
}

/* --- JSON --- */

static void write_text(FILE *out, const char *key, const char *text)
{
    fprintf(out, ",\"%s\":", key);
    mlk_json_write_string(out, text ? text : "");
}

static void write_number(FILE *out, const char *key, double value)
{
    if (isfinite(value))
        fprintf(out, ",\"%s\":%.9g", key, value);
}

static void write_names(FILE *out, const char *key, const char *const *names, int64_t n)
{
    fprintf(out, ",\"%s\":[", key);
    for (int64_t i = 0; i < n; i++) {
        fputs(i ? "," : "", out);
        mlk_json_write_string(out, names[i] ? names[i] : "");
    }
    fputc(']', out);
}

static int64_t count_names(const char *const *names)
{
    int64_t n = 0;
    while (names && names[n])
        n++;
    return n;
}

static void write_parameter(FILE *out, const mlk_vamp_parameter *parameter)
{
    fputs("{\"id\":", out);
    mlk_json_write_string(out, parameter->id ? parameter->id : "");
    write_text(out, "name", parameter->name);
    write_text(out, "about", parameter->about);
    write_text(out, "unit", parameter->unit);
    write_number(out, "least", parameter->least);
    write_number(out, "most", parameter->most);
    write_number(out, "usual", parameter->usual);
    if (parameter->quantized) {
        write_number(out, "quantum", parameter->quantum);
        write_names(out, "names", parameter->names, count_names(parameter->names));
    }
    fputc('}', out);
}

static void write_output(FILE *out, const mlk_vamp_output *output)
{
    static const char *const timings[] = {"step", "rate", "any"};
    fputs("{\"id\":", out);
    mlk_json_write_string(out, output->id ? output->id : "");
    write_text(out, "name", output->name);
    write_text(out, "about", output->about);
    write_text(out, "unit", output->unit);
    write_text(out, "timing", timings[output->timing <= MLK_VAMP_ANY_TIME ? output->timing : MLK_VAMP_ANY_TIME]);
    write_number(out, "rate", output->rate_hz);
    if (output->fixed_bins) {
        write_number(out, "bins", output->bins);
        if (output->bin_names)
            write_names(out, "bin_names", output->bin_names, output->bins);
    }
}

static void write_outputs(FILE *out, const mlk_vamp_plugin *plugin)
{
    mlk_vamp_instance instance = plugin->create(plugin, listing_rate);
    unsigned n = instance ? plugin->n_outputs(instance) : 0;
    fputs(",\"outputs\":[", out);
    for (unsigned i = 0; i < n; i++) {
        mlk_vamp_output *output = plugin->output(instance, i);
        fputs(i ? "," : "", out);
        write_output(out, output);
        fputc('}', out);
        plugin->release_output(output);
    }
    fputc(']', out);
    if (instance)
        plugin->destroy(instance);
}

/* Writes to memory; what is written is told as one message. */
static FILE *open_text(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (!out)
        mlk_vamp_fail("no memory left");
    return out;
}

static void tell_text(FILE *out, char **text)
{
    if (fclose(out) != 0)
        mlk_vamp_fail("no memory left");
    mlk_vamp_tell((mlk_vamp_message){.kind = MLK_VAMP_ABOUT}, NULL, *text);
    free(*text);
}

static void tell_plugin(const mlk_vamp_plugin *plugin)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);
    fputs("{\"id\":", out);
    mlk_json_write_string(out, plugin->id);
    write_text(out, "name", plugin->name);
    write_text(out, "about", plugin->about);
    write_text(out, "maker", plugin->maker);
    write_text(out, "copyright", plugin->copyright);
    write_number(out, "version", plugin->version);
    write_names(out, "programs", plugin->programs, plugin->n_programs);
    fputs(",\"parameters\":[", out);
    for (unsigned i = 0; i < plugin->n_parameters; i++) {
        fputs(i ? "," : "", out);
        write_parameter(out, plugin->parameters[i]);
    }
    fputc(']', out);
    write_outputs(out, plugin);
    fputc('}', out);
    tell_text(out, &text);
}

void mlk_vamp_list(mlk_vamp_entry entry)
{
    for (unsigned i = 0; entry(MLK_VAMP_VERSION, i); i++) {
        const mlk_vamp_plugin *plugin = plugin_at(entry, i);
        if (plugin)
            tell_plugin(plugin);
    }
}

void mlk_vamp_tell_output(const mlk_vamp_output *output, const mlk_vamp_plugin *plugin, unsigned step, unsigned block,
                          unsigned channels)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);
    write_output(out, output);
    write_number(out, "version", plugin->version);
    write_number(out, "step", step);
    write_number(out, "block", block);
    write_number(out, "channels", channels);
    write_text(out, "domain", plugin->domain == MLK_VAMP_SPECTRA ? "spectra" : "samples");
    fputc('}', out);
    tell_text(out, &text);
}
