#include "dsp/chroma.h"

#include "dsp/memo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const mlk_pitch_class_names[12] = {"C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"};
const char *const mlk_tonnetz_names[6] = {"fifth x", "fifth y", "minor third x", "minor third y",
                                          "major third x", "major third y"};

/* Bins summed in single precision before the sum moves to a double; classes that are summed side by side. */
enum { RUN = 64, CLASSES = 4 };

/* Weights below this count as 0: times a quiet spectrum they would be subnormal numbers, which are slow. */
#define NOTHING 1e-15

typedef struct request {
    const mlk_chroma *chroma;
    double rate;
    int n_fft;
} request;

/* Weights [class][bin]: Gaussians around each class, as wide as a bin is on the scale of classes. */
static void *make(const void *context, mlk_status *status)
{
    const request *r = context;
    const mlk_chroma *chroma = r->chroma;
    double rate = r->rate, n_fft = r->n_fft;
    int n = chroma->n_chroma, bins = (int)n_fft / 2 + 1;
    float *weights = calloc((size_t)bins * (size_t)(n + CLASSES - 1), sizeof *weights); /* whole groups of classes */
    double *column = malloc((size_t)n * sizeof *column);
    if (!weights || !column) {
        free(weights);
        free(column);
        mlk_fail_memory(status, "a chroma filter bank");
        return NULL;
    }
    double a0 = 440 * pow(2, chroma->tuning / n) / 16, half = rint(n / 2.0);
    double first = n * log2(rate / n_fft / a0);
    for (int k = 0; k < bins; k++) {
        double place = k == 0 ? first - 1.5 * n : n * log2(k * rate / n_fft / a0);
        double width = k + 1 < n_fft ? n * log2((k + 1) * rate / n_fft / a0) - place : 1;
        width = width > 1 ? width : 1;
        double norm = 0;
        for (int c = 0; c < n; c++) {
            double distance = fmod(place - c + half + 10.0 * n, n);
            distance += (distance < 0 ? n : 0) - half;
            column[c] = exp(-0.5 * (2 * distance / width) * (2 * distance / width));
            norm += column[c] * column[c];
        }
        norm = sqrt(norm) < 2.3e-308 ? 1 : sqrt(norm);
        double octave = isnan(chroma->octwidth) ? 0 : (place / n - chroma->ctroct) / chroma->octwidth;
        int shift = chroma->base_c ? 3 * (n / 12) : 0;
        for (int c = 0; c < n; c++) {
            double weight = column[(c + shift) % n] / norm * exp(-0.5 * octave * octave);
            weights[c * bins + k] = weight < NOTHING ? 0 : (float)weight;
        }
    }
    free(column);
    return weights;
}

/* Sums of CLASSES classes, whose weights lie `rows` apart. */
MLK_CLONES static void filter_tile(const float *restrict weights, int64_t rows, const mlk_floats *restrict tile,
                                   mlk_doubles *restrict out)
{
    for (int c = 0; c < CLASSES; c++)
        out[c] = (mlk_doubles){{{0}}};
    for (int64_t first = 0; first < rows; first += RUN) {
        int64_t end = first + RUN < rows ? first + RUN : rows;
        mlk_floats run[CLASSES] = {{0}}, more[CLASSES] = {{0}};
        int64_t k = first;
        for (; k + 2 <= end; k += 2)
            for (int c = 0; c < CLASSES; c++) {
                run[c] += weights[c * rows + k] * tile[k];
                more[c] += weights[c * rows + k + 1] * tile[k + 1];
            }
        for (int c = 0; c < CLASSES; c++) {
            if (k < end)
                run[c] += weights[c * rows + k] * tile[k];
            MLK_HALVES(h) out[c].half[h] += MLK_WIDEN(&run[c], h) + MLK_WIDEN(&more[c], h);
        }
    }
}

mlk_code mlk_chroma_apply(const mlk_chroma *chroma, double rate, int n_fft, const mlk_tiles *spectrum, float *out,
                          mlk_status *status)
{
    static const mlk_memo_kind banks = {make, free};
    request r = {chroma, rate, n_fft};
    mlk_key key = {0};
    mlk_chroma_key(&key, chroma);
    mlk_key_add(&key, rate, n_fft);
    const float *weights = mlk_memo_get(mlk_memo_shared(), &banks, &key, &r, status);
    if (!weights)
        return status->code;
    int64_t frames = spectrum->frames, rows = spectrum->rows;
    for (int64_t i = 0; i < mlk_tile_count(frames); i++)
        for (int group = 0; group < chroma->n_chroma; group += CLASSES) {
            mlk_doubles sums[CLASSES];
            filter_tile(weights + group * rows, rows, mlk_tile_rows(spectrum, i), sums);
            for (int c = group; c < chroma->n_chroma && c < group + CLASSES; c++)
                for (int j = 0; j < MLK_TILE && i * MLK_TILE + j < frames; j++)
                    out[c * frames + i * MLK_TILE + j] = (float)MLK_LANE(sums[c - group], j);
        }
    return MLK_OK;
}

int mlk_chroma_class(int bin, int bins_per_octave, int n_chroma, double fmin)
{
    int merge = bins_per_octave / n_chroma;
    double midi = 69 + 12 * log2(fmin / 440);
    int lowest = (int)rint((midi - 12 * floor(midi / 12)) * n_chroma / 12);
    return ((bin + merge / 2) / merge + lowest) % n_chroma;
}

void mlk_tonnetz(const float *chroma, int64_t frames, float *out)
{
    static const double scale[6] = {7.0 / 6, 7.0 / 6, 3.0 / 2, 3.0 / 2, 2.0 / 3, 2.0 / 3};
    static const double radius[6] = {1, 1, 1, 1, 0.5, 0.5};
    for (int d = 0; d < 6; d++) {
        double basis[12];
        for (int c = 0; c < 12; c++)
            basis[c] = radius[d] * cos(M_PI * (scale[d] * c - (d % 2 == 0 ? 0.5 : 0)));
        for (int64_t t = 0; t < frames; t++) {
            double sum = 0;
            for (int c = 0; c < 12; c++)
                sum += basis[c] * chroma[c * frames + t];
            out[d * frames + t] = (float)sum;
        }
    }
}

mlk_code mlk_smooth_rows(const float *in, int64_t rows, int64_t frames, mlk_window window, int length, float *out,
                         mlk_status *status)
{
    if (length == 0) {
        memcpy(out, in, (size_t)(rows * frames) * sizeof *out);
        return MLK_OK;
    }
    length += 2;
    double *weights = malloc((size_t)length * sizeof *weights), sum = 0;
    if (!weights)
        return mlk_fail_memory(status, "a smoothing window");
    mlk_window_fill(window, length, false, weights);
    for (int i = 0; i < length; i++)
        sum += weights[i];
    int64_t after = length / 2; /* frames that follow; of an even window the longer half */
    for (int64_t row = 0; row < rows; row++)
        for (int64_t t = 0; t < frames; t++) {
            double total = 0;
            for (int64_t i = 0; i < length; i++) {
                int64_t at = t + after - i;
                total += at >= 0 && at < frames ? weights[i] / sum * in[row * frames + at] : 0;
            }
            out[row * frames + t] = (float)total;
        }
    free(weights);
    return MLK_OK;
}
