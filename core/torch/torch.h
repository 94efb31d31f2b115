/* torch.h: libtorch behind a C interface.
 *
 * No operator of libtorch is named here. libtorch knows the schema of each of
 * its operators at run time, so three calls reach them all: mlk_family_find
 * looks a name up, mlk_family_resolve picks the overload whose arguments need
 * the cheapest conversion, and mlk_overload_call converts and calls.
 *
 *     mlk_value x = {.kind = MLK_TENSOR, .tensor = t}, two = {.kind = MLK_INTEGER, .integer = 2};
 *     mlk_arguments arguments = {.positional = (mlk_value[]){x, two}, .n_positional = 2};
 *     if (mlk_family_find("add", &family, &status)
 *         || mlk_family_resolve(family, &arguments, &overload, &status)
 *         || mlk_overload_call(overload, &arguments, &outcome, &status))
 *         ...
 *
 * An mlk_tensor is one counted reference: whoever receives one through a
 * pointer to pointer releases it. Pointers inside an mlk_value are borrowed.
 * No C++ type, and no exception, leaves this interface.
 */
#ifndef MLK_TORCH_H
#define MLK_TORCH_H

#include "array.h"
#include "status.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mlk_tensor mlk_tensor;
typedef struct mlk_family mlk_family;     /* every usable overload of one operator name */
typedef struct mlk_overload mlk_overload; /* one of them; both live as long as the process */
typedef struct mlk_results mlk_results;

/* --- values: what Lua can hand over and get back --- */

typedef enum mlk_value_kind {
    MLK_NIL,
    MLK_BOOLEAN,
    MLK_INTEGER,
    MLK_NUMBER,
    MLK_COMPLEX,
    MLK_STRING,
    MLK_TENSOR,
    MLK_LIST,
    MLK_OTHER, /* nothing that an operator takes; `text` describes it */
} mlk_value_kind;

typedef struct mlk_value {
    mlk_value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        double complex[2];
        const char *text;
        mlk_tensor *tensor;
        struct {
            const struct mlk_value *items;
            size_t count;
        } list;
    };
} mlk_value;

typedef struct mlk_named {
    const char *name;
    mlk_value value;
} mlk_named;

typedef struct mlk_arguments {
    const mlk_value *positional;
    size_t n_positional;
    const mlk_named *named;
    size_t n_named;
    bool method; /* the first positional value is the argument called `self` */
} mlk_arguments;

/* --- the library --- */

/* Once, before anything else: finds CUDA, sets thread pools, allocator, warning handler. */
int mlk_torch_load(mlk_status *status);

/* "1.13.1". */
const char *mlk_torch_version(void);

/* The file of libtorch_cpu.so. */
const char *mlk_torch_path(void);

/* What multiplies libtorch's matrices, in words: "FILE, openmp, kernels for SkylakeX, 2 threads", or "its own, MKL". */
const char *mlk_torch_blas(void);

/* The number of CUDA devices; when it is 0, *reason says why. */
int mlk_torch_cuda_devices(const char **reason);

/* Waits until a device's queued work is done; nothing to do for the CPU. */
int mlk_torch_synchronize(mlk_status *status);

/* Threads of libtorch's own pool and of the BLAS under it. */
int mlk_torch_threads(void);
void mlk_torch_set_threads(int threads);

/* Allows only operators that give the same bits twice; others fail. It holds for cuBLAS when it is called before the
 * first matrix product on a GPU. */
int mlk_torch_set_deterministic(bool deterministic, mlk_status *status);

/* Mixed precision on this thread: matrix products and convolutions on a device ("cpu", "cuda:0") are computed in
 * `dtype` ("bfloat16", "float16"); operators that need the range of float32 stay in it. NULL switches it off. */
int mlk_torch_autocast(const char *device, const char *dtype, mlk_status *status);

/* Seeds every generator. */
int mlk_torch_seed(uint64_t seed, mlk_status *status);

/* Switches libtorch's warnings on standard error on or off; each is shown once. */
void mlk_torch_show_warnings(bool shown);

/* --- memory of CPU tensors --- */

typedef struct mlk_memory {
    uint64_t live;   /* bytes of blocks in use */
    uint64_t cached; /* bytes kept for the next block */
    uint64_t wrapped; /* bytes of others that live tensors lie over: mapped files */
    uint64_t total;  /* bytes ever handed out or wrapped; its growth steers Lua's collector */
} mlk_memory;

mlk_memory mlk_torch_memory(void);

/* Gives the cached blocks back to the system. */
void mlk_torch_trim(void);

/* --- operators --- */

/* All operator names that have a usable overload, sorted. */
int mlk_family_names(const char *const **names, size_t *count, mlk_status *status);

/* *found is NULL, without failure, when there is no such operator. */
int mlk_family_find(const char *name, const mlk_family **found, mlk_status *status);

/* True when an overload has an argument called `self`. */
bool mlk_family_is_method(const mlk_family *family);

/* Its overloads: those that Lua can call, then the others. */
size_t mlk_family_size(const mlk_family *family);
const mlk_overload *mlk_family_overload(const mlk_family *family, size_t index);

