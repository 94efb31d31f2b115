/* json.c: JSON read piece by piece; a string that was read, written and read again is the same. */
#include "fuzz.h"

#include "store/json.h"
#include "text.h"

#include <string.h>

static void check_round_trip(const char *text)
{
    char *written = NULL, *again = NULL;
    size_t size;
    mlk_status status = {0};
    FILE *out = open_memstream(&written, &size);
    FUZZ_CHECK(out);
    mlk_json_write_string(out, text);
    fclose(out);
    FUZZ_CHECK(mlk_utf8_valid(written, size));
    mlk_json json = {written, written + size};
    FUZZ_CHECK(mlk_json_string(&json, &again, &status) == 0 && mlk_json_at_end(&json));
    FUZZ_CHECK(strcmp(text, again) == 0);
    free(written);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char marks[] = "{}[]:,";
    if (!mlk_utf8_valid((const char *)bytes, size))
        return 0;
    mlk_json json = {(const char *)bytes, (const char *)bytes + size};
    while (!mlk_json_at_end(&json)) {
        const char *before = json.at;
        for (const char *mark = marks; *mark; mark++)
            mlk_json_take(&json, *mark);
        mlk_status status = {0};
        char *text = NULL;
        int64_t value = 0;
        if (!mlk_json_at_end(&json) && *json.at == '"') {
            if (mlk_json_string(&json, &text, &status))
                return 0;
            check_round_trip(text);
            free(text);
        } else if (!mlk_json_at_end(&json) && mlk_json_count(&json, &value, &status) == 0) {
            FUZZ_CHECK(value >= 0);
        } else if (json.at == before) {
            return 0;
        }
        FUZZ_CHECK(json.at <= json.end);
    }
    return 0;
}
