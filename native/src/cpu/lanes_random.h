// The random draws of a step on lanes, as docs/semantics.md ("Random draws") writes them: a call of Philox gives the words of
// four groups of 16 neurons, so three of four groups cost nothing.
#pragma once

#include "cpu/model_args.h"
#include "normal_table.h"

namespace snn::cpu::SNN_ISA {

// Philox4x32-10 of 16 counters. The keys of the rounds come from memory: loads are free beside so much arithmetic.
SNN_ALWAYS_INLINE void philox(const int32_t (&keys)[10][2], I (&io_words)[4]) {
    I c0 = io_words[0], c1 = io_words[1], c2 = io_words[2], c3 = io_words[3];
    for (int round = 0; round < 10; ++round) {
        I high0, low0, high1, low1;
        multiply_wide(c0, 0xD2511F53u, high0, low0);
        multiply_wide(c2, 0xCD9E8D57u, high1, low1);
        c0 = bit_xor(high1, c1, broadcast_i(keys[round][0]));
        c2 = bit_xor(high0, c3, broadcast_i(keys[round][1]));
        c1 = low1;
        c3 = low0;
    }
    io_words[0] = c0;
    io_words[1] = c1;
    io_words[2] = c2;
    io_words[3] = c3;
}

// The words of one draw for the neurons below `end`, a group of 16 after the other. A block of 64 shares one call, and the call
// of the next block is made ahead: its ten rounds, one waiting for the other, run beside the model's arithmetic.
class Draw {
public:
    SNN_ALWAYS_INLINE Draw(const DrawArgs& args, uint32_t number, uint32_t end)
        : end_(end),
          step_(static_cast<int32_t>(static_cast<uint32_t>(args.step))),
          population_(static_cast<int32_t>(args.population | static_cast<uint32_t>(args.step >> 32) << 20)),
          sample_(static_cast<int32_t>(args.sample | number << 20)) {
        uint32_t k0 = static_cast<uint32_t>(args.seed), k1 = static_cast<uint32_t>(args.seed >> 32);
        for (int32_t(&key)[2] : keys_) {
            key[0] = static_cast<int32_t>(k0);
            key[1] = static_cast<int32_t>(k1);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
    }

    // `index` is a multiple of 16.
    SNN_ALWAYS_INLINE I at(uint32_t index) {
        const uint32_t block = index / 64;
        if (block != block_) enter(block);
        return load(words_[block % 2][index / 16 % 4]);
    }

private:
    SNN_ALWAYS_INLINE void enter(uint32_t block) {
        if (block != block_ + 1 || block_ == no_block) fill(block);
        if ((block + 1) * 64 < end_) fill(block + 1);
        block_ = block;
    }

    SNN_NO_INLINE void fill(uint32_t block) {  // once for 64 neurons: a copy in every model is not worth its bytes
        alignas(64) static constexpr int32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        const I call = add(load(lanes), broadcast_i(static_cast<int32_t>(0xD0000000u | block * 16)));
        I words[4] = {call, broadcast_i(step_), broadcast_i(population_), broadcast_i(sample_)};
        philox(keys_, words);
        for (int w = 0; w < 4; ++w) store(words_[block % 2][w], words[w]);
    }

    static constexpr uint32_t no_block = 0xFFFFFFFFu;  // a population has at most 2^30 neurons

    int32_t keys_[10][2];
    uint32_t end_;
    int32_t step_, population_, sample_;
    uint32_t block_ = no_block;
    alignas(64) int32_t words_[2][4][16];  // of an even and an odd block
};

SNN_ALWAYS_INLINE F uniform_(I word) {
    return mul(to_float(bit_and(shift_right<8>(word), broadcast_i(0x00FFFFFF))), broadcast_f(0x1p-24f));
}

SNN_ALWAYS_INLINE F normal_(I word) {
    const F half = add(to_float(bit_and(shift_right<1>(word), broadcast_i(0x7FFFFFFF))), broadcast_f(0.5f));
    const I bits = bits_of(min_(half, broadcast_f(2147483520.0f)));
    const I octave = sub(shift_right<23>(bits), broadcast_i(126));
    const F x = sub(from_bits(bit_or(bit_and(bits, broadcast_i(0x007FFFFF)), broadcast_i(0x3F800000))), broadcast_f(1.5f));
    F z = lookup32(normal_table[6], octave);
    for (int k = 5; k >= 0; --k) z = add(mul(z, x), lookup32(normal_table[k], octave));
    return from_bits(bit_xor(bits_of(z), shift_left<31>(word)));
}

// The number of limits below the word.
SNN_ALWAYS_INLINE F poisson_(const PoissonTable& table, I word, uint32_t index) {
    const I u = bit_xor(word, broadcast_i(INT32_MIN));
    const int32_t* limit = table.limits + (index & table.mask);
    const size_t stride = table.stride;
    I count = broadcast_i(0);
    for (uint32_t k = 0; k < table.count; k += poisson_group) {
        const M first = lt(load(limit), u);
        if (mask_bits(first) == 0) break;  // limits ascend: no lane passes a later one
        count = count_where(count, first);
        for (uint32_t i = 1; i < poisson_group; ++i) count = count_where(count, lt(load(limit + i * stride), u));
        limit += poisson_group * stride;
    }
    return to_float(count);
}

}  // namespace snn::cpu::SNN_ISA
