#include "music/weighting.h"

#include "clones.h"

#include <math.h>

typedef mlk_weighting_lanes lanes;

enum { BLOCK = 512 };

static const double pi = 3.14159265358979323846;

/* The analogue filters by which the two of the recommendation can be had at any rate: frequency, quality, gain. */
static const double shelf_hz = 1681.974450955533, shelf_q = 0.7071752369554196, shelf_db = 3.999843853973347;
static const double middle_exponent = 0.4996667741545416;
static const double pass_hz = 38.13547087602444, pass_q = 0.5003270373238773;

void mlk_weighting_start(mlk_weighting *w, double rate_hz)
{
    double k = tan(pi * shelf_hz / rate_hz), high = pow(10, shelf_db / 20), middle = pow(high, middle_exponent);
    double norm = 1 + k / shelf_q + k * k;
    w->sections[0] = (mlk_section){
        {(high + middle * k / shelf_q + k * k) / norm, 2 * (k * k - high) / norm,
         (high - middle * k / shelf_q + k * k) / norm},
        {2 * (k * k - 1) / norm, (1 - k / shelf_q + k * k) / norm},
    };
    k = tan(pi * pass_hz / rate_hz);
    norm = 1 + k / pass_q + k * k;
    w->sections[1] = (mlk_section){{1, -2, 1}, {2 * (k * k - 1) / norm, (1 - k / pass_q + k * k) / norm}};
}

/* n frames of all lanes through both sections; adds up their squares. */
MLK_CLONES static void run(const mlk_weighting *w, mlk_weighting_state *state, const lanes *x, int64_t n, lanes *squares)
{
    const mlk_section *p = &w->sections[0], *q = &w->sections[1];
    lanes p0 = state->past[0][0], p1 = state->past[0][1], q0 = state->past[1][0], q1 = state->past[1][1];
    lanes sum = {0};
    for (int64_t i = 0; i < n; i++) {
        lanes shelved = p->b[0] * x[i] + p0;
        p0 = p->b[1] * x[i] + p1 - p->a[0] * shelved;
        p1 = p->b[2] * x[i] - p->a[1] * shelved;
        lanes passed = q->b[0] * shelved + q0;
        q0 = q->b[1] * shelved + q1 - q->a[0] * passed;
        q1 = q->b[2] * shelved - q->a[1] * passed;
        sum += passed * passed;
    }
    state->past[0][0] = p0;
    state->past[0][1] = p1;
    state->past[1][0] = q0;
    state->past[1][1] = q1;
    *squares = sum;
}

/* What fades away in silence would become subnormal numbers, with which processors are slow. */
static void forget_traces(mlk_weighting_state *state)
{
    for (int s = 0; s < MLK_WEIGHTING_SECTIONS; s++)
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < MLK_WEIGHTING_LANES; k++)
                if (fabs(state->past[s][i][k]) < 1e-30)
                    state->past[s][i][k] = 0;
}

void mlk_weighting_add(const mlk_weighting *w, mlk_weighting_state *state, const float *samples, int channels,
                       int64_t stride, int64_t frames, double *energy)
{
    lanes block[BLOCK] = {{0}};
    for (int64_t at = 0; at < frames; at += BLOCK) {
        int64_t n = frames - at < BLOCK ? frames - at : BLOCK;
        for (int c = 0; c < channels; c++)
            for (int64_t i = 0; i < n; i++)
                block[i][c] = (double)samples[c * stride + at + i];
        lanes sum;
        run(w, state, block, n, &sum);
        for (int c = 0; c < channels; c++)
            energy[c] += sum[c];
        forget_traces(state);
    }
}
