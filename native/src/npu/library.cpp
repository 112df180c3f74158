#include "npu/library.h"

#include <dirent.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "common/error.h"
#include "common/float_mode.h"

namespace snn::npu {

namespace {

constexpr std::string_view file_name = "libopenvino_c.so";  // a version may follow: ".2641"

// The path of the library in a folder, of the newest version if there are several; empty if there is none.
std::string library_in(const std::string& folder) {
    std::string newest;
    DIR* const entries = opendir(folder.c_str());
    if (!entries) return {};
    while (const dirent* const entry = readdir(entries)) {
        const std::string_view name = entry->d_name;
        if (name.starts_with(file_name) && name > newest) newest = name;
    }
    closedir(entries);
    return newest.empty() ? newest : folder + "/" + newest;
}

// The folders of a variable like LD_LIBRARY_PATH.
void add_folders(const char* list, std::vector<std::string>& folders) {
    for (std::string_view rest = list ? list : ""; !rest.empty();) {
        const size_t end = rest.find(':');
        if (end != 0) folders.emplace_back(rest.substr(0, end));
        rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    }
}

[[noreturn]] void throw_not_found(std::string_view reason) {
    throw Error(SNN_ERROR_UNSUPPORTED, reason, "; 'pip install openvino' brings it, and the environment variable SNN_OPENVINO "
                                               "names the file libopenvino_c.so or the folder that holds it");
}

std::string find_library() {
    if (const char* const named = std::getenv("SNN_OPENVINO"); named && *named) {
        const std::string place = named;
        for (const char* const below : {"", "/libs", "/openvino/libs"})
            if (const std::string found = library_in(place + below); !found.empty()) return found;
        if (access(named, F_OK) != 0) throw_not_found(text("SNN_OPENVINO is '", place, "', and that is not there"));
        if (DIR* const folder = opendir(named)) {
            closedir(folder);
            throw_not_found(text("SNN_OPENVINO is '", place, "', and there is no libopenvino_c.so in it"));
        }
        return place;
    }
    std::vector<std::string> folders;
    add_folders(std::getenv("LD_LIBRARY_PATH"), folders);
    // The script setupvars.sh of Intel's archives sets this variable.
    if (const char* const root = std::getenv("INTEL_OPENVINO_DIR"); root && *root)
        folders.push_back(text(root, "/runtime/lib/intel64"));
    for (const char* const folder : {"/opt/intel/openvino/runtime/lib/intel64", "/usr/lib/x86_64-linux-gnu", "/usr/lib64",
                                     "/usr/local/lib", "/usr/lib"})
        folders.emplace_back(folder);
    for (const std::string& folder : folders)
        if (const std::string found = library_in(folder); !found.empty()) return found;
    throw_not_found("OpenVINO's C library libopenvino_c.so was not found");
}

// The number of float32 differs between releases, because an entry before it was removed. Of the two candidates, it is the type
// that takes four bytes.
Type find_float32(const Library& opened) {
    for (const Type type : {4, 5}) {
        int64_t one = 1;
        Tensor* tensor = nullptr;
        size_t bytes = 0;
        if (opened.ov_tensor_create(type, {1, &one}, &tensor) != 0) continue;
        opened.ov_tensor_get_byte_size(tensor, &bytes);
        opened.ov_tensor_free(tensor);
        if (bytes == 4) return type;
    }
    throw Error(SNN_ERROR_UNSUPPORTED, "OpenVINO ", opened.version,
                " has no element type float32 where 2023.1 to 2026.4 have it");
}

Library open_library() {
    const std::string path = find_library();
    void* const file = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!file) throw_not_found(text("OpenVINO's C library '", path, "' cannot be opened (", dlerror(), ")"));
    Library opened;
#define SNN_OPENVINO_LOAD(name, ...)                                                                   \
    opened.name = reinterpret_cast<decltype(opened.name)>(dlsym(file, #name));                         \
    if (!opened.name) throw_not_found(text("'", path, "' has no function " #name));
    SNN_OPENVINO_FUNCTIONS(SNN_OPENVINO_LOAD)
#undef SNN_OPENVINO_LOAD
    Version version{};
    if (opened.ov_get_openvino_version(&version) == 0) {
        opened.version = version.build ? version.build : "";
        opened.version.resize(
            std::min(opened.version.find('-'), opened.version.size()));  // "2026.4.1-22982-e213a147257-releases/2026/4"
        opened.ov_version_free(&version);
    }
    opened.float32 = find_float32(opened);
    opened.int32 = opened.float32 + 5;  // f64, i4, i8 and i16 are between them
    const FloatModeScope kept;  // OpenVINO's CPU device makes the calling thread flush denormals, and does not undo it
    opened.check(opened.ov_core_create(&opened.core), "start");
    DeviceNames names{};
    opened.check(opened.ov_core_get_available_devices(opened.core, &names), "list its devices");
    opened.devices.assign(names.names, names.names + names.count);
    opened.ov_available_devices_free(&names);
    return opened;
}

}  // namespace

std::string Library::property(const std::string& device, const char* name) const {
    char* value = nullptr;
    if (ov_core_get_property(core, device.c_str(), name, &value) != 0 || !value) return {};
    std::string result = value;
    ov_free(value);
    return result;
}

void Library::check(Status status, std::string_view what, SNNStatus error) const {
    if (status == 0) return;
    // OpenVINO's messages have several lines with locations in its sources; the last line says what was wrong.
    const char* const message = ov_get_last_err_msg();
    std::string_view reason = message ? message : "";
    while (!reason.empty() && (reason.back() == '\n' || reason.back() == ' ')) reason.remove_suffix(1);
    if (const size_t line = reason.rfind('\n'); line != reason.npos) reason = reason.substr(line + 1);
    throw Error(error, "OpenVINO could not ", what, ": ", reason.empty() ? std::string_view("no reason given") : reason,
                " (status ", status, ")");
}

const Library& library() {
    static std::mutex mutex;
    static std::unique_ptr<const Library> opened;
    const std::lock_guard<std::mutex> lock(mutex);
    if (!opened) opened = std::make_unique<const Library>(open_library());
    return *opened;
}

}  // namespace snn::npu
