// The host's allocator for standard containers; the C++ runtime's when the host gave none.
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "common/error.h"

namespace snn::reference {

template <class T>
class HostAllocator {
public:
    using value_type = T;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    HostAllocator() = default;
    explicit HostAllocator(const SNNAllocator& host) : host_(host) {}
    template <class U>
    HostAllocator(const HostAllocator<U>& other) : host_(other.host()) {}

    T* allocate(size_t count) {
        if (!host_.allocate) return std::allocator<T>().allocate(count);
        if (count > SIZE_MAX / 2 / sizeof(T)) throw std::bad_alloc();
        void* memory = host_.allocate(host_.user, count * sizeof(T), alignof(T));
        if (!memory)
            throw Error(SNN_ERROR_OUT_OF_MEMORY, "the allocator gave no memory for ", count, " values of ", sizeof(T),
                        " bytes");
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, size_t count) {
        if (!host_.allocate) std::allocator<T>().deallocate(memory, count);
        else host_.release(host_.user, memory, count * sizeof(T));
    }
    const SNNAllocator& host() const { return host_; }
    bool operator==(const HostAllocator& other) const {
        return host_.allocate == other.host_.allocate && host_.release == other.host_.release &&
               host_.user == other.host_.user;
    }

private:
    SNNAllocator host_{};
};

template <class T>
using Array = std::vector<T, HostAllocator<T>>;

}  // namespace snn::reference
