/* value.h: Lua values as arguments of operators, and results as Lua values. */
#ifndef MLK_LUA_TORCH_VALUE_H
#define MLK_LUA_TORCH_VALUE_H

#include "handle.h"

enum { mlk_lua_pool_size = 64, mlk_lua_max_arguments = 32, mlk_lua_max_depth = 4 };

/* Arguments read from the Lua stack; borrows from the values there. */
typedef struct mlk_lua_values {
    mlk_arguments arguments;
    mlk_value positional[mlk_lua_max_arguments];
    mlk_named named[mlk_lua_max_arguments];
    mlk_value pool[mlk_lua_pool_size]; /* items of short lists */
    size_t used;
    int depth; /* of the list that is being read */
} mlk_lua_values;

static inline void mlk_lua_begin_values(mlk_lua_values *values)
{
    values->used = 0;
    values->depth = 0;
}

void mlk_lua_read_value(lua_State *L, mlk_lua_context *context, int arg, mlk_lua_values *values, mlk_value *out);

/* Arguments first..top; a last table with string keys holds named ones. */
void mlk_lua_read_arguments(lua_State *L, mlk_lua_context *context, int first, mlk_lua_values *values);

/* Pushes what an operator returned. */
void mlk_lua_push_result(lua_State *L, mlk_lua_context *context, const mlk_value *result);

/* Pushes all of them, frees them and returns how many there are. */
int mlk_lua_push_results(lua_State *L, mlk_lua_context *context, mlk_results **results);

/* Pushes a userdata that will own results, and returns the place to store them. */
mlk_results **mlk_lua_new_results(lua_State *L);

#endif