const char *mlk_overload_name(const mlk_overload *overload);   /* "add.Tensor" */
const char *mlk_overload_schema(const mlk_overload *overload); /* "add.Tensor(Tensor self, ..." */
const char *mlk_overload_unusable(const mlk_overload *overload); /* why Lua cannot call it, or NULL */
bool mlk_overload_returns_tensor(const mlk_overload *overload); /* exactly one */
bool mlk_overload_returns_self(const mlk_overload *overload);  /* in place: its first argument */

/* The overload with the cheapest conversions; MLK_INVALID names the operator, its schemas and what came. */
int mlk_family_resolve(const mlk_family *family, const mlk_arguments *arguments, const mlk_overload **found,
                       mlk_status *status);

/* One tensor (then `results` is NULL) or anything else. */
typedef struct mlk_outcome {
    mlk_tensor *tensor;
    mlk_results *results;
} mlk_outcome;

int mlk_overload_call(const mlk_overload *overload, const mlk_arguments *arguments, mlk_outcome *outcome,
                      mlk_status *status);

/* The values borrow from the results. */
size_t mlk_results_count(const mlk_results *results);
const mlk_value *mlk_results_get(const mlk_results *results, size_t index);
void mlk_results_free(mlk_results *results);

/* --- tensors --- */

mlk_tensor *mlk_tensor_retain(mlk_tensor *tensor);
void mlk_tensor_release(mlk_tensor *tensor); /* NULL is fine */

/* Uninitialised, contiguous, on the CPU. */
int mlk_tensor_new(mlk_dtype dtype, int rank, const int64_t *shape, mlk_tensor **out, mlk_status *status);

/* A tensor over memory of somebody else, aligned for its dtype: release(owner) is called once, when the last tensor over
 * it has gone, on whatever thread; also when this fails. */
int mlk_tensor_wrap(const mlk_array *array, void (*release)(void *owner), void *owner, mlk_tensor **out,
                    mlk_status *status);

/* *owner is the same tensor where it is contiguous, on the CPU and of that dtype (-1: any), else a copy; *array views
 * it. */
int mlk_tensor_read(mlk_tensor *tensor, int dtype, mlk_tensor **owner, mlk_array *array, mlk_status *status);

int mlk_tensor_rank(const mlk_tensor *tensor);
int64_t mlk_tensor_size(const mlk_tensor *tensor, int axis);
int64_t mlk_tensor_count(const mlk_tensor *tensor);
const char *mlk_tensor_dtype(const mlk_tensor *tensor);                         /* "float32" */
void mlk_tensor_device(const mlk_tensor *tensor, char text[32]);                /* "cpu", "cuda:0" */
void mlk_tensor_describe(const mlk_tensor *tensor, char *text, size_t capacity); /* "tensor 2×3 float32" */

/* Bytes that the tensor keeps on a device other than the CPU. */
uint64_t mlk_tensor_device_bytes(const mlk_tensor *tensor);

/* The only element, as a number, boolean or complex. */
int mlk_tensor_item(mlk_tensor *tensor, mlk_value *out, mlk_status *status);

/* Converts and moves a tensor; NULL keeps the dtype or the device. */
int mlk_tensor_to(mlk_tensor *tensor, const char *dtype, const char *device, bool copy, bool non_blocking,
                  mlk_tensor **out, mlk_status *status);

/* True for words like "float32", "float", "long". */
bool mlk_dtype_known(const char *name);

/* One index for each axis: an integer, a boolean, a tensor, nil or an empty list (the whole axis), a list
 * {from, to, step}, "..." (all axes not named), "none" (a new axis), or one text such as "1:3, :, 0". */
int mlk_tensor_index(mlk_tensor *tensor, const mlk_value *indices, size_t n, mlk_tensor **out, mlk_status *status);
int mlk_tensor_index_put(mlk_tensor *tensor, const mlk_value *indices, size_t n, const mlk_value *value,
                         mlk_status *status);

/* --- autograd --- */

bool mlk_autograd_enabled(void);
void mlk_autograd_enable(bool enabled);
bool mlk_tensor_requires_grad(const mlk_tensor *tensor);
int mlk_tensor_set_requires_grad(mlk_tensor *tensor, bool requires_grad, mlk_status *status);
bool mlk_tensor_is_leaf(const mlk_tensor *tensor);
int mlk_tensor_grad(mlk_tensor *tensor, mlk_tensor **out, mlk_status *status); /* *out is NULL: none yet */
int mlk_tensor_set_grad(mlk_tensor *tensor, mlk_tensor *grad, mlk_status *status);

typedef struct mlk_autograd_options {
    bool retain_graph;
    bool create_graph;
    bool allow_unused;
} mlk_autograd_options;

/* Adds to the leaves' gradients; gradient may be NULL for a tensor of one element. */
int mlk_tensor_backward(mlk_tensor *tensor, mlk_tensor *gradient, const mlk_autograd_options *options,
                        mlk_status *status);

/* Gradients of the outputs with respect to the inputs, a list of tensors and nils. */
int mlk_autograd_grad(const mlk_value *outputs, const mlk_value *inputs, const mlk_value *gradients,
                      const mlk_autograd_options *options, mlk_results **out, mlk_status *status);

#ifdef __cplusplus
}
#endif

#endif
