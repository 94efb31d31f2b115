/* zip.c: archives of any members. */
#include "arrays.h"
#include "store/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    mlk_zip zip;
    mlk_status status = {0};
    mlk_code code = mlk_zip_open((unsigned char *)bytes, size, "an archive", &zip, &status);
    fuzz_check_status(code, &status);
    for (int i = 0; !code && i < zip.count; i++) {
        unsigned char *content, *owned;
        const mlk_zip_member *member = &zip.members[i];
        FUZZ_CHECK(mlk_zip_find(&zip, member->name) == member);
        status = (mlk_status){0};
        mlk_code viewed = mlk_zip_view(&zip, member, &content, &status);
        fuzz_check_status(viewed, &status);
        if (!viewed)
            fuzz_touch_bytes(content, member->size);
        status = (mlk_status){0};
        mlk_code read = mlk_zip_read(&zip, member, &content, &owned, &status);
        fuzz_check_status(read, &status);
        if (!read)
            fuzz_touch_bytes(content, member->size);
        free(owned);
    }
    mlk_zip_close(&zip);
    return 0;
}
