/* safetensors.c: named tensors with a JSON header. */
#include "arrays.h"
#include "store/safetensors.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1); /* the reader may write to what it is given */
    FUZZ_CHECK(copy);
    memcpy(copy, bytes, size);
    mlk_tensors tensors;
    mlk_status status = {0};
    mlk_code code = mlk_safetensors_parse(copy, size, &tensors, &status);
    fuzz_check_status(code, &status);
    if (!code) {
        fuzz_check_tensors(&tensors);
        mlk_tensors_free(&tensors);
    }
    free(copy);
    return 0;
}
