#include "extract/output.h"

#include "store/atomic.h"
#include "store/hash.h"
#include "store/hdf5.h"
#include "store/npy.h"
#include "store/npz.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum kind { SAFETENSORS, NPZ, NPY, CSV, HDF5, UNKNOWN } kind;

static kind kind_of(const char *path)
{
    static const char *const endings[] = {".safetensors", ".npz", ".npy", ".csv", ".h5"};
    size_t length = strlen(path);
    for (int i = 0; i < UNKNOWN; i++) {
        size_t n = strlen(endings[i]);
        if (length > n && strcmp(path + length - n, endings[i]) == 0)
            return (kind)i;
    }
    return UNKNOWN;
}

static int file_count(const char *path, const mlk_recipe *recipe)
{
    return kind_of(path) == NPY ? recipe->n_features : 1;
}

/* Adds a view under a copy of the name. */
static mlk_code add_view(mlk_tensors *tensors, const char *name, const mlk_array *array, mlk_status *status)
{
    char *copy = strdup(name);
    return copy ? mlk_tensors_add(tensors, copy, array, NULL, status) : mlk_fail_memory(status, "a name");
}

static mlk_code add_text(mlk_tensors *tensors, const char *key, const char *value, mlk_status *status)
{
    mlk_text_pair *grown =
        realloc(tensors->metadata, ((size_t)tensors->metadata_count + 1) * sizeof *tensors->metadata);
    if (!grown)
        return mlk_fail_memory(status, "metadata");
    tensors->metadata = grown;
    mlk_text_pair pair = {strdup(key), strdup(value)};
    grown[tensors->metadata_count++] = pair;
    return pair.key && pair.value ? MLK_OK : mlk_fail_memory(status, "metadata");
}

static mlk_array view(const mlk_bundle *bundle, int i)
{
    const mlk_feature_shape *shape = &bundle->shapes[i];
    return (mlk_array){.dtype = shape->dtype, .rank = 2, .shape = {shape->rows, shape->frames},
                       .data = bundle->data[i]};
}

/* Each feature's frame rate and first time, so that the file says when its frames lie. */
static mlk_code add_times(mlk_tensors *tensors, const mlk_recipe *recipe, const mlk_bundle *bundle,
                          mlk_status *status)
{
    mlk_code code = add_text(tensors, "recipe", recipe->text, status);
    for (int i = 0; !code && i < bundle->count; i++) {
        char key[96], value[64];
        snprintf(key, sizeof key, "%s.rate", recipe->features[i].feature->name);
        snprintf(value, sizeof value, "%.17g", bundle->shapes[i].rate);
        code = add_text(tensors, key, value, status);
        snprintf(key, sizeof key, "%s.start", recipe->features[i].feature->name);
        snprintf(value, sizeof value, "%.17g", bundle->shapes[i].start);
        if (!code)
            code = add_text(tensors, key, value, status);
    }
    return code;
}

static mlk_code write_arrays(const char *path, kind kind, const mlk_recipe *recipe, const mlk_bundle *bundle,
                             mlk_status *status)
{
    mlk_tensors tensors = {0};
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < bundle->count; i++) {
        mlk_array array = view(bundle, i);
        code = add_view(&tensors, recipe->features[i].feature->name, &array, status);
    }
    if (!code && kind == SAFETENSORS)
        code = add_times(&tensors, recipe, bundle, status);
    if (!code)
        code = mlk_tensors_sort(&tensors, status);
    if (!code)
        code = kind == NPZ ? mlk_npz_write(path, &tensors, status) : mlk_safetensors_write(path, &tensors, status);
    mlk_tensors_free(&tensors);
    return code;
}

static mlk_code check_common_frames(const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    const mlk_feature_shape *first = &bundle->shapes[0];
    for (int i = 0; i < bundle->count; i++) {
        const mlk_feature_shape *shape = &bundle->shapes[i];
        if (shape->dtype != MLK_FLOAT32)
            return mlk_fail(status, MLK_INVALID, "%s is complex: .csv has no place for it, .npz and .safetensors do",
                            recipe->features[i].feature->name);
        if (shape->frames != first->frames || shape->rate != first->rate || shape->start != first->start)
            return mlk_fail(status, MLK_INVALID,
                            "%s and %s have other frames: .csv needs the same hop_length and centring in all",
                            recipe->features[0].feature->name, recipe->features[i].feature->name);
    }
    return MLK_OK;
}

