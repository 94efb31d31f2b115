#include "extract/extraction.h"

#include "extract/cache.h"
#include "extract/output.h"
#include "interrupt.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct mlk_extraction {
    mlk_recipe *recipe;
    mlk_track *tracks;
    int n;
    mlk_cache *cache; /* or NULL */
    float *rows;          /* pooled: n x n_columns */
    mlk_bundle **bundles; /* kept frames that are in memory */
    mlk_audio_notes **notes; /* of the tracks that there is something to say of */
    char (*keys)[MLK_HASH_SIZE];
    atomic_int cached, uncached;
    pthread_mutex_t lock;
    mlk_status unkept; /* why the first of the uncached could not be kept, under the lock */
};

static void release(mlk_extraction *e)
{
    for (int i = 0; i < e->n; i++) {
        free(e->tracks[i].path);
        free(e->tracks[i].output);
        if (e->bundles)
            mlk_bundle_free(e->bundles[i]);
        if (e->notes)
            free(e->notes[i]);
    }
    free(e->tracks);
    free(e->bundles);
    free(e->notes);
    free(e->rows);
    free(e->keys);
    mlk_cache_close(e->cache);
    mlk_recipe_free(e->recipe);
}

mlk_extraction *mlk_extraction_new(mlk_recipe *recipe, mlk_track *tracks, int n, const char *cache,
                                   mlk_status *status)
{
    mlk_extraction *made = calloc(1, sizeof *made);
    if (!made) {
        release(&(mlk_extraction){.recipe = recipe, .tracks = tracks, .n = n});
        mlk_fail_memory(status, "an extraction");
        return NULL;
    }
    *made = (mlk_extraction){.recipe = recipe, .tracks = tracks, .n = n, .lock = PTHREAD_MUTEX_INITIALIZER};
    size_t count = (size_t)n + 1;
    if (recipe->n_pools > 0)
        made->rows = malloc(count * (size_t)recipe->n_columns * sizeof *made->rows);
    else
        made->bundles = calloc(count, sizeof *made->bundles);
    made->notes = calloc(count, sizeof *made->notes);
    made->keys = cache ? calloc(count, sizeof *made->keys) : NULL;
    mlk_code code = MLK_OK;
    if ((!made->rows && !made->bundles) || !made->notes || (cache && !made->keys))
        code = mlk_fail(status, MLK_MEMORY, "not enough memory for the features of %d tracks", n);
    else if (cache && !(made->cache = mlk_cache_open(cache, status)))
        code = status->code;
    if (code) {
        mlk_extraction_free(made);
        return NULL;
    }
    return made;
}

void mlk_extraction_free(mlk_extraction *extraction)
{
    if (!extraction)
        return;
    release(extraction);
    free(extraction);
}

/* --- one waveform --- */

/* Shapes of all features for n samples. */
static mlk_code measure_all(const mlk_recipe *recipe, int64_t n, double rate, mlk_feature_shape *shapes,
                            mlk_status *status)
{
    for (int i = 0; i < recipe->n_features; i++) {
        const mlk_settings *settings = &recipe->features[i];
        mlk_status reason;
        mlk_code code = mlk_feature_measure(settings, n, rate, &shapes[i], &reason);
        if (code)
            return mlk_fail(status, code, "%s: %.200s", settings->feature->name, reason.message);
        if (shapes[i].rows != recipe->rows[i])
            return mlk_fail(status, MLK_INVALID, "%s has %lld rows at %g Hz, the recipe expects %lld",
                            settings->feature->name, (long long)shapes[i].rows, rate, (long long)recipe->rows[i]);
        if (shapes[i].frames < 1)
            return mlk_fail(status, MLK_INVALID, "%s: the clip is too short for one frame", settings->feature->name);
    }
    return MLK_OK;
}

/* Copies a part to its frames of the bundle. */
static mlk_code keep_part(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status)
{
    (void)status;
    mlk_bundle *bundle = context;
    mlk_sweep_place(part, data, bundle->shapes[feature].frames, bundle->data[feature]);
    return MLK_OK;
}

static mlk_bundle *keep_frames(const mlk_recipe *recipe, mlk_waveform *waveform, mlk_status *status)
{
    mlk_feature_shape shapes[MLK_MAX_FEATURES];
    int64_t n;
    if (mlk_waveform_length(waveform, &n, status) ||
        measure_all(recipe, n, mlk_waveform_rate(waveform), shapes, status))
        return NULL;
    mlk_bundle *bundle = mlk_bundle_new(recipe->n_features, shapes, status);
    if (bundle && mlk_sweep(recipe->features, recipe->n_features, waveform, (mlk_sink){bundle, keep_part}, status)) {
        mlk_bundle_free(bundle);
        bundle = NULL;
    }
    return bundle;
}

