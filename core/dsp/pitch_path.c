#include "dsp/pitch_path.h"

#include "dsp/lanes.h"
#include "dsp/memo.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES = 4,         /* states worked on side by side */
    FIRST_ROOM = 512, /* frames */
};

typedef double lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t indices __attribute__((vector_size(8 * LANES)));

struct mlk_pitch_path {
    int bins, width;
    int furthest; /* a state's first predecessor lies so many bins below it */
    int64_t steps;
    double impossible; /* log probability of what has none */
    double *voiced, *unvoiced; /* scores of the last frame, `width` places of -inf before and after */
    double *memory; /* that hold both */
    double *next; /* 2 * bins: the scores being made */
    const double *moves; /* see make_moves */
    uint16_t *states; /* of the path, as far as it is known */
    int64_t known; /* frames: through their states lead the best paths to all states of the last frame */
    int64_t room; /* frames */
    uint16_t *predecessors; /* of the 2 * bins states of each frame from `known` on */
    uint16_t *met; /* 2 * bins states, scratch */
    bool *marked; /* the same */
};

/* --- transitions --- */

/* The triangle's weight for a move by `offset` bins; 0 outside of it. */
static double weight(int width, int first, int offset)
{
    int i = offset - first;
    if (i < 0 || i >= width)
        return 0;
    int n = i < width / 2 ? i + 1 : width - i; /* counted from the nearer end */
    return width % 2 ? 2.0 * n / (width + 1) : (2.0 * n - 1) / width;
}

/* What the weights of the moves from a bin sum to: they are cut where the bins end. */
static double row_sum(int bins, int width, int first, int from)
{
    double sum = 0;
    for (int offset = first; offset < first + width; offset++)
        if (from + offset >= 0 && from + offset < bins)
            sum += weight(width, first, offset);
    return sum;
}

/* How far above a bin its triangle starts. One of even width has no middle: with odd bins it hangs to the left,
 * with even ones to the right. */
static int first_offset(int bins, int width)
{
    return width % 2 ? -(width - 1) / 2 : bins % 2 ? -width / 2 : 1 - width / 2;
}

typedef struct request {
    int bins, width;
    double switch_prob;
} request;

/* For each LANES bins, width x 2 x LANES log probabilities to come from predecessor m, bin j - furthest + m: with
 * voicing as it was, and changed. */
static void *make_moves(const void *context, mlk_status *status)
{
    const request *r = context;
    int bins = r->bins, width = r->width, first = first_offset(bins, width), furthest = first + width - 1;
    double stay = 1 - r->switch_prob, cross = 1 - stay;
    size_t groups = ((size_t)bins + LANES - 1) / LANES;
    double *moves = malloc(groups * (size_t)width * 2 * LANES * sizeof *moves), *move = moves;
    double *sums = malloc((size_t)bins * sizeof *sums);
    if (!sums || !moves) {
        free(sums);
        free(moves);
        mlk_fail_memory(status, "the moves between pitches");
        return NULL;
    }
    for (int from = 0; from < bins; from++)
        sums[from] = row_sum(bins, width, first, from);
    for (int to = 0; to < bins; to += LANES)
        for (int m = 0; m < width; m++, move += 2 * LANES)
            for (int lane = 0; lane < LANES; lane++) {
                int from = to + lane - furthest + m;
                bool within = from >= 0 && from < bins;
                double share = within ? weight(width, first, furthest - m) / sums[from] : 0;
                move[lane] = log(stay * share + DBL_MIN);
                move[LANES + lane] = log(cross * share + DBL_MIN);
            }
    free(sums);
    return moves;
}

