// internal.h: what the C++ files of this folder share.
#pragma once

#include "subnormal.h"
#include "torch.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <deque>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <vector>

namespace moonlark {

using Implementation = c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

// An mlk_tensor is a TensorImpl with one reference counted for its holder.

// A new reference to a tensor that C holds.
inline at::Tensor tensor_of(const mlk_tensor *tensor)
{
    auto *raw = reinterpret_cast<c10::TensorImpl *>(const_cast<mlk_tensor *>(tensor));
    return at::Tensor(Implementation::unsafe_reclaim_from_nonowning(raw));
}

// The tensor without a reference: for questions only.
inline const c10::TensorImpl *peek(const mlk_tensor *tensor)
{
    return reinterpret_cast<const c10::TensorImpl *>(tensor);
}

// Hands a reference over to C; an undefined tensor becomes NULL.
inline mlk_tensor *hand_over(at::Tensor tensor)
{
    if (!tensor.defined())
        return nullptr;
    return reinterpret_cast<mlk_tensor *>(tensor.unsafeReleaseTensorImpl());
}

// Fills the status with the exception in flight, as "operator: message".
int fail_with_current_exception(mlk_status *status, const char *what) noexcept;

// Puts functions of our own in the place of those that an older libtorch computes wrong.
void repair();

// Runs a function and turns whatever it throws into a status.
template <class Function> int guarded(mlk_status *status, const char *what, Function &&function) noexcept
{
    try {
        return function();
    } catch (...) {
        return fail_with_current_exception(status, what);
    }
}

// The same for functions that compute: while they run, subnormal numbers count as zeros, as on libtorch's other threads
// (mlk_torch_set_threads).
template <class Function> int computed(mlk_status *status, const char *what, Function &&function) noexcept
{
    uint64_t before = mlk_subnormal_flush();
    int code = guarded(status, what, std::forward<Function>(function));
    mlk_subnormal_restore(before);
    return code;
}

// Raised by our own checks.
struct Invalid : std::exception {
    explicit Invalid(std::string message) : message(std::move(message)) {}
    const char *what() const noexcept override { return message.c_str(); }
    std::string message;
};

at::ScalarType scalar_type(mlk_dtype dtype);
bool parse_dtype(const char *name, at::ScalarType *out);
const char *dtype_name(at::ScalarType type);
at::Device parse_device(const char *name); // raises Invalid; knows whether CUDA is there

// As Lua writes it: 1.5, "a", {1, 2}, tensor 2×3 float32.
std::string literal(const mlk_value &value);

// The same after its type: number 1.5, string "a".
std::string describe(const mlk_value &value);

void install_allocator();

// Memory of somebody else has been wrapped, or (negative) was let go.
void note_wrapped(int64_t bytes);

// Runs task(0) … task(count - 1) on libtorch's threads and returns when all are done. Which thread runs a task is not
// defined: a task writes to its own part of the result.
void in_parallel(int64_t count, const std::function<void(int64_t)> &task);

} // namespace moonlark

// Results live here until C has read them: the values point into `held` and `items`.
struct mlk_results {
    explicit mlk_results(std::vector<c10::IValue> stack);

    std::vector<c10::IValue> held;
    std::deque<c10::IValue> held_parts;
    std::deque<std::vector<mlk_value>> items;
    std::deque<std::string> texts;
    std::vector<mlk_value> values;

  private:
    mlk_value convert(const c10::IValue &value);
};
