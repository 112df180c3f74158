// Damages a file of the safetensors kind: byte by byte, in its numbers, its words and its length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "source.h"

namespace fuzz {

inline void mutate(std::string& bytes, Source& source, const std::vector<std::string>& files) {
    const auto position = [&] {
        // The header is where the decisions are: half of the changes go to its first bytes and words.
        const size_t limit = source.chance(50) && bytes.size() > 4000 ? 4000 : bytes.size();
        return limit ? source.below(static_cast<uint32_t>(limit)) : 0;
    };
    switch (source.below(8)) {
        case 0: bytes.resize(position()); break;
        case 1: bytes.insert(position(), source.below(64) + 1, static_cast<char>(source.bits())); break;
        case 2: bytes.erase(position(), source.below(64) + 1); break;
        case 3: {  // a number in the header becomes another
            size_t at = bytes.find_first_of("0123456789", 8 + position());
            if (at == std::string::npos) break;
            const char* const numbers[] = {"0", "1", "-1", "4294967295", "4294967296", "18446744073709551615",
                                           "1e400", "0.5", "null", "\"x\"", "[]"};
            bytes.replace(at, bytes.find_first_not_of("0123456789", at) - at, numbers[source.below(11)]);
            break;
        }
        case 4: {  // a piece of one good file into another
            const std::string& other = files[source.below(static_cast<uint32_t>(files.size()))];
            const size_t from = source.below(static_cast<uint32_t>(other.size()));
            const size_t count = source.below(256) + 1;
            bytes.replace(position(), source.chance(50) ? count : 0, other.substr(from, count));
            break;
        }
        case 5: {  // the header's length
            for (int i = 0; i < 8 && bytes.size() >= 8; ++i)
                if (source.chance(30)) bytes[static_cast<size_t>(i)] = static_cast<char>(source.bits());
            break;
        }
        default:
            for (uint32_t i = source.below(4) + 1; i > 0 && !bytes.empty(); --i)
                bytes[position()] = static_cast<char>(source.chance(50) ? source.bits() : "\"{}[]:,09-."[source.below(11)]);
    }
}

// Repairs the length of the header, so that more mutants get past the first check.
inline void repair_length(std::string& bytes, size_t old_size) {
    if (bytes.size() < 8) return;
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
    length += bytes.size() - old_size;
    for (int i = 0; i < 8; ++i) bytes[static_cast<size_t>(i)] = static_cast<char>(length >> (8 * i));
}

// One of the files, changed up to three times.
inline std::string damaged(Source& source, const std::vector<std::string>& files) {
    std::string bytes = files[source.below(static_cast<uint32_t>(files.size()))];
    for (uint32_t count = source.below(3) + 1; count > 0; --count) {
        const size_t old_size = bytes.size();
        mutate(bytes, source, files);
        if (source.chance(80)) repair_length(bytes, old_size);
    }
    return bytes;
}

}  // namespace fuzz
