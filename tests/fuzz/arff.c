/* arff.c: Weka's tables. */
#include "store/arff.h"
#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_table(bytes, size, mlk_arff_parse);
    return 0;
}
