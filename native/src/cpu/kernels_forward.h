// Delivery: what active sources add to the sums of their targets. Included by kernels_isa.cpp inside the namespace of one
// instruction set.
//
// A dense projection adds whole rows of weights, several rows in one pass over a block of targets that stays in registers:
//
//      targets ->      block 0      block 1   ...        for each block of targets:
//   row of source 3   [w w w w]    [w w w w]                 sums in registers
//   row of source 9   [w w w w]    [w w w w]                 += row 3, += row 9, += row 12   (ascending)
//   row of source 12  [w w w w]    [w w w w]                 store
//
// so every sum is added up in ascending order of its sources whatever the width of the block.

// Tiles of 16 targets in a block, so that a block fits into the registers of the instruction set.
#if defined(SNN_ISA_IS_avx512)
constexpr uint32_t dense_tiles = 8;
#elif defined(SNN_ISA_IS_avx2) || defined(SNN_ISA_IS_neon)
constexpr uint32_t dense_tiles = 4;
#else
constexpr uint32_t dense_tiles = 2;
#endif

template <uint32_t Tiles, bool Binary, bool Partial>
static void dense_block(const DenseArgs& args, uint32_t begin) {
    const uint32_t last = begin + 16 * (Tiles - 1);
    const uint32_t rest = args.end - last;  // lanes of the last tile when Partial
    const auto read = [&](const float* row, uint32_t tile) {
        return Partial && tile == Tiles - 1 ? load_partial(row + 16 * tile, rest) : load(row + 16 * tile);
    };
    float* const sums = args.sums + begin;
    F sum[Tiles];
    for (uint32_t k = 0; k < Tiles; ++k) {
        if (args.from_zero) sum[k] = broadcast_f(0.0f);
        else sum[k] = read(sums, k);
    }
    if (args.bias)
        for (uint32_t k = 0; k < Tiles; ++k) sum[k] = add(sum[k], read(args.bias + begin, k));
    const float* const weights = args.weights + begin;
    const uint32_t* const active = args.active;
    const uint32_t count = args.active_count;
    for (uint32_t a = 0; a < count; ++a) {
        const float* const row = weights + active[a] * args.stride;
        if constexpr (Binary) {
            for (uint32_t k = 0; k < Tiles; ++k) sum[k] = add(sum[k], read(row, k));
        } else {
            const F value = broadcast_f(args.values[active[a]]);
            for (uint32_t k = 0; k < Tiles; ++k) sum[k] = add(sum[k], mul(read(row, k), value));
        }
    }
    for (uint32_t k = 0; k < Tiles; ++k) {
        if (Partial && k == Tiles - 1 && args.exact_end) store_partial(sums + 16 * k, sum[k], rest);
        else store(sums + 16 * k, sum[k]);
    }
}

template <uint32_t Tiles, bool Binary>
static void dense_tail(const DenseArgs& args, uint32_t begin) {
    const uint32_t tiles = (args.end - begin + 15) / 16;
    if (tiles == Tiles) {
        if ((args.end - begin) % 16 == 0) dense_block<Tiles, Binary, false>(args, begin);
        else dense_block<Tiles, Binary, true>(args, begin);
    } else if constexpr (Tiles > 1) {
        dense_tail<Tiles - 1, Binary>(args, begin);
    }
}

template <bool Binary>
static void dense_range(const DenseArgs& args) {
    uint32_t begin = args.begin;
    for (; begin + 16 * dense_tiles <= args.end; begin += 16 * dense_tiles)
        dense_block<dense_tiles, Binary, false>(args, begin);
    if (begin < args.end) dense_tail<dense_tiles, Binary>(args, begin);
}

static void deliver_dense(const DenseArgs& args) {
    if (args.values) dense_range<false>(args);
    else dense_range<true>(args);
}

// Rows of analog inputs, and tiles of 16 targets, that one inner loop keeps in registers.
#if defined(SNN_ISA_IS_avx512)
constexpr uint32_t value_rows = 6, value_tiles = 4;
#elif defined(SNN_ISA_IS_avx2) || defined(SNN_ISA_IS_neon)
constexpr uint32_t value_rows = 2, value_tiles = 2;
#else
constexpr uint32_t value_rows = 2, value_tiles = 1;
#endif

