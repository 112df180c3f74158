#include "common/cache_file.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

#if defined(_WIN32)
#include <direct.h>
#include <process.h>
#else
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace snn {

namespace {

std::string value_of(const char* variable) {
    const char* const value = std::getenv(variable);
    return value ? value : "";
}

void make_folder(const std::string& path) {
#if defined(_WIN32)
    _mkdir(path.c_str());
#else
    mkdir(path.c_str(), 0700);
#endif
}

long process_number() {
#if defined(_WIN32)
    return _getpid();
#else
    return getpid();
#endif
}

// Empty where there is no place for it.
std::string path_of(const std::string& name, bool makes_folders) {
    std::string place = value_of("SNN_CACHE");
    if (place.empty()) {
#if defined(_WIN32)
        place = value_of("LOCALAPPDATA");
#else
        place = value_of("XDG_CACHE_HOME");
        if (const std::string home = value_of("HOME"); place.empty() && !home.empty()) place = home + "/.cache";
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
    const std::string path = path_of(name, false);
    std::FILE* const file = path.empty() ? nullptr : std::fopen(path.c_str(), "rb");
    if (!file) return {};
    std::string content;
    char piece[65536];
    for (size_t count; content.size() <= most_bytes && (count = std::fread(piece, 1, sizeof piece, file)) > 0;) content.append(piece, count);
    const bool is_whole = !std::ferror(file) && content.size() <= most_bytes;
    std::fclose(file);
    return is_whole ? content : std::string();
}

void write_cache_file(const std::string& name, std::string_view content) {
    const std::string path = path_of(name, true);
    if (path.empty()) return;
    static std::mutex mutex;  // of this process, which has one name for what is not whole yet
    const std::lock_guard<std::mutex> lock(mutex);
    const std::string next = path + "." + std::to_string(process_number()) + ".new";
    std::FILE* const file = std::fopen(next.c_str(), "wb");
    if (!file) return;
    const bool is_written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
    if (std::fclose(file) != 0 || !is_written) {
        std::remove(next.c_str());
        return;
    }
#if defined(_WIN32)
    std::remove(path.c_str());
#endif
    if (std::rename(next.c_str(), path.c_str()) != 0) std::remove(next.c_str());
}

}  // namespace snn
