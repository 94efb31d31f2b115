/* onnx.c: weights in the wire format of Protocol Buffers. */
#include "arrays.h"
#include "store/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1); /* what is accepted points into it, to be written to */
    FUZZ_CHECK(copy);
    memcpy(copy, bytes, size);
    mlk_tensors tensors;
    mlk_status status = {0};
    mlk_code code = mlk_onnx_parse(copy, size, &tensors, &status);
    fuzz_check_status(code, &status);
    if (!code) {
        fuzz_check_tensors(&tensors);
        mlk_tensors_free(&tensors);
    }
    free(copy);
    return 0;
}
