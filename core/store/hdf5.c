#include "store/hdf5.h"

#include "library.h"
#include "store/atomic.h"
#include "text.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the library: loaded when the first file needs it, for it brings dozens of its own --- */

/* Any version from 1.10 on: its binary interface, as far as it is used here. */
typedef int64_t hid_t;
enum { DEFAULT = 0, TRUNCATE = 2, SCALAR = 0, COMPOUND = 6, UTF8 = 1, UPWARD = 0 };
#define VARIABLE SIZE_MAX

/* H5E_error2_t: one record of the library's stack of errors. */
typedef struct error_record {
    hid_t class, major, minor;
    unsigned line;
    const char *function, *file, *text;
} error_record;

#define FUNCTIONS(X)                                                                                                   \
    X(int, H5dont_atexit, (void))                                                                                      \
    X(int, H5open, (void))                                                                                             \
    X(hid_t, H5Acreate2, (hid_t object, const char *name, hid_t type, hid_t space, hid_t create, hid_t access))        \
    X(int, H5Aclose, (hid_t attribute))                                                                                \
    X(int, H5Awrite, (hid_t attribute, hid_t type, const void *value))                                                 \
    X(hid_t, H5Dcreate2,                                                                                               \
      (hid_t file, const char *name, hid_t type, hid_t space, hid_t link, hid_t create, hid_t access))                 \
    X(int, H5Dclose, (hid_t set))                                                                                      \
    X(int, H5Dwrite, (hid_t set, hid_t type, hid_t memory, hid_t space, hid_t transfer, const void *data))             \
    X(int, H5Eset_auto2, (hid_t stack, void *function, void *data))                                                    \
    X(int, H5Ewalk2, (hid_t stack, int direction, int (*visit)(unsigned, const error_record *, void *), void *data))   \
    X(int, H5get_libversion, (unsigned *major, unsigned *minor, unsigned *release))                                    \
    X(hid_t, H5Fcreate, (const char *path, unsigned flags, hid_t create, hid_t access))                                \
    X(int, H5Fclose, (hid_t file))                                                                                     \
    X(hid_t, H5Oopen, (hid_t file, const char *name, hid_t access))                                                    \
    X(int, H5Oclose, (hid_t object))                                                                                   \
    X(hid_t, H5Screate, (int kind))                                                                                    \
    X(hid_t, H5Screate_simple, (int rank, const uint64_t *size, const uint64_t *most))                                 \
    X(int, H5Sclose, (hid_t space))                                                                                    \
    X(hid_t, H5Tcopy, (hid_t type))                                                                                    \
    X(int, H5Tclose, (hid_t type))                                                                                     \
    X(hid_t, H5Tcreate, (int kind, size_t size))                                                                       \
    X(int, H5Tinsert, (hid_t type, const char *name, size_t offset, hid_t member))                                     \
    X(int, H5Tset_cset, (hid_t type, int set))                                                                         \
    X(int, H5Tset_size, (hid_t type, size_t size))

#define FIELD(result, name, arguments) result(*name) arguments;
static struct {
    FUNCTIONS(FIELD)
    hid_t float32, float64, int64, c_string;
} h5;
#undef FIELD

static char version[32];
/* Debian's library locks itself, others do not. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static mlk_code open_library(void **library, mlk_status *status)
{
    static const char *const names[] = {"libhdf5_serial.so.103", "libhdf5.so.103", "libhdf5_serial.so.310",
                                        "libhdf5.so.310",        "libhdf5.so.200", "libhdf5_serial.so",
                                        "libhdf5.so"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mlk_code code = mlk_library_open(names[i], library, status);
        if (!code || mlk_library_may_come(code))
            return code;
    }
    return mlk_fail(status, MLK_UNSUPPORTED, "there is no libhdf5 (Debian: apt-get install hdf5-tools)");
}

static mlk_code find(void *library, const char *name, void **found, mlk_status *status)
{
    *found = dlsym(library, name);
    return *found ? MLK_OK : mlk_fail(status, MLK_UNSUPPORTED, "%s is missing", name);
}

/* Types are variables of the library, filled by H5open. */
static mlk_code find_type(void *library, const char *name, hid_t *type, mlk_status *status)
{
    void *found;
    mlk_code code = find(library, name, &found, status);
    *type = code ? -1 : *(const hid_t *)found;
    return code;
}

