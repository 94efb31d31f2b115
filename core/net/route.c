#include "net/route.h"

#include <stdlib.h>
#include <string.h>

static size_t part_length(const char *at)
{
    return strcspn(at, "/");
}

/* How well a path fits a route's: -1 not at all, otherwise how many of its parts are written out, the first ones
 * weighing most. */
static int fit(const char *pattern, const char *path)
{
    int score = 0;
    while (*pattern == '/' && *path == '/') {
        size_t wanted = part_length(++pattern), got = part_length(++path);
        bool any = *pattern == '{' && got > 0, same = wanted == got && memcmp(pattern, path, got) == 0;
        if (!any && !same)
            return -1;
        score = 2 * score + same;
        pattern += wanted, path += got;
    }
    return *pattern || *path ? -1 : score;
}

static bool is_same_method(const char *route, const char *asked)
{
    return strcmp(route, strcmp(asked, "HEAD") == 0 ? "GET" : asked) == 0;
}

static void list_method(char allowed[MLK_ALLOWED_SIZE], const char *method)
{
    const char *names[] = {method, strcmp(method, "GET") == 0 ? "HEAD" : NULL};
    for (size_t i = 0; i < 2 && names[i]; i++) {
        size_t used = strlen(allowed), more = strlen(names[i]);
        if (used + more + 3 > MLK_ALLOWED_SIZE || strstr(allowed, names[i]))
            return;
        strcat(strcat(allowed, used ? ", " : ""), names[i]);
    }
}

int mlk_routes_find(const mlk_routes *self, const char *method, const char *path, char allowed[MLK_ALLOWED_SIZE])
{
    int found = MLK_ROUTE_UNKNOWN, best = -1;
    bool known = false;
    allowed[0] = '\0';
    for (size_t i = 0; i < self->count; i++) {
        int score = fit(self->all[i].path, path);
        if (score < 0)
            continue;
        known = true;
        list_method(allowed, self->all[i].method);
        if (score > best && is_same_method(self->all[i].method, method))
            found = (int)i, best = score;
    }
    return found >= 0 || !known ? found : MLK_ROUTE_OTHER_METHOD;
}

static bool is_written_well(const char *method, const char *path)
{
    if (!*method || method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] || *path != '/')
        return false;
    for (const char *at = path; *at; at += part_length(at)) {
        size_t length = part_length(++at);
        bool open = *at == '{', closed = length > 0 && at[length - 1] == '}';
        if (open != closed || (open && length <= 2) || (length == 0 && path[1]))
            return false;
    }
    return true;
}

mlk_code mlk_routes_add(mlk_routes *self, const char *method, const char *path, mlk_body_kind body, bool public,
                        mlk_status *status)
{
    if (!is_written_well(method, path))
        return mlk_fail(status, MLK_INVALID, "a route must be written like \"GET /v1/songs/{id}\", got \"%s %s\"", method,
                        path);
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->all[i].method, method) == 0 && strcmp(self->all[i].path, path) == 0)
            return mlk_fail(status, MLK_INVALID, "the route %s %s is there already", method, path);
    mlk_route *more = realloc(self->all, (self->count + 1) * sizeof *more);
    if (!more)
        return mlk_fail_memory(status, "a route");
    self->all = more;
    mlk_route route = {strdup(method), strdup(path), body, public};
    if (!route.method || !route.path) {
        free(route.method), free(route.path);
        return mlk_fail_memory(status, "a route");
    }
    self->all[self->count++] = route;
    return MLK_OK;
}

void mlk_routes_clear(mlk_routes *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->all[i].method), free(self->all[i].path);
    free(self->all);
    *self = (mlk_routes){0};
}
