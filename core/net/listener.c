#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int mlk_listen(const char *address, int port, mlk_status *status)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) {
        mlk_fail(status, MLK_INVALID, "address must be one of this machine's, as numbers, got '%s'", address);
        return -1;
    }
    const int yes = 1;
    int listener = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr *at = is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
    if (listener >= 0)
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (listener < 0 || bind(listener, at, is_v4 ? sizeof v4 : sizeof v6) != 0 || listen(listener, SOMAXCONN) != 0) {
        mlk_fail(status, MLK_IO, "cannot listen at %s, port %d: %s", address, port, strerror(errno));
        if (listener >= 0)
            close(listener);
        return -1;
    }
    return listener;
}

int mlk_listener_port(int listener)
{
    struct sockaddr_in6 at = {0};
    socklen_t size = sizeof at;
    getsockname(listener, (struct sockaddr *)&at, &size);
    return ntohs(at.sin6_port); /* where IPv4 has it, too */
}
