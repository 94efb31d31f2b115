/* npz.c: zip archives of arrays. */
#include "arrays.h"
#include "store/npz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    mlk_tensors tensors;
    mlk_status status = {0};
    mlk_code code = mlk_npz_parse(bytes, size, &tensors, &status);
    fuzz_check_status(code, &status);
    if (code)
        return 0;
    fuzz_check_tensors(&tensors);
    fuzz_check_strings(&tensors);
    mlk_tensors_free(&tensors);
    return 0;
}
