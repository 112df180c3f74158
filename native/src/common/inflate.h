// Unpacks data in the format "deflate" (RFC 1951), as zlib writes it, without a frame around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace snn {

// Returns the `size` bytes that `packed` holds. Throws SNN_ERROR_INTERNAL if it is damaged or holds another number of bytes.
std::vector<uint8_t> inflate(std::span<const uint8_t> packed, size_t size);

}  // namespace snn
