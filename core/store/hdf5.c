#include "store/hdf5.h"

#include "store/atomic.h"
#include "store/hdf5_library.h"
#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT = 0, TRUNCATE = 2, SCALAR = 0, COMPOUND = 6, UTF8 = 1, UPWARD = 0 };
#define VARIABLE SIZE_MAX

/* --- a file --- */

struct mlk_hdf5 {
    mlk_atomic place;
    hid_t file;
    bool failed;
    int error; /* errno of the first failure, 0 where the library does not tell */
};

/* The library writes the system's reason into a text: "…, errno = 28, error message = …". */
static int find_errno(unsigned n, const mlk_h5_error *record, void *error)
{
    (void)n;
    const char *found = record->text ? strstr(record->text, "errno = ") : NULL;
    if (found)
        *(int *)error = atoi(found + strlen("errno = "));
    return 0;
}

/* Notes a failure; returns whether nothing has failed so far. */
static bool check(mlk_hdf5 *file, bool fine)
{
    if (!fine && !file->failed)
        mlk_h5.H5Ewalk2(DEFAULT, UPWARD, find_errno, &file->error);
    file->failed = file->failed || !fine;
    return !file->failed;
}

mlk_hdf5 *mlk_hdf5_create(const char *path, mlk_status *status)
{
    if (mlk_hdf5_available(status))
        return NULL;
    mlk_hdf5 *made = calloc(1, sizeof *made);
    if (!made) {
        mlk_fail_memory(status, "an HDF5 file");
        return NULL;
    }
    if (mlk_atomic_open(path, &made->place, status)) {
        free(made);
        return NULL;
    }
    const char *name = mlk_atomic_name(&made->place);
    if (!name) {
        mlk_fail(status, MLK_INVALID, "%s: HDF5 cannot be written to a device or a pipe", path);
        mlk_atomic_abort(&made->place);
        free(made);
        return NULL;
    }
    pthread_mutex_lock(&mlk_h5_lock);
    /* Failures travel as status, not on the user's screen. A library that locks itself keeps that by thread. */
    mlk_h5.H5Eset_auto2(DEFAULT, NULL, NULL);
    made->file = mlk_h5.H5Fcreate(name, TRUNCATE, DEFAULT, DEFAULT);
    check(made, made->file >= 0);
    pthread_mutex_unlock(&mlk_h5_lock);
    return made;
}

static hid_t complex_type(void)
{
    hid_t type = mlk_h5.H5Tcreate(COMPOUND, 2 * sizeof(float));
    mlk_h5.H5Tinsert(type, "r", 0, mlk_h5.float32);
    mlk_h5.H5Tinsert(type, "i", sizeof(float), mlk_h5.float32);
    return type;
}

static hid_t string_type(void)
{
    hid_t type = mlk_h5.H5Tcopy(mlk_h5.c_string);
    mlk_h5.H5Tset_size(type, VARIABLE);
    mlk_h5.H5Tset_cset(type, UTF8);
    return type;
}

static void write_dataset(mlk_hdf5 *file, const char *name, hid_t type, int rank, const int64_t *shape,
                          const void *data)
{
    uint64_t size[MLK_MAX_RANK];
    bool empty = false;
    for (int axis = 0; axis < rank; axis++) {
        size[axis] = (uint64_t)shape[axis];
        empty = empty || shape[axis] == 0;
    }
    hid_t space = mlk_h5.H5Screate_simple(rank, size, NULL);
    hid_t set = mlk_h5.H5Dcreate2(file->file, name, type, space, DEFAULT, DEFAULT, DEFAULT);
    if (check(file, set >= 0) && !empty)
        check(file, mlk_h5.H5Dwrite(set, type, DEFAULT, DEFAULT, DEFAULT, data) >= 0);
    if (set >= 0)
        mlk_h5.H5Dclose(set);
    if (space >= 0)
        mlk_h5.H5Sclose(space);
}

void mlk_hdf5_array(mlk_hdf5 *file, const char *name, const mlk_array *array)
{
    if (file->failed)
        return;
    pthread_mutex_lock(&mlk_h5_lock);
    hid_t type = array->dtype == MLK_FLOAT32     ? mlk_h5.float32
                 : array->dtype == MLK_FLOAT64   ? mlk_h5.float64
                 : array->dtype == MLK_INT64     ? mlk_h5.int64
                 : array->dtype == MLK_COMPLEX64 ? complex_type()
                                                 : -1;
    if (check(file, type >= 0))
        write_dataset(file, name, type, array->rank, array->shape, array->data);
    if (array->dtype == MLK_COMPLEX64 && type >= 0)
        mlk_h5.H5Tclose(type);
    pthread_mutex_unlock(&mlk_h5_lock);
}

