/* csv.c: delimited text. */
#include "store/delimited.h"
#include "tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_table(bytes, size, mlk_delimited_parse);
    return 0;
}
