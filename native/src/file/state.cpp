// The file of a session's state: the container of a .snn file with a different document (docs/file-format.md).
#include <algorithm>
#include <string>

#include "common/disk.h"
#include "common/error.h"
#include "file/file.h"
#include "file/names.h"
#include "file/safetensors.h"

namespace snn {

namespace {

SafetensorsWriter writer_of(const StateOutline& state) {
    SafetensorsWriter writer;
    for (const StateOutline::Tensor& tensor : state.tensors) writer.add(tensor.name, tensor.type, tensor.shape, tensor.read);
    writer.set_metadata("snn_state", state.document);
    writer.set_metadata("snn_state_version", file_names::state_version);
    return writer;
}

SavedState read_state(const ByteSource& file) {
    const SafetensorsView view(file, "a state file");
    const auto version = view.metadata.find("snn_state_version");
    const auto document = view.metadata.find("snn_state");
    if (version == view.metadata.end() || document == view.metadata.end())
        throw Error(SNN_ERROR_FORMAT,
                    "a safetensors file without the metadata 'snn_state' and 'snn_state_version': not the "
                    "state of a session",
                    view.metadata.contains("snn") ? " but a network" : "");
    if (version->second != file_names::state_version)
        throw Error(SNN_ERROR_VERSION, "the file has state version '", version->second, "'; this library reads version ",
                    file_names::state_version);
    SavedState state{document->second, {}};
    for (const auto& [name, tensor] : view.tensors) {
        SavedTensor& copy = state.tensors[name];
        copy = {tensor.type, tensor.shape, std::vector<std::byte>(static_cast<size_t>(tensor.size_bytes))};
        file.read(tensor.offset, copy.bytes.data(), copy.bytes.size());
    }
    return state;
}

}  // namespace

void save_state(const StateOutline& state, const std::string& path) {
    const SafetensorsWriter writer = writer_of(state);
    AtomicFile file(path);
    const std::string header = writer.header();
    file.write(header.data(), header.size());
    writer.write_data([&](const void* piece, size_t size) { file.write(piece, size); });
    file.commit();
}

size_t save_state_memory(const StateOutline& state, std::span<unsigned char> room) {
    const SafetensorsWriter writer = writer_of(state);
    const std::string header = writer.header();
    const size_t size = header.size() + writer.data_size();
    if (room.size() < size) return size;
    unsigned char* end = std::copy(header.begin(), header.end(), room.data());
    writer.write_data([&](const void* piece, size_t piece_size) {
        end = std::copy_n(static_cast<const unsigned char*>(piece), piece_size, end);
    });
    return size;
}

SavedState load_state(const std::string& path) {
    const FileSource file(path);  // its own errors already name the path
    try {
        return read_state(file);
    } catch (const Error& error) {
        throw Error(error.status(), "'", path, "': ", error.what());
    }
}

SavedState load_state_memory(const void* data, size_t size_bytes) {
    return read_state(MemorySource({static_cast<const unsigned char*>(data), size_bytes}));
}

}  // namespace snn
