// The state of a session between the session and the file that keeps it: a document and arrays by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace snn {

enum class TensorType : uint8_t { f32, f64, u16, u32, u64, i32, u8 };

struct SavedTensor {
    TensorType type;
    std::vector<uint64_t> shape;
    std::vector<std::byte> bytes;  // little-endian values
};

struct SavedState {
    std::string document;  // JSON
    std::map<std::string, SavedTensor, std::less<>> tensors;
};

}  // namespace snn
