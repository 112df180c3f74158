// Compiled once for each instruction set, like cpu/kernels_isa.cpp.
#include <algorithm>
#include <bit>

#include "common/compiler.h"
#include "common/fill.h"
#include "normal_table.h"

namespace snn::SNN_ISA {

namespace {

constexpr size_t lanes = 16;

void words(uint64_t key, uint32_t stream, uint32_t substream, uint32_t first_block, uint32_t* out_words, size_t block_count) {
    alignas(64) uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
    for (size_t done = 0; done < block_count; done += lanes) {
        for (size_t i = 0; i < lanes; ++i) {
            c0[i] = first_block + static_cast<uint32_t>(done + i);
            c1[i] = 0;
            c2[i] = stream;
            c3[i] = substream;
        }
        uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
        for (int round = 0; round < 10; ++round) {
            for (size_t i = 0; i < lanes; ++i) {
                const uint64_t p0 = uint64_t{0xD2511F53u} * c0[i], p1 = uint64_t{0xCD9E8D57u} * c2[i];
                c0[i] = static_cast<uint32_t>(p1 >> 32) ^ c1[i] ^ k0;
                c1[i] = static_cast<uint32_t>(p1);
                c2[i] = static_cast<uint32_t>(p0 >> 32) ^ c3[i] ^ k1;
                c3[i] = static_cast<uint32_t>(p0);
            }
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        const size_t last = std::min(block_count - done, lanes);
        for (size_t i = 0; i < last; ++i) {
            uint32_t* const out = out_words + 4 * (done + i);
            out[0] = c0[i];
            out[1] = c1[i];
            out[2] = c2[i];
            out[3] = c3[i];
        }
    }
}

void normal(const NormalFill& fill, const uint32_t* SNN_RESTRICT words, float* SNN_RESTRICT out_values, size_t count) {
    const double mean = fill.mean, deviation = fill.deviation, least = fill.least, most = fill.most;
    const uint64_t range = fill.count;
    const uint32_t first = fill.first;
    for (size_t i = 0; i < count; ++i) {
        const uint32_t word = first + static_cast<uint32_t>((words[i] * range) >> 32);
        // normal_of_word(), written without branches.
        const uint32_t above = 0u - (word >> 31);
        const float side = static_cast<float>(static_cast<int32_t>((word ^ above) & 0x7FFFFFFFu)) + 0.5f;
        const float half = side < 2147483520.0f ? side : 2147483520.0f;
        const uint32_t bits = std::bit_cast<uint32_t>(half), octave = (bits >> 23) - 126;
        const float x = std::bit_cast<float>((bits & 0x007FFFFFu) | 0x3F800000u) - 1.5f;
        float z = normal_table[6][octave];
        for (int k = 5; k >= 0; --k) z = z * x + normal_table[k][octave];
        z = std::bit_cast<float>(std::bit_cast<uint32_t>(z) ^ (above & 0x80000000u));
        double value = mean + deviation * static_cast<double>(z);
        value = value > least ? value : least;
        value = value < most ? value : most;
        out_values[i] = static_cast<float>(value);
    }
}

}  // namespace

const FillTable fill = {words, normal};

}  // namespace snn::SNN_ISA
