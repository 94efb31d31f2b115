/* tags.h: what a sound file says of the music in it: title, artist, album ... */
#ifndef MLK_AUDIO_TAGS_H
#define MLK_AUDIO_TAGS_H

#include "status.h"

#include <stddef.h>

typedef enum mlk_tag {
    MLK_TAG_TITLE,
    MLK_TAG_ARTIST,
    MLK_TAG_ALBUM,
    MLK_TAG_ALBUM_ARTIST,
    MLK_TAG_GENRE,
    MLK_TAG_DATE,
    MLK_TAG_TRACK,
    MLK_TAG_DISC,
    MLK_TAG_COMPOSER,
    MLK_TAG_COMMENT,
    MLK_TAG_COUNT,
} mlk_tag;

enum { MLK_TAG_SIZE = 1024 }; /* bytes of a text, with the end; longer ones are cut */

/* UTF-8; empty where the file says nothing. */
typedef struct mlk_audio_tags {
    char text[MLK_TAG_COUNT][MLK_TAG_SIZE];
} mlk_audio_tags;

/* "title", "artist" ...; NULL behind the last. */
extern const char *const mlk_tag_names[];

/* Sets a text that is not set yet, without blanks around it. Bytes that are no UTF-8 are taken for Latin-1. */
void mlk_tags_set(mlk_audio_tags *tags, mlk_tag tag, const char *text, size_t length);

#endif
