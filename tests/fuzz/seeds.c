/* seeds.c: writes what fuzzing starts from into FOLDER/TARGET for the targets of this folder. */
#include "audio/writer.h"
#include "store/mat.h"
#include "store/npy.h"
#include "store/npz.h"
#include "store/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char path[4096];
static mlk_status status;

static const char *place(const char *folder, const char *kind, const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, kind);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, name);
    return path;
}

static void check(mlk_code code)
{
    if (code) {
        fprintf(stderr, "%s: %s\n", path, status.message);
        exit(1);
    }
}

static void add(mlk_tensors *tensors, const char *name, mlk_array array)
{
    check(mlk_tensors_add(tensors, strdup(name), &array, NULL, &status));
}

static void add_strings(mlk_tensors *tensors, const char *name)
{
    mlk_strings strings = {.rank = 1, .shape = {3}};
    char *to;
    check(mlk_strings_make(&strings, 32, &to, &status));
    strings.items[0] = strcpy(to, "Gr\xC3\xBC\xC3\x9F");
    strings.items[1] = strcpy(to + 8, "");
    strings.items[2] = strcpy(to + 9, "\xF0\x9D\x84\x9E \xE9");
    check(mlk_tensors_add_strings(tensors, name, &strings, &status));
}

static void write_arrays(const char *folder)
{
    static float grid[] = {0, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f};
    static int64_t counts[] = {-1, 0, 1, 1 << 20};
    static unsigned char flags[] = {0, 1, 1};
    mlk_array arrays[] = {{MLK_FLOAT32, 2, {2, 3}, grid}, {MLK_INT64, 1, {4}, counts}, {MLK_BOOL, 1, {3}, flags},
                          {MLK_FLOAT32, 0, {0}, grid}, {MLK_FLOAT32, 3, {1, 0, 2}, grid}};
    static const char *const names[] = {"grid", "counts", "flags", "number", "none"};
    mlk_tensors tensors = {0};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s.npy", names[i]);
        check(mlk_npy_write(place(folder, "npy", name), &arrays[i], &status));
        add(&tensors, names[i], arrays[i]);
    }
    check(mlk_tensors_sort(&tensors, &status));
    check(mlk_safetensors_write(place(folder, "safetensors", "five.safetensors"), &tensors, &status));
    add_strings(&tensors, "texts");
    mlk_tensors texts = {.strings_count = 1, .strings = tensors.strings};
    check(mlk_npy_write_list(place(folder, "npy", "texts.npy"), &texts, &status));
    check(mlk_npz_write(place(folder, "npz", "five.npz"), &tensors, &status));
    check(mlk_npz_write(place(folder, "zip", "five.zip"), &tensors, &status));
    check(mlk_mat_write(place(folder, "mat", "five.mat"), &tensors, &status));
    mlk_tensors_free(&texts);
    tensors.strings_count = 0;
    tensors.strings = NULL;
    tensors.metadata = calloc(1, sizeof *tensors.metadata);
    tensors.metadata[0] = (mlk_text_pair){strdup("format"), strdup("pt \"\\ \xC3\xA9")};
    tensors.metadata_count = 1;
    check(mlk_safetensors_write(place(folder, "safetensors", "metadata.safetensors"), &tensors, &status));
    mlk_tensors_free(&tensors);
}

static void write_texts(const char *folder, const char *kind, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "%zu.%s", i, kind);
        FILE *out = fopen(place(folder, kind, name), "wb");
        if (!out || fputs(texts[i], out) < 0 || fclose(out) != 0) {
            perror(path);
            exit(1);
        }
    }
}

static void write_tables(const char *folder)
{
    static const char *const csv[] = {
        "\xEF\xBB\xBFpath,label,x,x\r\n\"a, \"\"b\"\".wav\",rock,1.5,NA\r\n'=c.wav,,-2e-3,inf\r\n",
        "sep=;\na;b;c\n1,5;2;\n\"two\nlines\";nan;0.1234567890123456789\n",
        ",0,1,2\n0,5,6.25,7\n1,1e400,-1e-400,12345678901234567890123\n",
        "# made today\n# time\tpitch\n0\t440\n1\t450\n2\t\n",
        "feature,mfcc,mfcc\nstatistics,mean,std\ntrack_id,,\n2,1,1\n",
    };
    static const char *const jsonl[] = {
        "{\"path\": \"a\\u00e9\\n.wav\", \"x\": 1.5, \"on\": true}\r\n\n{\"on\":false,\"x\":null,\"y\":-2e3}\n{}\n",
        "{\"x\": 1}\n{\"x\": \"two\"}\n{\"x\": NaN, \"label\": \"\"}\n",
    };
    static const char *const arff[] = {
        "@relation 'music features'\n@ATTRIBUTE 'tempo (BPM)' NUMERIC\n@attribute title string\n"
        "@attribute label {rock, 'hip hop',\"d\\'n\\'b\" }\n\n@data\n"
        "120.5, 'it\\'s', rock\n% another\n?\t?\t'hip hop'\n",
        "@RELATION moonlark\n\n@ATTRIBUTE x NUMERIC\n@ATTRIBUTE class {'a','b'}\n\n@DATA\n"
        "% a.wav\n1,'a'\n% b.wav\n?,'b'\n",
    };
    write_texts(folder, "csv", csv, sizeof csv / sizeof *csv);
    write_texts(folder, "jsonl", jsonl, sizeof jsonl / sizeof *jsonl);
    write_texts(folder, "arff", arff, sizeof arff / sizeof *arff);
}

