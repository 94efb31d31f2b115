/* jsonl.c: an object a line. */
#include "store/jsonl.h"
#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_table(bytes, size, mlk_jsonl_parse);
    return 0;
}
