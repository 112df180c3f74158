// Files that may be lost at any time: what was measured or compiled on this machine, for the next process. They are in the
// folder that the environment variable SNN_CACHE names, else in the user's own for such files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snn {

// Empty where there is no such file, it cannot be read, or it has more than `most_bytes`.
std::string read_cache_file(const std::string& name, size_t most_bytes);
// Whole or not at all, also when processes write at the same time; silent where nothing can be written.
void write_cache_file(const std::string& name, std::string_view content);

}  // namespace snn