/* Complex frames become magnitudes, at the front of the same memory. */
static void to_magnitude(float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = hypotf(values[2 * i], values[2 * i + 1]);
}

static mlk_code pool_part(void *context, int feature, const mlk_feature_shape *part, void *data, mlk_status *status)
{
    mlk_pooling **poolings = context;
    if (part->dtype == MLK_COMPLEX64)
        to_magnitude(data, part->rows * part->frames);
    return mlk_pooling_add(poolings[feature], data, part->frames, status);
}

static mlk_bundle *pool_frames(const mlk_recipe *recipe, mlk_waveform *waveform, mlk_status *status)
{
    mlk_feature_shape row = {.rows = 1, .frames = recipe->n_columns, .dtype = MLK_FLOAT32};
    mlk_bundle *bundle = mlk_bundle_new(1, &row, status);
    mlk_pooling *poolings[MLK_MAX_FEATURES] = {0};
    bool ready = bundle;
    for (int i = 0; ready && i < recipe->n_features; i++)
        ready = (poolings[i] = mlk_pooling_new(recipe->pools, recipe->n_pools, recipe->rows[i], status));
    bool done = ready && !mlk_sweep(recipe->features, recipe->n_features, waveform,
                                    (mlk_sink){poolings, pool_part}, status);
    float *out = bundle ? bundle->data[0] : NULL;
    for (int i = 0; i < recipe->n_features; i++) {
        if (done)
            mlk_pooling_finish(poolings[i], out);
        if (out)
            out += recipe->rows[i] * recipe->n_pools;
        mlk_pooling_free(poolings[i]);
    }
    if (!done) {
        mlk_bundle_free(bundle);
        bundle = NULL;
    }
    return bundle;
}

mlk_bundle *mlk_extraction_sweep(const mlk_recipe *recipe, mlk_waveform *waveform, mlk_status *status)
{
    /* What the start tells of the clip: its shapes, unless it is longer. */
    mlk_feature_shape shapes[MLK_MAX_FEATURES];
    int64_t n;
    if (mlk_waveform_reach(waveform, INT64_C(1) << 20, &n, status) ||
        measure_all(recipe, n, mlk_waveform_rate(waveform), shapes, status))
        return NULL;
    return recipe->n_pools > 0 ? pool_frames(recipe, waveform, status) : keep_frames(recipe, waveform, status);
}

mlk_bundle *mlk_extraction_analyse(const mlk_recipe *recipe, const float *samples, int64_t n, double rate,
                                   mlk_status *status)
{
    mlk_waveform *waveform = mlk_waveform_of(samples, n, rate, status);
    mlk_bundle *bundle = waveform ? mlk_extraction_sweep(recipe, waveform, status) : NULL;
    mlk_waveform_free(waveform);
    return bundle;
}

/* --- one track --- */

/* Samples up to which a track is decoded as a whole: some minutes. */
enum { SHORT_TRACK = 1 << 24 };

mlk_audio_options mlk_extraction_decoding(const mlk_recipe *recipe, const mlk_track *track)
{
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = recipe->rate;
    options.channel = recipe->channel;
    options.keep_partial = recipe->keep_partial;
    options.start_s = recipe->start_s + track->start_s;
    double duration = track->duration_s > 0 ? track->duration_s : recipe->duration_s;
    options.duration_s = duration > 0 ? duration : -1;
    options.pad = recipe->pad;
    return options;
}

/* A file as a source of samples. */
typedef struct playback {
    const char *path;
    mlk_audio_options options;
    mlk_audio_reader *reader;
    mlk_audio_notes notes; /* of the readers before */
} playback;

/* What a reader said, which it may have done before another one began anew. */
static void hear_notes(playback *p)
{
    if (!p->reader)
        return;
    const mlk_audio_notes *said = mlk_audio_reader_notes(p->reader);
    if (said->partial[0])
        memcpy(p->notes.partial, said->partial, sizeof p->notes.partial);
    if (said->warning[0])
        memcpy(p->notes.warning, said->warning, sizeof p->notes.warning);
}

static mlk_code play(void *context, float *out, int64_t count, int64_t *got, mlk_status *status)
{
    playback *p = context;
    *got = 0;
    if (mlk_interrupted())
        return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
    return mlk_audio_reader_read(p->reader, (float *[]){out}, count, got, status);
}

static mlk_code rewind_playback(void *context, mlk_status *status)
{
    playback *p = context;
    hear_notes(p);
    mlk_audio_reader_free(p->reader);
    p->reader = NULL;
    return mlk_audio_reader_open(p->path, &p->options, &p->reader, status);
}

