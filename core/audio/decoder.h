/* decoder.h: a sound file being read, whichever library reads it.
 *
 * libsndfile reads WAV, AIFF, AU, FLAC, Ogg Vorbis, Opus and their relatives,
 * libmpg123 reads MP3, and FFmpeg's libraries read what these do not (AAC in
 * m4a, ALAC, WMA, WebM, Speex). A decoder gives interleaved float32 frames in
 * order, from any frame on: going to a frame is exact in every format, by
 * decoding from the beginning where a container's index is not.
 *
 * Gapless playback: decoded frames are the frames that were encoded. The encoder's
 * delay and padding are left out where an MP3's LAME/Xing tag or an MP4's edit
 * list names them. Without such a tag the delay is unknown and stays in.
 *
 * Lengths: a length that counts samples is binding (a WAV's data, a FLAC's total,
 * the last granule of an Ogg stream, an MP4's edit list, an MP3's Xing tag). A
 * file that ends before it is an error, and so is one that goes on after it. A
 * length that is only an estimate counts as none: such a file is read to its end.
 *
 * Web radio leaves several Ogg streams one after another. They are read as one
 * when their rates and channels are the same. Tags after the sound are left out.
 *
 * Hostile files: only the file itself is read, whatever other files it names
 * (playlists and the like are no sound files). The size of what is decoded is
 * limited by the size of the file.
 */
#ifndef MLK_AUDIO_DECODER_H
#define MLK_AUDIO_DECODER_H

#include "info.h"
#include "status.h"
#include "tags.h"

typedef struct mlk_decoder mlk_decoder;

/* Opens `path` for reading. Errors name the path and what is wrong: a missing
 * file, a folder, an empty file, content that is no sound. */
mlk_code mlk_decoder_open(const char *path, mlk_decoder **decoder, mlk_status *status);

/* The same of a file that is open, whose descriptor is the decoder's from now on, on failure too. `name` stands for its
 * path in messages, and its ending for what the content leaves open. */
mlk_code mlk_decoder_adopt(int descriptor, const char *name, mlk_decoder **decoder, mlk_status *status);

const mlk_audio_info *mlk_decoder_info(const mlk_decoder *decoder);

/* Fills *tags with what the file says of the music. */
void mlk_decoder_tags(const mlk_decoder *decoder, mlk_audio_tags *tags);

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
