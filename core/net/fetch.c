#include "net/fetch.h"

#include "interrupt.h"

#include <string.h>
#include <time.h>

enum { MOST_TRIES = 100 }; /* also of a server that cuts after a byte each time */

static bool is_fine(const mlk_http_request *request, int status)
{
    return status == 200 || status == 206 || (request->head && status >= 300 && status < 400);
}

static bool is_passing(const mlk_http_answer *answer)
{
    return answer->passing || answer->status == 408 || answer->status == 429 || answer->status >= 500;
}

static const char *words_of(const mlk_http_answer *answer)
{
    char code[64] = "";
    mlk_http_header(answer, "X-Error-Code", code, sizeof code);
    if (strcmp(code, "GatedRepo") == 0)
        return "its publisher asks for consent: agree on its page, and give a token (HF_TOKEN)";
    if (strcmp(code, "RepoNotFound") == 0)
        return "there is no such model, or it is private and needs a token (HF_TOKEN)";
    if (strcmp(code, "RevisionNotFound") == 0)
        return "it has no such revision";
    switch (answer->status) {
    case 401: return "unauthorized: it does not exist, or needs a valid token (HF_TOKEN)";
    case 403: return "forbidden: the token is not allowed to read it";
    case 404: return "not found";
    case 429: return "too many requests";
    default: return answer->status >= 500 ? "the server fails" : "unexpected";
    }
}

static mlk_code fail_answer(const mlk_http_request *request, const mlk_http_answer *answer, mlk_status *status)
{
    return mlk_fail(status, MLK_IO, "cannot fetch %s: %s (status %d)", request->url, words_of(answer), answer->status);
}

static mlk_code pause_for(double seconds, mlk_status *status)
{
    const double step_s = 0.05;
    for (double waited = 0; waited < seconds; waited += step_s) {
        if (mlk_interrupted())
            return mlk_fail(status, MLK_INTERRUPTED, "interrupted");
        double left = seconds - waited < step_s ? seconds - waited : step_s;
        nanosleep(&(struct timespec){.tv_nsec = (long)(left * 1e9)}, NULL);
    }
    return MLK_OK;
}

mlk_code mlk_fetch(const mlk_http_request *given, const mlk_fetch_options *options, const mlk_fetch_sink *sink,
                   mlk_http_answer *answer, mlk_status *status)
{
    int tries = options->tries > 0 ? options->tries : 5;
    double first_s = options->pause_s > 0 ? options->pause_s : 1, pause_s = first_s;
    double longest_s = options->longest_pause_s > 0 ? options->longest_pause_s : 60;
    mlk_http_request request = *given;
    for (int all = 1, vain = 1;; all++) {
        if (sink->have)
            request.first = sink->have(sink->sink.context, &request.etag);
        mlk_code code = mlk_http_ask(&request, &sink->sink, answer, status);
        if (!code && is_fine(&request, answer->status))
            return MLK_OK;
        if (!code)
            code = fail_answer(&request, answer, status);
        int64_t wished_s = mlk_http_number(answer, "Retry-After");
        bool moved = sink->have && sink->have(sink->sink.context, &request.etag) > request.first;
        if (moved) {
            vain = 0;
            pause_s = first_s;
        }
        if (code != MLK_IO || !is_passing(answer) || vain >= tries || all >= MOST_TRIES || wished_s > longest_s)
            return code;
        mlk_status stopped;
        if (pause_for(wished_s >= 0 ? (double)wished_s : pause_s, &stopped)) {
            *status = stopped;
            return status->code;
        }
        vain++;
        pause_s = 2 * pause_s < longest_s ? 2 * pause_s : longest_s;
    }
}
