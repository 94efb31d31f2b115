// attention.cpp: scaled dot product attention for a libtorch that has none (before 2.0), as an operator of ours.
//
// softmax(scale · query · keyᵀ + mask) · value, in blocks of queries: the scores of a block stay in a core's cache, and
// each block belongs to one thread. Rows are divided by their sums at the end, when they are d numbers long.
#include "internal.h"

extern "C" {
#include "kernels/softmax.h"
}

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <torch/library.h>

using namespace moonlark;

namespace {

constexpr int64_t rows_at_once = 128; // 128 × 1500 scores are 0.8 MB

struct Attention {
    at::Tensor query, key, value, mask, result; // [n, heads, rows, width]; the mask may be undefined
    float scale;
    bool causal;

    int64_t blocks() const { return (query.size(2) + rows_at_once - 1) / rows_at_once; }
    int64_t tasks() const { return query.size(0) * query.size(1) * blocks(); }
    void compute(int64_t task) const;

  private:
    void numerators(at::Tensor &scores, const at::Tensor &addend, int64_t from, std::vector<float> &sums) const;
};

// Scores become the numerators of their softmax; sums of rows are what they must be divided by.
void Attention::numerators(at::Tensor &scores, const at::Tensor &addend, int64_t from, std::vector<float> &sums) const
{
    const int64_t keys = scores.size(1);
    for (int64_t i = 0; i < scores.size(0); i++) {
        float *row = scores.data_ptr<float>() + i * keys;
        const float *added = addend.defined() ? addend.data_ptr<float>() + (from + i) * addend.stride(0) : nullptr;
        const int64_t seen = causal ? std::min(from + i + 1, keys) : keys;
        sums[i] = mlk_softmax_numerators(row, added, (size_t)seen, scale);
        std::fill(row + seen, row + keys, 0.0f);
    }
}

void Attention::compute(int64_t task) const
{
    const int64_t block = task % blocks(), head = task / blocks() % query.size(1), n = task / blocks() / query.size(1);
    const int64_t from = block * rows_at_once, rows = std::min(rows_at_once, query.size(2) - from);
    const int64_t keys = causal ? std::min(key.size(2), from + rows) : key.size(2);
    auto part = [&](const at::Tensor &tensor) { return tensor.select(0, n).select(0, head); };
    at::Tensor scores = at::mm(part(query).narrow(0, from, rows), part(key).narrow(0, 0, keys).t());
    std::vector<float> sums(rows);
    numerators(scores, mask.defined() ? part(mask) : at::Tensor(), from, sums);
    at::Tensor mixed = part(result).narrow(0, from, rows);
    at::mm_out(mixed, scores, part(value).narrow(0, 0, keys));
    for (int64_t i = 0; i < rows; i++) {
        float *row = mixed.data_ptr<float>() + i * mixed.stride(0);
        for (int64_t j = 0; j < mixed.size(1); j++)
            row[j] /= sums[i];
    }
}

at::Tensor attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const at::Tensor &mask,
                     double scale, bool causal)
{
    const int64_t n = query.size(0), heads = query.size(1), rows = query.size(2);
    for (const at::Tensor &tensor : {query, key, value})
        if (tensor.dim() != 4 || tensor.scalar_type() != at::kFloat || tensor.size(0) != n || tensor.size(1) != heads)
            throw Invalid("attention: query, key and value must be float32 [n, heads, rows, width]");
    // Frame after frame, all heads of one together: what the layer after attention takes.
    at::Tensor result = at::empty({n, rows, heads, value.size(3)}, query.options()).transpose(1, 2);
    at::Tensor added = mask.defined() ? mask.expand({n, heads, rows, key.size(2)}) : mask;
    if (added.defined() && added.stride(3) != 1)
        added = added.contiguous();
    const Attention work{query, key, value, added, result, (float)scale, causal};
    in_parallel(work.tasks(), [&](int64_t task) { work.compute(task); });
    return result;
}

// By the stack, since optional tensors have other types in other versions.
void attention_boxed(const c10::OperatorHandle &, std::vector<c10::IValue> *stack)
{
    auto argument = [&](size_t i) -> c10::IValue & { return (*stack)[stack->size() - 6 + i]; };
    auto mask = argument(3).isNone() ? at::Tensor() : argument(3).toTensor();
    at::Tensor result = attention(argument(0).toTensor(), argument(1).toTensor(), argument(2).toTensor(), mask,
                                  argument(4).toDouble(), argument(5).toBool());
    stack->resize(stack->size() - 6);
    stack->emplace_back(std::move(result));
}

} // namespace

TORCH_LIBRARY_FRAGMENT(moonlark, library)
{
    library.def("attention(Tensor query, Tensor key, Tensor value, Tensor? mask, float scale, bool causal) -> Tensor");
}

TORCH_LIBRARY_IMPL(moonlark, CPU, library)
{
    library.impl("attention", torch::CppFunction::makeFromBoxedFunction<&attention_boxed>());
}
