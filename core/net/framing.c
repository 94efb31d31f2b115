#include "net/framing.h"

#include <string.h>
#include <strings.h>

typedef struct findings {
    int hosts, lengths, codings;
    mlk_refusal refusal; /* the first */
} findings;

static void refuse(findings *self, int status, const char *detail)
{
    if (!self->refusal.status)
        self->refusal = (mlk_refusal){status, detail};
}

/* A name of letters, digits and a few signs: RFC 9110's token. */
static bool is_token(const char *name, size_t n)
{
    static const char signs[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i] | 0x20;
        if (!(c >= 'a' && c <= 'z') && !(name[i] >= '0' && name[i] <= '9') && !(name[i] && strchr(signs, name[i])))
            return false;
    }
    return n > 0;
}

static bool has_controls(const char *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
            return true;
    return false;
}

static bool is_number(const char *value)
{
    return *value && value[strspn(value, "0123456789")] == '\0';
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                            const char *value, size_t value_size)
{
    (void)kind;
    findings *self = context;
    if (!is_token(name, name_size) || (value && has_controls(value, value_size)))
        refuse(self, 400, "names of headers must be tokens, and their values without control characters");
    value = value ? value : "";
    if (strcasecmp(name, "Host") == 0 && self->hosts++ > 0)
        refuse(self, 400, "a request must have one Host");
    if (strcasecmp(name, "Content-Length") == 0 && (self->lengths++ > 0 || !is_number(value)))
        refuse(self, 400, "a request must have one Content-Length, a number");
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        if (self->codings++ > 0)
            refuse(self, 400, "a request must have one Transfer-Encoding");
        if (strcasecmp(value, "chunked") != 0)
            refuse(self, 501, "Transfer-Encoding must be chunked");
    }
    return MHD_YES;
}

mlk_refusal mlk_framing_judge(struct MHD_Connection *connection)
{
    findings found = {0};
    mlk_microhttpd.get_connection_values_n(connection, MHD_HEADER_KIND, look, &found);
    if (found.lengths > 0 && found.codings > 0)
        refuse(&found, 400, "a body must have Content-Length or Transfer-Encoding, got both");
    return found.refusal;
}
