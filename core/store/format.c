#include "store/format.h"

#include "store/arff.h"
#include "store/array_columns.h"
#include "store/atomic.h"
#include "store/csv.h"
#include "store/delimited.h"
#include "store/hdf5.h"
#include "store/hdf5_library.h"
#include "store/jsonl.h"
#include "store/mat.h"
#include "store/npy.h"
#include "store/npz.h"
#include "store/onnx.h"
#include "store/pytorch.h"
#include "store/safetensors.h"
#include "store/text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MATRIX = MLK_FORMAT_TENSORS | MLK_FORMAT_COLUMNS, /* numbers alone are a tensor */
    ARRAYS = MLK_FORMAT_TENSORS | MLK_FORMAT_FRAMES,
    LINES = MLK_FORMAT_FRAMES | MLK_FORMAT_TABLE,
};

/* In the order in which they are named to people. */
const mlk_format mlk_formats[] = {
    {"safetensors", ARRAYS | MLK_FORMAT_TABLE | MLK_FORMAT_COLUMNS, .texts = true, .read = mlk_safetensors_read,
     .write = mlk_safetensors_write},
    {"npz", ARRAYS | MLK_FORMAT_COLUMNS, .read = mlk_npz_read, .write = mlk_npz_write},
    {"npy", ARRAYS | MLK_FORMAT_TABLE | MLK_FORMAT_COLUMNS, .single = true, .read = mlk_npy_read_list,
     .write = mlk_npy_write_list},
    {"csv", LINES | MATRIX, .write_frames = mlk_csv_write_frames, .print_table = mlk_csv_print_table,
     .parse_columns = mlk_delimited_parse},
    {"tsv", MATRIX, .parse_columns = mlk_delimited_parse},
    {"txt", MLK_FORMAT_COLUMNS, .parse_columns = mlk_delimited_parse},
    {"jsonl", MLK_FORMAT_TABLE | MLK_FORMAT_COLUMNS, .print_table = mlk_jsonl_print_table,
     .parse_columns = mlk_jsonl_parse},
    {"ndjson", MLK_FORMAT_COLUMNS, .parse_columns = mlk_jsonl_parse},
    {"arff", MLK_FORMAT_TABLE | MLK_FORMAT_COLUMNS, .print_table = mlk_arff_print_table,
     .parse_columns = mlk_arff_parse},
    {"h5", LINES | MLK_FORMAT_COLUMNS, .read = mlk_hdf5_read, .write_frames = mlk_hdf5_write_frames,
     .write_table = mlk_hdf5_write_table, .available = mlk_hdf5_available},
    {"hdf5", MLK_FORMAT_COLUMNS, .read = mlk_hdf5_read, .available = mlk_hdf5_available},
    {"mat", MLK_FORMAT_TENSORS | MLK_FORMAT_COLUMNS, .read = mlk_mat_read, .write = mlk_mat_write},
    {"pt", MLK_FORMAT_WEIGHTS, .read_tree = mlk_pytorch_read},
    {"pth", MLK_FORMAT_WEIGHTS, .read_tree = mlk_pytorch_read},
    {"bin", MLK_FORMAT_WEIGHTS, .read_tree = mlk_pytorch_read},
    {"ckpt", MLK_FORMAT_WEIGHTS, .read_tree = mlk_pytorch_read},
    {"onnx", MLK_FORMAT_WEIGHTS, .read = mlk_onnx_read},
    {.name = NULL},
};

/* --- by the ending --- */

static bool ends_in(const char *path, const char *name)
{
    size_t length = strlen(path), ending = strlen(name);
    return length > ending + 1 && path[length - ending - 1] == '.' && strcasecmp(path + length - ending, name) == 0;
}

static int last_of(int use)
{
    int last = 0;
    for (int i = 0; mlk_formats[i].name; i++)
        if (mlk_formats[i].uses & use)
            last = i;
    return last;
}

static const mlk_format *refuse(const char *path, int use, mlk_status *status)
{
    char endings[256] = "";
    size_t at = 0;
    int last = last_of(use);
    for (int i = 0; i <= last; i++)
        if (mlk_formats[i].uses & use)
            at += (size_t)snprintf(endings + at, sizeof endings - at, "%s.%s",
                                   at == 0 ? "" : i == last ? " or " : ", ", mlk_formats[i].name);
    const char *what = use & MLK_FORMAT_TENSORS    ? "a file of tensors"
                       : use == MLK_FORMAT_COLUMNS ? "a table to read"
                       : use == MLK_FORMAT_TABLE   ? "a table's name"
                                                   : "the file's name";
    mlk_fail(status, MLK_INVALID, "%s must end in %s, got '%.120s'", what, endings, path);
    return NULL;
}

static const mlk_format *find(const char *path, int use)
{
    for (const mlk_format *format = mlk_formats; format->name; format++)
        if ((format->uses & use) && ends_in(path, format->name))
            return format;
    return NULL;
}

