/* handshake.h: how a request of HTTP asks to become a WebSocket (RFC 6455, section 4). */
#ifndef MLK_NET_HANDSHAKE_H
#define MLK_NET_HANDSHAKE_H

#include "net/gate.h"
#include "net/pairs.h"

enum { MLK_ACCEPT_SIZE = 29 }; /* 20 bytes in base64, and the end */

/* Judges the headers (names in lower case) of a GET. Status 101: `accept` is what Sec-WebSocket-Accept answers; 400, or 426
 * where Sec-WebSocket-Version 13 should be named: they ask for none, or wrongly. */
mlk_refusal mlk_handshake_judge(const mlk_pairs *headers, char accept[MLK_ACCEPT_SIZE]);

#endif
