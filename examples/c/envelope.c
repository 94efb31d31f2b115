/* envelope.c: a module for Lua with a function of one's own, which reads a tensor and makes another.
 *
 *     cc -O2 -shared -fPIC -I/usr/include/lua5.4 -I/usr/local/include -o envelope.so envelope.c
 *
 * <moonlark/tensor.h> comes with Moonlark (cmake --install puts it into include/ of the prefix). Nothing is linked: the
 * functions lie in a table that Moonlark keeps in the Lua registry. The same module loads in a stock lua5.4. */
#include <moonlark/tensor.h>

#include <lauxlib.h>
#include <math.h>

/* The functions on tensors, which are there once moonlark.torch is loaded. */
static const mlk_tensor_functions *tensors(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, MLK_TENSOR_FIELD);
    const mlk_tensor_functions *functions = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!functions)
        luaL_error(L, "there are no tensors yet: require \"moonlark.torch\" first");
    return functions;
}

/* One row: what is louder pulls the envelope up, what is softer lets it down, each at its own speed (0..1 a sample). */
static void follow_row(const float *samples, float *envelope, int64_t n, double rise, double fall)
{
    double level = 0;
    for (int64_t i = 0; i < n; i++) {
        double loud = fabs((double)samples[i]);
        level += (loud > level ? rise : fall) * (loud - level);
        envelope[i] = (float)level;
    }
}

/* envelope.follow(samples, rise, fall): a tensor of the same shape; time is the last axis. */
static int follow(lua_State *L)
{
    const mlk_tensor_functions *tensor = tensors(L);
    double rise = luaL_checknumber(L, 2), fall = luaL_checknumber(L, 3);
    mlk_array samples, envelope;
    /* Converted to float32 where they are something else; the tensor that owns them is pushed and stays on the stack. */
    if (!tensor->read(L, 1, MLK_FLOAT32, &samples) || samples.rank < 1)
        return luaL_argerror(L, 1, "a tensor with an axis of time is wanted");
    tensor->push(L, MLK_FLOAT32, samples.rank, samples.shape, &envelope);
    int64_t n = samples.shape[samples.rank - 1], rows = 1;
    for (int axis = 0; axis < samples.rank - 1; axis++)
        rows *= samples.shape[axis];
    for (int64_t row = 0; row < rows; row++)
        follow_row((const float *)samples.data + row * n, (float *)envelope.data + row * n, n, rise, fall);
    return 1; /* the new tensor */
}

int luaopen_envelope(lua_State *L)
{
    const luaL_Reg functions[] = {{"follow", follow}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
