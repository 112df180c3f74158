// Poisson counts on lanes, as docs/semantics.md specifies them ("Random draws"). 16 calls of Philox give 128 neurons the upper
// halves of their words, 16 other calls the lower halves. A lower half matters only if the upper half is that of a limit, which
// few are.
#pragma once

#include "cpu/lanes_half_limits.h"
#include "cpu/lanes_random.h"

namespace snn::cpu::SNN_ISA {

// Joins the halves of the words of two groups of 16 neurons. Each word of a call holds a half for either group.
SNN_ALWAYS_INLINE void join_halves(I upper, I lower, I (&out_words)[2]) {
    const I low = broadcast_i(0xFFFF);
    out_words[0] = bit_or(shift_left<16>(upper), bit_and(lower, low));
    out_words[1] = bit_or(bit_and(upper, broadcast_i(static_cast<int32_t>(0xFFFF0000u))), bit_and(shift_right<16>(lower), low));
}

// Where neurons [begin, end) of a population lie among the blocks of 128 of all its neurons.
struct PairPlaces {
    uint32_t first, begin, end;  // the number of neuron 0, and a range from there
    PairPlaces(const DrawArgs& args, uint32_t range_begin, uint32_t range_end)
        : first(args.first_block * 64), begin(range_begin), end(range_end) {}
    uint32_t first_block() const { return (first + begin) / 128; }
    uint32_t block_end() const { return (first + end + 127) / 128; }
    // Index in the memory of the range of group `half` of pair 4 * block + w. It exceeds the size of the range if the group is
    // outside.
    uint32_t at(uint32_t pair, uint32_t half) const { return pair * 32 + half * 16 - first - begin; }
    bool has(uint32_t at) const { return at < end - begin; }
};

// Makes whole words, as draw_words() does for other draws.
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

// Counts the limits below each word: first a few limits, then more of them for each 16 neurons of which one has passed the
// last, which few have.
SNN_NO_INLINE static void count_by_words(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                         uint32_t end, float* out) {
    alignas(64) int32_t words[draw_chunk];
    const uint32_t size = end - begin;
    draw_joined_words(args, number, begin, end, words);
    const I sign = broadcast_i(INT32_MIN);
    uint32_t passing[draw_chunk / 16], passing_count = 0;  // where these groups begin
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
    // Limits ascend, so no other neuron passes a later one.
    for (uint32_t k = poisson_group; k < table.count && passing_count > 0; k += poisson_group) {
        const uint32_t left = passing_count;
        passing_count = 0;
        for (uint32_t p = 0; p < left; ++p) {
            const uint32_t i = passing[p];
            store(out + i, add(load(out + i), count(k, i)));
        }
    }
}

// The same for limits that all neurons share.
#if defined(SNN_ISA_IS_scalar)
SNN_ALWAYS_INLINE void count_shared(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                    uint32_t end, float* out) {
    count_by_words(args, number, table, begin, end, out);
}
#else
// Counts by upper halves, as far as they decide.
SNN_NO_INLINE static void count_shared(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
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
    for (uint32_t u = 0; u < undecided_count; ++u) {  // those of a pair that are in the range lie side by side
        const uint32_t half_0 = places.at(undecided[u], 0), half_1 = places.at(undecided[u], 1);
        const uint32_t first = places.has(half_0) ? half_0 : half_1, last = places.has(half_1) ? half_1 : half_0;
        if (places.has(first)) count_by_words(args, number, table, begin + first, begin + last + 16, out + first);
    }
}
#endif

SNN_NO_INLINE static void draw_poisson(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                       uint32_t end, float* out) {
    if (table.count == 0) {  // a mean of 0
        std::memset(out, 0, (end - begin) * sizeof *out);
        return;
    }
    if (table.mask == 0) count_shared(args, number, table, begin, end, out);
    else count_by_words(args, number, table, begin, end, out);
}

}  // namespace snn::cpu::SNN_ISA
