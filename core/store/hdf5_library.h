/* hdf5_library.h: HDF5's library, opened when the first file needs it, for it brings dozens of its own. */
#ifndef MLK_HDF5_LIBRARY_H
#define MLK_HDF5_LIBRARY_H

#include "status.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Any version from 1.10 on: its binary interface, as far as it is used here. */
typedef int64_t hid_t;

/* H5E_error2_t: one record of the library's stack of errors. */
typedef struct mlk_h5_error {
    hid_t class, major, minor;
    unsigned line;
    const char *function, *file, *text;
} mlk_h5_error;

/* H5G_info_t. */
typedef struct mlk_h5_group {
    int storage;
    uint64_t links;
    int64_t order;
    int mounted;
} mlk_h5_group;

#define MLK_H5_FUNCTIONS(X)                                                                                            \
    X(int, H5dont_atexit, (void))                                                                                      \
    X(int, H5open, (void))                                                                                             \
    X(int, H5Aexists, (hid_t object, const char *name))                                                                \
    X(hid_t, H5Aget_type, (hid_t attribute))                                                                           \
    X(hid_t, H5Aopen, (hid_t object, const char *name, hid_t access))                                                  \
    X(int, H5Aread, (hid_t attribute, hid_t type, void *value))                                                        \
    X(uint64_t, H5Dget_storage_size, (hid_t set))                                                                      \
    X(hid_t, H5Dget_space, (hid_t set))                                                                                \
    X(hid_t, H5Dget_type, (hid_t set))                                                                                 \
    X(int, H5Dread, (hid_t set, hid_t type, hid_t memory, hid_t space, hid_t transfer, void *data))                    \
    X(int, H5Dvlen_reclaim, (hid_t type, hid_t space, hid_t transfer, void *data))                                     \
    X(hid_t, H5Fopen, (const char *path, unsigned flags, hid_t access))                                                \
    X(int, H5Gget_info, (hid_t group, mlk_h5_group *info))                                                             \
    X(int, H5Iget_type, (hid_t object))                                                                                \
    X(ssize_t, H5Lget_name_by_idx,                                                                                     \
      (hid_t group, const char *name, int index, int order, uint64_t n, char *text, size_t size, hid_t access))        \
    X(int, H5Sget_simple_extent_dims, (hid_t space, uint64_t *size, uint64_t *most))                                   \
    X(int, H5Sget_simple_extent_ndims, (hid_t space))                                                                  \
    X(int, H5Tget_class, (hid_t type))                                                                                 \
    X(int, H5Tget_sign, (hid_t type))                                                                                  \
    X(size_t, H5Tget_size, (hid_t type))                                                                               \
    X(int, H5Tis_variable_str, (hid_t type))                                                                           \
    X(hid_t, H5Acreate2, (hid_t object, const char *name, hid_t type, hid_t space, hid_t create, hid_t access))        \
    X(int, H5Aclose, (hid_t attribute))                                                                                \
    X(int, H5Awrite, (hid_t attribute, hid_t type, const void *value))                                                 \
    X(hid_t, H5Dcreate2,                                                                                               \
      (hid_t file, const char *name, hid_t type, hid_t space, hid_t link, hid_t create, hid_t access))                 \
    X(int, H5Dclose, (hid_t set))                                                                                      \
    X(int, H5Dwrite, (hid_t set, hid_t type, hid_t memory, hid_t space, hid_t transfer, const void *data))             \
    X(int, H5Eset_auto2, (hid_t stack, void *function, void *data))                                                    \
    X(int, H5Ewalk2, (hid_t stack, int direction, int (*visit)(unsigned, const mlk_h5_error *, void *), void *data))   \
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

#define MLK_H5_FIELD(result, name, arguments) result(*name) arguments;
typedef struct mlk_h5_library {
    MLK_H5_FUNCTIONS(MLK_H5_FIELD)
    hid_t float32, float64, int64, int32, int16, int8, uint64, uint8, c_string;
} mlk_h5_library;
#undef MLK_H5_FIELD

/* Fails when no files can be read or written; else mlk_hdf5_version names the library's version, "1.10.8". */
mlk_code mlk_hdf5_available(mlk_status *status);
const char *mlk_hdf5_version(void);

/* The functions, once mlk_hdf5_available has been asked. */
extern mlk_h5_library mlk_h5;

/* Held around every call: Debian's library locks itself, others do not. */
extern pthread_mutex_t mlk_h5_lock;

#endif
