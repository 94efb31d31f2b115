/* hdf5_reader.c: the datasets at the top of an HDF5 file, as arrays. */
#include "store/hdf5.h"

#include "store/hdf5_library.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEFAULT = 0, READ_ONLY = 0, BY_NAME = 0, INCREASING = 0, GROUP = 2, DATASET = 5, MOST_SETS = 100000 };
enum { INTEGER = 0, FLOAT = 1, STRING = 3, ENUM = 8, SIGNED = 1 };

/* Compression shrinks hardly more than this; a set that claims to is damaged, or would ask for endless memory. */
enum { LARGEST_RATIO = 1032 };

/* One dataset while it is read. */
typedef struct set {
    const char *name;
    hid_t id, type, space;
    int rank;
    int64_t shape[MLK_MAX_RANK];
    mlk_status *status;
} set;

static mlk_code damaged(const set *s)
{
    return mlk_fail(s->status, MLK_INVALID, "dataset '%.80s' cannot be read: it is damaged, or of an unknown filter",
                    s->name);
}

/* --- numbers --- */

/* How its numbers are held in memory: the type here and the library's; false: not at all. */
static bool find_type(const set *s, mlk_dtype *dtype, hid_t *memory)
{
    int kind = mlk_h5.H5Tget_class(s->type);
    size_t size = mlk_h5.H5Tget_size(s->type);
    bool is_signed = kind == INTEGER && mlk_h5.H5Tget_sign(s->type) == SIGNED;
    const struct {
        bool fits;
        mlk_dtype dtype;
        hid_t memory;
    } types[] = {
        {kind == FLOAT && size <= 4, MLK_FLOAT32, mlk_h5.float32},
        {kind == FLOAT, MLK_FLOAT64, mlk_h5.float64},
        {is_signed && size == 1, MLK_INT8, mlk_h5.int8},
        {is_signed && size == 2, MLK_INT16, mlk_h5.int16},
        {is_signed && size <= 4, MLK_INT32, mlk_h5.int32},
        {is_signed && size <= 8, MLK_INT64, mlk_h5.int64},
        {kind == INTEGER && !is_signed && size == 1, MLK_UINT8, mlk_h5.uint8},
        {kind == INTEGER && !is_signed && size == 2, MLK_INT32, mlk_h5.int32},
        {kind == INTEGER && !is_signed && size <= 8, MLK_INT64, mlk_h5.uint64},
        {kind == ENUM && size == 1, MLK_BOOL, s->type},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!types[i].fits)
            continue;
        *dtype = types[i].dtype;
        *memory = types[i].memory;
        return true;
    }
    return false;
}

static mlk_code check_values(const set *s, mlk_array *array, hid_t memory)
{
    int64_t count = mlk_array_count(array);
    for (int64_t i = 0; memory == mlk_h5.uint64 && i < count; i++)
        if (((int64_t *)array->data)[i] < 0)
            return mlk_fail(s->status, MLK_UNSUPPORTED, "dataset '%.80s': uint64 %" PRIu64 " does not fit in int64",
                            s->name, ((uint64_t *)array->data)[i]);
    for (int64_t i = 0; array->dtype == MLK_BOOL && i < count; i++)
        ((uint8_t *)array->data)[i] = ((uint8_t *)array->data)[i] != 0;
    return MLK_OK;
}

static mlk_code read_numbers(const set *s, mlk_tensors *tensors)
{
    mlk_array array = {.rank = s->rank};
    hid_t memory;
    int64_t bytes;
    if (!find_type(s, &array.dtype, &memory))
        return mlk_fail(s->status, MLK_UNSUPPORTED, "dataset '%.80s' holds neither numbers nor strings", s->name);
    memcpy(array.shape, s->shape, sizeof array.shape);
    bool fits = mlk_array_bytes(&array, &bytes);
    if (!fits || (uint64_t)bytes / LARGEST_RATIO > mlk_h5.H5Dget_storage_size(s->id) + 4096)
        return mlk_fail(s->status, MLK_INVALID, "dataset '%.80s' claims more numbers than it stores", s->name);
    array.data = malloc((size_t)bytes + 1);
    if (!array.data)
        return mlk_fail_memory(s->status, "a dataset");
    mlk_code code = bytes > 0 && mlk_h5.H5Dread(s->id, memory, DEFAULT, DEFAULT, DEFAULT, array.data) < 0
                        ? damaged(s)
                        : check_values(s, &array, memory);
    if (code) {
        free(array.data);
        return code;
    }
    return mlk_tensors_add_copy(tensors, s->name, &array, array.data, s->status);
}

/* --- strings --- */