template <uint32_t Rows, uint32_t Tiles>
static void values_block(const ValuesArgs& args, uint32_t row, uint32_t column) {
    float* const sums = args.sums + row * args.sums_stride + column;
    const float* const values = args.values + row * args.values_stride;
    const size_t panel_size = size_t{panel_columns} * args.inner;
    const float* const panel = args.panel + column / panel_columns * panel_size + column % panel_columns;
    F sum[Rows][Tiles];
    SNN_UNROLL for (uint32_t r = 0; r < Rows; ++r)
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k)
            sum[r][k] = args.from_zero ? load(args.start + column + 16 * k)
                                       : add(load(sums + r * args.sums_stride + 16 * k), load(args.start + column + 16 * k));
    for (uint32_t i = 0; i < args.inner; ++i) {
        F weights[Tiles];
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k)
            weights[k] = load(panel + 16 * k / panel_columns * panel_size + size_t{i} * panel_columns + 16 * k % panel_columns);
        SNN_UNROLL for (uint32_t r = 0; r < Rows; ++r) {
            const float* const value = values + r * args.values_stride + i;
            SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) sum[r][k] = add(sum[r][k], mul_by(weights[k], value));
        }
    }
    SNN_UNROLL for (uint32_t r = 0; r < Rows; ++r)
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) store(sums + r * args.sums_stride + 16 * k, sum[r][k]);
}

template <uint32_t Tiles, uint32_t Rows = value_rows>
static void values_columns(const ValuesArgs& args, uint32_t column, uint32_t row = 0) {
    // Eight rows are taken as two times four, because two rows alone would wait for their own sums.
    for (; row + Rows <= args.rows && !(Rows == 6 && args.rows - row == 8); row += Rows) values_block<Rows, Tiles>(args, row, column);
    if constexpr (Rows > 1)
        if (row < args.rows) values_columns<Tiles, Rows == 6 ? 4 : Rows / 2>(args, column, row);
}

static void deliver_values(const ValuesArgs& args) {
    uint32_t column = 0;
    for (; column + 16 * value_tiles <= args.width; column += 16 * value_tiles) values_columns<value_tiles>(args, column);
    for (; column < args.width; column += 16) values_columns<1>(args, column);
}

// Two samples go side by side, because each addition waits for the one before. Blocks have 32 targets, so that many of their
// weights are still in the L1 cache when the next samples read them.
constexpr uint32_t dense_samples = 2;

template <uint32_t Samples, uint32_t Tiles, bool Binary>
static void dense_samples_block(const DenseSamplesArgs& args, uint32_t sample, uint32_t column) {
    const float* const panel = args.panel + size_t{column} * args.inner;
    float* const sums = args.sums + sample * args.sums_stride + column;
    const F one = broadcast_f(args.one);
    F sum[Samples][Tiles];
    const uint32_t* active[Samples];
    uint32_t counts[Samples], shortest = UINT32_MAX;
    SNN_UNROLL for (uint32_t s = 0; s < Samples; ++s) {
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) {
            const F start = load(args.start + column + 16 * k);
            sum[s][k] = args.from_zero ? start : add(load(sums + s * args.sums_stride + 16 * k), start);
        }
        const uint32_t begin = sample + s > 0 ? args.ends[sample + s - 1] : 0;
        active[s] = args.active + begin;
        counts[s] = args.ends[sample + s] - begin;
        if (counts[s] < shortest) shortest = counts[s];
    }
    const auto add_row = [&](uint32_t s, uint32_t source) {
        const float* const row = panel + size_t{source} * panel_columns;
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) {
            const F weight = load(row + 16 * k);
            sum[s][k] = add(sum[s][k], Binary ? weight : mul(weight, one));
        }
    };
    for (uint32_t a = 0; a < shortest; ++a)
        SNN_UNROLL for (uint32_t s = 0; s < Samples; ++s) add_row(s, active[s][a]);
    SNN_UNROLL for (uint32_t s = 0; s < Samples; ++s) {
        for (uint32_t a = shortest; a < counts[s]; ++a) add_row(s, active[s][a]);
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) store(sums + s * args.sums_stride + 16 * k, sum[s][k]);
    }
}

template <uint32_t Tiles, bool Binary>
static void dense_samples_columns(const DenseSamplesArgs& args, uint32_t column) {
    uint32_t sample = 0;
    for (; sample + dense_samples <= args.samples; sample += dense_samples)
        dense_samples_block<dense_samples, Tiles, Binary>(args, sample, column);
    for (; sample < args.samples; ++sample) dense_samples_block<1, Tiles, Binary>(args, sample, column);
}

template <bool Binary>
static void dense_samples_range(const DenseSamplesArgs& args) {
    uint32_t column = 0;
    for (; column + panel_columns <= args.width; column += panel_columns)
        dense_samples_columns<panel_columns / 16, Binary>(args, column);
    if (column < args.width) dense_samples_columns<1, Binary>(args, column);
}

static void deliver_dense_samples(const DenseSamplesArgs& args) {
    if (args.one == 1.0f) dense_samples_range<true>(args);
    else dense_samples_range<false>(args);
}

