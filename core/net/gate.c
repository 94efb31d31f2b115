#include "net/gate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ALLOWANCES = 4096, LONGEST_NAME = 256 };
static const double burst_s = 2; /* what an address may ask at once: the requests of so many seconds */

mlk_code mlk_gate_open(mlk_gate *self, const char *const *hosts, const char *token, double rate, mlk_status *status)
{
    *self = (mlk_gate){.hosts = hosts, .needs_token = token != NULL, .rate = rate};
    if (token)
        mlk_digest_bytes(token, strlen(token), MLK_SHA256, self->token);
    self->allowances = calloc(ALLOWANCES, sizeof *self->allowances);
    return self->allowances ? MLK_OK : mlk_fail_memory(status, "a server's allowances");
}

void mlk_gate_close(mlk_gate *self)
{
    free(self->allowances);
    *self = (mlk_gate){0};
}

/* --- how often ----------------------------------------------------------------------- */

static mlk_allowance *allowance_of(mlk_gate *self, const char *peer)
{
    size_t hash = 5381;
    for (const char *at = peer; *at; at++)
        hash = 33 * hash + (unsigned char)*at;
    return &self->allowances[hash % ALLOWANCES];
}

static bool asks_too_often(mlk_gate *self, const char *peer, double now_s)
{
    if (self->rate <= 0)
        return false;
    mlk_allowance *allowance = allowance_of(self, peer);
    double most = self->rate * burst_s > 1 ? self->rate * burst_s : 1;
    if (strcmp(allowance->peer, peer) != 0) {
        *allowance = (mlk_allowance){.left = most, .at_s = now_s};
        strncpy(allowance->peer, peer, sizeof allowance->peer - 1);
    }
    allowance->left += (now_s - allowance->at_s) * self->rate;
    allowance->left = allowance->left < most ? allowance->left : most;
    allowance->at_s = now_s;
    if (allowance->left < 1)
        return true;
    allowance->left--;
    return false;
}

/* --- under which name ---------------------------------------------------------------- */

/* The name in "name:port" or "[address]:port"; false where it is written otherwise. */
static bool read_name(const char *host, char name[LONGEST_NAME])
{
    bool bracketed = *host == '[';
    size_t length = bracketed ? strcspn(++host, "]") : strcspn(host, ":");
    const char *rest = host + length + (bracketed && host[length] == ']');
    if (length == 0 || length >= LONGEST_NAME || (bracketed && host[length] != ']'))
        return false;
    if (*rest && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")]))
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    return true;
}

static bool is_address(const char *name)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static bool is_our_name(const mlk_gate *self, const char *host)
{
    char name[LONGEST_NAME];
    if (!host || !read_name(host, name))
        return false;
    if (is_address(name) || strcasecmp(name, "localhost") == 0)
        return true;
    for (const char *const *ours = self->hosts; ours && *ours; ours++)
        if (strcasecmp(name, *ours) == 0)
            return true;
    return false;
}

/* --- from which page ----------------------------------------------------------------- */

/* The page is of this very server: its origin is the scheme and what Host says. */
static bool is_own_page(const mlk_visitor *visitor)
{
    const char *authority = strstr(visitor->origin, "://");
    return authority && strcasecmp(authority + 3, visitor->host) == 0;
}

static bool is_led_here(const mlk_visitor *visitor)
{
    return visitor->fetch_mode && strcmp(visitor->fetch_mode, "navigate") == 0 && strcmp(visitor->method, "GET") == 0;
}

static bool comes_from_elsewhere(const mlk_visitor *visitor)
{
    if (visitor->origin && !is_own_page(visitor))
        return true;
    const char *site = visitor->fetch_site;
    return site && (strcmp(site, "cross-site") == 0 || strcmp(site, "same-site") == 0) && !is_led_here(visitor);
}

/* --- with which token ---------------------------------------------------------------- */

bool mlk_gate_knows(const mlk_gate *self, const char *token, size_t length)
{
    char given[MLK_DIGEST_SIZE];
    mlk_digest_bytes(token, length, MLK_SHA256, given);
    unsigned differ = 0;
    for (size_t i = 0; i < sizeof given; i++)
        differ |= (unsigned)(self->token[i] ^ given[i]);
    return self->needs_token && differ == 0;
}

static bool has_bearer(const mlk_gate *self, const char *authorization)
{
    enum { SCHEME = 7 };
    return authorization && strncasecmp(authorization, "Bearer ", SCHEME) == 0 &&
           mlk_gate_knows(self, authorization + SCHEME, strlen(authorization + SCHEME));
}

static bool has_cookie(const mlk_gate *self, const char *cookie)
{
    static const char name[] = "moonlark=";
    for (const char *at = cookie; at && *at; at += strcspn(at, ";"), at += *at != '\0') {
        at += strspn(at, " ");
        if (strncmp(at, name, sizeof name - 1) == 0 &&
            mlk_gate_knows(self, at + sizeof name - 1, strcspn(at + sizeof name - 1, "; ")))
            return true;
    }
    return false;
}

mlk_refusal mlk_gate_judge(mlk_gate *self, const mlk_visitor *visitor, double now_s)
{
    if (asks_too_often(self, visitor->peer, now_s))
        return (mlk_refusal){429, "this address asks too often"};
    if (!is_our_name(self, visitor->host))
        return (mlk_refusal){421, "Host must be a name of this server (moonlark serve --host-name NAME)"};
    if (comes_from_elsewhere(visitor))
        return (mlk_refusal){403, "Origin must be this server's: pages of other sites may not ask it"};
    if (self->needs_token && !visitor->public && !has_bearer(self, visitor->authorization) &&
        !has_cookie(self, visitor->cookie))
        return (mlk_refusal){401, "a token is needed: Authorization: Bearer TOKEN"};
    return (mlk_refusal){0, NULL};
}
