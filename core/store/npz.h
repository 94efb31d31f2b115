/* npz.h: numpy's file of several arrays: a zip archive whose members are NAME.npy.
 *
 * Stored and deflated members are read, with zip64 fields where sizes need
 * them; checksums are checked. Written members are stored. Nothing is ever
 * unpacked to disk; even so, a name that could leave a folder is refused.
 */
#ifndef MLK_NPZ_H
#define MLK_NPZ_H

#include "store/tensors.h"

mlk_code mlk_npz_read(const char *path, mlk_tensors *tensors, mlk_status *status);

/* The same from memory. */
mlk_code mlk_npz_parse(const unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status);

/* Items, sorted by mlk_tensors_sort; metadata has no place in the format and is refused. */
mlk_code mlk_npz_write(const char *path, const mlk_tensors *tensors, mlk_status *status);

#endif