static void deliver_one_to_one(const OneToOneArgs& args) {
    for (uint32_t i = args.begin; i < args.end; i += 16) {
        const uint16_t bits = args.bits[i / 16];
        if (bits == 0) continue;
        const M active = mask_from_bits(bits);
        const uint32_t rest = args.end - i < 16 ? args.end - i : 16;
        const F sum = load(args.sums + i);
        F weight = load_partial(args.weights + i, rest);
        if (args.values) weight = mul(weight, load(args.values + i));
        store(args.sums + i, select(active, add(sum, weight), sum));
    }
}

static void deliver_visits(float* sums, const Visit* visits, uint32_t count, bool binary) {
    for (uint32_t v = 0; v < count; ++v) {
        const Visit& visit = visits[v];
        const float* const weights = static_cast<const float*>(visit.weights);
        if (binary) {
            for (uint32_t k = 0; k < visit.count; ++k) sums[visit.targets[k]] += weights[k];
        } else {
            for (uint32_t k = 0; k < visit.count; ++k) sums[visit.targets[k]] += weights[k] * visit.value;
        }
    }
}

static void deliver_visits_fixed(int32_t* sums, const Visit* visits, uint32_t count) {
    for (uint32_t v = 0; v < count; ++v) {
        const Visit& visit = visits[v];
        const int32_t* const weights = static_cast<const int32_t*>(visit.weights);
        for (uint32_t k = 0; k < visit.count; ++k) sums[visit.targets[k]] += weights[k];
    }
}

// Goes through the lines of memory of visits, one after the other.
constexpr uintptr_t line_bytes = 64;
class LinesAhead {
public:
    LinesAhead(const EntryVisit* visits, uint32_t count) : visit_(visits), end_(visits + count) { begin_visit(); }
    static uintptr_t first(const EntryVisit& visit) { return line_of(visit.words); }
    static uintptr_t last(const EntryVisit& visit) { return line_of(visit.words + visit.count - 1); }
    SNN_ALWAYS_INLINE void ask_for_next() {
        SNN_PREFETCH(reinterpret_cast<const char*>(line_ * line_bytes));
        if (line_++ != last_) return;
        if (++visit_ == end_) --visit_;  // the last visit is asked for again, which does no harm
        begin_visit();
    }

private:
    static uintptr_t line_of(const uint32_t* word) { return reinterpret_cast<uintptr_t>(word) / line_bytes; }
    SNN_ALWAYS_INLINE void begin_visit() {
        line_ = first(*visit_);
        last_ = last(*visit_);
    }
    const EntryVisit *visit_, *end_;
    uintptr_t line_ = 0, last_ = 0;
};

// Gathering, adding and scattering 16 lanes is slower here than plain additions, on AVX-512, too: the additions are not what
// takes the time, and a scatter makes as many stores.
static void deliver_entries(int32_t* SNN_RESTRICT accumulators, const EntryVisit* visits, uint32_t count) {
    if (count == 0) return;
    // Visits are short and far apart, so the processor's own prefetching finds them too late. Each line that is read prefetches
    // one more. A core waits for about this many at a time, and more requests at once would hold up the additions.
    constexpr uint32_t lines_ahead = 20;
    LinesAhead lines(visits, count);
    for (uint32_t k = 0; k < lines_ahead; ++k) lines.ask_for_next();
    for (uint32_t v = 0; v < count; ++v) {
        const EntryVisit& visit = visits[v];
        int32_t* SNN_RESTRICT const sums = accumulators + visit.first;
        const uint32_t* SNN_RESTRICT words = visit.words;
        const uint32_t* const end = words + visit.count;
        const auto add_four = [&](const uint32_t* four) {
            const uint32_t x = four[0], y = four[1], z = four[2], w = four[3];
            sums[x & 0xffff] += static_cast<int32_t>(x) >> 16;
            sums[y & 0xffff] += static_cast<int32_t>(y) >> 16;
            sums[z & 0xffff] += static_cast<int32_t>(z) >> 16;
            sums[w & 0xffff] += static_cast<int32_t>(w) >> 16;
        };
        constexpr uint32_t words_per_line = line_bytes / sizeof(uint32_t);
        for (; end - words >= words_per_line; words += words_per_line) {
            lines.ask_for_next();
            for (uint32_t k = 0; k < words_per_line; k += 4) add_four(words + k);
        }
        const uintptr_t line_count = LinesAhead::last(visit) - LinesAhead::first(visit) + 1;
        for (uintptr_t left = line_count - visit.count / words_per_line; left > 0; --left) lines.ask_for_next();
        for (; end - words >= 4; words += 4) add_four(words);
        for (; words < end; ++words) sums[*words & 0xffff] += static_cast<int32_t>(*words) >> 16;
    }
}

