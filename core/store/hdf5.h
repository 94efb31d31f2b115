/* hdf5.h: HDF5 files, as h5py and MATLAB have them.
 *
 * The library is loaded when the first file needs it. The file appears at its
 * place, whole, with mlk_hdf5_commit; failures before that are kept until then.
 *
 *     mlk_hdf5 *file = mlk_hdf5_create("features.h5", status);
 *     mlk_hdf5_array(file, "x", &x);
 *     mlk_hdf5_strings(file, "paths", paths, n);
 *     mlk_hdf5_number(file, "x", "rate", 43.07);
 *     return mlk_hdf5_commit(file, status);
 */
#ifndef MLK_HDF5_H
#define MLK_HDF5_H

#include "store/frames.h"
#include "store/table.h"

typedef struct mlk_hdf5 mlk_hdf5;

/* NULL: see status; MLK_UNSUPPORTED where the library is missing. */
mlk_hdf5 *mlk_hdf5_create(const char *path, mlk_status *status);

/* A dataset of numbers; complex ones have the fields r and i, as h5py's. Names without '/'. */
void mlk_hdf5_array(mlk_hdf5 *file, const char *name, const mlk_array *array);

/* A dataset of n strings, UTF-8; other bytes are kept as text.h says. */
void mlk_hdf5_strings(mlk_hdf5 *file, const char *name, const char *const *strings, int64_t n);

/* Attributes of a dataset, or of the file when `dataset` is NULL. */
void mlk_hdf5_number(mlk_hdf5 *file, const char *dataset, const char *name, double value);
void mlk_hdf5_text(mlk_hdf5 *file, const char *dataset, const char *name, const char *text);

/* Puts the file in its place and frees; on failure the place is untouched. */
mlk_code mlk_hdf5_commit(mlk_hdf5 *file, mlk_status *status);

/* A dataset for each feature, with the attributes rate and start; the recipe is an attribute of the file. */
mlk_code mlk_hdf5_write_frames(const char *path, const mlk_frames *frames, mlk_status *status);

/* Datasets x, names and paths, for a labelled table also y and classes; the recipe is an attribute. */
mlk_code mlk_hdf5_write_table(const char *path, const mlk_table *table, mlk_status *status);

/* The datasets at the top of a file: numbers of up to 64 bits (unsigned ones widened as in npy.h), enumerations of a
 * byte (h5py's booleans), and strings; the text attribute `recipe` becomes metadata. Groups are left out; a file that
 * has nothing else is refused, as are compound and other types. */
mlk_code mlk_hdf5_read(const char *path, mlk_tensors *tensors, mlk_status *status);

#endif
