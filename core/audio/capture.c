#include "audio/capture.h"

#include "library.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what of ALSA is needed, by the names and numbers of its version 1 --- */

typedef struct pcm pcm;
enum { CAPTURE = 1, ACCESS_INTERLEAVED = 3, FORMAT_FLOAT_LE = 14, RESAMPLE = 1 };

#define ALSA_FUNCTIONS(X)                                                                                      \
    X(int, snd_pcm_open, (pcm **, const char *, int stream, int mode))                                         \
    X(int, snd_pcm_set_params, (pcm *, int format, int access, unsigned channels, unsigned rate, int resample, \
                                unsigned latency_us))                                                          \
    X(int, snd_pcm_start, (pcm *))                                                                             \
    X(int, snd_pcm_wait, (pcm *, int timeout_ms))                                                              \
    X(long, snd_pcm_avail_update, (pcm *))                                                                     \
    X(long, snd_pcm_readi, (pcm *, void *, unsigned long))                                                     \
    X(int, snd_pcm_recover, (pcm *, int error, int silent))                                                    \
    X(int, snd_pcm_close, (pcm *))                                                                             \
    X(const char *, snd_strerror, (int))                                                                       \
    X(int, snd_lib_error_set_handler, (void (*)(const char *, int, const char *, int, const char *, ...)))

#define FIELD(result, name, arguments) result(*name) arguments;
static struct {
    ALSA_FUNCTIONS(FIELD)
} alsa;
#undef FIELD

/* ALSA prints what it does not like; what matters comes back as an error. */
static void say_nothing(const char *file, int line, const char *function, int error, const char *format, ...)
{
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

static mlk_code load(mlk_status *status)
{
    static const char *const names[] = {"libasound.so.2", NULL};
#define SYMBOL(result, name, arguments) {#name, (void *)&alsa.name},
    static const mlk_symbol symbols[] = {ALSA_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    static const mlk_library_wish wish = {names, symbols, sizeof symbols / sizeof *symbols, NULL,
                                          "no device can be heard: ALSA", "libasound2"};
    mlk_code code = mlk_library_find(&wish, status);
    if (!code)
        alsa.snd_lib_error_set_handler(say_nothing);
    return code;
}

/* --- a device --- */

struct mlk_capture {
    pcm *pcm;
};

enum { LATENCY_US = 200000 }; /* that may lie unread */

static mlk_code fail(const char *device, const char *what, int error, mlk_status *status)
{
    char name[200];
    mlk_text_show(name, sizeof name, device, strlen(device), false);
    return mlk_fail(status, MLK_INVALID, "%s %s: %s", name, what, alsa.snd_strerror(error));
}

mlk_code mlk_capture_open(const char *device, int rate_hz, int channels, mlk_capture **capture, mlk_status *status)
{
    static mlk_library library = MLK_LIBRARY;
    mlk_code code = mlk_library_load(&library, load, status);
    if (code)
        return code;
    mlk_capture *made = calloc(1, sizeof *made);
    if (!made)
        return mlk_fail_memory(status, "a device");
    int error = alsa.snd_pcm_open(&made->pcm, device, CAPTURE, 0);
    if (error < 0) {
        free(made);
        return fail(device, "cannot be opened as a device to hear", error, status);
    }
    error = alsa.snd_pcm_set_params(made->pcm, FORMAT_FLOAT_LE, ACCESS_INTERLEAVED, (unsigned)channels,
                                    (unsigned)rate_hz, RESAMPLE, LATENCY_US);
    if (error >= 0)
        error = alsa.snd_pcm_start(made->pcm);
    if (error < 0) {
        code = fail(device, "does not give such sound", error, status);
        mlk_capture_free(made);
        return code;
    }
    *capture = made;
    return MLK_OK;
}

mlk_code mlk_capture_read(mlk_capture *capture, float *out, int64_t count, double timeout_s, int64_t *got, int *lost,
                          mlk_status *status)
{
    *got = 0;
    *lost = 0;
    int ready = alsa.snd_pcm_wait(capture->pcm, (int)(timeout_s * 1000));
    if (ready == 0 || ready == -EINTR)
        return MLK_OK;
    long there = ready < 0 ? ready : alsa.snd_pcm_avail_update(capture->pcm);
    if (there > 0)
        there = alsa.snd_pcm_readi(capture->pcm, out, (unsigned long)(there < count ? there : count));
    if (there < 0) { /* too much was left unread, or the machine slept: what comes next is heard again */
        int error = alsa.snd_pcm_recover(capture->pcm, (int)there, 1);
        if (error >= 0)
            error = alsa.snd_pcm_start(capture->pcm);
        if (error < 0)
            return mlk_fail(status, MLK_INVALID, "the device cannot be heard any more: %s", alsa.snd_strerror(error));
        *lost = 1;
        return MLK_OK;
    }
    *got = there;
    return MLK_OK;
}

void mlk_capture_free(mlk_capture *capture)
{
    if (!capture)
        return;
    alsa.snd_pcm_close(capture->pcm);
    free(capture);
}
