#include "store/frames.h"

#include <stdio.h>

static mlk_code add_number(mlk_tensors *tensors, const char *name, const char *what, double value, mlk_status *status)
{
    char key[96], text[64];
    snprintf(key, sizeof key, "%s.%s", name, what);
    snprintf(text, sizeof text, "%.17g", value);
    return mlk_tensors_add_text(tensors, key, text, status);
}

mlk_code mlk_frames_list(const mlk_frames *frames, bool texts, mlk_tensors *tensors, mlk_status *status)
{
    mlk_code code = texts ? mlk_tensors_add_text(tensors, "recipe", frames->recipe, status) : MLK_OK;
    for (int i = 0; !code && i < frames->count; i++) {
        const mlk_frames_item *item = &frames->items[i];
        code = mlk_tensors_add_copy(tensors, item->name, &item->array, NULL, status);
        if (!code && texts)
            code = add_number(tensors, item->name, "rate", item->rate, status);
        if (!code && texts)
            code = add_number(tensors, item->name, "start", item->start, status);
    }
    return code;
}
