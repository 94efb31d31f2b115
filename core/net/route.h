/* route.h: what may be asked of a server: methods and paths, and what may come with them.
 *
 * A path is written "/v1/songs/{id}/audio": a part in braces stands for any one
 * part. Parts written out are preferred to those in braces.
 */
#ifndef MLK_NET_ROUTE_H
#define MLK_NET_ROUTE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* What a request may bring. */
typedef enum mlk_body_kind {
    MLK_BODY_NONE,
    MLK_BODY_JSON,  /* in memory */
    MLK_BODY_SOUND, /* a file, raw or in a form, which goes to the disk; or JSON */
} mlk_body_kind;

typedef struct mlk_route {
    char *method, *path;
    mlk_body_kind body;
    bool public; /* asked without a token */
} mlk_route;

typedef struct mlk_routes {
    mlk_route *all;
    size_t count;
} mlk_routes;

/* Adds a route; its number is count - 1 then. MLK_INVALID: it is written wrongly or there already. */
mlk_code mlk_routes_add(mlk_routes *self, const char *method, const char *path, mlk_body_kind body, bool public,
                        mlk_status *status);

enum { MLK_ROUTE_UNKNOWN = -1, MLK_ROUTE_OTHER_METHOD = -2, MLK_ALLOWED_SIZE = 128 };

/* The number of the route that a method (HEAD is GET) and a path ask for. MLK_ROUTE_OTHER_METHOD: `allowed` then lists
 * the methods of that path, "GET, HEAD, DELETE". */
int mlk_routes_find(const mlk_routes *self, const char *method, const char *path, char allowed[MLK_ALLOWED_SIZE]);

void mlk_routes_clear(mlk_routes *self);

#endif