static void write_json(const char *folder)
{
    static const char *const texts[] = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},\"__metadata__\":{\"k\":\"v\"}}",
        " [ 0 , 9223372036854775807 , 10 ] ",
        "\"\\u00e9\\ud83d\\ude00\\n\\t\\\\\\\"\\/ \xC3\xA9\xF0\x9F\x98\x80\"",
    };
    write_texts(folder, "json", texts, sizeof texts / sizeof *texts);
}

static void write_messages(const char *folder)
{
    static const char *const texts[] = {
        "<IDS|MSG>\n\n{\"msg_type\":\"execute_request\",\"msg_id\":\"1\"}\n{}\n{}\n{\"code\":\"x = 1\"}",
        "who\nelse\n<IDS|MSG>\n\n{ \"a\" : [1, {\"b\": \"\\\"}\"}], \"msg_type\" : \"x\" }\n{}\n{}\n{}\nbuffer\n",
        "<IDS|MSG>\n\n\n\n\n",
    };
    write_texts(folder, "wire", texts, sizeof texts / sizeof *texts);
}

static void write_bytes(const char *to, const char *bytes, size_t size)
{
    FILE *out = fopen(to, "wb");
    if (!out || fwrite(bytes, 1, size, out) != size || fclose(out) != 0) {
        perror(to);
        exit(1);
    }
}

/* The five pickles of a legacy file: magic, version, the machine, {"w": a tensor of 2 numbers}, the storages' keys. */
static void write_pytorch(const char *folder)
{
    static const char legacy[] =
        "\x80\2\x8a\x0al\xfc\x9c" "F\xf9 j\xa8P\x19." "\x80\2M\xe9\3."
        "\x80\2}X\x0d\0\0\0little_endian\x88s."
        "\x80\2}X\1\0\0\0w" "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
        "X\1\0\0\0aX\3\0\0\0cpuK\2NtQK\0K\2\x85K\1\x85\x89N" "tRs."
        "\x80\2]X\1\0\0\0aa." "\2\0\0\0\0\0\0\0\0\0\x80?\0\0\0\xbf";
    write_bytes(place(folder, "pytorch", "legacy.pt"), legacy, sizeof legacy - 1);
}

/* A graph with the initializer "w" of two float32. */
static void write_onnx(const char *folder)
{
    static const char model[] = "\x08\x08:\x13*\x11\x08\x02\x10\x01" "B\x01wJ\x08\0\0\x80?\0\0\0\xbf";
    write_bytes(place(folder, "onnx", "w.onnx"), model, sizeof model - 1);
}

/* Frames of a WebSocket whose masks are zeros, so that mutants of a text are texts; before them the size of pieces. */
static void write_frames(const char *folder)
{
    static const char whole[] = "\xff\x81\x85\0\0\0\0hello\x82\xfe\0\x80\0\0\0\0"
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\x88\x82\0\0\0\0\x03\xe8";
    static const char parts[] = "\x02\x01\x83\0\0\0\0Gr\xc3\x89\x82\0\0\0\0hi\0\x81\0\0\0\0\xbc\x80\x82\0\0\0\0\xc3\x9f"
        "\x8a\x80\0\0\0\0\x88\x85\0\0\0\0\x0f\xa1" "bye";
    write_bytes(place(folder, "websocket", "whole"), whole, sizeof whole - 1);
    write_bytes(place(folder, "websocket", "parts"), parts, sizeof parts - 1);
}

static void write_audio(const char *folder)
{
    enum { FRAMES = 4800 };
    static const char *const names[] = {"a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.aiff", "a.au",
                                        "a.w64", "a.caf"};
    static float samples[2 * FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        samples[i] = 0.4f * (float)sin(0.05 * i);
        samples[FRAMES + i] = 0.3f * (float)sin(0.11 * i);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mlk_audio_format format = {.quality = -1};
        mlk_audio_saved saved;
        if (mlk_audio_save(place(folder, "audio", names[i]), samples, 2, FRAMES, 24000, &format, &saved, &status))
            printf("left out: %s\n", status.message); /* not every libsndfile writes MP3 */
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    mkdir(argv[1], 0777);
    write_arrays(argv[1]);
    write_json(argv[1]);
    write_messages(argv[1]);
    write_pytorch(argv[1]);
    write_onnx(argv[1]);
    write_frames(argv[1]);
    write_tables(argv[1]);
    write_audio(argv[1]);
    return 0;
}
