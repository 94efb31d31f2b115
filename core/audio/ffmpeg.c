#define MLK_FFMPEG_PLAIN_NAMES
#include "ffmpeg.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

mlk_ffmpeg_functions mlk_ffmpeg;

/* The index of a day of sound takes a tenth of it; a table that a header claims to be larger is refused. */
enum { MOST_AT_ONCE = 1 << 29 };

/* Written once, under `once`; empty: loaded. */
static char reason[512];

/* The library of the version whose headers this was compiled with: structs differ between major versions. */
#define TEXT(x) #x
#define VERSIONED(name, major) "lib" name ".so." TEXT(major)

static void *open_library(const char *name)
{
    void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (!library && !reason[0])
        snprintf(reason, sizeof reason, "%s", dlerror());
    return library;
}

static void *find(void *library, const char *name)
{
    void *function = library ? dlsym(library, name) : NULL;
    if (!function && !reason[0])
        snprintf(reason, sizeof reason, "%s is missing", name);
    return function;
}

static void load(void)
{
    void *avutil = open_library(VERSIONED("avutil", LIBAVUTIL_VERSION_MAJOR));
    void *swresample = open_library(VERSIONED("swresample", LIBSWRESAMPLE_VERSION_MAJOR));
    void *avcodec = open_library(VERSIONED("avcodec", LIBAVCODEC_VERSION_MAJOR));
    void *avformat = open_library(VERSIONED("avformat", LIBAVFORMAT_VERSION_MAJOR));
#define FIND(library, name) *(void **)&mlk_ffmpeg.name = find(library, #name);
    MLK_FFMPEG_FUNCTIONS(FIND)
#undef FIND
    if (reason[0])
        return;
    mlk_ffmpeg.av_log_set_level(AV_LOG_QUIET); /* failures travel as status, not on the user's screen */
    mlk_ffmpeg.av_max_alloc(MOST_AT_ONCE);
}

mlk_code mlk_ffmpeg_load(mlk_status *status)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (reason[0])
        return mlk_fail(status, MLK_UNSUPPORTED, "FFmpeg's libraries cannot be loaded: %s", reason);
    return MLK_OK;
}
