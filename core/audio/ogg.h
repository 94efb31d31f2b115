/* ogg.h: an Ogg file as the streams that follow one another in it. Private to core/audio. */
#ifndef MLK_AUDIO_OGG_H
#define MLK_AUDIO_OGG_H

#include "source.h"

typedef struct mlk_ogg {
    mlk_source *streams; /* each with what is multiplexed into it, such as pictures */
    int count;           /* 0: the source is no Ogg file */
    bool cut;            /* the last page is not whole */
} mlk_ogg;

/* Goes from page to page and reads only their headers. */
mlk_code mlk_ogg_split(const mlk_source *source, mlk_ogg *ogg, mlk_status *status);
void mlk_ogg_free(mlk_ogg *ogg);

#endif