const mlk_format *mlk_format_of(const char *path, mlk_format_use use, mlk_status *status)
{
    const mlk_format *format = find(path, (int)use);
    if (!format)
        return refuse(path, (int)use, status);
    return format->available && format->available(status) ? NULL : format;
}

/* True of a file that begins as PyTorch's do. */
static bool is_pytorch(const char *path)
{
    mlk_file file;
    mlk_status status;
    if (mlk_file_open(path, &file, &status))
        return false;
    bool known = mlk_pytorch_known(file.bytes, file.size);
    mlk_file_close(&file);
    return known;
}

const mlk_format *mlk_format_to_read(const char *path, mlk_status *status)
{
    enum { USE = MLK_FORMAT_TENSORS | MLK_FORMAT_WEIGHTS };
    const mlk_format *format = find(path, USE);
    if (!format && is_pytorch(path))
        format = find(".pt.pt", USE);
    return format ? format : refuse(path, USE, status);
}

char *mlk_format_path(const mlk_format *format, const char *path, int count, const char *name)
{
    if (!format->single || count == 1)
        return strdup(path);
    char *part = NULL;
    int stem = (int)(strlen(path) - strlen(format->name)); /* its dot stays */
    return asprintf(&part, "%.*s%s.%s", stem, path, name, format->name) < 0 ? NULL : part;
}

/* --- frames and tables as tensors --- */

static mlk_code write_frame_list(const mlk_format *format, const char *path, const mlk_frames *frames,
                                 mlk_status *status)
{
    mlk_tensors tensors = {0};
    mlk_code code = mlk_frames_list(frames, format->texts, &tensors, status);
    if (!code)
        code = mlk_tensors_sort(&tensors, status);
    if (!code)
        code = format->write(path, &tensors, status);
    mlk_tensors_free(&tensors);
    return code;
}

mlk_code mlk_format_write_frames(const char *path, const mlk_frames *frames, mlk_status *status)
{
    const mlk_format *format = mlk_format_of(path, MLK_FORMAT_FRAMES, status);
    if (!format)
        return status->code;
    if (format->write_frames)
        return format->write_frames(path, frames, status);
    if (!format->single)
        return write_frame_list(format, path, frames, status);
    mlk_code code = MLK_OK;
    for (int i = 0; !code && i < frames->count; i++) {
        char *part = mlk_format_path(format, path, frames->count, frames->items[i].name);
        mlk_frames one = {.count = 1, .items = &frames->items[i]};
        code = part ? write_frame_list(format, part, &one, status) : mlk_fail_memory(status, "a path");
        free(part);
    }
    return code;
}

static mlk_code print_table(const mlk_format *format, const char *path, const mlk_table *table, mlk_status *status)
{
    mlk_atomic file;
    if (mlk_atomic_open(path, &file, status))
        return status->code;
    format->print_table(file.stream, table);
    return mlk_atomic_commit(&file, status);
}

mlk_code mlk_format_write_table(const char *path, const mlk_table *table, mlk_status *status)
{
    const mlk_format *format = mlk_format_of(path, MLK_FORMAT_TABLE, status);
    if (!format)
        return status->code;
    if (format->write_table)
        return format->write_table(path, table, status);
    if (format->print_table)
        return print_table(format, path, table, status);
    mlk_tensors tensors = {0};
    mlk_code code = mlk_table_list(table, format->texts, !format->single, &tensors, status);
    if (!code)
        code = format->write(path, &tensors, status);
    mlk_tensors_free(&tensors);
    return code;
}

static mlk_code read_text_columns(const mlk_format *format, const char *path, const mlk_columns_options *options,
                                  mlk_columns *columns, mlk_status *status)
{
    mlk_text_file text;
    mlk_code code = mlk_text_file_open(path, &text, status);
    if (code)
        return code;
    code = format->parse_columns(text.at, text.end, options, columns, status);
    if (code) {
        mlk_text_file_close(&text);
        mlk_file_blame(path, status);
        return code;
    }
    columns->file = text.file;
    columns->owned = text.owned;
    return MLK_OK;
}

static mlk_code read_array_columns(const mlk_format *format, const char *path, const mlk_columns_options *options,
                                   mlk_columns *columns, mlk_status *status)
{
    mlk_tensors tensors = {0};
    mlk_code code = format->read(path, &tensors, status);
    if (code)
        return code;
    code = mlk_array_columns(&tensors, options, columns, status);
    if (code)
        mlk_file_blame(path, status);
    return code;
}

mlk_code mlk_format_read_columns(const char *path, const mlk_columns_options *options, mlk_columns *columns,
                                 mlk_status *status)
{
    *columns = (mlk_columns){0};
    const mlk_format *format = mlk_format_of(path, MLK_FORMAT_COLUMNS, status);
    if (!format)
        return status->code;
    return format->parse_columns ? read_text_columns(format, path, options, columns, status)
                                 : read_array_columns(format, path, options, columns, status);
}
