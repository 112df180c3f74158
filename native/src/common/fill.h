// Random words and normal numbers in bulk, in loops that compilers vectorise. The same source (fill_isa.cpp) is compiled for
// each instruction set, and the best one is chosen at run time. All give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace snn {

// Normal numbers that increase with the word. Word w is mapped to r = first + (w * count >> 32), and r to mean + deviation * z,
// where z is the standard normal number of the probability (r + 1/2) / 2^32, by draw_normal().
struct NormalFill {
    uint32_t first;
    uint64_t count;
    double mean, deviation, least, most;  // results are clamped to [least, most]
};

struct FillTable {
    // out_words[4 * i + j] is word j of philox() for the key and the counter {first_block + i, 0, stream, substream}: the words
    // of a RandomStream with that seed, stream and substream.
    void (*words)(uint64_t key, uint32_t stream, uint32_t substream, uint32_t first_block, uint32_t* out_words,
                  size_t block_count);
    void (*normal)(const NormalFill& fill, const uint32_t* words, float* out_values, size_t count);
};

const FillTable& fill_table();                             // the best one that this machine can run
const FillTable* fill_table(uint32_t instruction_set);     // for SNN_ISA_*; null if this machine cannot run it (for tests)

// The standard normal number of the probability (word + 1/2) / 2^32; within +- 6.34.
float normal_of_word(uint32_t word);

namespace scalar {
extern const FillTable fill;
}
namespace avx2 {
extern const FillTable fill;
}
namespace avx512 {
extern const FillTable fill;
}
namespace neon {
extern const FillTable fill;
}

}  // namespace snn
