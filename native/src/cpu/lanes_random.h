// The random draws of a step on lanes, as docs/semantics.md ("Random draws") writes them: a call of Philox gives the words of
// four groups of 16 neurons.
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

// The words of draw `number` for the neurons [begin, end), multiples of 16 and at most draw_chunk apart.
SNN_NO_INLINE static void draw_words(const DrawArgs& args, uint32_t number, uint32_t begin, uint32_t end, int32_t* out_words) {
    constexpr int together = philox_together;
    alignas(64) static constexpr int32_t lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int32_t keys[10][2];
    uint32_t k0 = static_cast<uint32_t>(args.seed), k1 = static_cast<uint32_t>(args.seed >> 32);
    for (int32_t(&key)[2] : keys) {
        key[0] = static_cast<int32_t>(k0);
        key[1] = static_cast<int32_t>(k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const I step = broadcast_i(static_cast<int32_t>(static_cast<uint32_t>(args.step)));
    const I population =
        broadcast_i(static_cast<int32_t>(args.population | static_cast<uint32_t>(args.step >> 32) << 20));
    const I sample = broadcast_i(static_cast<int32_t>(args.sample | number << 20));
    for (uint32_t block = begin / 64; block * 64 < end; block += together) {
        I words[together][4];
        for (uint32_t i = 0; i < together; ++i) {
            const uint32_t call = 0xD0000000u | (args.first_block + block + i) * 16;
            words[i][0] = add(load(lanes), broadcast_i(static_cast<int32_t>(call)));
            words[i][1] = step;
            words[i][2] = population;
            words[i][3] = sample;
        }
        philox<together>(keys, words);
        for (uint32_t i = 0; i < together; ++i)
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

// The number of limits below each word: a few limits at a time, then more of them for those 16 neurons of which one has passed
// the last, which few have.
SNN_NO_INLINE static void draw_poisson(const DrawArgs& args, uint32_t number, const PoissonTable& table, uint32_t begin,
                                       uint32_t end, float* out) {
    alignas(64) int32_t words[draw_chunk];
    const uint32_t size = end - begin;
    if (table.count == 0) {  // a mean of 0
        std::memset(out, 0, size * sizeof *out);
        return;
    }
    draw_words(args, number, begin, end, words);
    const I sign = broadcast_i(INT32_MIN);
    uint32_t passing[draw_chunk / 16], passing_count = 0;  // where they begin
    const auto take = [&](uint32_t k, uint32_t i, I (&out_group)[poisson_group]) {
        const int32_t* const limits = table.limits + k * static_cast<size_t>(table.stride) + ((begin + i) & table.mask);
        for (uint32_t j = 0; j < poisson_group; ++j) out_group[j] = load(limits + j * static_cast<size_t>(table.stride));
    };
    const auto note_passing = [&](M last, uint32_t i) {
        passing[passing_count] = i;
        passing_count += mask_bits(last) != 0;
    };
    const auto count = [&](const I (&group)[poisson_group], uint32_t i, I u) {
        const M last = lt(group[poisson_group - 1], u);
        I n = count_where(broadcast_i(0), last);
        for (uint32_t j = 0; j + 1 < poisson_group; ++j) n = count_where(n, lt(group[j], u));
        note_passing(last, i);
        return to_float(n);
    };
    // The same for limits that all neurons share: they ascend, so three comparisons find how many of
    // the first seven are passed.
    static_assert(poisson_group == 8);
    const auto search = [&](const I (&group)[poisson_group], const float* limits, uint32_t i, I u) {
        const M last = lt(group[7], u);
        I n = select(lt(group[3], u), broadcast_i(4), broadcast_i(0));
        n = select(lt(bits_of(lookup32(limits + 1, n)), u), add(n, broadcast_i(2)), n);
        n = count_where(count_where(n, lt(bits_of(lookup32(limits, n)), u)), last);
        note_passing(last, i);
        return to_float(n);
    };
    I group[poisson_group];
    take(0, 0, group);
    float limits[33];  // of which lookups see the first eight
    for (uint32_t j = 0; j < poisson_group; ++j)
        std::memcpy(limits + j, table.limits + j * static_cast<size_t>(table.stride), 4);
    std::memset(limits + poisson_group, 0, sizeof limits - poisson_group * sizeof *limits);
    for (uint32_t i = 0; i < size; i += 16) {
        if (table.mask != 0) take(0, i, group);
        const I u = bit_xor(load(words + i), sign);
        store(words + i, u);
        store(out + i, has_fast_lookup && table.mask == 0 ? search(group, limits, i, u) : count(group, i, u));
    }
    // Limits ascend: nobody else passes a later one.
    for (uint32_t k = poisson_group; k < table.count && passing_count > 0; k += poisson_group) {
        const uint32_t left = passing_count;
        passing_count = 0;
        if (table.mask == 0) take(k, 0, group);
        for (uint32_t p = 0; p < left; ++p) {
            const uint32_t i = passing[p];
            if (table.mask != 0) take(k, i, group);
            store(out + i, add(load(out + i), count(group, i, load(words + i))));
        }
    }
}

}  // namespace snn::cpu::SNN_ISA
