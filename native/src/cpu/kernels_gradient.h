// Backward kernels: products with transposed weights, and sums over samples. Gradients may contract (fma_). Each element is one
// chain of additions in a fixed order, so no bit depends on how rows and columns are shared among threads. Included by
// kernels_isa.cpp inside the namespace of one instruction set.

// Rows, and tiles of 16 columns, that one inner loop keeps in registers.
#if defined(SNN_ISA_IS_avx512)
constexpr uint32_t product_rows = 4, product_tiles = 4;
#elif defined(SNN_ISA_IS_avx2) || defined(SNN_ISA_IS_neon)
constexpr uint32_t product_rows = 4, product_tiles = 1;
#else
constexpr uint32_t product_rows = 2, product_tiles = 1;
#endif

// Packs weights [row][column] into panels of 16 rows: out[row / 16][column][row % 16], zero if there is no such row.
static void transpose_panels(const float* weights, uint32_t rows, uint32_t columns, float* out_panels) {
    for (uint32_t first = 0; first < rows; first += 16) {
        const uint32_t count = rows - first < 16 ? rows - first : 16;
        float* const panel = out_panels + static_cast<size_t>(first) * columns;
        for (uint32_t column = 0; column < columns; ++column)
            for (uint32_t k = 0; k < 16; ++k)
                panel[static_cast<size_t>(column) * 16 + k] =
                    k < count ? weights[static_cast<size_t>(first + k) * columns + column] : 0.0f;
    }
}

template <uint32_t Rows, uint32_t Tiles>
static void product_block(const ProductArgs& args, uint32_t row, uint32_t tile) {
    float* const out = args.out + row * args.out_stride + tile * 16;
    const float* const gradient = args.gradient + row * args.gradient_stride;
    const size_t panel_size = static_cast<size_t>(args.inner) * 16;
    const float* const panel = args.panels + tile * panel_size;
    F sum[Rows][Tiles];
    SNN_UNROLL for (uint32_t r = 0; r < Rows; ++r)
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) sum[r][k] = load(out + r * args.out_stride + k * 16);
    for (uint32_t j = 0; j < args.inner; ++j) {
        F weights[Tiles];
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) weights[k] = load(panel + k * panel_size + j * 16);
        SNN_UNROLL for (uint32_t r = 0; r < Rows; ++r) {
            const float* const g = gradient + r * args.gradient_stride + j;
            SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) sum[r][k] = fma_by(weights[k], g, sum[r][k]);
        }
    }
    SNN_UNROLL for (uint32_t r = 0; r < Rows; ++r)
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) store(out + r * args.out_stride + k * 16, sum[r][k]);
}

template <uint32_t Tiles>
static void product_columns(const ProductArgs& args, uint32_t tile) {
    uint32_t row = 0;
    for (; row + product_rows <= args.rows; row += product_rows) product_block<product_rows, Tiles>(args, row, tile);
    for (; row < args.rows; ++row) product_block<1, Tiles>(args, row, tile);
}

static void add_product(const ProductArgs& args) {
    const uint32_t tiles = (args.columns + 15) / 16;
    uint32_t tile = 0;
    for (; tile + product_tiles <= tiles; tile += product_tiles) product_columns<product_tiles>(args, tile);
    for (; tile < tiles; ++tile) product_columns<1>(args, tile);
}

template <uint32_t Sources>
static void active_products(const ActiveProductArgs& args, const uint32_t* active) {
    const float* rows[Sources];
    F sum[Sources];
    for (uint32_t k = 0; k < Sources; ++k) {
        rows[k] = args.weights + static_cast<size_t>(active[k]) * args.inner;
        sum[k] = broadcast_f(0.0f);
    }
    uint32_t j = 0;
    for (; j + 16 <= args.inner; j += 16) {
        const F g = load(args.gradient + j);
        for (uint32_t k = 0; k < Sources; ++k) sum[k] = fma_(load(rows[k] + j), g, sum[k]);
    }
    if (const uint32_t rest = args.inner - j; rest > 0) {
        const F g = load_partial(args.gradient + j, rest);
        for (uint32_t k = 0; k < Sources; ++k) sum[k] = fma_(load_partial(rows[k] + j, rest), g, sum[k]);
    }
    for (uint32_t k = 0; k < Sources; ++k) {
        float lanes[16], total = 0.0f;
        store(lanes, sum[k]);
        for (const float lane : lanes) total += lane;
        args.out[active[k]] += total;
    }
}

