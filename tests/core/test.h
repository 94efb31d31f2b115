/* test.h: what every C test includes: cmocka with the headers it asks for. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Exit status by which ctest knows a test as skipped. */
enum { TEST_SKIPPED = 77 };

#endif
