/* decoder.h: a sound file being read, whichever library reads it.
 *
 * libsndfile reads WAV, AIFF, AU, FLAC, Ogg Vorbis, Opus and their relatives,
 * libmpg123 reads MP3, and FFmpeg's libraries read what these do not (AAC in
 * m4a, ALAC, WMA, WebM, Speex). A decoder gives interleaved float32 frames in
 * order, from any frame on: going to a frame is exact in every format, by
 * decoding from the beginning where a container's index is not.
 *
 * Gapless playback: the encoder delay and padding that an MP3's LAME/Xing tag
 * or an MP4's edit list name are left out, so that decoded frames are the
 * frames that were encoded. Without such a tag the delay cannot be known and
 * stays in.
 *
 * Lengths: those that count samples bind (what a WAV says of its data, the
 * total of a FLAC, the last granule of an Ogg stream, an MP4's edit list, an
 * MP3's Xing tag): a file that ends before is an error, one that goes on after
 * too. A length that would be estimated is none: such a file is read to its end.
 *
 * Streams of Ogg one behind another, as web radio leaves them, are read as one
 * where rate and channels are alike. Tags behind the sound are left out.
 *
 * Hostile files: nothing but the file itself is read, whatever it names
 * (playlists and the like are no sound files); what it may become is limited
 * by its size.
 */
#ifndef MLK_AUDIO_DECODER_H
#define MLK_AUDIO_DECODER_H

#include "info.h"
#include "status.h"

typedef struct mlk_decoder mlk_decoder;

/* Opens `path` for reading. Errors name the path and what is wrong: a missing
 * file, a folder, an empty file, content that is no sound. */
mlk_code mlk_decoder_open(const char *path, mlk_decoder **decoder, mlk_status *status);

const mlk_audio_info *mlk_decoder_info(const mlk_decoder *decoder);

/* Makes `frame` (0 is the first) the next to be read; past the end is the end. */
mlk_code mlk_decoder_seek(mlk_decoder *decoder, int64_t frame, mlk_status *status);

/* Reads up to `capacity` frames of info->channels interleaved samples; *got is 0 at the end only.
 *
 * MLK_INVALID: the stream is damaged, or ends before an exact length of its header. The message says at which frame;
 * *got is the number of good frames that were written before the fault, for the caller to refuse or to keep. Nothing
 * may be read after it. Other codes are final failures: *got means nothing then. */
mlk_code mlk_decoder_read(mlk_decoder *decoder, float *samples, int64_t capacity, int64_t *got, mlk_status *status);

void mlk_decoder_free(mlk_decoder *decoder);

#endif