static void add_active_products(const ActiveProductArgs& args) {
    uint32_t k = 0;
    for (; k + 4 <= args.active_count; k += 4) active_products<4>(args, args.active + k);
    for (; k < args.active_count; ++k) active_products<1>(args, args.active + k);
}

static void turn_rows(const float* rows, uint32_t stride, uint32_t count, float* out) {
    rows_to_lanes(rows, stride, count, out);
}

static void add_segment_products(const SegmentProductArgs& args) {
    for (uint32_t i = 0; i < args.out_stride; ++i) {
        F sum = broadcast_f(0.0f);
        const uint32_t count = i < args.sources ? args.counts[i] : 0;
        const float* const weights = args.weights + (count > 0 ? args.begins[i] : 0);
        const uint32_t* const targets = args.targets + (count > 0 ? args.begins[i] : 0);
        for (uint32_t k = 0; k < count; ++k)
            sum = add(sum, mul(broadcast_f(weights[k]), load(args.gradient + size_t{targets[k]} * 16)));
        store(args.sums + size_t{i} * 16, sum);
    }
    lanes_to_rows<true>(args.sums, args.out_stride, args.rows, args.out);
}

// Sources of analog inputs, and tiles of 16 gradient columns, that one inner loop keeps in registers.
#if defined(SNN_ISA_IS_avx512)
constexpr uint32_t outer_sources = 6, outer_tiles = 4;
#elif defined(SNN_ISA_IS_avx2) || defined(SNN_ISA_IS_neon)
constexpr uint32_t outer_sources = 4, outer_tiles = 1;
#else
constexpr uint32_t outer_sources = 2, outer_tiles = 1;
#endif

template <uint32_t Sources, uint32_t Tiles>
static void outer_block(const OuterArgs& args, uint32_t source, uint32_t tile) {
    float* const out = args.out + source * args.out_stride + tile * 16;
    const float* values = args.values + source;
    const float* gradient = args.gradient + tile * 16;
    const auto lanes = [&](uint32_t k) {
        const uint32_t left = args.columns - (tile + k) * 16;
        return left < 16 ? left : 16;
    };
    F sum[Sources][Tiles];
    for (uint32_t i = 0; i < Sources; ++i)  // prefetches the next block
        for (uint32_t k = 0; k < Tiles; ++k) SNN_PREFETCH(out + (Sources + i) * args.out_stride + k * 16);
    SNN_UNROLL for (uint32_t i = 0; i < Sources; ++i)
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) sum[i][k] = load_partial(out + i * args.out_stride + k * 16, lanes(k));
    for (uint32_t r = 0; r < args.rows; ++r, values += args.values_stride, gradient += outer_columns) {
        F g[Tiles];
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) g[k] = load(gradient + k * 16);
        SNN_UNROLL for (uint32_t i = 0; i < Sources; ++i)
            SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) sum[i][k] = fma_by(g[k], values + i, sum[i][k]);
    }
    SNN_UNROLL for (uint32_t i = 0; i < Sources; ++i)
        SNN_UNROLL for (uint32_t k = 0; k < Tiles; ++k) store_partial(out + i * args.out_stride + k * 16, sum[i][k], lanes(k));
}

template <uint32_t Tiles>
static void outer_columns(const OuterArgs& args, uint32_t tile) {
    uint32_t source = 0;
    for (; source + outer_sources <= args.sources; source += outer_sources)
        outer_block<outer_sources, Tiles>(args, source, tile);
    for (; source < args.sources; ++source) outer_block<1, Tiles>(args, source, tile);
}

static void add_outer(const OuterArgs& args) {
    const uint32_t tiles = (args.columns + 15) / 16;
    uint32_t tile = 0;
    for (; tile + outer_tiles <= tiles; tile += outer_tiles) outer_columns<outer_tiles>(args, tile);
    for (; tile < tiles; ++tile) outer_columns<1>(args, tile);
}

// sums[j] += rows[r][j] for r ascending; the lanes behind the last column of sums stay as they are.
static void add_rows(float* sums, const float* rows, size_t stride, uint32_t row_count, uint32_t columns) {
    for (uint32_t j = 0; j < columns; j += 16) {
        const uint32_t rest = columns - j < 16 ? columns - j : 16;
        F sum = load_partial(sums + j, rest);
        for (uint32_t r = 0; r < row_count; ++r) sum = add(sum, load_partial(rows + r * stride + j, rest));
        store_partial(sums + j, sum, rest);
    }
}