static void write_strings(mlk_hdf5 *file, const char *name, char *const *strings, int64_t n)
{
    pthread_mutex_lock(&mlk_h5_lock);
    hid_t type = string_type();
    if (check(file, type >= 0)) {
        write_dataset(file, name, type, 1, &n, strings);
        mlk_h5.H5Tclose(type);
    }
    pthread_mutex_unlock(&mlk_h5_lock);
}

void mlk_hdf5_strings(mlk_hdf5 *file, const char *name, const char *const *strings, int64_t n)
{
    if (file->failed)
        return;
    char **kept = calloc((size_t)n + 1, sizeof *kept);
    bool enough = kept;
    for (int64_t i = 0; enough && i < n; i++)
        enough = (kept[i] = mlk_utf8_keep(strings[i]));
    if (!enough) {
        file->failed = true;
        file->error = ENOMEM;
    } else {
        write_strings(file, name, kept, n);
    }
    for (int64_t i = 0; kept && i < n; i++)
        free(kept[i]);
    free(kept);
}

static void write_attribute(mlk_hdf5 *file, const char *dataset, const char *name, hid_t type, const void *value)
{
    hid_t object = mlk_h5.H5Oopen(file->file, dataset ? dataset : "/", DEFAULT);
    hid_t space = mlk_h5.H5Screate(SCALAR);
    hid_t attribute = object < 0 ? object : mlk_h5.H5Acreate2(object, name, type, space, DEFAULT, DEFAULT);
    if (check(file, attribute >= 0)) {
        check(file, mlk_h5.H5Awrite(attribute, type, value) >= 0);
        mlk_h5.H5Aclose(attribute);
    }
    if (space >= 0)
        mlk_h5.H5Sclose(space);
    if (object >= 0)
        mlk_h5.H5Oclose(object);
}

void mlk_hdf5_number(mlk_hdf5 *file, const char *dataset, const char *name, double value)
{
    if (file->failed)
        return;
    pthread_mutex_lock(&mlk_h5_lock);
    write_attribute(file, dataset, name, mlk_h5.float64, &value);
    pthread_mutex_unlock(&mlk_h5_lock);
}

void mlk_hdf5_text(mlk_hdf5 *file, const char *dataset, const char *name, const char *text)
{
    if (file->failed)
        return;
    pthread_mutex_lock(&mlk_h5_lock);
    hid_t type = string_type();
    if (check(file, type >= 0)) {
        write_attribute(file, dataset, name, type, &text);
        mlk_h5.H5Tclose(type);
    }
    pthread_mutex_unlock(&mlk_h5_lock);
}

mlk_code mlk_hdf5_commit(mlk_hdf5 *file, mlk_status *status)
{
    if (file->file >= 0) {
        pthread_mutex_lock(&mlk_h5_lock);
        check(file, mlk_h5.H5Fclose(file->file) >= 0);
        pthread_mutex_unlock(&mlk_h5_lock);
    }
    mlk_code code = MLK_OK;
    if (file->failed) {
        code = file->error ? mlk_fail_system(status, file->error, "cannot write", file->place.path)
                           : mlk_fail(status, MLK_IO, "cannot write %s: HDF5's library failed", file->place.path);
        mlk_atomic_abort(&file->place);
    } else {
        code = mlk_atomic_commit(&file->place, status);
    }
    free(file);
    return code;
}

/* --- whole files --- */

mlk_code mlk_hdf5_write_frames(const char *path, const mlk_frames *frames, mlk_status *status)
{
    mlk_hdf5 *file = mlk_hdf5_create(path, status);
    if (!file)
        return status->code;
    mlk_hdf5_text(file, NULL, "recipe", frames->recipe);
    for (int i = 0; i < frames->count; i++) {
        const mlk_frames_item *item = &frames->items[i];
        mlk_hdf5_array(file, item->name, &item->array);
        mlk_hdf5_number(file, item->name, "rate", item->rate);
        mlk_hdf5_number(file, item->name, "start", item->start);
    }
    return mlk_hdf5_commit(file, status);
}

mlk_code mlk_hdf5_write_table(const char *path, const mlk_table *t, mlk_status *status)
{
    mlk_array x, y = mlk_table_ids(t);
    float *values = mlk_table_join(t, &x, status);
    mlk_hdf5 *file = values ? mlk_hdf5_create(path, status) : NULL;
    mlk_code code = file ? MLK_OK : status->code;
    if (file) {
        mlk_hdf5_text(file, NULL, "recipe", t->recipe);
        mlk_hdf5_array(file, "x", &x);
        mlk_hdf5_strings(file, "names", t->columns, t->width);
        mlk_hdf5_strings(file, "paths", t->paths, t->n);
        if (t->labels) {
            mlk_hdf5_array(file, "y", &y);
            mlk_hdf5_strings(file, "classes", t->classes, t->n_classes);
        }
        code = mlk_hdf5_commit(file, status);
    }
    free(values);
    return code;
}
