#include "common/values.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace snn {

namespace {

// Checks whole blocks without a branch. Only a block with a wrong value is searched again.
template <class Wrong>
size_t first_wrong(const float* values, size_t count, Wrong&& wrong) {
    constexpr size_t block = 4096;
    for (size_t begin = 0; begin < count; begin += block) {
        const size_t end = std::min(begin + block, count);
        uint32_t any = 0;
        for (size_t i = begin; i < end; ++i) any |= wrong(std::bit_cast<uint32_t>(values[i]));
        if (any == 0) continue;
        for (size_t i = begin; i < end; ++i)
            if (wrong(std::bit_cast<uint32_t>(values[i]))) return i;
    }
    return count;
}

}  // namespace

size_t first_no_spike(const float* values, size_t count) {
    constexpr uint32_t one = 0x3f800000;
    // The shift removes the sign: -0 counts as 0.
    return first_wrong(values, count, [](uint32_t bits) -> uint32_t { return ((bits << 1) != 0) & (bits != one); });
}

size_t first_not_finite(const float* values, size_t count) {
    constexpr uint32_t exponent = 0x7f800000;
    return first_wrong(values, count, [](uint32_t bits) -> uint32_t { return (bits & exponent) == exponent; });
}

}  // namespace snn
