// The random draws of a step on lanes, as docs/semantics.md ("Random draws") writes them: 16 calls of Philox side by side give
// the words of four groups of 16 neurons.
#pragma once

#include "cpu/model_args.h"
#include "normal_table.h"

namespace snn::cpu::SNN_ISA {

// Neurons whose draws are made together, before the step that reads them: neither waits for the other's registers.
constexpr uint32_t draw_chunk = 512;

// Philox4x32-10 of 16 counters, `Count` times side by side: each of its rounds waits for the one before.
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

// The calls of Philox of one draw of a population.
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
    // The words of 16 calls each, which begin at first[i]: a tag and the number of the call.
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

constexpr uint32_t draw_tag = 0xD0000000u, lower_half_tag = 0xC0000000u;

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

// ---- Poisson counts. A call of Philox serves 128 neurons with the upper halves of their words, another one with the lower
// halves. Those decide only where an upper half is that of a limit, which few are.

#if defined(SNN_ISA_IS_avx2) || defined(SNN_ISA_IS_neon)
// One limit after the other, as far as all but a few halves in 10,000 go.
class HalfLimits {
public:
    HalfLimits(const uint16_t* limits, uint32_t count) : limits_(limits) {
        while (looked_at_ < count && (looked_at_ == 0 || limits[looked_at_ - 1] < 0xFFF8)) ++looked_at_;
    }
    SNN_ALWAYS_INLINE I count(I halves, bool& out_is_decided) const {
        const I x = bit_xor(halves, broadcast_halves(INT16_MIN));  // comparisons are of signed numbers
        I n = broadcast_i(0), passed = n, equal = n;
        for (uint32_t k = 0; k < looked_at_; ++k) {
            const I limit = broadcast_halves(static_cast<int16_t>(limits_[k] ^ 0x8000));
            passed = lt_halves(limit, x);
            n = sub_halves(n, passed);
            equal = bit_or(equal, eq_halves(limit, x));
        }
        out_is_decided = mask_bits(eq(bit_or(equal, passed), broadcast_i(0))) == 0xFFFF;
        return n;
    }

private:
    const uint16_t* limits_;
    uint32_t looked_at_ = 0;
};
#endif

// The words of two groups of 16 neurons, whose halves lie in one word of a call each.
SNN_ALWAYS_INLINE void join_halves(I upper, I lower, I (&out_words)[2]) {
    const I low = broadcast_i(0xFFFF);
    out_words[0] = bit_or(shift_left<16>(upper), bit_and(lower, low));
    out_words[1] = bit_or(bit_and(upper, broadcast_i(static_cast<int32_t>(0xFFFF0000u))), bit_and(shift_right<16>(lower), low));
}

// Where neurons [begin, end) of a population lie among the blocks of 128 of all that it has.
struct PairPlaces {
    uint32_t first, begin, end;  // the number of neuron 0, and a range from there
    PairPlaces(const DrawArgs& args, uint32_t range_begin, uint32_t range_end)
        : first(args.first_block * 64), begin(range_begin), end(range_end) {}
    uint32_t first_block() const { return (first + begin) / 128; }
    uint32_t block_end() const { return (first + end + 127) / 128; }
    // Where group `half` of pair 4 block + w goes in memory of the range; beyond its size for a group of others.
    uint32_t at(uint32_t pair, uint32_t half) const { return pair * 32 + half * 16 - first - begin; }
    bool has(uint32_t at) const { return at < end - begin; }
};

// Whole words, as draw_words() gives those of other draws.
SNN_NO_INLINE static void draw_joined_words(const DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end,
                                            int32_t* out_words) {
    const DrawCalls calls(args, number);
    const PairPlaces places(args, begin, end);
    for (uint32_t block = places.first_block(); block < places.block_end(); ++block) {
        I halves[2][1][4];
        for (uint32_t i = 0; i < 2; ++i) calls.words<1>({(i == 0 ? draw_tag : lower_half_tag) | block * 16}, halves[i]);
        for (uint32_t w = 0; w < 4; ++w) {
            I words[2];
            join_halves(halves[0][0][w], halves[1][0][w], words);
            for (uint32_t half = 0; half < 2; ++half)
                if (const uint32_t at = places.at(block * 4 + w, half); places.has(at)) store(out_words + at, words[half]);
        }
    }
}

// The number of limits below each word: a few limits at a time, then more of them for those 16 neurons of which one has passed
// the last, which few have.
SNN_NO_INLINE static void count_by_words(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                         uint32_t end, float* out) {
    alignas(64) int32_t words[draw_chunk];
    const uint32_t size = end - begin;
    draw_joined_words(args, number, begin, end, words);
    const I sign = broadcast_i(INT32_MIN);
    uint32_t passing[draw_chunk / 16], passing_count = 0;  // where they begin
    const auto count = [&](uint32_t k, uint32_t i) {
        const int32_t* const limits = table.limits + k * static_cast<size_t>(table.stride) + ((begin + i) & table.mask);
        const I word = bit_xor(load(words + i), sign);
        I n = broadcast_i(0);
        M last = lt(n, n);
        for (uint32_t j = 0; j < poisson_group; ++j) {
            last = lt(load(limits + j * static_cast<size_t>(table.stride)), word);
            n = count_where(n, last);
        }
        passing[passing_count] = i;
        passing_count += mask_bits(last) != 0;
        return to_float(n);
    };
    for (uint32_t i = 0; i < size; i += 16) store(out + i, count(0, i));
    // Limits ascend: nobody else passes a later one.
    for (uint32_t k = poisson_group; k < table.count && passing_count > 0; k += poisson_group) {
        const uint32_t left = passing_count;
        passing_count = 0;
        for (uint32_t p = 0; p < left; ++p) {
            const uint32_t i = passing[p];
            store(out + i, add(load(out + i), count(k, i)));
        }
    }
}

#if !defined(SNN_ISA_IS_scalar)
// The same by upper halves, for limits that all neurons share.
SNN_NO_INLINE static void count_by_halves(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                          uint32_t end, float* out) {
    const DrawCalls calls(args, number);
    const PairPlaces places(args, begin, end);
    const HalfLimits limits(table.upper_halves, table.count);
    uint32_t undecided[draw_chunk / 32 + 4 * philox_together], undecided_count = 0;
    for (uint32_t block = places.first_block(); block < places.block_end(); block += philox_together) {
        I halves[philox_together][4];
        calls.words(FirstCalls(draw_tag, block).of, halves);
        for (uint32_t i = 0; i < philox_together; ++i)
            for (uint32_t w = 0; w < 4; ++w) {
                const uint32_t pair = (block + i) * 4 + w;
                bool is_decided = true;
                const I counts = limits.count(halves[i][w], is_decided);
                if (const uint32_t at = places.at(pair, 0); places.has(at))
                    store(out + at, to_float(bit_and(counts, broadcast_i(0xFFFF))));
                if (const uint32_t at = places.at(pair, 1); places.has(at)) store(out + at, to_float(shift_right<16>(counts)));
                undecided[undecided_count] = pair;
                undecided_count += !is_decided;
            }
    }
    for (uint32_t u = 0; u < undecided_count; ++u)
        for (uint32_t half = 0; half < 2; ++half)
            if (const uint32_t at = places.at(undecided[u], half); places.has(at))
                count_by_words(args, number, table, begin + at, begin + at + 16, out + at);
}
#endif

SNN_NO_INLINE static void draw_poisson(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                       uint32_t end, float* out) {
    if (table.count == 0) {  // a mean of 0
        std::memset(out, 0, (end - begin) * sizeof *out);
        return;
    }
#if !defined(SNN_ISA_IS_scalar)
    if (table.mask == 0) return count_by_halves(args, number, table, begin, end, out);
#endif
    count_by_words(args, number, table, begin, end, out);
}

}  // namespace snn::cpu::SNN_ISA
