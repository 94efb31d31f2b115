/* text_file.h: a whole file of text in memory, as UTF-8 whatever it was saved as.
 *
 * A byte-order mark says UTF-8 or UTF-16 (Excel's "Unicode text") and is taken away. Without one the bytes stay as
 * they are; a zero byte among them is refused, for no text has one.
 */
#ifndef MLK_TEXT_FILE_H
#define MLK_TEXT_FILE_H

#include "store/file.h"

typedef struct mlk_text_file {
    char *at, *end; /* the text; it may be changed */
    mlk_file file;  /* where it lies: in the mapped file, */
    void *owned;    /* or in a block of its own */
} mlk_text_file;

/* Reads and decodes; messages name the file. */
mlk_code mlk_text_file_open(const char *path, mlk_text_file *text, mlk_status *status);

/* The same of bytes in memory, which text->at .. text->end may view. */
mlk_code mlk_text_file_decode(unsigned char *bytes, size_t size, mlk_text_file *text, mlk_status *status);

void mlk_text_file_close(mlk_text_file *text);

#endif