mlk_pitch_path *mlk_pitch_path_new(int bins, int width, double switch_prob, int64_t frames, mlk_status *status)
{
    mlk_pitch_path *p = calloc(1, sizeof *p);
    size_t padded = (size_t)bins + 2 * (size_t)width + LANES;
    if (!p) {
        mlk_fail_memory(status, "a path of pitches");
        return NULL;
    }
    p->bins = bins;
    p->width = width;
    p->furthest = first_offset(bins, width) + width - 1;
    p->impossible = log(DBL_MIN);
    p->memory = malloc(2 * padded * sizeof *p->memory);
    p->next = malloc(2 * (size_t)bins * sizeof *p->next);
    p->states = malloc(((size_t)frames + 1) * sizeof *p->states);
    p->room = frames < FIRST_ROOM ? frames + 1 : FIRST_ROOM;
    p->predecessors = malloc((size_t)p->room * 2 * (size_t)bins * sizeof *p->predecessors);
    p->met = malloc(2 * (size_t)bins * sizeof *p->met);
    p->marked = calloc(2 * (size_t)bins, sizeof *p->marked);
    if (!p->memory || !p->next || !p->states || !p->predecessors || !p->met || !p->marked) {
        mlk_fail_memory(status, "a path of pitches");
        mlk_pitch_path_free(p);
        return NULL;
    }
    for (size_t i = 0; i < 2 * padded; i++)
        p->memory[i] = -INFINITY;
    p->voiced = p->memory + width;
    p->unvoiced = p->voiced + padded;
    static const mlk_memo_kind kind = {make_moves, free};
    request r = {bins, width, switch_prob};
    p->moves = mlk_memo_get(mlk_memo_shared(), &kind, MLK_KEY(bins, width, switch_prob), &r, status);
    if (!p->moves) {
        mlk_pitch_path_free(p);
        return NULL;
    }
    return p;
}

void mlk_pitch_path_free(mlk_pitch_path *path)
{
    if (!path)
        return;
    free(path->memory);
    free(path->next);
    free(path->states);
    free(path->predecessors);
    free(path->met);
    free(path->marked);
    free(path);
}

/* --- steps --- */

/* The best predecessors of LANES states: their scores, and how far from the first one they lie. */
typedef struct best {
    lanes score;
    indices place;
} best;

static inline __attribute__((always_inline)) void meet(best *kept, lanes score, indices place)
{
    indices better = score > kept->score;
    kept->score = (lanes)((better & (indices)score) | (~better & (indices)kept->score));
    kept->place = (better & place) | (~better & kept->place);
}

/* The best of both kinds of predecessors, of one lane, against a jump from anywhere: its score and state. */
typedef struct choice {
    double score;
    int state;
} choice;

static inline choice choose(const best *voiced, const best *unvoiced, int lane, int first, int bins, choice jump)
{
    choice made = {voiced->score[lane], first + (int)voiced->place[lane]};
    if (unvoiced->score[lane] > made.score)
        made = (choice){unvoiced->score[lane], bins + first + (int)unvoiced->place[lane]};
    if (jump.score > made.score || (jump.score == made.score && jump.state < made.state))
        made = jump;
    return made;
}

/* The first of the states from which a move with the smallest probability leads furthest. */
static choice best_jump(const mlk_pitch_path *p)
{
    choice jump = {-INFINITY, 0};
    for (int kind = 0; kind < 2; kind++) {
        const double *scores = kind ? p->unvoiced : p->voiced;
        for (int b = 0; b < p->bins; b++) {
            double score = scores[b] + p->impossible;
            if (score > jump.score)
                jump = (choice){score, kind * p->bins + b};
        }
    }
    return jump;
}

/* The best predecessor of every state: scores to p->next. */
MLK_CLONES static void advance(mlk_pitch_path *p, choice jump, uint16_t *predecessors)
{
    int bins = p->bins, width = p->width;
    const lanes *row = (const lanes *)p->moves;
    for (int to = 0; to < bins; to += LANES) {
        const double *voiced = p->voiced + to - p->furthest, *unvoiced = p->unvoiced + to - p->furthest;
        best none = {(lanes){-INFINITY, -INFINITY, -INFINITY, -INFINITY}, {0}};
        best v_to_v = none, v_to_u = none, u_to_v = none, u_to_u = none;
        indices place = {0};
        for (int m = 0; m < width; m++, row += 2, place += 1) {
            lanes v = *(const lanes *)(voiced + m), u = *(const lanes *)(unvoiced + m);
            meet(&v_to_v, v + row[0], place);
            meet(&v_to_u, v + row[1], place);
            meet(&u_to_v, u + row[1], place);
            meet(&u_to_u, u + row[0], place);
        }
        for (int lane = 0; lane < LANES && to + lane < bins; lane++) {
            int state = to + lane, first = state - p->furthest;
            choice heard = choose(&v_to_v, &u_to_v, lane, first, bins, jump);
            choice unheard = choose(&v_to_u, &u_to_u, lane, first, bins, jump);
            p->next[state] = heard.score;
            p->next[bins + state] = unheard.score;
            predecessors[state] = (uint16_t)heard.state;
            predecessors[bins + state] = (uint16_t)unheard.state;
        }
    }
}

