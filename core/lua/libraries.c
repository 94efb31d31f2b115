/* libraries.c: core.system.libraries: what the engine was linked with, as it runs. */
#include "libraries.h"

#include <cblas.h>
#include <fftw3.h>
#include <lauxlib.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libsvm/svm.h>
#include <sndfile.h>
#include <soxr.h>
#include <string.h>
#include <xgboost/c_api.h>

static void set(lua_State *L, const char *name, const char *version)
{
    lua_pushstring(L, version);
    lua_setfield(L, -2, name);
}

int mlk_lua_libraries(lua_State *L)
{
    lua_newtable(L);
    char text[128];
    sf_command(NULL, SFC_GET_LIB_VERSION, text, sizeof text);
    set(L, "libsndfile", text);
    set(L, "FFmpeg", av_version_info());
    set(L, "soxr", soxr_version());
    set(L, "FFTW", fftw_version);
    set(L, "OpenBLAS", openblas_get_config());
    lua_pushfstring(L, "%d.%d", libsvm_version / 100, libsvm_version % 100);
    lua_setfield(L, -2, "libsvm");
    int major = 0, minor = 0, patch = 0;
    XGBoostVersion(&major, &minor, &patch);
    lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
    lua_setfield(L, -2, "XGBoost");
    return 1;
}

int mlk_lua_codecs(lua_State *L)
{
    lua_newtable(L);
    int count = 0;
    sf_command(NULL, SFC_GET_FORMAT_MAJOR_COUNT, &count, sizeof count);
    for (int i = 0; i < count; i++) {
        SF_FORMAT_INFO info = {.format = i};
        if (sf_command(NULL, SFC_GET_FORMAT_MAJOR, &info, sizeof info) == 0 && info.extension) {
            lua_pushliteral(L, "libsndfile");
            lua_setfield(L, -2, info.extension);
        }
    }
    static const struct {
        const char *ending;
        enum AVCodecID codec;
    } others[] = {
        {"m4a (AAC)", AV_CODEC_ID_AAC}, {"m4a (ALAC)", AV_CODEC_ID_ALAC}, {"wma", AV_CODEC_ID_WMAV2},
        {"webm (Opus)", AV_CODEC_ID_OPUS},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (avcodec_find_decoder(others[i].codec)) {
            lua_pushliteral(L, "FFmpeg");
            lua_setfield(L, -2, others[i].ending);
        }
    }
    return 1;
}
