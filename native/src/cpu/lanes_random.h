// The random draws of a step on lanes, as docs/semantics.md specifies them ("Random draws"). 16 calls of Philox side by side
// give the words of four groups of 16 neurons. Poisson counts are in lanes_poisson.h.
#pragma once

#include "common/draw_tags.h"
#include "cpu/model_args.h"
#include "normal_table.h"

namespace snn::cpu::SNN_ISA {

// Neurons whose draws are made together, before the step that reads them, so that draws and step do not compete for registers.
constexpr uint32_t draw_chunk = 512;

// Philox4x32-10 of 16 counters, `Count` times side by side, because each of its rounds waits for the one before.
template <int Count>
SNN_ALWAYS_INLINE void philox(const int32_t (&keys)[10][2], I (&io_words)[Count][4]) {
    for (int round = 0; round < 10; ++round)
        for (int i = 0; i < Count; ++i) {
            I(&c)[4] = io_words[i];
            I high0, low0, high1, low1;
            multiply_wide(c[0], 0xD2511F53u, high0, low0);
            multiply_wide(c[2], 0xCD9E8D57u, high1, low1);
            c[0] = bit_xor(high1, c[1], broadcast_i(keys[round][0]));
            c[2] = bit_xor(high0, c[3], broadcast_i(keys[round][1]));
            c[1] = low1;
            c[3] = low0;
        }
}

// The calls of Philox for one draw of a population.
class DrawCalls {
public:
    DrawCalls(const DrawArgs& args, uint32_t number)
        : step_(static_cast<int32_t>(static_cast<uint32_t>(args.step))),
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
    // The words of 16 calls for each first[i], which is a tag and the number of the first call.
    template <int Count>
    SNN_ALWAYS_INLINE void words(const uint32_t (&first)[Count], I (&out_words)[Count][4]) const {
        alignas(64) static constexpr int32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        for (int i = 0; i < Count; ++i) {
            out_words[i][0] = add(load(lanes), broadcast_i(static_cast<int32_t>(first[i])));
            out_words[i][1] = broadcast_i(step_);
            out_words[i][2] = broadcast_i(population_);
            out_words[i][3] = broadcast_i(sample_);
        }
        philox<Count>(keys_, out_words);
    }

private:
    int32_t keys_[10][2];
    int32_t step_, population_, sample_;
};

// The first calls of philox_together blocks of 16.
struct FirstCalls {
    uint32_t of[philox_together];
    FirstCalls(uint32_t tag, uint32_t block) {
        for (uint32_t i = 0; i < philox_together; ++i) of[i] = tag | (block + i) * 16;
    }
};

// The words of draw `number` for the neurons [begin, end), multiples of 16 and at most draw_chunk apart.
SNN_NO_INLINE static void draw_words(const DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end, int32_t* out_words) {
    const DrawCalls calls(args, number);
    for (uint32_t block = begin / 64; block * 64 < end; block += philox_together) {
        I words[philox_together][4];
        calls.words(FirstCalls(draw_tag, args.first_block + block).of, words);
        for (uint32_t i = 0; i < philox_together; ++i)
            for (uint32_t w = 0; w < 4; ++w) {
                const uint32_t first = (block + i) * 64 + w * 16;
                if (first >= begin && first < end) store(out_words + (first - begin), words[i][w]);
            }
    }
}

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

// ---- Draws for a chunk of neurons, [begin, end) as in draw_words().

SNN_NO_INLINE static void draw_uniform(const DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end, float* out) {
    alignas(64) int32_t words[draw_chunk];
    draw_words(args, number, begin, end, words);
    for (uint32_t i = 0; i < end - begin; i += 16) store(out + i, uniform_(load(words + i)));
}

SNN_NO_INLINE static void draw_normal(const DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end, float* out) {
    alignas(64) int32_t words[draw_chunk];
    draw_words(args, number, begin, end, words);
    for (uint32_t i = 0; i < end - begin; i += 16) store(out + i, normal_(load(words + i)));
}

}  // namespace snn::cpu::SNN_ISA
