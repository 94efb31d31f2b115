#include "music/steady_path.h"

#include <stdlib.h>

static int64_t best_of(const double *score, int64_t states)
{
    int64_t best = 0;
    for (int64_t k = 1; k < states; k++)
        if (score[k] > score[best])
            best = k;
    return best;
}

/* The score of each state once a frame more is heard, and whether this state was before it; else the best one was. */
static void advance(double *score, const float *fits, int64_t states, double change, unsigned char *stays)
{
    for (int64_t k = 0; k < states; k++) {
        stays[k] = score[k] >= change;
        score[k] = (stays[k] ? score[k] : change) + fits[k];
    }
}

mlk_code mlk_steady_path(const float *fits, int64_t frames, int64_t states, double cost, int64_t *path,
                         mlk_status *status)
{
    if (frames < 1 || states < 1)
        return MLK_OK;
    double *score = malloc(sizeof *score * (size_t)states);
    unsigned char *stays = malloc((size_t)frames * (size_t)states);
    mlk_code code = score && stays ? MLK_OK : mlk_fail_memory(status, "a path of states");
    if (code == MLK_OK) {
        for (int64_t k = 0; k < states; k++)
            score[k] = fits[k];
        /* Until the way back, path[t] is the best state of the frame before t. */
        for (int64_t t = 1; t < frames; t++) {
            path[t] = best_of(score, states);
            advance(score, fits + t * states, states, score[path[t]] - cost, stays + t * states);
        }
        int64_t state = best_of(score, states);
        for (int64_t t = frames - 1; t >= 0; t--) {
            int64_t before = t > 0 && !stays[t * states + state] ? path[t] : state;
            path[t] = state;
            state = before;
        }
    }
    free(stays);
    free(score);
    return code;
}