/* --- what is known of the path --- */

static uint16_t *predecessors_at(const mlk_pitch_path *p, int64_t frame)
{
    return p->predecessors + (frame - p->known) * 2 * p->bins;
}

/* Follows the path back from its state in a frame. */
static void trace(mlk_pitch_path *p, int64_t frame, int state)
{
    p->states[frame] = (uint16_t)state;
    for (; frame > p->known; frame--)
        p->states[frame - 1] = predecessors_at(p, frame)[p->states[frame]];
}

/* The last frame in which the best paths to all states of the last frame meet, or -1; its state is p->met[0]. */
static int64_t meeting(mlk_pitch_path *p)
{
    int count = 2 * p->bins;
    for (int s = 0; s < count; s++)
        p->met[s] = (uint16_t)s;
    for (int64_t frame = p->steps - 1; frame > p->known; frame--) {
        const uint16_t *predecessors = predecessors_at(p, frame);
        int before = 0;
        for (int i = 0; i < count; i++) {
            uint16_t state = predecessors[p->met[i]];
            if (!p->marked[state])
                p->met[before++] = state;
            p->marked[state] = true;
        }
        count = before;
        for (int i = 0; i < count; i++)
            p->marked[p->met[i]] = false;
        if (count == 1)
            return frame - 1;
    }
    return -1;
}

/* Makes room for a frame: lets go of those whose states are certain, and of more memory only when they are few. */
static mlk_code settle(mlk_pitch_path *p, mlk_status *status)
{
    size_t row = 2 * (size_t)p->bins * sizeof *p->predecessors;
    int64_t met = meeting(p), freed = met + 1 - p->known;
    if (met >= 0) {
        trace(p, met, p->met[0]);
        memmove(p->predecessors, predecessors_at(p, met + 1), (size_t)(p->steps - met - 1) * row);
        p->known = met + 1;
    }
    if (met >= 0 && freed > p->room / 2)
        return MLK_OK;
    uint16_t *grown = realloc(p->predecessors, 2 * (size_t)p->room * row);
    if (!grown)
        return mlk_fail_memory(status, "a path of pitches");
    p->predecessors = grown;
    p->room *= 2;
    return MLK_OK;
}

mlk_code mlk_pitch_path_step(mlk_pitch_path *path, const double *voiced, double unvoiced, mlk_status *status)
{
    int bins = path->bins;
    if (path->steps - path->known == path->room && settle(path, status))
        return status->code;
    if (path->steps == 0) {
        double start = log(1.0 / (2 * bins) + DBL_MIN);
        for (int s = 0; s < 2 * bins; s++)
            path->next[s] = start;
    } else {
        advance(path, best_jump(path), predecessors_at(path, path->steps));
    }
    double none = log(unvoiced + DBL_MIN);
    for (int b = 0; b < bins; b++) {
        path->voiced[b] = path->next[b] + (voiced[b] > 0 ? log(voiced[b] + DBL_MIN) : path->impossible);
        path->unvoiced[b] = path->next[bins + b] + none;
    }
    path->steps++;
    return MLK_OK;
}

const uint16_t *mlk_pitch_path_decode(mlk_pitch_path *path)
{
    choice last = {-INFINITY, 0};
    for (int s = 0; s < 2 * path->bins; s++) {
        double score = s < path->bins ? path->voiced[s] : path->unvoiced[s - path->bins];
        if (score > last.score)
            last = (choice){score, s};
    }
    if (path->steps > path->known)
        trace(path, path->steps - 1, last.state);
    return path->states;
}
