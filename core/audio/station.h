/* station.h: sound from the network as it comes, by FFmpeg: radio over HTTP (Icecast, SHOUTcast), a sound file on a server.
 *
 * Only http and https are spoken, and no playlists are followed: an address leads to sound, or to nothing.
 */
#ifndef MLK_AUDIO_STATION_H
#define MLK_AUDIO_STATION_H

#include "status.h"

#include <stdint.h>

typedef struct mlk_station mlk_station;

/* Waits at most `timeout_s` for a server that says nothing, here and in reading. Interruptible. */
mlk_code mlk_station_open(const char *url, double timeout_s, mlk_station **station, mlk_status *status);

int mlk_station_rate(const mlk_station *station);
int mlk_station_channels(const mlk_station *station);
const char *mlk_station_codec(const mlk_station *station);

/* Seconds that it says it has; 0: it goes on. */
double mlk_station_seconds(const mlk_station *station);

/* The next decoded frames, interleaved: they belong to the station, until the next call. None at the end. */
mlk_code mlk_station_read(mlk_station *station, const float **samples, int64_t *frames, mlk_status *status);

void mlk_station_free(mlk_station *station);

#endif
