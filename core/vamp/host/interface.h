/* interface.h: what a Vamp plugin offers, and how it is called: version 2 of the Vamp API.
 *
 * A library of plugins exports one function, vampGetPluginDescriptor. The layout of these structs is fixed by that
 * interface (Cannam, Landone, Sandler: "Sonic Visualiser", ACM Multimedia 2010; https://www.vamp-plugins.org). They are
 * described here so that nothing needs the SDK. Texts may be NULL wherever a plugin is careless.
 */
#ifndef MLK_VAMP_INTERFACE_H
#define MLK_VAMP_INTERFACE_H

enum { MLK_VAMP_VERSION = 2 };
#define MLK_VAMP_ENTRY "vampGetPluginDescriptor"

typedef struct mlk_vamp_parameter {
    const char *id, *name, *about, *unit;
    float least, most, usual;
    int quantized;      /* values lie `quantum` apart, from `least` on */
    float quantum;
    const char **names; /* of the quantized values, NULL after them; or NULL */
} mlk_vamp_parameter;

/* When results of an output are: one for each block, at a rate of the output, or whenever they say. */
typedef enum mlk_vamp_timing { MLK_VAMP_STEPS, MLK_VAMP_RATE, MLK_VAMP_ANY_TIME } mlk_vamp_timing;

typedef struct mlk_vamp_output {
    const char *id, *name, *about, *unit;
    int fixed_bins; /* every result has `bins` values */
    unsigned bins;
    const char **bin_names; /* of `bins`, or NULL */
    int known_range;
    float least, most;
    int quantized;
    float quantum;
    mlk_vamp_timing timing;
    float rate_hz;
    int has_duration; /* of version 2 alone */
} mlk_vamp_output;

typedef struct mlk_vamp_result {
    int has_time, s, ns;
    unsigned n_values;
    float *values;
    char *label;
} mlk_vamp_result;

typedef struct mlk_vamp_length {
    int has_duration, s, ns;
} mlk_vamp_length;

/* Version 2 gives a list of n results and after it, in slots of the same size, their n lengths. */
typedef union mlk_vamp_slot {
    mlk_vamp_result result;
    mlk_vamp_length length;
} mlk_vamp_slot;

typedef struct mlk_vamp_results {
    unsigned n;
    mlk_vamp_slot *slots;
} mlk_vamp_results;

typedef enum mlk_vamp_domain { MLK_VAMP_SAMPLES, MLK_VAMP_SPECTRA } mlk_vamp_domain;

typedef void *mlk_vamp_instance;

typedef struct mlk_vamp_plugin {
    unsigned api;
    const char *id, *name, *about, *maker;
    int version;
    const char *copyright;
    unsigned n_parameters;
    const mlk_vamp_parameter **parameters;
    unsigned n_programs;
    const char **programs;
    mlk_vamp_domain domain;

    mlk_vamp_instance (*create)(const struct mlk_vamp_plugin *plugin, float rate_hz);
    void (*destroy)(mlk_vamp_instance);
    int (*start)(mlk_vamp_instance, unsigned channels, unsigned step, unsigned block); /* 0: it refuses */
    void (*reset)(mlk_vamp_instance);
    float (*get_parameter)(mlk_vamp_instance, int);
    void (*set_parameter)(mlk_vamp_instance, int, float); /* before start */
    unsigned (*get_program)(mlk_vamp_instance);
    void (*set_program)(mlk_vamp_instance, unsigned);
    unsigned (*wanted_step)(mlk_vamp_instance); /* 0: it does not mind */
    unsigned (*wanted_block)(mlk_vamp_instance);
    unsigned (*least_channels)(mlk_vamp_instance);
    unsigned (*most_channels)(mlk_vamp_instance);
    unsigned (*n_outputs)(mlk_vamp_instance);
    mlk_vamp_output *(*output)(mlk_vamp_instance, unsigned);
    void (*release_output)(mlk_vamp_output *);
    mlk_vamp_results *(*process)(mlk_vamp_instance, const float *const *channels, int s, int ns); /* a list an output */
    mlk_vamp_results *(*rest)(mlk_vamp_instance);
    void (*release_results)(mlk_vamp_results *);
} mlk_vamp_plugin;

typedef const mlk_vamp_plugin *(*mlk_vamp_entry)(unsigned host_version, unsigned index);

#endif
