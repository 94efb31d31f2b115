/* ffmpeg.h: FFmpeg's libraries, loaded when the first file needs them.
 *
 * They bring dozens of libraries of their own, and most files never need them:
 * the engine does not link them. After mlk_ffmpeg_load their functions are
 * called by their own names, which stand for entries of one table.
 */
#ifndef MLK_AUDIO_FFMPEG_H
#define MLK_AUDIO_FFMPEG_H

#include "status.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdbool.h>

/* Every function that the engine calls: X(library, name). */
#define MLK_FFMPEG_FUNCTIONS(X)                                                                                        \
    X(avutil, av_channel_layout_compare)                                                                               \
    X(avutil, av_channel_layout_copy)                                                                                  \
    X(avutil, av_channel_layout_default)                                                                               \
    X(avutil, av_channel_layout_uninit)                                                                                \
    X(avutil, av_dict_get)                                                                                             \
    X(avutil, av_dict_free)                                                                                            \
    X(avutil, av_dict_set)                                                                                             \
    X(avutil, av_frame_alloc)                                                                                          \
    X(avutil, av_frame_free)                                                                                           \
    X(avutil, av_frame_unref)                                                                                          \
    X(avutil, av_free)                                                                                                 \
    X(avutil, av_freep)                                                                                                \
    X(avutil, av_log_set_level)                                                                                        \
    X(avutil, av_malloc)                                                                                               \
    X(avutil, av_max_alloc)                                                                                            \
    X(avutil, av_rescale_q)                                                                                            \
    X(avutil, av_strerror)                                                                                             \
    X(avutil, av_version_info)                                                                                         \
    X(swresample, swr_alloc_set_opts2)                                                                                 \
    X(swresample, swr_convert)                                                                                         \
    X(swresample, swr_free)                                                                                            \
    X(swresample, swr_init)                                                                                            \
    X(avcodec, av_get_exact_bits_per_sample)                                                                           \
    X(avcodec, av_packet_alloc)                                                                                        \
    X(avcodec, av_packet_free)                                                                                         \
    X(avcodec, av_packet_unref)                                                                                        \
    X(avcodec, avcodec_alloc_context3)                                                                                 \
    X(avcodec, avcodec_find_decoder)                                                                                   \
    X(avcodec, avcodec_flush_buffers)                                                                                  \
    X(avcodec, avcodec_free_context)                                                                                   \
    X(avcodec, avcodec_open2)                                                                                          \
    X(avcodec, avcodec_parameters_to_context)                                                                          \
    X(avcodec, avcodec_receive_frame)                                                                                  \
    X(avcodec, avcodec_send_packet)                                                                                    \
    X(avformat, av_find_best_stream)                                                                                   \
    X(avformat, av_read_frame)                                                                                         \
    X(avformat, av_seek_frame)                                                                                         \
    X(avformat, avformat_alloc_context)                                                                                \
    X(avformat, avformat_close_input)                                                                                  \
    X(avformat, avformat_find_stream_info)                                                                             \
    X(avformat, avformat_open_input)                                                                                   \
    X(avformat, avio_alloc_context)                                                                                    \
    X(avformat, avio_context_free)

#define MLK_FFMPEG_FIELD(library, name) __typeof__(name) *name;
typedef struct mlk_ffmpeg_functions {
    MLK_FFMPEG_FUNCTIONS(MLK_FFMPEG_FIELD)
} mlk_ffmpeg_functions;
#undef MLK_FFMPEG_FIELD

extern mlk_ffmpeg_functions mlk_ffmpeg;

/* Loads the libraries once a process, from any thread. MLK_UNSUPPORTED when they are not there: the message says
 * which. MLK_EXHAUSTED or MLK_MEMORY: the next call tries again.
 * Nothing of mlk_ffmpeg may be called before this returned MLK_OK. */
mlk_code mlk_ffmpeg_load(mlk_status *status);

/* True once somebody needed the libraries and did not get them. */
bool mlk_ffmpeg_missed(void);

#ifndef MLK_FFMPEG_PLAIN_NAMES
#define av_channel_layout_compare mlk_ffmpeg.av_channel_layout_compare
#define av_channel_layout_copy mlk_ffmpeg.av_channel_layout_copy
#define av_channel_layout_default mlk_ffmpeg.av_channel_layout_default
#define av_channel_layout_uninit mlk_ffmpeg.av_channel_layout_uninit
#define av_dict_get mlk_ffmpeg.av_dict_get
#define av_dict_free mlk_ffmpeg.av_dict_free
#define av_dict_set mlk_ffmpeg.av_dict_set
#define av_frame_alloc mlk_ffmpeg.av_frame_alloc
#define av_frame_free mlk_ffmpeg.av_frame_free
#define av_frame_unref mlk_ffmpeg.av_frame_unref
#define av_free mlk_ffmpeg.av_free
#define av_freep mlk_ffmpeg.av_freep
#define av_log_set_level mlk_ffmpeg.av_log_set_level
#define av_malloc mlk_ffmpeg.av_malloc
#define av_max_alloc mlk_ffmpeg.av_max_alloc
#define av_rescale_q mlk_ffmpeg.av_rescale_q
#define av_strerror mlk_ffmpeg.av_strerror
#define av_version_info mlk_ffmpeg.av_version_info
#define swr_alloc_set_opts2 mlk_ffmpeg.swr_alloc_set_opts2
#define swr_convert mlk_ffmpeg.swr_convert
#define swr_free mlk_ffmpeg.swr_free
#define swr_init mlk_ffmpeg.swr_init
#define av_get_exact_bits_per_sample mlk_ffmpeg.av_get_exact_bits_per_sample
#define av_packet_alloc mlk_ffmpeg.av_packet_alloc
#define av_packet_free mlk_ffmpeg.av_packet_free
#define av_packet_unref mlk_ffmpeg.av_packet_unref
#define avcodec_alloc_context3 mlk_ffmpeg.avcodec_alloc_context3
#define avcodec_find_decoder mlk_ffmpeg.avcodec_find_decoder
#define avcodec_flush_buffers mlk_ffmpeg.avcodec_flush_buffers
#define avcodec_free_context mlk_ffmpeg.avcodec_free_context
#define avcodec_open2 mlk_ffmpeg.avcodec_open2
#define avcodec_parameters_to_context mlk_ffmpeg.avcodec_parameters_to_context
#define avcodec_receive_frame mlk_ffmpeg.avcodec_receive_frame
#define avcodec_send_packet mlk_ffmpeg.avcodec_send_packet
#define av_find_best_stream mlk_ffmpeg.av_find_best_stream
#define av_read_frame mlk_ffmpeg.av_read_frame
#define av_seek_frame mlk_ffmpeg.av_seek_frame
#define avformat_alloc_context mlk_ffmpeg.avformat_alloc_context
#define avformat_close_input mlk_ffmpeg.avformat_close_input
#define avformat_find_stream_info mlk_ffmpeg.avformat_find_stream_info
#define avformat_open_input mlk_ffmpeg.avformat_open_input
#define avio_alloc_context mlk_ffmpeg.avio_alloc_context
#define avio_context_free mlk_ffmpeg.avio_context_free
#endif

#endif
