// Turns spikes stored as bits, 16 to a word, into floats. Products need them if so many neurons are active that adding up the
// rows of weights of active neurons would take longer.
#pragma once

#include <array>
#include <cstdint>

namespace snn::cpu {

// Expands `words` words of 16 bits into 16 * words floats. `one`: the value of a spike.
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