static bool pack_bits(const float* values, uint32_t count, uint16_t* out_bits) {
    const F zero = broadcast_f(0.0f), one = broadcast_f(1.0f);
    uint32_t others = 0;
    const auto pack = [&](F x) {
        const uint16_t bits = mask_bits(not_(eq(x, zero)));
        others |= bits & ~uint32_t{mask_bits(eq(x, one))};
        return bits;
    };
    uint32_t i = 0;
    for (; i + 16 <= count; i += 16) out_bits[i / 16] = pack(load(values + i));
    if (i < count) out_bits[i / 16] = pack(load_partial(values + i, count - i));
    return others == 0;
}

// Adds up bits in pairs, then in fours, and so on. This vectorises, and it needs no popcount instruction.
static uint64_t count_bits(const uint16_t* bits, size_t words) {
    const auto count_of = [](uint64_t four) {
        four -= four >> 1 & 0x5555555555555555u;
        four = (four & 0x3333333333333333u) + (four >> 2 & 0x3333333333333333u);
        four = (four + (four >> 4)) & 0x0f0f0f0f0f0f0f0fu;
        four = (four + (four >> 8)) & 0x00ff00ff00ff00ffu;
        four += four >> 16;
        return (four + (four >> 32)) & 0xffu;
    };
    uint64_t count = 0, four;
    const size_t fours = words / 4;
    for (size_t k = 0; k < fours; ++k) {
        std::memcpy(&four, bits + 4 * k, sizeof four);
        count += count_of(four);
    }
    for (size_t word = 4 * fours; word < words; ++word) count += count_of(bits[word]);
    return count;
}

static uint32_t list_bits(const uint16_t* bits, uint32_t words, uint32_t first, uint32_t* out_list) {
    constexpr uint32_t together = 16;  // words; few neurons spike, so most words are 0
    uint32_t count = 0;
    for (uint32_t word = 0; word < words; word += together) {
        uint64_t fours[together / 4] = {};
        if (words - word >= together) std::memcpy(fours, bits + word, sizeof fours);
        else std::memcpy(fours, bits + word, (words - word) * sizeof *bits);
        if ((fours[0] | fours[1] | fours[2] | fours[3]) == 0) continue;
        for (uint32_t k = 0; k < together / 4; ++k) {
            if constexpr (has_compress) {
                // list_lanes() writes at most 16 entries from the word's own place on, so never behind the end of a row.
                for (uint32_t n = 0; fours[k] != 0 && n < 4 && word + 4 * k + n < words; ++n)
                    count += list_lanes(static_cast<uint16_t>(fours[k] >> 16 * n), first + (word + 4 * k + n) * 16, out_list + count);
            } else {
                for (uint64_t left = fours[k]; left != 0; left &= left - 1)
                    out_list[count++] = first + (word + 4 * k) * 16 + lowest_bit(left);
            }
        }
    }
    return count;
}

static uint32_t list_rows(const uint16_t* bits, size_t stride, uint32_t words, uint32_t rows, uint32_t rise, uint32_t* out_list) {
    uint32_t count = 0;
    for (uint32_t row = 0; row < rows; ++row, bits += stride)
        for (uint32_t word = 0; word < words; ++word) {
            const uint32_t first = row * rise + word * 16;
            if constexpr (has_compress) {
                count += list_lanes(bits[word], first, out_list + count);  // a test for 0 would often be mispredicted
            } else {
                for (uint32_t left = bits[word]; left != 0; left &= left - 1) out_list[count++] = first + lowest_bit(left);
            }
        }
    return count;
}

static void add_bias(float* sums, const float* bias, uint32_t begin, uint32_t end) {
    uint32_t j = begin;
    for (; j + 16 <= end; j += 16) store(sums + j, add(load(sums + j), load(bias + j)));
    if (j < end) store(sums + j, add(load(sums + j), load_partial(bias + j, end - j)));
}

static void take_fixed(float* sums, int32_t* fixed, float scale, uint32_t count, bool from_zero) {
    const F factor = broadcast_f(scale), zero = broadcast_f(0.0f);
    const I none = broadcast_i(0);
    for (uint32_t j = 0; j < count; j += 16) {
        store(sums + j, add(from_zero ? zero : load(sums + j), mul(to_float(load(fixed + j)), factor)));
        store(fixed + j, none);
    }
}

static void quantize(const float* weights, float scale, int32_t* out_fixed, size_t count) {
    const F factor = broadcast_f(scale);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) store(out_fixed + i, nearest(mul(load(weights + i), factor)));
    if (i == count) return;
    int32_t last[16];
    store(last, nearest(mul(load_partial(weights + i, static_cast<uint32_t>(count - i)), factor)));
    for (size_t k = 0; i + k < count; ++k) out_fixed[i + k] = last[k];
}
