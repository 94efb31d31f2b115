#include "trees.h"

#include "arguments.h"
#include "tensor.h"

#include <lauxlib.h>
#include <stdlib.h>

#define TREES_TYPE "moonlark.learn.trees"

static int free_trees(lua_State *L)
{
    mlk_trees *trees = luaL_checkudata(L, 1, TREES_TYPE);
    free(trees->bytes);
    trees->bytes = NULL;
    return 0;
}

mlk_trees *mlk_lua_new_trees(lua_State *L)
{
    mlk_lua_new_type(L, TREES_TYPE, free_trees, NULL);
    return mlk_lua_push_object(L, TREES_TYPE, sizeof(mlk_trees));
}

void mlk_lua_push_trees(lua_State *L, mlk_trees *trees)
{
    mlk_lua_push_copy(L, MLK_UINT8, 1, (int64_t[]){(int64_t)trees->size}, trees->bytes);
    free(trees->bytes);
    trees->bytes = NULL;
}

mlk_trees mlk_lua_trees(lua_State *L, int arg)
{
    mlk_array bytes = mlk_lua_read_tensor(L, arg, "model", MLK_UINT8, 1);
    return (mlk_trees){bytes.data, (size_t)bytes.shape[0]};
}
