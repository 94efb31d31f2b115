/* format.h: the kinds of files that results and weights are written to: a table with a row for each.
 *
 * The ending of a file's name says its format. A new one is a row in format.c,
 * and a file beside it that reads or writes it. Everything that reads tensors,
 * writes frames or tables, or offers formats goes by the row.
 *
 *     const mlk_format *format = mlk_format_of("song.npz", MLK_FORMAT_FRAMES, &status);
 */
#ifndef MLK_FORMAT_H
#define MLK_FORMAT_H

#include "store/columns.h"
#include "store/frames.h"
#include "store/table.h"
#include "store/tensors.h"
#include "store/tree.h"

#include <stdio.h>

/* What a format is good for. */
typedef enum mlk_format_use {
    MLK_FORMAT_TENSORS = 1, /* named arrays, written and read */
    MLK_FORMAT_FRAMES = 2,  /* the frames of one sound, written */
    MLK_FORMAT_TABLE = 4,   /* a row for each sound, written */
    MLK_FORMAT_COLUMNS = 8, /* anybody's table, read */
    MLK_FORMAT_WEIGHTS = 16, /* tensors that other programs wrote, read */
} mlk_format_use;

typedef struct mlk_format {
    const char *name; /* the ending without its dot */
    int uses;
    bool single; /* a file holds one array, without a name: each of several goes to NAME.ARRAY.ending */
    bool texts;  /* there is a place for metadata */

    /* Tensors; frames and tables that have no function of their own are written as tensors, too. NULL of delimited
     * text, whose table of numbers is one tensor for whoever asks (core/lua/store.c). */
    mlk_code (*read)(const char *path, mlk_tensors *tensors, mlk_status *status);
    mlk_code (*read_tree)(const char *path, mlk_tree *tree, mlk_status *status); /* in place of read: nested values */
    mlk_code (*write)(const char *path, const mlk_tensors *tensors, mlk_status *status);
    mlk_code (*write_frames)(const char *path, const mlk_frames *frames, mlk_status *status);
    mlk_code (*write_table)(const char *path, const mlk_table *table, mlk_status *status);
    /* Of a text in memory, which is changed; where there is none, arrays are columns. */
    mlk_code (*parse_columns)(char *at, char *end, const mlk_columns_options *options, mlk_columns *columns,
                              mlk_status *status);
    void (*print_table)(FILE *out, const mlk_table *table); /* of text: what opens the file sees to errors */
    mlk_code (*available)(mlk_status *status); /* NULL: always */
} mlk_format;

/* All of them; the end has no name. */
extern const mlk_format mlk_formats[];

/* The format of a file by its name, good for some use. NULL: see status (which may be NULL). */
const mlk_format *mlk_format_of(const char *path, mlk_format_use use, mlk_status *status);

/* The format that a file's tensors are read by: its name's ending says it; where that is not known and the file is one
 * of PyTorch's, its content. NULL: see status. */
const mlk_format *mlk_format_to_read(const char *path, mlk_status *status);

/* The file for the array `name`, one of `count` (malloc): `path` itself unless a file holds one array only. NULL:
 * memory is short. */
char *mlk_format_path(const mlk_format *format, const char *path, int count, const char *name);

mlk_code mlk_format_write_frames(const char *path, const mlk_frames *frames, mlk_status *status);
/* Any table, by its ending (store/columns.h). */
mlk_code mlk_format_read_columns(const char *path, const mlk_columns_options *options, mlk_columns *columns,
                                 mlk_status *status);
mlk_code mlk_format_write_table(const char *path, const mlk_table *table, mlk_status *status);

#endif
