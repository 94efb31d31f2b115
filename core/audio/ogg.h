/* ogg.h: an Ogg file as the streams that lie in it one behind another. Private to core/audio. */
#ifndef MLK_AUDIO_OGG_H
#define MLK_AUDIO_OGG_H

#include "source.h"

typedef struct mlk_ogg {
    mlk_source *streams; /* each with what is multiplexed with it, such as pictures */
    int count;           /* 0: the source is not of Ogg */
    bool cut;            /* the last page is not whole */
} mlk_ogg;

/* Goes from page to page and reads their heads alone. */
mlk_code mlk_ogg_split(const mlk_source *source, mlk_ogg *ogg, mlk_status *status);
void mlk_ogg_free(mlk_ogg *ogg);

#endif
