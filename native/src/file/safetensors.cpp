#include "file/safetensors.h"

#include <algorithm>
#include <cstring>

#include "common/json.h"

namespace snn {

namespace {

struct TypeInfo {
    TensorType type;
    const char* name;
    size_t size;
};
constexpr TypeInfo tensor_types[] = {{TensorType::f32, "F32", 4},
                              {TensorType::f64, "F64", 8},
                              {TensorType::u16, "U16", 2},
                              {TensorType::u32, "U32", 4},
                              {TensorType::u64, "U64", 8},
                              {TensorType::i32, "I32", 4},
                              {TensorType::u8, "U8", 1}};
constexpr uint64_t max_header_bytes = 100'000'000;  // the limit of the safetensors format
constexpr size_t alignment = 64;

const TypeInfo& info_of(TensorType type) { return tensor_types[static_cast<size_t>(type)]; }

uint64_t read_u64(const unsigned char* bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
    return value;
}

// Recognises, by its first 8 bytes, another kind of file that users have beside their networks. Null if it is none of them.
const char* other_format(const unsigned char* begin) {
    if (std::memcmp(begin, "PK\3\4", 4) == 0) return "a ZIP archive, as recordings and checkpoints of training (.npz) are";
    if (std::memcmp(begin, "\x89HDF\r\n\x1a\n", 8) == 0) return "an HDF5 file, as networks of NIR (.nir) are";
    return nullptr;
}

struct Span {
    uint64_t begin, end;
    std::string name;
};

// Tensors must tile the data section: sorted, each begins where the previous one ends, and the last one ends with the file.
void check_tiling(std::vector<Span> spans, uint64_t data_size) {
    std::sort(spans.begin(), spans.end(),
              [](const Span& a, const Span& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
    uint64_t position = 0;
    for (const Span& span : spans) {
        if (span.begin != position)
            throw Error(SNN_ERROR_FORMAT, "tensor '", span.name, "' begins at byte ", span.begin, " of the data; expected ",
                        position);
        position = span.end;
    }
    if (position != data_size)
        throw Error(SNN_ERROR_FORMAT, "the tensors end at byte ", position, " of the data, the file at ", data_size);
}

}  // namespace

size_t size_of(TensorType type) { return info_of(type).size; }
const char* name_of(TensorType type) { return info_of(type).name; }

uint64_t TensorView::count() const { return size_bytes / size_of(type); }

SafetensorsView::SafetensorsView(const ByteSource& file, const char* kind) {
    if (file.size() < 10) throw Error(SNN_ERROR_FORMAT, "the file has ", file.size(), " bytes; too short for ", kind);
    unsigned char length[8];
    file.read(0, length, sizeof length);
    const uint64_t header_size = read_u64(length);
    if (header_size > max_header_bytes || header_size > file.size() - 8) {
        if (const char* const other = other_format(length)) throw Error(SNN_ERROR_FORMAT, "not ", kind, " but ", other);
        throw Error(SNN_ERROR_FORMAT, "not ", kind, ", or cut short: the header claims ", header_size,
                    " bytes, the file has ", file.size() - 8, " after the length");
    }
    std::string header_text(static_cast<size_t>(header_size), '\0');
    file.read(8, header_text.data(), header_text.size());
    const uint64_t data_begin = 8 + header_size, data_size = file.size() - data_begin;
    const JsonDocument document = parse_json(header_text, "the header");
    const Json& header = document.root;
    if (!header.is_object()) throw Error(SNN_ERROR_FORMAT, "the header is not an object");

    std::vector<Span> spans;
    for (const auto& [name, value] : header.items()) {
        const JsonObject entry(value, text("header '", name, "'"));
        if (name == "__metadata__") {
            for (const auto& [key, item] : value.items()) {
                if (!item.is_string()) entry.fail(key.c_str(), "is not a string");
                metadata[key] = item.get<std::string>();
            }
            continue;
        }
        const char* const names[] = {"F32", "F64", "U16", "U32", "U64", "I32", "U8"};
        TensorView tensor{tensor_types[entry.choice("dtype", names)].type, {}, 0, 0};
        uint64_t size = size_of(tensor.type);
        for (const Json& dimension : entry.list("shape", 8)) {
            if (!dimension.is_number_unsigned()) entry.fail("shape", "has an entry that is not a whole number");
            const uint64_t extent = dimension.get<uint64_t>();
            tensor.shape.push_back(extent);
            if (extent != 0 && size > data_size / extent) entry.fail("shape", "is larger than the file");
            size *= extent;
        }
        const Json& offsets = entry.list("data_offsets", 2);
        if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
            entry.fail("data_offsets", "is not a pair of whole numbers");
        const uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
        if (begin > end || end > data_size)
            entry.fail("data_offsets", text("are ", begin, " to ", end, "; the data has ", data_size, " bytes"));
        if (end - begin != size)
            entry.fail("data_offsets", text("span ", end - begin, " bytes; shape and dtype need ", size));
        tensor.offset = data_begin + begin;
        tensor.size_bytes = size;
        spans.push_back({begin, end, name});
        tensors.emplace(name, std::move(tensor));
    }
    check_tiling(std::move(spans), data_size);
}

void SafetensorsWriter::set_metadata(std::string name, std::string value) {
    metadata_[std::move(name)] = std::move(value);
}

void SafetensorsWriter::add(std::string name, TensorType type, std::vector<uint64_t> shape, const void* data, Fill fill) {
    const size_t size = static_cast<size_t>(element_count(shape)) * size_of(type);
    entries_.push_back({std::move(name), type, std::move(shape), size, data, std::move(fill)});
}

void SafetensorsWriter::add(std::string name, TensorType type, std::vector<uint64_t> shape, const void* data) {
    add(std::move(name), type, std::move(shape), data, nullptr);
}

void SafetensorsWriter::add(std::string name, TensorType type, std::vector<uint64_t> shape, Fill fill) {
    add(std::move(name), type, std::move(shape), nullptr, std::move(fill));
}

std::vector<const SafetensorsWriter::Entry*> SafetensorsWriter::in_file_order() const {
    std::vector<const Entry*> order;
    for (const Entry& entry : entries_) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
        const size_t size_a = size_of(a->type), size_b = size_of(b->type);
        return size_a != size_b ? size_a > size_b : a->name < b->name;
    });
    return order;
}

std::string SafetensorsWriter::header() const {
    Json header = Json::object();
    header["__metadata__"] = metadata_;
    uint64_t position = 0;
    for (const Entry* entry : in_file_order()) {
        header[entry->name] = {{"dtype", name_of(entry->type)},
                               {"shape", entry->shape},
                               {"data_offsets", {position, position + entry->size}}};
        position += entry->size;
    }
    std::string text = header.dump();
    text.append((alignment - (8 + text.size()) % alignment) % alignment, ' ');
    if (text.size() > max_header_bytes)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network needs a file header of ", text.size(),
                    " bytes; a file takes at most ", max_header_bytes);
    std::string result(8, '\0');
    for (int i = 0; i < 8; ++i) result[static_cast<size_t>(i)] = static_cast<char>(text.size() >> (8 * i) & 0xFF);
    return result + text;
}

size_t SafetensorsWriter::data_size() const {
    size_t size = 0;
    for (const Entry& entry : entries_) size += entry.size;
    return size;
}

void SafetensorsWriter::write_data(const std::function<void(const void* piece, size_t size)>& write) const {
    std::vector<std::byte> made;
    for (const Entry* entry : in_file_order()) {
        if (!entry->fill) {
            write(entry->data, entry->size);
            continue;
        }
        if (made.size() < entry->size) made.resize(entry->size);
        entry->fill(made.data());
        write(made.data(), entry->size);
    }
}

}  // namespace snn
