/* websocket.h: moonlark.websocket: a request's connection that has become a WebSocket, as Lua sees it.
 *
 * Each is held by one thread, which polls all of them together with the server (server:next): nothing
 * waits for one of them.
 */
#ifndef MLK_LUA_WEBSOCKET_H
#define MLK_LUA_WEBSOCKET_H

#include "net/exchange.h"

#include <lua.h>
#include <poll.h>

/* Makes the type. */
void mlk_lua_new_websocket(lua_State *L);

/* Pushes one for an exchange that has been answered by an upgrade; limits: the table at `arg`. `owner` (an index) is what
 * the exchange lives in. */
void mlk_lua_push_websocket(lua_State *L, mlk_exchange *exchange, int arg, int owner);

/* What to poll of the one at `arg`; a descriptor of -1: nothing now. */
struct pollfd mlk_lua_websocket_poll(lua_State *L, int arg);

/* Lets it do what poll said. */
void mlk_lua_websocket_step(lua_State *L, int arg, short revents);

#endif
