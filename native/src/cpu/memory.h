// Session memory: 64-byte aligned arrays from the host's allocator or the C runtime's.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "common/error.h"

namespace snn::cpu {

constexpr size_t buffer_alignment = 64;

// An owned array of plain values. Thread-safety: that of an array, but only one thread may grow or free it.
template <class T>
class Buffer {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Buffer() { release(); }

    // Discards the old contents. With `zeroed` false, the pages of a large array stay untouched until they are used.
    void allocate(const SNNAllocator& allocator, size_t count, bool zeroed = true) {
        release();
        allocator_ = allocator;
        if (count == 0) return;
        if (count > SIZE_MAX / 2 / sizeof(T)) throw_out_of_memory(count);
        const size_t bytes = bytes_of(count);
        void* memory = allocator.allocate ? allocator.allocate(allocator.user, bytes, buffer_alignment)
                                          : ::operator new(bytes, std::align_val_t{buffer_alignment}, std::nothrow);
        if (!memory) throw_out_of_memory(count);
        data_ = static_cast<T*>(memory);
        count_ = count;
        if (zeroed) std::memset(memory, 0, bytes);
    }

    void release() noexcept {
        if (!data_) return;
        if (allocator_.allocate) {
            if (allocator_.release) allocator_.release(allocator_.user, data_, bytes_of(count_));
        } else {
            ::operator delete(data_, std::align_val_t{buffer_alignment});
        }
        data_ = nullptr;
        count_ = 0;
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    void clear() { clear(0, 1); }
    // Clears one of `parts` pieces, for tasks that clear the array together.
    void clear(size_t part, size_t parts) {
        const size_t lines = bytes_of(count_) / buffer_alignment;
        const size_t begin = lines * part / parts * buffer_alignment, end = lines * (part + 1) / parts * buffer_alignment;
        if (begin < end) std::memset(reinterpret_cast<char*>(data_) + begin, 0, end - begin);
    }

private:
    static size_t bytes_of(size_t count) {
        return (count * sizeof(T) + buffer_alignment - 1) / buffer_alignment * buffer_alignment;
    }
    [[noreturn]] static void throw_out_of_memory(size_t count) {
        throw Error(SNN_ERROR_OUT_OF_MEMORY, "the allocator gave no memory for ", count, " values of ", sizeof(T), " bytes");
    }
    void swap(Buffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
        std::swap(allocator_, other.allocator_);
    }

    T* data_ = nullptr;
    size_t count_ = 0;
    SNNAllocator allocator_{};
};

// Words of 4 bytes between data that different threads write. Processors prefetch ahead of a thread that walks through memory,
// and lines taken from another thread have to be fetched back. A larger gap than two kilobytes gains nothing.
constexpr size_t apart_words = 512;
constexpr size_t padded_apart(size_t words) { return (words + apart_words - 1) / apart_words * apart_words + apart_words; }

// A vector has 16 lanes, so rows of neurons are padded to a multiple of 16.
constexpr uint32_t padded(uint32_t count) { return (count + 15u) / 16u * 16u; }

}  // namespace snn::cpu
