// The file of a session's state: the container of a .snn file with another document in it (docs/file-format.md).
#include <string>

#include "common/error.h"
#include "common/disk.h"
#include "file/file.h"
#include "file/names.h"
#include "file/safetensors.h"

namespace snn {

void save_state(const SavedState& state, const std::string& path) {
    SafetensorsWriter writer;
    for (const auto& [name, tensor] : state.tensors) writer.add(name, tensor.type, tensor.shape, tensor.bytes.data());
    writer.set_metadata("snn_state", state.document);
    writer.set_metadata("snn_state_version", file_names::state_version);
    AtomicFile file(path);
    const std::string header = writer.header();
    file.write(header.data(), header.size());
    for (const std::span<const unsigned char> piece : writer.data()) file.write(piece.data(), piece.size());
    file.commit();
}

SavedState load_state(const std::string& path) {
    try {
        const FileSource file(path);
        const SafetensorsView view(file, "a state file");
        const auto version = view.metadata.find("snn_state_version");
        const auto document = view.metadata.find("snn_state");
        if (version == view.metadata.end() || document == view.metadata.end())
            throw Error(SNN_ERROR_FORMAT, "a safetensors file without the metadata 'snn_state' and 'snn_state_version': not the "
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
    } catch (const Error& error) {
        throw Error(error.status(), "'", path, "': ", error.what());
    }
}

}  // namespace snn
