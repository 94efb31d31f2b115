/* samples.h: how the learning bindings read tables of samples and labels, and push what was learnt. */
#ifndef MLK_LUA_SAMPLES_H
#define MLK_LUA_SAMPLES_H

#include "learn/samples.h"

#include <lua.h>

/* x: n x d. Pushes the tensor that owns the rows. */
mlk_samples mlk_lua_samples(lua_State *L, int arg, const char *name);

/* Class ids, n of them. Pushes their owner. */
const int64_t *mlk_lua_labels(lua_State *L, int arg, const char *name, int64_t n);

/* A float64 tensor of so many numbers, whatever its shape. Pushes its owner. */
double *mlk_lua_numbers(lua_State *L, int arg, const char *name, int64_t count);

/* Raises unless there are d columns. */
void mlk_lua_check_width(lua_State *L, mlk_samples samples, int64_t d);

/* New float64 and int64 tensors, uninitialised. */
double *mlk_lua_push_vector(lua_State *L, int64_t n);
double *mlk_lua_push_matrix(lua_State *L, int64_t rows, int64_t columns);
int64_t *mlk_lua_push_labels(lua_State *L, int64_t n);

#endif
