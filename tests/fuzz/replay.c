/* replay.c: a target's main() where there is no libFuzzer: reads files, or all files of folders, and with --mutants n
 * that many damaged copies of them, the same ones on every machine. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

typedef struct seed {
    uint8_t *bytes;
    size_t size;
} seed;

static seed *seeds;
static size_t n_seeds;

static void read_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(2);
    }
    seed read = {malloc(1), 0};
    uint8_t block[4096];
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0; read.size += got) {
        read.bytes = realloc(read.bytes, read.size + got);
        memcpy(read.bytes + read.size, block, got);
    }
    fclose(in);
    seeds = realloc(seeds, (n_seeds + 1) * sizeof *seeds);
    seeds[n_seeds++] = read;
}

static void read_path(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) {
        read_file(path);
        return;
    }
    struct dirent **names;
    int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && stat(inner, &about) == 0 && S_ISREG(about.st_mode))
            read_file(inner);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

/* xorshift64* */
static uint64_t state = 0x9E3779B97F4A7C15u;

static size_t below(size_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return n ? (size_t)((state * 0x2545F4914F6CDD1Du) >> 33) % n : 0;
}

/* Bytes in a block of exactly their size, so that the sanitizer sees a read behind them. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_mutant(void)
{
    static const uint8_t edges[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF, '0', '9', '"', '\\', '{', '}', '[', ']', ','};
    const seed *from = &seeds[below(n_seeds)], *other = &seeds[below(n_seeds)];
    size_t size = from->size, room = size + 64;
    uint8_t *bytes = malloc(room);
    memcpy(bytes, from->bytes, size);
    for (size_t times = 1 + below(4); times > 0 && size > 0; times--) {
        size_t at = below(below(2) ? size : size < 200 ? size : 200), length = below(16);
        switch (below(6)) {
        case 0: bytes[at] ^= (uint8_t)(1u << below(8)); break;
        case 1: bytes[at] = edges[below(sizeof edges)]; break;
        case 2: bytes[at] = (uint8_t)below(256); break;
        case 3: size = at; break;
        case 4: /* a piece lost */
            length = length < size - at ? length : size - at;
            memmove(bytes + at, bytes + at + length, size - at - length);
            size -= length;
            break;
        default: /* a piece of another seed put in */
            if (size + length <= room && length <= other->size) {
                memmove(bytes + at + length, bytes + at, size - at);
                memcpy(bytes + at, other->bytes + below(other->size - length + 1), length);
                size += length;
            }
        }
    }
    run(bytes, size);
    free(bytes);
}

int main(int argc, char **argv)
{
    long mutants = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mutants") == 0 && i + 1 < argc)
            mutants = atol(argv[++i]);
        else
            read_path(argv[i]);
    }
    if (n_seeds == 0) {
        fprintf(stderr, "usage: %s [--mutants n] files or folders\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < n_seeds; i++)
        run(seeds[i].bytes, seeds[i].size);
    for (long i = 0; i < mutants; i++)
        run_mutant();
    printf("%zu files and %ld mutants of them\n", n_seeds, mutants);
    for (size_t i = 0; i < n_seeds; i++)
        free(seeds[i].bytes);
    free(seeds);
    return 0;
}
