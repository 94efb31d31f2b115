/* libraries.c: core.system.libraries: the libraries that the engine has found. */
#include "libraries.h"

#include "arguments.h"
#include "audio/ffmpeg.h"
#include "dsp/rubberband.h"
#include "kernel/zmq.h"
#include "net/curl.h"
#include "store/hdf5_library.h"

#include <fftw3.h>
#include <libsvm/svm.h>
#include <sndfile.h>
#include <soxr.h>
#include <stdio.h>
#include <xgboost/c_api.h>

int mlk_lua_libraries(lua_State *L)
{
    lua_newtable(L);
    char text[128];
    sf_command(NULL, SFC_GET_LIB_VERSION, text, sizeof text);
    mlk_lua_set_string(L, "libsndfile", text);
    if (!mlk_ffmpeg_load(NULL))
        mlk_lua_set_string(L, "FFmpeg", av_version_info());
    if (!mlk_hdf5_available(NULL))
        mlk_lua_set_string(L, "HDF5", mlk_hdf5_version());
    mlk_lua_set_string(L, "soxr", soxr_version());
    if (!mlk_rubberband_load(NULL))
        mlk_lua_set_string(L, "Rubber Band", "3 or later"); /* it does not say */
    if (!mlk_curl_load(NULL) && sscanf(mlk_curl.version(), "libcurl/%127s", text) == 1)
        mlk_lua_set_string(L, "libcurl", text); /* it goes on with what it is made of */
    int major = 0, minor = 0, patch = 0;
    if (!mlk_zmq_load(NULL)) {
        mlk_zmq.zmq_version(&major, &minor, &patch);
        lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
        lua_setfield(L, -2, "libzmq");
    }
    mlk_lua_set_string(L, "FFTW", fftw_version);
    lua_pushfstring(L, "%d.%d", libsvm_version / 100, libsvm_version % 100);
    lua_setfield(L, -2, "libsvm");
    XGBoostVersion(&major, &minor, &patch);
    lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
    lua_setfield(L, -2, "XGBoost");
    return 1;
}

int mlk_lua_codecs(lua_State *L)
{
    static const struct {
        const char *name;
        int format;
    } formats[] = {
        {"WAV", SF_FORMAT_WAV | SF_FORMAT_PCM_16},        {"AIFF", SF_FORMAT_AIFF | SF_FORMAT_PCM_16},
        {"AU", SF_FORMAT_AU | SF_FORMAT_PCM_16},          {"FLAC", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        {"Ogg Vorbis", SF_FORMAT_OGG | SF_FORMAT_VORBIS}, {"Opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
    };
    lua_newtable(L);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        SF_INFO info = {.samplerate = 48000, .channels = 1, .format = formats[i].format};
        if (sf_format_check(&info)) {
            lua_pushliteral(L, "libsndfile");
            lua_setfield(L, -2, formats[i].name);
        }
    }
    lua_pushliteral(L, "libmpg123");
    lua_setfield(L, -2, "MP3");
    static const struct {
        const char *name;
        enum AVCodecID codec;
    } others[] = {
        {"AAC (m4a)", AV_CODEC_ID_AAC}, {"ALAC (m4a)", AV_CODEC_ID_ALAC}, {"WMA", AV_CODEC_ID_WMAV2},
        {"Opus (WebM)", AV_CODEC_ID_OPUS},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!mlk_ffmpeg_load(NULL) && avcodec_find_decoder(others[i].codec)) {
            lua_pushliteral(L, "FFmpeg");
            lua_setfield(L, -2, others[i].name);
        }
    }
    return 1;
}