/* Copies of n texts of at most `size` bytes each, found `step` bytes apart; or, of variable strings, of pointers. */
static mlk_code copy_strings(const set *s, const char *from, size_t size, bool variable, mlk_strings *strings)
{
    int64_t count = mlk_strings_count(strings);
    size_t bytes = 0;
    char *to;
    for (int64_t i = 0; i < count; i++) {
        const char *text = variable ? ((char *const *)(const void *)from)[i] : from + (size_t)i * size;
        bytes += (!text ? 0 : variable ? strlen(text) : strnlen(text, size)) + 1;
    }
    mlk_code code = mlk_strings_make(strings, bytes, &to, s->status);
    for (int64_t i = 0; !code && i < count; i++) {
        const char *text = variable ? ((char *const *)(const void *)from)[i] : from + (size_t)i * size;
        size_t length = !text ? 0 : variable ? strlen(text) : strnlen(text, size);
        memcpy(to, text ? text : "", length);
        to[length] = '\0';
        mlk_utf8_restore(to);
        strings->items[i] = to;
        to += length + 1;
    }
    return code;
}

static mlk_code read_strings(const set *s, mlk_tensors *tensors)
{
    bool variable = mlk_h5.H5Tis_variable_str(s->type) > 0;
    size_t size = variable ? sizeof(char *) : mlk_h5.H5Tget_size(s->type);
    mlk_strings strings = {.rank = s->rank};
    memcpy(strings.shape, s->shape, sizeof strings.shape);
    mlk_array shape = {.dtype = MLK_COMPLEX128, .rank = s->rank};
    memcpy(shape.shape, s->shape, sizeof shape.shape);
    int64_t bytes;
    bool fits = mlk_array_bytes(&shape, &bytes) && !__builtin_mul_overflow(bytes / 16, (int64_t)size, &bytes);
    if (!fits || size == 0 || (uint64_t)bytes / LARGEST_RATIO > mlk_h5.H5Dget_storage_size(s->id) + 4096)
        return mlk_fail(s->status, MLK_INVALID, "dataset '%.80s' claims more strings than it stores", s->name);
    char *read = calloc((size_t)bytes + 1, 1);
    if (!read)
        return mlk_fail_memory(s->status, "a dataset");
    bool fine = bytes == 0 || mlk_h5.H5Dread(s->id, s->type, DEFAULT, DEFAULT, DEFAULT, read) >= 0;
    mlk_code code = fine ? copy_strings(s, read, size, variable, &strings) : damaged(s);
    if (fine && variable && bytes > 0)
        mlk_h5.H5Dvlen_reclaim(s->type, s->space, DEFAULT, read);
    free(read);
    return code ? code : mlk_tensors_add_strings(tensors, s->name, &strings, s->status);
}

/* --- a dataset, a file --- */

static mlk_code read_set(set *s, mlk_tensors *tensors)
{
    uint64_t size[MLK_MAX_RANK];
    s->rank = mlk_h5.H5Sget_simple_extent_ndims(s->space);
    if (s->rank < 0 || s->type < 0)
        return damaged(s);
    if (s->rank > MLK_MAX_RANK)
        return mlk_fail(s->status, MLK_UNSUPPORTED, "dataset '%.80s' has more than %d axes", s->name, MLK_MAX_RANK);
    mlk_h5.H5Sget_simple_extent_dims(s->space, size, NULL);
    for (int axis = 0; axis < s->rank; axis++)
        s->shape[axis] = size[axis] <= INT64_MAX ? (int64_t)size[axis] : INT64_MAX;
    return mlk_h5.H5Tget_class(s->type) == STRING ? read_strings(s, tensors) : read_numbers(s, tensors);
}

static mlk_code read_object(hid_t file, const char *name, mlk_tensors *tensors, int *groups, mlk_status *status)
{
    hid_t object = mlk_h5.H5Oopen(file, name, DEFAULT);
    mlk_code code = MLK_OK;
    if (object < 0)
        return mlk_fail(status, MLK_INVALID, "'%.80s' cannot be opened: it is damaged, or lies in another file", name);
    int kind = mlk_h5.H5Iget_type(object);
    *groups += kind == GROUP;
    if (kind == DATASET) {
        set s = {.name = name, .id = object, .status = status};
        s.type = mlk_h5.H5Dget_type(object);
        s.space = mlk_h5.H5Dget_space(object);
        code = read_set(&s, tensors);
        if (s.type >= 0)
            mlk_h5.H5Tclose(s.type);
        if (s.space >= 0)
            mlk_h5.H5Sclose(s.space);
    }
    mlk_h5.H5Oclose(object);
    return code;
}

