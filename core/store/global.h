/* global.h: the names of Python's that a file of weights may hold, and what each stands for. All others are refused by
 * name: nothing is ever called, imported or made by a name.
 *
 * Source: what torch.save writes (PyTorch 0.4 to 2.x: torch/_utils.py, torch/serialization.py) for tensors, their
 * containers and numpy's arrays.
 */
#ifndef MLK_GLOBAL_H
#define MLK_GLOBAL_H

#include "store/tree.h"

/* The global of that name as the content of a node, or MLK_UNSUPPORTED. */
mlk_code mlk_global_find(mlk_tree_text module, mlk_tree_text name, mlk_tree_node *node, mlk_status *status);

/* What the global at `callee` makes of a tuple of arguments, as a node in *result. `name` is what a tensor is likely
 * called. */
mlk_code mlk_global_call(mlk_tree *tree, int callee, int arguments, mlk_tree_text name, int *result,
                         mlk_status *status);

/* What the state at `state` makes of an object: attributes of an OrderedDict are left out, numpy's arrays and dtypes
 * get their content. `name` as above. */
mlk_code mlk_global_build(mlk_tree *tree, int object, int state, mlk_tree_text name, mlk_status *status);

/* A storage by the tuple that stands for it: ("storage", its class, key, place, count). */
mlk_code mlk_global_storage(mlk_tree *tree, int tuple, int *result, mlk_status *status);

#endif
