/* pytorch.h: what torch.save wrote: tensors in lists and dictionaries, with numbers and texts.
 *
 * Both containers are read, known by their content: the zip archive (PyTorch 1.6 and later: data.pkl, data/KEY) and the
 * legacy one (five pickles in a row, then the storages). The pickles are read without running anything
 * (store/pickle.h). Tensors that stand in the file as they are wanted are views of it; those with other strides, and
 * those that lie at odd places, as in most legacy files, are copies.
 */
#ifndef MLK_PYTORCH_H
#define MLK_PYTORCH_H

#include "store/tree.h"

/* True when the bytes begin as one of the two does; of an archive its members decide. */
bool mlk_pytorch_known(const unsigned char *bytes, size_t size);

/* tree->file is the mapped file. */
mlk_code mlk_pytorch_read(const char *path, mlk_tree *tree, mlk_status *status);

/* The same from memory, which must outlive the tree. */
mlk_code mlk_pytorch_parse(unsigned char *bytes, size_t size, mlk_tree *tree, mlk_status *status);

#endif