static mlk_code read_objects(hid_t file, mlk_tensors *tensors, mlk_status *status)
{
    mlk_h5_group info;
    mlk_code code = MLK_OK;
    int groups = 0;
    if (mlk_h5.H5Gget_info(file, &info) < 0 || info.links > MOST_SETS)
        return mlk_fail(status, MLK_INVALID, "not an HDF5 file that can be read: it is damaged");
    for (uint64_t i = 0; !code && i < info.links; i++) {
        char name[1024];
        ssize_t length = mlk_h5.H5Lget_name_by_idx(file, ".", BY_NAME, INCREASING, i, name, sizeof name, DEFAULT);
        if (length < 0 || (size_t)length >= sizeof name)
            return mlk_fail(status, MLK_INVALID, "an object's name cannot be read, or is longer than 1023 bytes");
        code = read_object(file, name, tensors, &groups, status);
    }
    if (!code && tensors->count + tensors->strings_count == 0)
        return mlk_fail(status, MLK_INVALID, "there are no datasets at its top%s",
                        groups > 0 ? ", only groups, which are not read" : "");
    return code;
}

/* The file's attribute `recipe`, a variable string as Moonlark writes it. */
static mlk_code read_recipe(hid_t file, mlk_tensors *tensors, mlk_status *status)
{
    char *text = NULL;
    mlk_code code = MLK_OK;
    hid_t attribute = mlk_h5.H5Aexists(file, "recipe") > 0 ? mlk_h5.H5Aopen(file, "recipe", DEFAULT) : -1;
    hid_t type = attribute < 0 ? -1 : mlk_h5.H5Aget_type(attribute);
    hid_t space = attribute < 0 ? -1 : mlk_h5.H5Screate(0);
    if (type >= 0 && mlk_h5.H5Tis_variable_str(type) > 0 && mlk_h5.H5Aread(attribute, type, &text) >= 0 && text) {
        code = mlk_tensors_add_text(tensors, "recipe", text, status);
        mlk_h5.H5Dvlen_reclaim(type, space, DEFAULT, &text);
    }
    if (space >= 0)
        mlk_h5.H5Sclose(space);
    if (type >= 0)
        mlk_h5.H5Tclose(type);
    if (attribute >= 0)
        mlk_h5.H5Aclose(attribute);
    return code;
}

static mlk_code read_file(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    mlk_h5.H5Eset_auto2(DEFAULT, NULL, NULL);
    hid_t file = mlk_h5.H5Fopen(path, READ_ONLY, DEFAULT);
    if (file < 0)
        return mlk_fail(status, MLK_INVALID, "not an HDF5 file, or damaged");
    mlk_code code = read_objects(file, tensors, status);
    if (!code)
        code = read_recipe(file, tensors, status);
    mlk_h5.H5Fclose(file);
    return code ? code : mlk_tensors_sort(tensors, status);
}

/* --- a try in a process of its own: the library crashes on some damaged files, on others it never ends --- */

/* Enough for decompressing, whatever else the machine does. */
static rlim_t seconds_for(size_t bytes)
{
    return 10 + bytes / 10000000;
}

static void read_and_exit(const char *path, size_t bytes)
{
    static const int deadly[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL); /* a sanitizer's or a host's handler would tell the person of it */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_CPU, &(struct rlimit){seconds_for(bytes), seconds_for(bytes)});
    mlk_tensors tensors = {0};
    mlk_status status;
    read_file(path, &tensors, &status);
    _exit(0);
}

static mlk_code try_out(const char *path, size_t bytes, mlk_status *status)
{
    pid_t child = fork();
    if (child == 0)
        read_and_exit(path, bytes);
    int end = 0;
    pid_t ended = -1;
    while (child > 0 && (ended = waitpid(child, &end, 0)) < 0 && errno == EINTR)
        ;
    if (ended < 0 || end == 0) /* no process to be had: then without */
        return MLK_OK;
    int killer = WIFSIGNALED(end) ? WTERMSIG(end) : 0; /* none: a sanitizer ended it */
    if (killer == SIGINT || killer == SIGTERM || killer == SIGHUP)
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    return mlk_fail(status, MLK_INVALID, "HDF5's library %s: it is damaged",
                    killer == SIGKILL || killer == SIGXCPU ? "comes to no end" : "crashes on it");
}

mlk_code mlk_hdf5_read(const char *path, mlk_tensors *tensors, mlk_status *status)
{
    mlk_file file;
    *tensors = (mlk_tensors){0};
    if (mlk_hdf5_available(status) || mlk_file_open(path, &file, status)) /* which says why there is none */
        return status->code;
    size_t size = file.size;
    mlk_file_close(&file);
    pthread_mutex_lock(&mlk_h5_lock);
    mlk_code code = try_out(path, size, status);
    if (!code)
        code = read_file(path, tensors, status);
    pthread_mutex_unlock(&mlk_h5_lock);
    if (code) {
        mlk_tensors_free(tensors);
        mlk_file_blame(path, status);
    }
    return code;
}
