/* framing.h: whether a request's headers leave no doubt where it ends and whom it is for (RFC 9112, sections 3.2, 5, 6.3).
 *
 * Two programs that read the same bytes as different requests let a stranger hide one
 * request within another. What could be read in two ways is refused, and its connection
 * is closed, since nobody knows where the next request begins.
 */
#ifndef MLK_NET_FRAMING_H
#define MLK_NET_FRAMING_H

#include "net/gate.h"
#include "net/microhttpd.h"

/* Status 0: all is well; otherwise 400, or 501 for a transfer coding that is not known. */
mlk_refusal mlk_framing_judge(struct MHD_Connection *connection);

#endif
