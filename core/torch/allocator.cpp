// allocator.cpp: memory of CPU tensors, counted and kept for reuse.
//
// Lua's collector does not see how large a tensor is, so the binding steers it by
// the count here, which includes autograd's buffers. Blocks of 64 KB and more come
// from mmap, in four size classes to the octave. Up to 256 MB of them are kept for
// the next tensor of their class: otherwise the system would zero each page again,
// and the C library's heap would fragment.
#include "internal.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/mman.h>

namespace {

constexpr size_t header_bytes = 64; // keeps the alignment that vector instructions like
constexpr size_t large_bytes = 64 << 10;
constexpr size_t cache_limit = 256 << 20;
constexpr int n_classes = 4 * 48;

struct Block {
    size_t bytes; // of the whole block, header included
    int size_class; // -1: from malloc
    Block *next;
};
static_assert(sizeof(Block) <= header_bytes, "the header must hold a block's description");

struct Cache {
    std::mutex lock;
    Block *free[n_classes] = {};
    size_t bytes = 0;
    std::atomic<uint64_t> live{0}, wrapped{0}, total{0};
};

Cache &cache()
{
    static auto *instance = new Cache; // never destroyed: tensors outlive static destructors
    return *instance;
}

// Says what was asked for: "out of memory: 745.1 GiB asked for, 0.2 GiB are in use".
struct OutOfMemory : std::bad_alloc {
    explicit OutOfMemory(size_t bytes)
    {
        const double gib = 1 << 30;
        std::snprintf(text, sizeof text, "out of memory: %.1f GiB asked for, %.1f GiB are in use by tensors",
                      (double)bytes / gib, (double)cache().live / gib);
    }
    const char *what() const noexcept override { return text; }
    char text[96];
};

// Rounds a size up to its class: 2^n, or 5, 6 or 7 eighths of the next power of two.
int class_of(size_t bytes, size_t *rounded)
{
    int shift = 63 - __builtin_clzll(bytes - 1); // 2^shift <= bytes - 1 < 2^(shift + 1)
    size_t quarter = (size_t)1 << (shift - 2);
    size_t quarters = (bytes - 1 - ((size_t)1 << shift)) / quarter + 1;
    *rounded = ((size_t)1 << shift) + quarters * quarter;
    return 4 * shift + (int)quarters - 1;
}

Block *take_large(size_t bytes)
{
    size_t rounded;
    int size_class = class_of(bytes, &rounded);
    if (size_class >= n_classes)
        throw OutOfMemory(bytes);
    Cache &kept = cache();
    {
        std::lock_guard<std::mutex> hold(kept.lock);
        if (Block *block = kept.free[size_class]) {
            kept.free[size_class] = block->next;
            kept.bytes -= block->bytes;
            return block;
        }
    }
    void *memory = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        mlk_torch_trim();
        memory = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (memory == MAP_FAILED)
        throw OutOfMemory(bytes);
    Block *block = static_cast<Block *>(memory);
    block->bytes = rounded;
    block->size_class = size_class;
    return block;
}

void give_large(Block *block)
{
    Cache &kept = cache();
    {
        std::lock_guard<std::mutex> hold(kept.lock);
        if (kept.bytes + block->bytes <= cache_limit) {
            block->next = kept.free[block->size_class];
            kept.free[block->size_class] = block;
            kept.bytes += block->bytes;
            return;
        }
    }
    munmap(block, block->bytes);
}

Block *take_small(size_t bytes)
{
    void *memory = std::aligned_alloc(header_bytes, (bytes + header_bytes - 1) / header_bytes * header_bytes);
    if (!memory)
        throw OutOfMemory(bytes);
    Block *block = static_cast<Block *>(memory);
    block->bytes = bytes;
    block->size_class = -1;
    return block;
}

void release(void *data)
{
    if (!data)
        return;
    Block *block = reinterpret_cast<Block *>(static_cast<char *>(data) - header_bytes);
    cache().live -= block->bytes;
    if (block->size_class < 0)
        std::free(block);
    else
        give_large(block);
}

// allocate is const in 1.13 and not in 2.x, which also wants copy_data: all are declared, none overrides by name.
struct CountingAllocator : c10::Allocator {
    c10::DataPtr take(size_t n) const
    {
        const c10::Device cpu(c10::DeviceType::CPU);
        if (n == 0)
            return {nullptr, nullptr, &release, cpu};
        if (n > SIZE_MAX / 4)
            throw OutOfMemory(n);
        size_t bytes = n + header_bytes;
        Block *block = bytes >= large_bytes ? take_large(bytes) : take_small(bytes);
        cache().live += block->bytes;
        cache().total += block->bytes;
        void *data = reinterpret_cast<char *>(block) + header_bytes;
        return {data, data, &release, cpu};
    }
    c10::DataPtr allocate(size_t n) { return take(n); }
    c10::DataPtr allocate(size_t n) const { return take(n); }
    c10::DeleterFnPtr raw_deleter() const { return &release; }
    void copy_data(void *to, const void *from, size_t count) const { std::memcpy(to, from, count); }
};

} // namespace

void moonlark::note_wrapped(int64_t bytes)
{
    cache().wrapped += (uint64_t)bytes;
    if (bytes > 0)
        cache().total += (uint64_t)bytes;
}

void moonlark::install_allocator()
{
    static auto *allocator = new CountingAllocator;
    c10::SetCPUAllocator(allocator, 1);
}

extern "C" {

mlk_memory mlk_torch_memory(void)
{
    Cache &kept = cache();
    return {kept.live, kept.bytes, kept.wrapped, kept.total};
}

void mlk_torch_trim(void)
{
    Cache &kept = cache();
    std::lock_guard<std::mutex> hold(kept.lock);
    for (Block *&list : kept.free) {
        while (Block *block = list) {
            list = block->next;
            munmap(block, block->bytes);
        }
    }
    kept.bytes = 0;
}

} // extern "C"
