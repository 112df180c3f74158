#include "common/cache_file.h"

#include "common/disk.h"
#include "common/error.h"

namespace snn {

namespace {

// Empty if there is no folder for the file.
std::string path_of(const std::string& name, bool makes_folders) {
    std::string place = environment_variable("SNN_CACHE");
    if (place.empty()) {
#if defined(_WIN32)
        place = environment_variable("LOCALAPPDATA");
#else
        place = environment_variable("XDG_CACHE_HOME");
        if (const std::string home = environment_variable("HOME"); place.empty() && !home.empty()) place = home + "/.cache";
#endif
        if (place.empty()) return {};
        if (makes_folders) make_folder(place);
        place += "/snn-engine";
    }
    if (makes_folders) make_folder(place);
    return place + "/" + name;
}

}  // namespace

std::string read_cache_file(const std::string& name, size_t most_bytes) {
    try {
        const std::string path = path_of(name, false);
        if (path.empty()) return {};
        const FileSource file(path);
        if (file.size() > most_bytes) return {};
        std::string content(static_cast<size_t>(file.size()), '\0');
        file.read(0, content.data(), content.size());
        return content;
    } catch (const Error&) {
        return {};
    }
}

void write_cache_file(const std::string& name, std::string_view content) {
    try {
        const std::string path = path_of(name, true);
        if (path.empty()) return;
        AtomicFile file(path);
        file.write(content.data(), content.size());
        file.commit();
    } catch (const Error&) {
    }
}

}  // namespace snn
