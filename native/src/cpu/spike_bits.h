// Spikes as bits, 16 to a word: how many there are, and the same as numbers, for products where so many neurons are active that adding
// up the rows of weights of the active would take longer.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace snn::cpu {

// Four words at a time: without an instruction for it, counting is a call.
inline uint32_t count_bits(const uint16_t* bits, uint32_t words) {
    uint32_t count = 0, word = 0;
    for (uint64_t four; word + 4 <= words; word += 4) {
        std::memcpy(&four, bits + word, sizeof four);
        count += static_cast<uint32_t>(std::popcount(four));
    }
    for (; word < words; ++word) count += static_cast<uint32_t>(std::popcount(bits[word]));
    return count;
}

// `words` of 16 bits each into 16 * words floats; `one` is what a spike counts.
inline void unpack_bits(const uint16_t* bits, uint32_t words, float* out, float one = 1.0f) {
    static constexpr auto floats_of_byte = [] {
        std::array<std::array<float, 8>, 256> table{};
        for (uint32_t byte = 0; byte < 256; ++byte)
            for (uint32_t bit = 0; bit < 8; ++bit) table[byte][bit] = byte >> bit & 1u ? 1.0f : 0.0f;
        return table;
    }();
    for (uint32_t word = 0; word < words; ++word)
        for (uint32_t half = 0; half < 2; ++half, out += 8)
            for (uint32_t bit = 0; bit < 8; ++bit) out[bit] = one * floats_of_byte[bits[word] >> (8 * half) & 255u][bit];
}

}  // namespace snn::cpu
