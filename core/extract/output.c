#include "extract/output.h"

#include "store/format.h"
#include "store/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

mlk_code mlk_output_check(const char *path, mlk_status *status)
{
    return mlk_format_of(path, MLK_FORMAT_FRAMES, status) ? MLK_OK : status->code;
}

mlk_code mlk_output_frames(const char *path, const mlk_recipe *recipe, const mlk_bundle *bundle, mlk_status *status)
{
    mlk_frames_item items[MLK_MAX_FEATURES];
    for (int i = 0; i < bundle->count; i++) {
        const mlk_feature_shape *shape = &bundle->shapes[i];
        items[i] = (mlk_frames_item){
            .name = recipe->features[i].feature->name, .rate = shape->rate, .start = shape->start,
            .array = {.dtype = shape->dtype, .rank = 2, .shape = {shape->rows, shape->frames},
                      .data = bundle->data[i]}};
    }
    return mlk_format_write_frames(path, &(mlk_frames){recipe->text, bundle->count, items}, status);
}

bool mlk_output_stamp(const char *path, const mlk_recipe *recipe, char stamp[MLK_HASH_SIZE])
{
    char chain[MLK_HASH_SIZE] = "";
    const mlk_format *format = mlk_format_of(path, MLK_FORMAT_FRAMES, NULL);
    int count = format && format->single ? recipe->n_features : 1;
    for (int i = 0; format && i < count; i++) {
        struct stat info;
        char *name = mlk_format_path(format, path, count, recipe->features[i].feature->name);
        char *whole = name ? realpath(name, NULL) : NULL, *line = NULL;
        bool found = whole && stat(whole, &info) == 0 &&
                     asprintf(&line, "%s %s %lld %lld.%09ld", chain, whole, (long long)info.st_size,
                              (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec) > 0;
        if (found)
            mlk_hash_bytes(line, strlen(line), chain);
        free(line);
        free(whole);
        free(name);
        if (!found)
            return false;
    }
    memcpy(stamp, chain, MLK_HASH_SIZE);
    return format;
}
