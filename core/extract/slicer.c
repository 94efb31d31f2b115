#include "extract/slicer.h"

#include "interrupt.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What may wait to be used: so many bytes in all; of the track in use always two windows. */
enum { MOST_BYTES = 96 << 20, ALWAYS = 2 };

typedef struct window {
    struct window *next;
    int64_t rows, frames, start, count;
    float data[];
} window;

typedef struct heard {
    window *first, *last;
    int waiting; /* windows */
    bool ended, failed;
    mlk_status failure;
    mlk_audio_notes notes;
    int rate, channels;
} heard;

struct mlk_slicer {
    mlk_recipe recipe;
    mlk_cut cut;
    mlk_track *tracks;
    heard *heard;
    int n, current; /* current: the track in use */
    int64_t bytes;  /* of all windows that wait */
    window *used;
    double waited_s;
    bool stop;
    mlk_job *job;
    pthread_mutex_t lock; /* of heard, current, bytes and stop */
    pthread_cond_t changed;
};

/* --- threads --- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits a moment for a change; the lock is held. Only a moment: an interrupt wakes nobody. */
static void linger(mlk_slicer *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 50000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

static int64_t size_of(const window *w)
{
    return (int64_t)sizeof *w + w->rows * w->frames * (int64_t)sizeof(float);
}

/* Puts a window behind those of its track, once there is room; takes it over. */
static mlk_code put(mlk_slicer *s, int index, window *w, mlk_status *status)
{
    heard *h = &s->heard[index];
    int64_t bytes = size_of(w);
    pthread_mutex_lock(&s->lock);
    bool room = false, stop = false;
    while (!room && !stop) {
        room = s->bytes + bytes <= MOST_BYTES || (index == s->current && h->waiting < ALWAYS);
        stop = s->stop || mlk_interrupted();
        if (!room && !stop)
            linger(s);
    }
    if (!stop) {
        *(h->last ? &h->last->next : &h->first) = w;
        h->last = w;
        h->waiting++;
        s->bytes += bytes;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    if (stop) {
        free(w);
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    }
    return MLK_OK;
}

static window *new_window(int64_t rows, int64_t frames, mlk_status *status)
{
    window *w = malloc(sizeof *w + (size_t)(rows * frames) * sizeof(float));
    if (w)
        *w = (window){.rows = rows, .frames = frames};
    else
        mlk_fail_memory(status, "a window");
    return w;
}

/* The recipe's feature of some samples. */
static window *analyse(const mlk_settings *settings, const float *samples, int64_t n, double rate, mlk_status *status)
{
    mlk_feature_shape shape;
    if (mlk_feature_measure(settings, n, rate, &shape, status))
        return NULL;
    if (shape.frames < 1 || shape.dtype != MLK_FLOAT32) {
        mlk_fail(status, MLK_INVALID, "%s: the clip is too short for one frame", settings->feature->name);
        return NULL;
    }
    window *w = new_window(shape.rows, shape.frames, status);
    mlk_waveform *waveform = w ? mlk_waveform_of(samples, n, rate, status) : NULL;
    if (w && (!waveform || mlk_sweep_into(settings, waveform, &shape, w->data, status))) {
        free(w);
        w = NULL;
    }
    mlk_waveform_free(waveform);
    return w;
}

/* A window of `n` samples of which `count` are sound. */
static mlk_code emit(mlk_slicer *s, int index, const float *samples, int64_t n, int64_t start, int64_t count,
                     double rate, mlk_status *status)
{
    window *w;
    if (s->recipe.n_features > 0) {
        w = analyse(&s->recipe.features[0], samples, n, rate, status);
    } else if ((w = new_window(1, n, status))) {
        memcpy(w->data, samples, (size_t)n * sizeof *samples);
    }
    if (!w)
        return status->code;
    w->start = start;
    w->count = count;
    return put(s, index, w, status);
}

/* Where the cutting of a track stands: `filled` samples in the buffer, the first of which is sample `at`. */
typedef struct place {
    float *buffer;
    int64_t filled, at, covered;
} place;

/* Samples of a whole window are in the buffer: moves on by a hop, over samples that nobody hears if it is longer. */
static mlk_code move_on(const mlk_cut *cut, place *p, mlk_audio_reader *reader, mlk_status *status)
{
    p->at += cut->hop;
    p->filled = cut->hop < cut->length ? cut->length - cut->hop : 0;
    memmove(p->buffer, p->buffer + cut->length - p->filled, (size_t)p->filled * sizeof *p->buffer);
    mlk_code code = MLK_OK;
    for (int64_t skip = cut->hop - cut->length, got = 1; !code && skip > 0 && got > 0; skip -= got) {
        int64_t wanted = skip < cut->length ? skip : cut->length;
        code = mlk_audio_reader_read(reader, (float *[]){p->buffer}, wanted, &got, status);
    }
    return code;
}

/* What is left at the end: a window of its own, unless all of it was heard or it is too short. */
static mlk_code emit_rest(mlk_slicer *s, int index, place *p, double rate, mlk_status *status)
{
    const mlk_cut *cut = &s->cut;
    bool first = p->covered == 0;
    if (first && p->filled == 0)
        return mlk_fail(status, MLK_INVALID, "there is no sound in the part asked for");
    if (first && p->filled < cut->least)
        return mlk_fail(status, MLK_INVALID, "the model needs %lld samples at least, got %lld", (long long)cut->least,
                        (long long)p->filled);
    bool enough = first || (!cut->drop && (cut->fixed || p->filled >= cut->least));
    if (p->covered >= p->at + p->filled || p->filled == 0 || !enough)
        return MLK_OK;
    int64_t n = cut->fixed ? cut->length : p->filled;
    memset(p->buffer + p->filled, 0, (size_t)(n - p->filled) * sizeof *p->buffer);
    return emit(s, index, p->buffer, n, p->at, p->filled, rate, status);
}

static mlk_code cut_reader(mlk_slicer *s, int index, mlk_audio_reader *reader, mlk_status *status)
{
    const mlk_cut *cut = &s->cut;
    double rate = mlk_audio_reader_rate(reader);
    place p = {.buffer = malloc((size_t)cut->length * sizeof(float))};
    mlk_code code = p.buffer ? MLK_OK : mlk_fail_memory(status, "a window");
    for (bool end = false; !code && !end;) {
        int64_t got = 0, wanted = cut->length - p.filled;
        if (mlk_interrupted())
            code = mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        else
            code = mlk_audio_reader_read(reader, (float *[]){p.buffer + p.filled}, wanted, &got, status);
        p.filled += got;
        end = got < wanted;
        if (code)
            break;
        if (end) {
            code = emit_rest(s, index, &p, rate, status);
        } else if (!(code = emit(s, index, p.buffer, cut->length, p.at, cut->length, rate, status))) {
            p.covered = p.at + cut->length;
            code = move_on(cut, &p, reader, status);
        }
    }
    free(p.buffer);
    return code;
}

static mlk_code cut_track(mlk_slicer *s, int index, mlk_status *status)
{
    heard *h = &s->heard[index];
    mlk_audio_options options = mlk_extraction_decoding(&s->recipe, &s->tracks[index]);
    mlk_audio_reader *reader;
    mlk_code code = mlk_audio_reader_open(s->tracks[index].path, &options, &reader, status);
    if (code)
        return code;
    const mlk_audio_info *info = mlk_audio_reader_info(reader);
    h->rate = info->rate;
    h->channels = info->channels;
    code = cut_reader(s, index, reader, status);
    h->notes = *mlk_audio_reader_notes(reader);
    mlk_audio_reader_free(reader);
    return code;
}

/* mlk_job_work. A track that fails is told of when its turn comes. */
static mlk_code work(void *context, int index, mlk_status *status)
{
    mlk_slicer *s = context;
    heard *h = &s->heard[index];
    mlk_code code = cut_track(s, index, status);
    if (code == MLK_INTERRUPTED)
        return code;
    pthread_mutex_lock(&s->lock);
    h->failed = code;
    if (code)
        h->failure = *status;
    h->ended = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return MLK_OK;
}

/* --- life --- */

static void free_windows(window *w)
{
    while (w) {
        window *next = w->next;
        free(w);
        w = next;
    }
}

static void release(mlk_slicer *s)
{
    for (int i = 0; i < s->n; i++) {
        if (s->tracks)
            free(s->tracks[i].path);
        if (s->heard)
            free_windows(s->heard[i].first);
    }
    free(s->used);
    free(s->tracks);
    free(s->heard);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static bool copy_tracks(mlk_slicer *s, const mlk_track *tracks)
{
    s->heard = calloc((size_t)s->n + 1, sizeof *s->heard);
    s->tracks = calloc((size_t)s->n + 1, sizeof *s->tracks);
    bool complete = s->heard && s->tracks;
    for (int i = 0; complete && i < s->n; i++) {
        s->tracks[i] = (mlk_track){strdup(tracks[i].path), tracks[i].start_s, tracks[i].duration_s, NULL};
        complete = s->tracks[i].path;
    }
    return complete;
}

mlk_slicer *mlk_slicer_start(const mlk_recipe *recipe, const mlk_cut *cut, const mlk_track *tracks, int n, int workers,
                             mlk_status *status)
{
    mlk_slicer *s = calloc(1, sizeof *s);
    if (!s) {
        mlk_fail_memory(status, "the windows of tracks");
        return NULL;
    }
    s->recipe = *recipe;
    s->recipe.text = NULL; /* the other's */
    s->cut = *cut;
    s->n = n;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    mlk_code code = copy_tracks(s, tracks) ? MLK_OK : mlk_fail_memory(status, "a list of tracks");
    if (!code && !(s->job = mlk_job_start(n, workers, work, s, status)))
        code = status->code;
    if (code) {
        release(s);
        return NULL;
    }
    return s;
}

void mlk_slicer_free(mlk_slicer *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    mlk_job_free(s->job);
    release(s);
}

/* --- what was cut --- */

/* Waits until the track in use has a window, or has ended; the lock is held. */
static mlk_code await_current(mlk_slicer *s, mlk_status *status)
{
    const heard *h = &s->heard[s->current];
    double from = now();
    while (!h->first && !h->ended && !mlk_interrupted() && !mlk_job_wait(s->job, 0))
        linger(s);
    s->waited_s += now() - from;
    return h->first || h->ended ? MLK_OK : mlk_fail(status, MLK_INTERRUPTED, "interrupted");
}

static void take_window(mlk_slicer *s, mlk_slice *slice)
{
    heard *h = &s->heard[s->current];
    window *w = s->used = h->first;
    h->first = w->next;
    if (!h->first)
        h->last = NULL;
    h->waiting--;
    s->bytes -= size_of(w);
    slice->data = w->data;
    slice->rows = w->rows;
    slice->frames = w->frames;
    slice->start = w->start;
    slice->count = w->count;
}

mlk_code mlk_slicer_next(mlk_slicer *s, mlk_slice *slice, mlk_status *status)
{
    *slice = (mlk_slice){.track = -1};
    free(s->used);
    s->used = NULL;
    if (s->current >= s->n)
        return MLK_OK;
    pthread_mutex_lock(&s->lock);
    mlk_code code = await_current(s, status);
    if (!code) {
        const heard *h = &s->heard[s->current];
        slice->track = s->current;
        slice->rate = h->rate;
        slice->channels = h->channels;
        if (h->first) {
            take_window(s, slice);
        } else {
            slice->failure = h->failed ? h->failure.message : NULL;
            slice->notes = &h->notes;
            s->current++;
        }
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return code;
}

double mlk_slicer_waited(const mlk_slicer *slicer)
{
    return slicer->waited_s;
}
