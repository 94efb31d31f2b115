#include "store/hdf5_library.h"

#include "library.h"

#include <dlfcn.h>
#include <stdio.h>

static char version[32];
pthread_mutex_t mlk_h5_lock = PTHREAD_MUTEX_INITIALIZER;
mlk_h5_library mlk_h5;

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
        code = find(library, #name, (void **)&mlk_h5.name, status);
    MLK_H5_FUNCTIONS(FIND)
#undef FIND
    if (code)
        return code;
    /* Every file is closed here. What could not be, on a full disk, the library would try again at exit, and crash. */
    mlk_h5.H5dont_atexit();
    if (mlk_h5.H5open() < 0)
        return mlk_fail(status, MLK_UNSUPPORTED, "the library does not start");
    if ((code = find_type(library, "H5T_IEEE_F32LE_g", &mlk_h5.float32, status)) ||
        (code = find_type(library, "H5T_IEEE_F64LE_g", &mlk_h5.float64, status)) ||
        (code = find_type(library, "H5T_STD_I64LE_g", &mlk_h5.int64, status)) ||
        (code = find_type(library, "H5T_STD_I32LE_g", &mlk_h5.int32, status)) ||
        (code = find_type(library, "H5T_STD_I16LE_g", &mlk_h5.int16, status)) ||
        (code = find_type(library, "H5T_STD_I8LE_g", &mlk_h5.int8, status)) ||
        (code = find_type(library, "H5T_STD_U64LE_g", &mlk_h5.uint64, status)) ||
        (code = find_type(library, "H5T_STD_U8LE_g", &mlk_h5.uint8, status)) ||
        (code = find_type(library, "H5T_C_S1_g", &mlk_h5.c_string, status)))
        return code;
    unsigned major = 0, minor = 0, release = 0;
    mlk_h5.H5get_libversion(&major, &minor, &release);
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
    return code ? mlk_fail(status, code, "HDF5 cannot be used: %s", why.message) : MLK_OK;
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
