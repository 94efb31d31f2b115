#include "net/body.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    FIELDS_SIZE = 1 << 16,    /* of a form's fields together */
    FORM_BUFFER = 1 << 16,
    PATIENCE = 1 << 20,       /* bytes that are read in vain, so that the sender sees the answer */
};

__attribute__((format(printf, 3, 4))) static void fail(mlk_body *self, int status, const char *format, ...)
{
    if (self->fault.status)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(self->fault.detail, sizeof self->fault.detail, format, arguments);
    va_end(arguments);
    self->fault.status = status;
}

/* --- a file on the disk --------------------------------------------------------------- */

static void open_file(mlk_body *self, const char *name, const char *type)
{
    if (asprintf(&self->path, "%s/upload-XXXXXX", self->limits->folder) < 0) {
        self->path = NULL;
        fail(self, 503, "no memory is left");
        return;
    }
    if ((self->file = mkostemp(self->path, O_CLOEXEC)) < 0) {
        fail(self, 507, "an upload cannot be kept: %s", strerror(errno));
        free(self->path);
        self->path = NULL;
        return;
    }
    mlk_pairs_add(&self->about, "name", name);
    mlk_pairs_add(&self->about, "type", type);
}

static void write_file(mlk_body *self, const char *bytes, size_t n)
{
    while (n > 0 && !self->fault.status) {
        ssize_t written = write(self->file, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            fail(self, 507, "an upload cannot be kept: %s", strerror(errno));
            return;
        }
        bytes += written, n -= (size_t)written;
        self->file_bytes += (uint64_t)written;
    }
}

/* --- a form --------------------------------------------------------------------------- */

/* libmicrohttpd gives a part of the form, or a piece of one that began before (offset > 0). */
static enum MHD_Result take_part(void *context, enum MHD_ValueKind kind, const char *key, const char *filename,
                                 const char *type, const char *encoding, const char *bytes, uint64_t offset, size_t n)
{
    (void)kind, (void)encoding;
    mlk_body *self = context;
    if (!key) {
        fail(self, 400, "each part of a form must have a name");
    } else if (filename) {
        if (offset == 0 && self->path)
            fail(self, 422, "a form must hold one file, got more");
        else if (offset == 0)
            open_file(self, filename, type);
        if (!self->fault.status)
            write_file(self, bytes, n);
    } else if (memchr(bytes, '\0', n)) {
        fail(self, 422, "a form's fields must be texts without zero bytes");
    } else {
        bool fits = offset ? mlk_pairs_extend(&self->fields, bytes, n)
                           : mlk_pairs_add(&self->fields, key, "") && mlk_pairs_extend(&self->fields, bytes, n);
        if (!fits)
            fail(self, 413, "a form's fields must have %d bytes together at most", FIELDS_SIZE);
    }
    return self->fault.status ? MHD_NO : MHD_YES;
}

/* --- the whole ------------------------------------------------------------------------ */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return mlk_microhttpd.lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool is_type(const char *type, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncasecmp(type, wanted, length) == 0 && (!type[length] || strchr("; \t", type[length]));
}

static uint64_t most_bytes(const mlk_body *self)
{
    return self->is_json ? self->limits->json_bytes : self->limits->upload_bytes;
}

static void refuse_length(mlk_body *self)
{
    fail(self, 413, "a body of this kind must have %" PRIu64 " bytes at most", most_bytes(self));
}

/* The kind of body that Content-Type says; a fault where the route takes no such. */
static void read_type(mlk_body *self, struct MHD_Connection *connection, mlk_body_kind kind)
{
    const char *type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!type)
        type = "";
    self->is_json = is_type(type, "application/json");
    if (self->is_json)
        return;
    if (kind == MLK_BODY_JSON || is_type(type, "application/x-www-form-urlencoded") || is_type(type, "text/plain")) {
        fail(self, 415, "Content-Type must be application/json%s, got '%.80s'",
             kind == MLK_BODY_JSON ? "" : ", multipart/form-data or one of sound, such as audio/mpeg", type);
    } else if (is_type(type, "multipart/form-data")) {
        self->form = mlk_microhttpd.create_post_processor(connection, FORM_BUFFER, take_part, self);
        if (!self->form)
            fail(self, 400, "a multipart/form-data body must name its boundary");
    } else {
        self->is_raw = true;
        const char *name = mlk_microhttpd.lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "name");
        open_file(self, name, type);
    }
}

void mlk_body_begin(mlk_body *self, struct MHD_Connection *connection, mlk_body_kind kind,
                    const mlk_body_limits *limits)
{
    *self = (mlk_body){.limits = limits, .file = -1, .about.most = FIELDS_SIZE, .fields.most = FIELDS_SIZE};
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding = header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    if ((!coding && (!length || strcmp(length, "0") == 0)) || kind == MLK_BODY_NONE)
        return; /* what comes where nothing is expected is read in vain, as the standard wishes for */
    read_type(self, connection, kind);
    if (length && strtoull(length, NULL, 10) > most_bytes(self))
        refuse_length(self);
}

static void take_json(mlk_body *self, const char *bytes, size_t n)
{
    char *longer = realloc(self->json, self->json_size + n + 1);
    if (!longer) {
        fail(self, 503, "no memory is left");
        return;
    }
    self->json = longer;
    memcpy(self->json + self->json_size, bytes, n);
    self->json_size += n;
    self->json[self->json_size] = '\0';
}

bool mlk_body_take(mlk_body *self, const char *bytes, size_t n)
{
    self->taken += n;
    if (!self->fault.status && self->taken > most_bytes(self) && (self->is_json || self->is_raw || self->form))
        refuse_length(self);
    if (self->fault.status || !(self->is_json || self->is_raw || self->form))
        return self->taken <= most_bytes(self) + PATIENCE || self->taken <= PATIENCE;
    if (self->is_json)
        take_json(self, bytes, n);
    else if (self->is_raw)
        write_file(self, bytes, n);
    else if (mlk_microhttpd.post_process(self->form, bytes, n) == MHD_NO)
        fail(self, 400, "the multipart/form-data body is malformed");
    return true;
}

void mlk_body_end(mlk_body *self)
{
    if (self->form && mlk_microhttpd.destroy_post_processor(self->form) == MHD_NO)
        fail(self, 400, "the multipart/form-data body has no end");
    if (self->form && !self->path)
        fail(self, 422, "the form must hold a file: a part with a filename");
    self->form = NULL;
    if (self->file >= 0 && close(self->file) != 0)
        fail(self, 507, "an upload cannot be kept: %s", strerror(errno));
    self->file = -1;
}

void mlk_body_clear(mlk_body *self)
{
    if (self->form)
        mlk_microhttpd.destroy_post_processor(self->form);
    if (self->file >= 0)
        close(self->file);
    if (self->path)
        unlink(self->path);
    free(self->path);
    free(self->json);
    mlk_pairs_clear(&self->about);
    mlk_pairs_clear(&self->fields);
    *self = (mlk_body){.file = -1};
}