static void write_frame_lines(FILE *out, const mlk_recipe *recipe, const mlk_bundle *bundle)
{
    fputs("time_s", out);
    for (int i = 0; i < bundle->count; i++)
        for (int64_t row = 0; row < bundle->shapes[i].rows; row++) {
            const char *name = recipe->features[i].feature->name;
            if (bundle->shapes[i].rows == 1)
                fprintf(out, ",%s", name);
            else
                fprintf(out, ",%s_%lld", name, (long long)row);
        }
    for (int64_t frame = 0; frame < bundle->shapes[0].frames; frame++) {
        fprintf(out, "\n%.6f", bundle->shapes[0].start + (double)frame / bundle->shapes[0].rate);
        for (int i = 0; i < bundle->count; i++)
            for (int64_t row = 0; row < bundle->shapes[i].rows; row++)
                fprintf(out, ",%.9g", ((const float *)bundle->data[i])[row * bundle->shapes[i].frames + frame]);
    }
    fputc('\n', out);
}

static mlk_code write_frame_csv(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle,
                                mlk_status *status)
{
    mlk_atomic file;
    if (check_common_frames(recipe, bundle, status) || mlk_atomic_open(path, &file, status))
        return status->code;
    write_frame_lines(file.stream, recipe, bundle);
    return mlk_atomic_commit(&file, status);
}

static mlk_code write_hdf5(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    mlk_hdf5 *file = mlk_hdf5_create(path, status);
    if (!file)
        return status->code;
    mlk_hdf5_text(file, NULL, "recipe", recipe->text);
    for (int i = 0; i < bundle->count; i++) {
        const char *name = recipe->features[i].feature->name;
        mlk_array array = view(bundle, i);
        mlk_hdf5_array(file, name, &array);
        mlk_hdf5_number(file, name, "rate", bundle->shapes[i].rate);
        mlk_hdf5_number(file, name, "start", bundle->shapes[i].start);
    }
    return mlk_hdf5_commit(file, status);
}

/* The i-th file of those that a recipe's frames go to, or NULL when memory is short. An .npy holds one array: several
 * features go to NAME.FEATURE.npy each. */
static char *file_name(const char *path, const mlk_recipe *recipe, int i)
{
    if (file_count(path, recipe) == 1)
        return strdup(path);
    char *name = NULL;
    int stem = (int)(strlen(path) - strlen(".npy"));
    if (asprintf(&name, "%.*s.%s.npy", stem, path, recipe->features[i].feature->name) < 0)
        return NULL;
    return name;
}

static mlk_code write_npys(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < bundle->count; i++) {
        char *name = file_name(path, recipe, i);
        mlk_array array = view(bundle, i);
        code = name ? mlk_npy_write(name, &array, status) : mlk_fail_memory(status, "a path");
        free(name);
    }
    return code;
}

mlk_code mlk_output_check(const char *path, mlk_status *status)
{
    if (kind_of(path) == UNKNOWN)
        return mlk_fail(status, MLK_INVALID,
                        "the file's name must end in .safetensors, .npz, .npy, .csv or .h5, got %.120s", path);
    return kind_of(path) == HDF5 ? mlk_hdf5_available(status) : MLK_OK;
}

mlk_code mlk_output_frames(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    if (mlk_output_check(path, status))
        return status->code;
    kind kind = kind_of(path);
    if (kind == CSV)
        return write_frame_csv(path, recipe, bundle, status);
    if (kind == NPY)
        return write_npys(path, recipe, bundle, status);
    if (kind == HDF5)
        return write_hdf5(path, recipe, bundle, status);
    return write_arrays(path, kind, recipe, bundle, status);
}

bool mlk_output_stamp(const char *path, const mlk_recipe *recipe, char stamp[MLK_HASH_SIZE])
{
    char chain[MLK_HASH_SIZE] = "";
    for (int i = 0; i < file_count(path, recipe); i++) {
        struct stat info;
        char *name = file_name(path, recipe, i), *whole = name ? realpath(name, NULL) : NULL, *line = NULL;
        bool found = whole && stat(whole, &info) == 0 &&
                     asprintf(&line, "%s %s %lld %lld.%09ld", chain, whole, (long long)info.st_size,
                              (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec) > 0;
        if (found)
            mlk_hash_bytes(line, strlen(line), chain);
        free(line);
        free(whole);
        free(name);
        if (!found)
            return false;
    }
    memcpy(stamp, chain, MLK_HASH_SIZE);
    return true;
}
