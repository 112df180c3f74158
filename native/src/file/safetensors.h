// The safetensors container: 8 bytes of little-endian header length, a JSON header, then the data of the tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/saved_state.h"
#include "common/disk.h"

namespace snn {

struct TensorView {
    TensorType type;
    std::vector<uint64_t> shape;
    uint64_t offset;      // from the beginning of the file
    uint64_t size_bytes;  // little-endian values
    uint64_t count() const;
};

// The header of a file, checked against the file's size: every offset lies inside the file, tensors tile the data without gap
// or overlap, and sizes agree with shapes and types. Throws SNN_ERROR_FORMAT.
struct SafetensorsView {
    // `kind`: what the file should be, for error sentences.
    explicit SafetensorsView(const ByteSource& file, const char* kind = "a .snn file");
    std::map<std::string, std::string, std::less<>> metadata;
    std::map<std::string, TensorView, std::less<>> tensors;
};

// Collects tensors and writes them in one go. Data starts at a multiple of 64 bytes, as does every tensor whose
// predecessors' sizes allow it (safetensors has no padding between tensors, so the widest types come first).
class SafetensorsWriter {
public:
    using Fill = std::function<void(std::byte* out_values)>;

    void set_metadata(std::string name, std::string value);
    // Data that stays in place until it is written.
    void add(std::string name, TensorType type, std::vector<uint64_t> shape, const void* data);
    // Data that `fill` makes when it is written. Only one such tensor is held at a time.
    void add(std::string name, TensorType type, std::vector<uint64_t> shape, Fill fill);
    // The beginning of the file: 8 length bytes and the header, padded.
    std::string header() const;
    // The data that follows the header.
    size_t data_size() const;
    void write_data(const std::function<void(const void* piece, size_t size)>& write) const;

private:
    struct Entry {
        std::string name;
        TensorType type;
        std::vector<uint64_t> shape;
        size_t size;       // bytes
        const void* data;  // null: see fill
        Fill fill;
    };
    std::vector<const Entry*> in_file_order() const;  // widest types first, by name within a type
    void add(std::string name, TensorType type, std::vector<uint64_t> shape, const void* data, Fill fill);

    std::map<std::string, std::string> metadata_;
    std::vector<Entry> entries_;
};

size_t size_of(TensorType type);
const char* name_of(TensorType type);

}  // namespace snn
