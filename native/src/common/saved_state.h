// The state of a session as the session passes it to the file that stores it: a document, and arrays by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace snn {

enum class TensorType : uint8_t { f32, f64, u16, u32, u64, i32, u8 };

inline uint64_t element_count(const std::vector<uint64_t>& shape) {
    uint64_t count = 1;
    for (const uint64_t extent : shape) count *= extent;
    return count;
}

struct SavedTensor {
    TensorType type;
    std::vector<uint64_t> shape;
    std::vector<std::byte> bytes;  // little-endian values
};

struct SavedState {
    std::string document;  // JSON
    std::map<std::string, SavedTensor, std::less<>> tensors;
};

// A state that will be saved: everything but the values, which suffices to compute the size of its file.
struct StateOutline {
    struct Tensor {
        std::string name;
        TensorType type;
        std::vector<uint64_t> shape;
        std::function<void(std::byte* out_values)> read;  // reads all values, aligned; the session must not have changed
    };
    std::string document;
    std::vector<Tensor> tensors;
};

}  // namespace snn
