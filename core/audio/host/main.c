/* main.c: moonlark-decode, the process in which a file that nobody vouches for becomes sound. The service starts it
 * (lua/moonlark/server/decoders.lua), one for each file.
 *
 *     moonlark-decode NAME MEGABYTES SECONDS BYTES DURATION strict|partial [ffmpeg] < file 3> sound.wav
 *
 * It reads its standard input, a regular file, and writes all channels at the file's own rate to descriptor 3, as 32-bit
 * floats: the samples that audio.load gives. NAME stands for the file in messages; its ending tells the format where the
 * content leaves it open. Limits: MEGABYTES of memory, SECONDS of processor time, BYTES of what it writes, DURATION in
 * seconds of sound.
 *
 * It says one line of JSON on standard output: {"rate":44100,"channels":2,"frames":1323000,"format":"flac","tags":{…},
 * …} and ends with 0, or {"error":"…","kind":"…"} and ends with 1. Kinds: not-sound, damaged, too-long, too-large, memory, disk; ffmpeg:
 * the file is for FFmpeg's libraries, which cannot be loaded any more; again with that word, please. A process that
 * breaks a limit is ended before it can say anything.
 */
#include "audio/audio.h"
#include "audio/ffmpeg.h"
#include "audio/host/output.h"
#include "process.h"
#include "sandbox.h"
#include "store/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT = 0, SAID = 1, OUTPUT = 3 };

/* --- what is said --- */

/* The one line, and the end. What libraries do on their way out has nobody to look at it. */
static _Noreturn void say(FILE *line, char **text, int code)
{
    fputs("}\n", line);
    if (fclose(line) == 0 && write(SAID, *text, strlen(*text)) < 0)
        _exit(2);
    _exit(code);
}

static void write_text(FILE *line, const char *key, const char *text)
{
    fprintf(line, ",\"%s\":", key);
    mlk_json_write_string(line, text);
}

static void write_tags(FILE *line, const mlk_audio_reader *reader)
{
    mlk_audio_tags tags;
    mlk_audio_reader_tags(reader, &tags);
    fputs(",\"tags\":{", line);
    for (int tag = 0, told = 0; tag < MLK_TAG_COUNT; tag++) {
        if (!tags.text[tag][0])
            continue;
        fprintf(line, "%s\"%s\":", told++ ? "," : "", mlk_tag_names[tag]);
        mlk_json_write_string(line, tags.text[tag]);
    }
    fputc('}', line);
}

static _Noreturn void say_failure(const char *kind, const char *words)
{
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    if (!line)
        _exit(2);
    fputs("{\"error\":", line);
    mlk_json_write_string(line, words);
    write_text(line, "kind", kind);
    say(line, &text, 1);
}

static _Noreturn void say_sound(const mlk_audio_reader *reader, int64_t frames, bool confined)
{
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    if (!line)
        _exit(2);
    const mlk_audio_info *info = mlk_audio_reader_info(reader);
    const mlk_audio_notes *notes = mlk_audio_reader_notes(reader);
    fprintf(line, "{\"rate\":%d,\"channels\":%d,\"frames\":%lld,\"confined\":%s", info->rate, info->channels,
            (long long)frames, confined ? "true" : "false");
    write_text(line, "format", info->format);
    write_text(line, "codec", info->codec);
    write_text(line, "library", info->library);
    if (notes->partial[0])
        write_text(line, "partial", notes->partial);
    write_tags(line, reader);
    say(line, &text, 0);
}

/* How a failure of reading is called. `opened`: the file was sound at its beginning. */
static const char *kind_of(mlk_code code, bool opened)
{
    if (mlk_ffmpeg_missed())
        return "ffmpeg";
    switch (code) {
    case MLK_MEMORY: return "memory";
    case MLK_EXHAUSTED: return "too-large";
    case MLK_DISK: return "disk";
    case MLK_UNSUPPORTED: return opened ? "too-long" : "not-sound";
    default: return opened ? "damaged" : "not-sound";
    }
}

/* --- what is done --- */

/* Whether the first bytes are of a format that the linked libraries do not know. Those of a known one may yet turn out
 * to hold a codec that they do not know. */
static bool needs_ffmpeg(void)
{
    static const char *const known[] = {"RIFF", "RF64", "riff", "FORM", "fLaC", "OggS", ".snd", "caff", "ID3"};
    unsigned char head[4] = {0};
    if (pread(INPUT, head, sizeof head, 0) < (ssize_t)sizeof head)
        return false;
    if (head[0] == 0xff && (head[1] & 0xe0) == 0xe0) /* MPEG audio, or AAC, whose heads have no layer */
        return (head[1] & 6) == 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (memcmp(head, known[i], strlen(known[i])) == 0)
            return false;
    return true;
}

static _Noreturn void decode(const char *name, double most_s, bool keep_partial, bool confined)
{
    mlk_status status;
    mlk_audio_reader *reader;
    mlk_audio_options options = mlk_audio_defaults();
    options.rate_hz = 0;
    options.channel = MLK_CHANNELS_ALL;
    options.keep_partial = keep_partial;
    mlk_code code = mlk_audio_reader_adopt(INPUT, name, &options, &reader, &status);
    if (code)
        say_failure(kind_of(code, false), status.message);
    mlk_output output = {.descriptor = OUTPUT, .most_frames = (int64_t)floor(most_s * mlk_audio_reader_rate(reader))};
    code = mlk_output_write(&output, reader, &status);
    if (code)
        say_failure(kind_of(code, true), status.message);
    say_sound(reader, output.frames, confined);
}

int main(int argc, char **argv)
{
    struct stat file;
    mlk_status status;
    bool calls = false;
    mlk_process_follow_parent();
    if (argc < 7 || fstat(OUTPUT, &file) != 0 || !S_ISREG(file.st_mode)) {
        fputs("moonlark-decode is started by Moonlark (moonlark serve)\n", stderr);
        return 2;
    }
    if (argc > 7 || needs_ffmpeg())
        mlk_ffmpeg_load(&status); /* whoever needs them says that they are missing */
    mlk_sandbox_limits limits = {
        .memory_bytes = (int64_t)atoll(argv[2]) << 20, .processor_s = atoi(argv[3]), .file_bytes = atoll(argv[4]),
    };
    if (mlk_sandbox_close(&limits, &calls, &status))
        say_failure("failed", status.message);
    decode(argv[1], atof(argv[5]), strcmp(argv[6], "partial") == 0, calls);
}
