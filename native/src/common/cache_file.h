// Files that may be lost at any time: results measured or compiled on this machine, kept for the next process. They are in the
// folder that the environment variable SNN_CACHE names, else in the user's cache folder.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snn {

// Empty if there is no such file, if it cannot be read, or if it has more than `most_bytes`.
std::string read_cache_file(const std::string& name, size_t most_bytes);
// Writes the whole file or nothing, even if processes write at the same time. Silent if nothing can be written.
void write_cache_file(const std::string& name, std::string_view content);

}  // namespace snn
