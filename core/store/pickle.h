/* pickle.h: Python's pickles of weights, read by a machine that knows only what they need.
 *
 * It calls nothing: the names that a pickle asks for are looked up in a list (store/global.h), and whatever is not on
 * it, and every opcode that weights do not need, is refused by name. Memory, nesting and repetition are bounded by the
 * size of the file.
 *
 * Source: Python's Lib/pickletools.py, protocols 2 to 5.
 */
#ifndef MLK_PICKLE_H
#define MLK_PICKLE_H

#include "store/tree.h"

/* Reads one pickle from the start of the bytes, which must outlive the tree: its value is a node in *value, not
 * finished yet; *used are the bytes up to its end. */
mlk_code mlk_pickle_read(const unsigned char *bytes, size_t size, mlk_tree *tree, int *value, size_t *used,
                         mlk_status *status);

#endif
