/* wire.h: Jupyter's signed messages, as they travel (protocol 5.4).
 *
 *     identities …, "<IDS|MSG>", signature, header, parent header, metadata, content, buffers …
 *
 * The signature covers header, parent header, metadata and content. Whoever has
 * no key cannot make one, so nothing else of a message is looked at before it
 * has been found right. The four are JSON, which the caller reads; here they are
 * only known to be UTF-8.
 */
#ifndef MLK_KERNEL_WIRE_H
#define MLK_KERNEL_WIRE_H

#include "kernel/message.h"

#include <stdio.h>

#define MLK_WIRE_VERSION "5.4"

enum { MLK_WIRE_NAME = 128, MLK_WIRE_HEADER = 512, MLK_WIRE_IDENTITIES = 64 };

/* Who signs, and as what. */
typedef struct mlk_signer {
    bool signs; /* false: there is no key, and signatures are empty */
    mlk_hmac_key key;
    char session[33], user[64];
} mlk_signer;

/* Fills a signer with a key (NULL or "": none) and a session of its own. */
void mlk_signer_make(mlk_signer *signer, const char *key, size_t size);

/* Fills message->wire by its frames. Fails when the form or the signature is wrong, or a part is no UTF-8. */
mlk_code mlk_wire_read(const mlk_signer *signer, mlk_message *message, mlk_status *status);

/* What is written; a part that is NULL is "{}". */
typedef struct mlk_outgoing {
    mlk_channel channel;
    const char *type; /* "execute_reply" */
    const mlk_bytes *identities, *buffers;
    size_t identity_count, buffer_count;
    mlk_bytes parent, metadata, content;
    char *header; /* room for MLK_WIRE_HEADER bytes, which the header that is made goes to, too; NULL: it does not */
} mlk_outgoing;

/* A message with a header of its own and a signature; NULL when memory is short. */
mlk_message *mlk_wire_write(const mlk_signer *signer, const mlk_outgoing *outgoing, mlk_status *status);

/* What was printed on "stdout" or "stderr", as output of the message with this header (NULL: of none). */
mlk_message *mlk_wire_write_stream(const mlk_signer *signer, const char *name, mlk_bytes text, const char *parent,
                                   mlk_status *status);

/* Finds a member of a JSON object: its value as it stands there. False where there is none, or this is no object. */
bool mlk_wire_member(mlk_bytes json, const char *name, mlk_bytes *value);

/* The message's type; "" where its header names none. */
void mlk_wire_type(const mlk_message *message, char type[MLK_WIRE_NAME]);

/* Writes bytes as a JSON string; what is no UTF-8 becomes U+FFFD. */
void mlk_wire_text(FILE *out, mlk_bytes text);

#endif