static bool needs_whole_clip(const mlk_recipe *recipe)
{
    for (int i = 0; i < recipe->n_features; i++)
        if (recipe->features[i].feature->scope == MLK_SCOPE_CLIP)
            return true;
    return false;
}

static mlk_bundle *analyse_playback(const mlk_recipe *recipe, playback *p, mlk_status *status)
{
    int64_t expected = mlk_audio_reader_expected(p->reader), n;
    bool whole = expected <= SHORT_TRACK || needs_whole_clip(recipe);
    mlk_stream source = {p, play, rewind_playback, NULL};
    mlk_waveform *waveform = mlk_waveform_from(source, mlk_audio_reader_rate(p->reader), status);
    mlk_bundle *bundle = NULL;
    if (waveform && !(whole && mlk_waveform_load(waveform, status)) && !mlk_waveform_reach(waveform, 1, &n, status)) {
        if (n == 0)
            mlk_fail(status, MLK_INVALID, "%s: there is no sound in the part asked for", p->path);
        else
            bundle = mlk_extraction_sweep(recipe, waveform, status);
    }
    mlk_waveform_free(waveform);
    hear_notes(p);
    if (bundle && mlk_bundle_annotate(bundle, &p->notes, status)) {
        mlk_bundle_free(bundle);
        bundle = NULL;
    }
    return bundle;
}

static mlk_bundle *analyse_track(const mlk_recipe *recipe, const mlk_track *track, mlk_status *status)
{
    playback p = {.path = track->path, .options = mlk_extraction_decoding(recipe, track)};
    mlk_bundle *bundle = NULL;
    if (!mlk_audio_reader_open(p.path, &p.options, &p.reader, status))
        bundle = analyse_playback(recipe, &p, status);
    mlk_audio_reader_free(p.reader);
    return bundle;
}

static bool fits(const mlk_recipe *recipe, const mlk_bundle *bundle)
{
    if (recipe->n_pools > 0)
        return bundle->count == 1 && bundle->shapes[0].rows == 1 && bundle->shapes[0].frames == recipe->n_columns;
    return bundle->count == recipe->n_features;
}

static mlk_code key_of(const mlk_extraction *e, const mlk_track *track, char key[MLK_HASH_SIZE], mlk_status *status)
{
    char content[MLK_HASH_SIZE];
    mlk_code code = mlk_hash_file(track->path, content, status);
    if (!code)
        mlk_cache_key(content, e->recipe, track->start_s, track->duration_s, key);
    return code;
}

mlk_code mlk_extraction_note(mlk_extraction *extraction, int index, const mlk_audio_notes *notes, mlk_status *status)
{
    free(extraction->notes[index]);
    extraction->notes[index] = NULL;
    if (!notes || (!notes->partial[0] && !notes->warning[0]))
        return MLK_OK;
    if (!(extraction->notes[index] = malloc(sizeof *notes)))
        return mlk_fail_memory(status, "what is to be said of a track");
    *extraction->notes[index] = *notes;
    return MLK_OK;
}

/* A result that could not be kept is no reason to lose it. */
static void count_uncached(mlk_extraction *e, const mlk_status *why)
{
    pthread_mutex_lock(&e->lock);
    if (!e->unkept.code)
        e->unkept = *why;
    pthread_mutex_unlock(&e->lock);
    atomic_fetch_add(&e->uncached, 1);
}

/* From the cache, or made and put there. */
static mlk_bundle *find_or_make(mlk_extraction *e, int index, mlk_status *status)
{
    const mlk_track *track = &e->tracks[index];
    if (!e->cache)
        return analyse_track(e->recipe, track, status);
    if (key_of(e, track, e->keys[index], status))
        return NULL;
    mlk_bundle *bundle = mlk_cache_read(e->cache, e->keys[index]);
    if (bundle && fits(e->recipe, bundle)) {
        atomic_fetch_add(&e->cached, 1);
        return bundle;
    }
    mlk_bundle_free(bundle);
    bundle = analyse_track(e->recipe, track, status);
    mlk_status why;
    if (bundle && mlk_cache_write(e->cache, e->keys[index], bundle, &why)) {
        count_uncached(e, &why);
        e->keys[index][0] = '\0';
    }
    return bundle;
}

mlk_bundle *mlk_extraction_obtain(mlk_extraction *e, int index, mlk_status *status)
{
    mlk_bundle *bundle = find_or_make(e, index, status);
    if (bundle && mlk_extraction_note(e, index, bundle->notes, status)) {
        mlk_bundle_free(bundle);
        bundle = NULL;
    }
    return bundle;
}

/* The key under which an empty entry says that the files at `output` are the result `key`. False when there are
 * none. */
