// Random words and normal numbers by the thousand, in loops that compilers turn into vector code: one text (fill_isa.cpp),
// compiled for each instruction set, the best one chosen at run time. All give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace snn {

// Numbers that grow with the word: word w of 2^32 is mapped to word first + (w * count >> 32), and that one to
// mean + deviation * z, z the standard normal number of the probability (word + 1/2) / 2^32 by draw_normal().
struct NormalFill {
    uint32_t first;
    uint64_t count;
    double mean, deviation, least, most;  // results are held within least and most
};

struct FillTable {
    // out_words[4 * i + j] is word j of philox() for the key and the counter {first_block + i, 0, stream, substream}: what a
    // RandomStream of that seed, stream and substream is made of.
    void (*words)(uint64_t key, uint32_t stream, uint32_t substream, uint32_t first_block, uint32_t* out_words,
                  size_t block_count);
    void (*normal)(const NormalFill& fill, const uint32_t* words, float* out_values, size_t count);
};

const FillTable& fill_table();                             // the best that this machine can run
const FillTable* fill_table(uint32_t instruction_set);     // of SNN_ISA_*, null if this machine cannot run it (tests)

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