static mlk_code fill(void *library, mlk_status *status)
{
    mlk_code code = MLK_OK;
#define FIND(result, name, arguments)                                                                                  \
    if (!code)                                                                                                         \
        code = find(library, #name, (void **)&h5.name, status);
    FUNCTIONS(FIND)
#undef FIND
    if (code)
        return code;
    /* Every file is closed here. What could not be, on a full disk, the library would try again at exit, and crash. */
    h5.H5dont_atexit();
    if (h5.H5open() < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "the library does not start");
    if ((code = find_type(library, "H5T_IEEE_F32LE_g", &h5.float32, status)) ||
        (code = find_type(library, "H5T_IEEE_F64LE_g", &h5.float64, status)) ||
        (code = find_type(library, "H5T_STD_I64LE_g", &h5.int64, status)) ||
        (code = find_type(library, "H5T_C_S1_g", &h5.c_string, status)))
        return code;
    unsigned major = 0, minor = 0, release = 0;
    h5.H5get_libversion(&major, &minor, &release);
    snprintf(version, sizeof version, "%u.%u.%u", major, minor, release);
    return MLK_OK;
}

static mlk_code load(mlk_status *status)
{
    mlk_status why;
    void *library;
    mlk_code code = open_library(&library, &why);
    if (!code)
        code = fill(library, &why);
    return code ? mlk_fail(status, code, "HDF5 cannot be written: %s", why.message) : MLK_OK;
}

mlk_code mlk_hdf5_available(mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    return mlk_library_load(&library, load, status);
}

const char *mlk_hdf5_version(void)
{
    return version;
}

/* --- a file --- */

struct mlk_hdf5 {
    mlk_atomic place;
    hid_t file;
    bool failed;
    int error; /* errno of the first failure, 0 where the library does not tell */
};

/* The library writes the system's reason into a text: "…, errno = 28, error message = …". */
static int find_errno(unsigned n, const error_record *record, void *error)
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
        h5.H5Ewalk2(DEFAULT, UPWARD, find_errno, &file->error);
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
    pthread_mutex_lock(&lock);
    /* Failures travel as status, not on the user's screen. A library that locks itself keeps that by thread. */
    h5.H5Eset_auto2(DEFAULT, NULL, NULL);
    made->file = h5.H5Fcreate(name, TRUNCATE, DEFAULT, DEFAULT);
    check(made, made->file >= 0);
    pthread_mutex_unlock(&lock);
    return made;
}

static hid_t complex_type(void)
{
    hid_t type = h5.H5Tcreate(COMPOUND, 2 * sizeof(float));
    h5.H5Tinsert(type, "r", 0, h5.float32);
    h5.H5Tinsert(type, "i", sizeof(float), h5.float32);
    return type;
}

static hid_t string_type(void)
{
    hid_t type = h5.H5Tcopy(h5.c_string);
    h5.H5Tset_size(type, VARIABLE);
    h5.H5Tset_cset(type, UTF8);
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
    hid_t space = h5.H5Screate_simple(rank, size, NULL);
    hid_t set = h5.H5Dcreate2(file->file, name, type, space, DEFAULT, DEFAULT, DEFAULT);
    if (check(file, set >= 0) && !empty)
        check(file, h5.H5Dwrite(set, type, DEFAULT, DEFAULT, DEFAULT, data) >= 0);
    if (set >= 0)
        h5.H5Dclose(set);
    if (space >= 0)
        h5.H5Sclose(space);
}

void mlk_hdf5_array(mlk_hdf5 *file, const char *name, const mlk_array *array)
{
    if (file->failed)
        return;
    pthread_mutex_lock(&lock);
    hid_t type = array->dtype == MLK_FLOAT32     ? h5.float32
                 : array->dtype == MLK_FLOAT64   ? h5.float64
                 : array->dtype == MLK_INT64     ? h5.int64
                 : array->dtype == MLK_COMPLEX64 ? complex_type()
                                                 : -1;
    if (check(file, type >= 0))
        write_dataset(file, name, type, array->rank, array->shape, array->data);
    if (array->dtype == MLK_COMPLEX64 && type >= 0)
        h5.H5Tclose(type);
    pthread_mutex_unlock(&lock);
}

static void write_strings(mlk_hdf5 *file, const char *name, char *const *strings, int64_t n)
{
    pthread_mutex_lock(&lock);
    hid_t type = string_type();
    if (check(file, type >= 0)) {
        write_dataset(file, name, type, 1, &n, strings);
        h5.H5Tclose(type);
    }
    pthread_mutex_unlock(&lock);
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
    hid_t object = h5.H5Oopen(file->file, dataset ? dataset : "/", DEFAULT);
    hid_t space = h5.H5Screate(SCALAR);
    hid_t attribute = object < 0 ? object : h5.H5Acreate2(object, name, type, space, DEFAULT, DEFAULT);
    if (check(file, attribute >= 0)) {
        check(file, h5.H5Awrite(attribute, type, value) >= 0);
        h5.H5Aclose(attribute);
    }
    if (space >= 0)
        h5.H5Sclose(space);
    if (object >= 0)
        h5.H5Oclose(object);
}

void mlk_hdf5_number(mlk_hdf5 *file, const char *dataset, const char *name, double value)
{
    if (file->failed)
        return;
    pthread_mutex_lock(&lock);
    write_attribute(file, dataset, name, h5.float64, &value);
    pthread_mutex_unlock(&lock);
}

void mlk_hdf5_text(mlk_hdf5 *file, const char *dataset, const char *name, const char *text)
{
    if (file->failed)
        return;
    pthread_mutex_lock(&lock);
    hid_t type = string_type();
    if (check(file, type >= 0)) {
        write_attribute(file, dataset, name, type, &text);
        h5.H5Tclose(type);
    }
    pthread_mutex_unlock(&lock);
}

mlk_code mlk_hdf5_commit(mlk_hdf5 *file, mlk_status *status)
{
    if (file->file >= 0) {
        pthread_mutex_lock(&lock);
        check(file, h5.H5Fclose(file->file) >= 0);
        pthread_mutex_unlock(&lock);
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