static bool receipt_key(const mlk_extraction *e, const char *output, const char *key, char receipt[MLK_HASH_SIZE])
{
    char both[2 * MLK_HASH_SIZE] = "", stamp[MLK_HASH_SIZE];
    if (!mlk_output_stamp(output, e->recipe, stamp))
        return false;
    strcat(strcat(both, key), stamp);
    mlk_hash_bytes(both, strlen(both), receipt);
    return true;
}

/* A receipt says of the sound what the result itself would. */
static void leave_receipt(mlk_extraction *e, int index, const char *key)
{
    char receipt[MLK_HASH_SIZE];
    mlk_status why;
    mlk_bundle *empty = mlk_bundle_new(0, NULL, &why);
    mlk_code code = empty ? MLK_OK : why.code;
    if (!code && e->notes[index])
        code = mlk_bundle_annotate(empty, e->notes[index], &why);
    if (!code && !receipt_key(e, e->tracks[index].output, key, receipt))
        code = mlk_fail(&why, MLK_IO, "%s cannot be found again", e->tracks[index].output);
    if (!code)
        code = mlk_cache_write(e->cache, receipt, empty, &why);
    if (code)
        count_uncached(e, &why);
    mlk_bundle_free(empty);
}

static mlk_bundle *find_receipt(const mlk_extraction *e, const char *output, const char *key)
{
    char receipt[MLK_HASH_SIZE];
    return receipt_key(e, output, key, receipt) ? mlk_cache_read(e->cache, receipt) : NULL;
}

/* Frames to a file, unless they are there already: the cache keeps a receipt, not the frames once more. */
static mlk_code write_frames(mlk_extraction *e, int index, mlk_status *status)
{
    const mlk_track *track = &e->tracks[index];
    char key[MLK_HASH_SIZE];
    if (e->cache && key_of(e, track, key, status))
        return status->code;
    mlk_bundle *bundle = e->cache ? find_receipt(e, track->output, key) : NULL;
    bool there = bundle;
    if (there)
        atomic_fetch_add(&e->cached, 1);
    else
        bundle = analyse_track(e->recipe, track, status);
    if (!bundle)
        return status->code;
    mlk_code code = mlk_extraction_note(e, index, bundle->notes, status);
    if (!code && !there)
        code = mlk_output_frames(track->output, e->recipe, bundle, status);
    mlk_bundle_free(bundle);
    if (!code && !there && e->cache)
        leave_receipt(e, index, key);
    return code;
}

mlk_code mlk_extraction_work(void *extraction, int index, mlk_status *status)
{
    mlk_extraction *e = extraction;
    if (!e->rows && e->tracks[index].output)
        return write_frames(e, index, status);
    mlk_bundle *bundle = mlk_extraction_obtain(e, index, status);
    if (!bundle)
        return status->code;
    if (e->rows) {
        memcpy(e->rows + index * e->recipe->n_columns, bundle->data[0],
               (size_t)e->recipe->n_columns * sizeof *e->rows);
    } else if (!e->cache || !e->keys[index][0]) {
        e->bundles[index] = bundle;
        bundle = NULL;
    }
    mlk_bundle_free(bundle);
    return MLK_OK;
}

/* --- results --- */

const mlk_recipe *mlk_extraction_recipe(const mlk_extraction *extraction)
{
    return extraction->recipe;
}

const mlk_track *mlk_extraction_track(const mlk_extraction *extraction, int index)
{
    return &extraction->tracks[index];
}

const float *mlk_extraction_row(const mlk_extraction *extraction, int index)
{
    return extraction->rows + index * extraction->recipe->n_columns;
}

const mlk_bundle *mlk_extraction_frames(const mlk_extraction *extraction, int index, mlk_bundle **made,
                                        mlk_status *status)
{
    *made = NULL;
    if (extraction->bundles[index])
        return extraction->bundles[index];
    if (extraction->cache)
        *made = mlk_cache_read(extraction->cache, extraction->keys[index]);
    if (!*made)
        *made = analyse_track(extraction->recipe, &extraction->tracks[index], status);
    return *made;
}

const mlk_audio_notes *mlk_extraction_notes(const mlk_extraction *extraction, int index)
{
    return extraction->notes[index];
}

int mlk_extraction_cached(const mlk_extraction *extraction)
{
    return atomic_load(&extraction->cached);
}

int mlk_extraction_uncached(const mlk_extraction *extraction)
{
    return atomic_load(&extraction->uncached);
}

bool mlk_extraction_unkept(mlk_extraction *extraction, mlk_status *why)
{
    pthread_mutex_lock(&extraction->lock);
    *why = extraction->unkept;
    pthread_mutex_unlock(&extraction->lock);
    return why->code != MLK_OK;
}
