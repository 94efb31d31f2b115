#define MLK_FFMPEG_PLAIN_NAMES
#include "ffmpeg.h"

#include "library.h"

#include <dlfcn.h>

mlk_ffmpeg_functions mlk_ffmpeg;

/* The index of a day of sound takes a tenth of it; a table that a header claims to be larger is refused. */
enum { MOST_AT_ONCE = 1 << 29 };

/* The library of the version whose headers this was compiled with: structs differ between major versions. */
#define TEXT(x) #x
#define VERSIONED(name, major) "lib" name ".so." TEXT(major)

static mlk_code find(void *library, const char *name, void **function, mlk_status *status)
{
    *function = dlsym(library, name);
    return *function ? MLK_OK : mlk_fail(status, MLK_UNSUPPORTED, "%s is missing", name);
}

static mlk_code load(mlk_status *status)
{
    mlk_status why;
    void *avutil, *swresample, *avcodec, *avformat;
    mlk_code code = mlk_library_open(VERSIONED("avutil", LIBAVUTIL_VERSION_MAJOR), &avutil, &why);
    if (!code)
        code = mlk_library_open(VERSIONED("swresample", LIBSWRESAMPLE_VERSION_MAJOR), &swresample, &why);
    if (!code)
        code = mlk_library_open(VERSIONED("avcodec", LIBAVCODEC_VERSION_MAJOR), &avcodec, &why);
    if (!code)
        code = mlk_library_open(VERSIONED("avformat", LIBAVFORMAT_VERSION_MAJOR), &avformat, &why);
#define FIND(library, name)                                                                                            \
    if (!code)                                                                                                         \
        code = find(library, #name, (void **)&mlk_ffmpeg.name, &why);
    MLK_FFMPEG_FUNCTIONS(FIND)
#undef FIND
    if (code)
        return mlk_fail(status, code, "FFmpeg's libraries cannot be loaded: %s", why.message);
    mlk_ffmpeg.av_log_set_level(AV_LOG_QUIET); /* failures travel as status, not on the user's screen */
    mlk_ffmpeg.av_max_alloc(MOST_AT_ONCE);
    return MLK_OK;
}

static mlk_library libraries = MLK_LIBRARY;

bool mlk_ffmpeg_missed(void)
{
    return libraries.outcome.code != MLK_OK;
}

mlk_code mlk_ffmpeg_load(mlk_status *status)
{
    return mlk_library_load(&libraries, load, status);
}
