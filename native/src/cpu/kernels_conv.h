// Convolution and pooling. Included by kernels_isa.cpp inside the namespace of one instruction set.
//
// Sixteen output channels lie side by side in lanes. Each active source adds its kernel, turned over, around its place in a
// scratch image [position][block][16 channels], for several such blocks at once. A source reaches a sum at most once, so going
// through the sources in ascending order keeps the order of additions. Before and after, the scratch image is converted between
// channels-last and the rows of sums [channel][position].
//
//        source (c, y, x) active            scratch (oy, ox, 16 channels)
//             . . . . .                          . w w w .
//             . . X . .        ------>           . w w w .
//             . . . . .                          . w w w .

// Transposes `channels` rows (1 to 16) of [channel][plane] to [position][16]; missing channels become zero. `stride`: floats
// from one position to the next.
static void rows_to_lanes(const float* rows, uint32_t plane, uint32_t channels, float* out, uint32_t stride = 16) {
    uint32_t position = 0;
    for (; position + 16 <= plane; position += 16) {
        F tile[16];
        for (uint32_t c = 0; c < 16; ++c)
            tile[c] = c < channels ? load(rows + static_cast<size_t>(c) * plane + position) : broadcast_f(0.0f);
        turn(tile);
        for (uint32_t k = 0; k < 16; ++k) store(out + (position + k) * stride, tile[k]);
    }
    for (; position < plane; ++position)
        for (uint32_t c = 0; c < 16; ++c)
            out[position * stride + c] = c < channels ? rows[static_cast<size_t>(c) * plane + position] : 0.0f;
}

// The opposite. `Adds`: adds to what the rows hold.
template <bool Adds>
static void lanes_to_rows(const float* lanes, uint32_t plane, uint32_t channels, float* out_rows, uint32_t stride = 16) {
    uint32_t position = 0;
    for (; position + 16 <= plane; position += 16) {
        F tile[16];
        for (uint32_t k = 0; k < 16; ++k) tile[k] = load(lanes + (position + k) * stride);
        turn(tile);
        for (uint32_t c = 0; c < channels; ++c) {
            float* const out = out_rows + static_cast<size_t>(c) * plane + position;
            store(out, Adds ? add(load(out), tile[c]) : tile[c]);
        }
    }
    for (; position < plane; ++position)
        for (uint32_t c = 0; c < channels; ++c) {
            float& out = out_rows[static_cast<size_t>(c) * plane + position];
            out = Adds ? out + lanes[position * stride + c] : lanes[position * stride + c];
        }
}

// Where an active source lies.
struct SourcePlace {
    uint32_t channel, y, x;
};
SNN_ALWAYS_INLINE SourcePlace place_of(const ConvShape& shape, uint32_t source) {
    const uint32_t plane = shape.in_plane(), channel = source / plane, rest = source - channel * plane;
    const uint32_t y = rest / shape.in_width;
    return {channel, y, rest - y * shape.in_width};
}

// Goes through ascending sources and finds where each lies, without a division for each.
struct SourceWalk {
    const ConvShape& shape;
    uint32_t channel, y = 0, row_end;
    SourceWalk(const ConvShape& of, uint32_t first_channel)
        : shape(of), channel(first_channel), row_end(first_channel * of.in_plane() + of.in_width) {}
    // Returns x.
    SNN_ALWAYS_INLINE uint32_t go_to(uint32_t source) {
        while (source >= row_end) {
            row_end += shape.in_width;
            if (++y == shape.in_height) {
                y = 0;
                ++channel;
            }
        }
        return source + shape.in_width - row_end;
    }
};

constexpr uint32_t most_known = 5;  // longest row of kernel taps that has unrolled loops

// A number of loop turns that the compiler knows, or one that it does not know.
template <uint32_t Count>
struct Known {
    static constexpr uint32_t value = Count;
};
struct Unknown {
    uint32_t value;
};
// Calls use(count). Loops over a row of kernel taps are unrolled for common kernels, because the processor mispredicts their
// ends.
template <class Use>
SNN_ALWAYS_INLINE void with_count(uint32_t count, Use&& use) {
    switch (count) {
        case 1: return use(Known<1>{});
        case 2: return use(Known<2>{});
        case 3: return use(Known<3>{});
        case 4: return use(Known<4>{});
        case 5: return use(Known<5>{});
        default: return use(Unknown{count});
    }
}

// Calls visit(source index, group input, y_taps, y_count, x_tap, x_count) for every active source of a group. From x_tap, the
// first of x_count taps in a row, the kernel position goes up by x_kernel_step and the target goes down by x_target_step.
template <class Visitor>
SNN_ALWAYS_INLINE void for_each_source(const ConvShape& shape, uint32_t group, const uint32_t* active, uint32_t count,
                                       Visitor&& visit) {
    const uint32_t plane = shape.in_plane(), first_channel = group * shape.group_inputs;
    const uint32_t first = first_channel * plane, end = first + shape.group_inputs * plane;
    SourceWalk walk(shape, first_channel);
    for (uint32_t a = 0; a < count; ++a) {
        const uint32_t source = active[a];
        if (source < first) continue;
        if (source >= end) break;
        const uint32_t x = walk.go_to(source);
        visit(source, walk.channel - first_channel, shape.y_taps + static_cast<size_t>(walk.y) * shape.kernel_y,
              shape.y_tap_counts[walk.y], shape.x_taps[static_cast<size_t>(x) * shape.kernel_x], shape.x_tap_counts[x]);
    }
}

// Adds the active sources to `Blocks` blocks of one group at once.
template <uint32_t Blocks, bool Binary>
static void add_sources(const ConvArgs& args, uint32_t block) {
    const ConvShape& shape = *args.shape;
    const uint32_t kernel = shape.kernel_y * shape.kernel_x;
    const size_t weight_step = static_cast<size_t>(shape.x_kernel_step) * 16, block_weights = shape.block_weights();
    const size_t sum_step = static_cast<size_t>(shape.x_target_step) * 16 * Blocks;
    const float* const weights = args.weights + block * block_weights;
    for_each_source(
        shape, shape.blocks[block].group, args.active, args.active_count,
        [&](uint32_t source, uint32_t input, const Tap* y_taps, uint32_t y_count, Tap x_tap, uint32_t x_count) {
            const F value = broadcast_f(Binary ? 1.0f : args.values[source]);
            with_count(x_count, [&](auto taps) {
                for (uint32_t ky = 0; ky < y_count; ++ky) {
                    const size_t k = size_t{input} * kernel + y_taps[ky].kernel * shape.kernel_x + x_tap.kernel;
                    const float* weight = weights + k * 16;
                    float* sum = args.scratch + size_t{y_taps[ky].target * shape.out_width + x_tap.target} * 16 * Blocks;
                    for (uint32_t n = 0; n < taps.value; ++n, weight += weight_step, sum -= sum_step)
                        for (uint32_t b = 0; b < Blocks; ++b) {
                            const F w = load(weight + b * block_weights);
                            float* const at = sum + b * 16;
                            store(at, add(load(at), Binary ? w : mul(w, value)));
                        }
                }
            });
        });
}

// All sources at once, see kernels_conv_dense.h.
static void fill_image(const ConvArgs& args, uint32_t block);
template <uint32_t Blocks>
static void add_windows(const ConvArgs& args, uint32_t block);
// Spikes as bits, see kernels_conv_bits.h.
template <uint32_t Blocks>
SNN_NO_INLINE static void add_words(const ConvArgs& args, uint32_t block);

template <uint32_t Blocks>
static void deliver_blocks(const ConvArgs& args, uint32_t first) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane();
    constexpr uint32_t stride = 16 * Blocks;
    for (uint32_t b = 0; b < Blocks; ++b) {
        const ConvBlock& block = shape.blocks[first + b];
        float* const scratch = args.scratch + size_t{b} * 16;
        if (!args.from_zero)
            rows_to_lanes(args.sums + static_cast<size_t>(block.first) * plane, plane, block.count, scratch, stride);
        if (!args.from_zero && !args.bias) continue;
        const F bias = args.bias ? load_partial(args.bias + block.first, block.count) : broadcast_f(0.0f);
        const F start = add(broadcast_f(0.0f), bias);
        for (uint32_t k = 0; k < plane; ++k)
            store(scratch + k * stride, args.from_zero ? start : add(load(scratch + k * stride), bias));
    }
    if constexpr (Blocks == 2) {  // only used for bits
        add_words<Blocks>(args, first);
    } else {
        // Without fast products, sources are only added one by one.
        if (has_fast_products && args.image) add_windows<Blocks>(args, first);
        else if (has_fast_products && args.bits) add_words<Blocks>(args, first);
        else if (args.values) add_sources<Blocks, false>(args, first);
        else add_sources<Blocks, true>(args, first);
    }
    for (uint32_t b = 0; b < Blocks; ++b) {
        const ConvBlock& block = shape.blocks[first + b];
        lanes_to_rows<false>(args.scratch + size_t{b} * 16, plane, block.count,
                             args.sums + static_cast<size_t>(block.first) * plane, stride);
    }
}

static void deliver_conv(const ConvArgs& args) {
    const ConvBlock* const blocks = args.shape->blocks;
    for (uint32_t b = args.block_begin; b < args.block_end;) {
        const auto has = [&](uint32_t together) {
            return b + together <= args.block_end && blocks[b].group == blocks[b + together - 1].group;
        };
        if (args.image && (b == args.block_begin || blocks[b].group != blocks[b - 1].group)) fill_image(args, b);
        uint32_t together = has(conv_blocks_together) ? conv_blocks_together : 1;
        if constexpr (has_fast_products) {
            if (together == 1 && args.bits && has(2)) together = 2;
            if (together == 2) deliver_blocks<2>(args, b);
        }
        if (together == conv_blocks_together) deliver_blocks<conv_blocks_together>(args, b);
        else if (together == 1) deliver_blocks<1>(args, b);
        b += together;
    }
}

// Walks over narrow groups, one connection at a time. Calls visit(source, weight index, target neuron).
template <class Visitor>
SNN_ALWAYS_INLINE void for_each_connection(const ScatterArgs& args, Visitor&& visit) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane(), kernel = shape.kernel_y * shape.kernel_x;
    for (uint32_t a = 0; a < args.active_count; ++a) {
        const uint32_t source = args.active[a];
        const SourcePlace place = place_of(shape, source);
        const uint32_t group = place.channel / shape.group_inputs, input = place.channel - group * shape.group_inputs;
        const uint32_t group_first = group * shape.group_outputs, group_end = group_first + shape.group_outputs;
        const uint32_t first = group_first > args.channel_begin ? group_first : args.channel_begin;
        const uint32_t end = group_end < args.channel_end ? group_end : args.channel_end;
        const Tap* const y_taps = shape.y_taps + static_cast<size_t>(place.y) * shape.kernel_y;
        const Tap* const x_taps = shape.x_taps + static_cast<size_t>(place.x) * shape.kernel_x;
        for (uint32_t channel = first; channel < end; ++channel)
            for (uint32_t ky = 0; ky < shape.y_tap_counts[place.y]; ++ky)
                for (uint32_t kx = 0; kx < shape.x_tap_counts[place.x]; ++kx)
                    visit(source,
                          (static_cast<size_t>(channel) * shape.group_inputs + input) * kernel +
                              y_taps[ky].kernel * shape.kernel_x + x_taps[kx].kernel,
                          channel * plane + y_taps[ky].target * shape.out_width + x_taps[kx].target);
    }
}

static void deliver_scatter(const ScatterArgs& args) {
    for_each_connection(args, [&](uint32_t source, size_t k, uint32_t target) {
        const float weight = args.weights ? args.weights[k] : args.weight;
        args.sums[target] += args.values ? weight * args.values[source] : weight;
    });
}

// ---- Backwards --------------------------------------------------------------------------------------------------------

static void turn_channels(const ConvAdjointArgs& args) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane();
    for (uint32_t b = args.block_begin; b < args.block_end; ++b) {
        const ConvBlock& block = shape.blocks[b];
        rows_to_lanes(args.gradient + static_cast<size_t>(block.first) * plane, plane, block.count,
                      args.channels_last + static_cast<size_t>(b - args.block_begin) * plane * 16);
    }
}

// Computes dL/d(source) for 16 input channels of a group, side by side in lanes. Much of dL/d(sum) is exactly 0, because
// nothing was passed back to a neuron, or not yet. So the other gradients are first listed by target. A target then adds its
// terms to the places of one row of the kernel, which stay in registers meanwhile:
//
//      terms of target (oy, ox)            image (y, x, 16 input channels)
//      g, channel 3                             . . . . .
//      g, channel 7               ------>       . s s s .     s[kx] += g * w[channel][ky][kx], for each term
//      g, channel 12                            . . . . .
static void list_terms(const ConvAdjointArgs& args, uint32_t group) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane();
    const uint32_t blocks = (shape.group_outputs + 15) / 16;  // of a group, the same for all
    const float* const first = args.channels_last + static_cast<size_t>(group) * blocks * plane * 16;
    const F zero = broadcast_f(0.0f);
    const int32_t channel_weights = static_cast<int32_t>(shape.row_vectors * 16);
    int32_t offsets[16];
    for (int32_t lane = 0; lane < 16; ++lane) offsets[lane] = lane * channel_weights;
    uint32_t count = 0;
    for (uint32_t place = 0; place < plane; ++place) {
        const uint32_t position = place % shape.out_height * shape.out_width + place / shape.out_height;
        args.term_begins[place] = count;
        I weights = load(offsets);
        for (uint32_t b = 0; b < blocks; ++b, weights = add(weights, broadcast_i(16 * channel_weights))) {
            const F lanes = load(first + (static_cast<size_t>(b) * plane + position) * 16);
            const uint16_t bits = mask_bits(not_(eq(lanes, zero)));
            if constexpr (has_compress) {
                count += list_pairs(bits, bits_of(lanes), weights, reinterpret_cast<int32_t*>(args.terms + count));
            } else {
                int32_t gradients[16];
                store(gradients, bits_of(lanes));
                for (uint32_t left = bits; left != 0; left &= left - 1) {
                    const uint32_t lane = lowest_bit(left);
                    const uint32_t channel = b * 16 + lane;
                    args.terms[count++] = {gradients[lane], static_cast<int32_t>(channel) * channel_weights};
                }
            }
        }
    }
    args.term_begins[plane] = count;
}

template <uint32_t Vectors>
SNN_ALWAYS_INLINE void add_terms(const ConvTerm* term, const ConvTerm* end, const float* weights, float* image, size_t step) {
    F sum[Vectors];
    for (uint32_t k = 0; k < Vectors; ++k) sum[k] = load(image + k * step);
    for (; term < end; ++term) {
        // One load brings both into a register. Loads are scarce here, and a separate load of the gradient would take another.
        uint64_t both;
        std::memcpy(&both, term, sizeof both);
        const F g = from_bits(broadcast_i(static_cast<int32_t>(both)));
        const float* const w = weights + (both >> 32);
        for (uint32_t k = 0; k < Vectors; ++k) sum[k] = fma_(load(w + k * 16), g, sum[k]);
    }
    for (uint32_t k = 0; k < Vectors; ++k) store(image + k * step, sum[k]);
}

static void conv_source_gradient(const ConvAdjointArgs& args) {
    const ConvShape& shape = *args.shape;
    const uint32_t in_plane = shape.in_plane(), place_step = shape.place_step;
    const bool side_by_side = place_step < 16;
    const uint32_t step = side_by_side ? 16 : shape.x_dilation * 16;
    const uint32_t groups = shape.in_channels / shape.group_inputs;
    const float* weights = args.weights;
    for (uint32_t group = 0; group < groups; ++group) {
        list_terms(args, group);
        for (uint32_t input = 0; input < shape.group_inputs; input += 16) {
            std::memset(args.image, 0, (size_t{in_plane} * place_step + 16) * sizeof(float));
            // One row of the kernel goes over all targets, so its weights stay in the L1 cache.
            for (uint32_t ky = 0; ky < shape.kernel_y; ++ky, weights += size_t{shape.group_outputs} * shape.row_vectors * 16) {
                // Down the columns, because a target's places overlap with those just written for the target before it in the
                // row.
                for (uint32_t ox = 0; ox < shape.out_width; ++ox) {
                    const TapRange columns = shape.x_ranges[ox];
                    const uint32_t count = side_by_side ? shape.row_vectors : columns.count;
                    for (uint32_t oy = 0; oy < shape.out_height; ++oy) {
                        const TapRange rows = shape.y_ranges[oy];
                        if (ky < rows.kernel || ky >= rows.kernel + rows.count) continue;
                        const uint32_t* const begins = args.term_begins + ox * shape.out_height + oy;
                        const ConvTerm *const term = args.terms + begins[0], *const end = args.terms + begins[1];
                        const size_t y = size_t{rows.source} + (ky - rows.kernel) * shape.y_dilation;
                        float* const places = args.image + (y * shape.in_width + columns.source) * place_step;
                        for (uint32_t k = 0; k < count; k += most_known) {
                            const float* const w = weights + (columns.kernel + k) * 16;
                            float* const at = places + k * step;
                            switch (count - k) {
                                case 1: add_terms<1>(term, end, w, at, step); break;
                                case 2: add_terms<2>(term, end, w, at, step); break;
                                case 3: add_terms<3>(term, end, w, at, step); break;
                                case 4: add_terms<4>(term, end, w, at, step); break;
                                default: add_terms<most_known>(term, end, w, at, step);
                            }
                        }
                    }
                }
            }
            const uint32_t used = shape.group_inputs - input < 16 ? shape.group_inputs - input : 16;
            float* const rows = args.source_gradient + static_cast<size_t>(group * shape.group_inputs + input) * in_plane;
            lanes_to_rows<true>(args.image, in_plane, used, rows, place_step);
        }
    }
}

// dL/dw for stride 1, where sources move with their targets. A row of the kernel stays in registers while all active sources of
// an input channel add the row of targets that they reach. There are zeros beside the image, so that each source reaches a
// whole row.
template <uint32_t Taps, bool Binary>
static void add_rows_of_sources(const ConvAdjointArgs& args, uint32_t begin, uint32_t end, int64_t shift, size_t step,
                                float* weights) {
    F sum[Taps];
    for (uint32_t k = 0; k < Taps; ++k) sum[k] = load(weights + k * 16);
    for (uint32_t a = begin; a < end; ++a) {
        const float* const g = args.padded + (args.offsets[a] + shift);
        const F value = broadcast_f(Binary ? 1.0f : args.values[args.active[a]]);
        for (uint32_t k = 0; k < Taps; ++k) {
            const F at = load(g - k * step);
            sum[k] = Binary ? add(sum[k], at) : fma_(at, value, sum[k]);
        }
    }
    for (uint32_t k = 0; k < Taps; ++k) store(weights + k * 16, sum[k]);
}

// The number of zeros to the left and to the right of a row of the gradient.
static uint32_t margin_of(const ConvShape& shape) {
    const uint32_t reach = (shape.kernel_x - 1) * shape.x_dilation;
    return reach > shape.x_padding ? reach - shape.x_padding : 0;
}

// Finds where the sources of each row of a group's image begin, and where in the gradient each source lies.
static void place_sources(const ConvAdjointArgs& args, uint32_t group) {
    const ConvShape& shape = *args.shape;
    const uint32_t row = shape.out_width + 2 * margin_of(shape), size = shape.group_inputs * shape.in_plane();
    const uint32_t first = group * size, last = first + size;
    uint32_t rows = 0, y = shape.in_height - 1, next_row = first, a = 0;
    for (; a < args.active_count && args.active[a] < last; ++a) {
        const uint32_t source = args.active[a];
        if (source < first) continue;
        for (; source >= next_row; next_row += shape.in_width) {
            args.row_begins[rows++] = a;
            y = y + 1 == shape.in_height ? 0 : y + 1;
        }
        args.offsets[a] = (y * row + source + shape.in_width - next_row) * 16;
    }
    for (; rows <= shape.group_inputs * shape.in_height; ++rows) args.row_begins[rows] = a;
}

template <bool Binary>
static void add_sliding_gradient(const ConvAdjointArgs& args, uint32_t b) {
    const ConvShape& shape = *args.shape;
    const uint32_t kernel = shape.kernel_y * shape.kernel_x;
    const uint32_t margin = margin_of(shape), row = shape.out_width + 2 * margin;
    // The gradient with its margins.
    for (uint32_t oy = 0; oy < shape.out_height; ++oy) {
        float* const out = args.padded + size_t{oy} * row * 16;
        const float* const in = args.channels_last +
                                (static_cast<size_t>(b - args.block_begin) * shape.out_plane() + oy * shape.out_width) * 16;
        for (uint32_t x = 0; x < row; ++x)
            store(out + x * 16, x < margin || x >= margin + shape.out_width ? broadcast_f(0.0f) : load(in + (x - margin) * 16));
    }

    float* const weights = args.weight_gradient + static_cast<size_t>(b) * shape.block_weights();
    const size_t step = size_t{shape.x_dilation} * 16;
    for (uint32_t input = args.input_begin; input < args.input_end; ++input)
        for (uint32_t ky = 0; ky < shape.kernel_y; ++ky) {
            // Target rows are oy = y + padding - ky * dilation.
            const int64_t shift = int64_t{shape.y_padding} - int64_t{ky} * shape.y_dilation;
            const int64_t low = shift < 0 ? -shift : 0, high = int64_t{shape.out_height} - shift;
            const int64_t y_end = high < shape.in_height ? high : shape.in_height;
            if (low >= y_end) continue;
            const uint32_t* const begins = args.row_begins + size_t{input} * shape.in_height;
            const int64_t place = (shift * row + int64_t{margin} + shape.x_padding) * 16;
            for (uint32_t k = 0; k < shape.kernel_x; k += most_known) {
                float* const w = weights + (size_t{input} * kernel + ky * shape.kernel_x + k) * 16;
                const int64_t at = place - static_cast<int64_t>(k * step);
                switch (shape.kernel_x - k) {
                    case 1: add_rows_of_sources<1, Binary>(args, begins[low], begins[y_end], at, step, w); break;
                    case 2: add_rows_of_sources<2, Binary>(args, begins[low], begins[y_end], at, step, w); break;
                    case 3: add_rows_of_sources<3, Binary>(args, begins[low], begins[y_end], at, step, w); break;
                    case 4: add_rows_of_sources<4, Binary>(args, begins[low], begins[y_end], at, step, w); break;
                    default: add_rows_of_sources<most_known, Binary>(args, begins[low], begins[y_end], at, step, w);
                }
            }
        }
}

static void add_weight_gradient(const ConvAdjointArgs& args, uint32_t b) {
    const ConvShape& shape = *args.shape;
    const uint32_t kernel = shape.kernel_y * shape.kernel_x;
    float* const weights = args.weight_gradient + static_cast<size_t>(b) * shape.block_weights();
    const float* const gradient = args.channels_last + static_cast<size_t>(b - args.block_begin) * shape.out_plane() * 16;
    const size_t weight_step = static_cast<size_t>(shape.x_kernel_step) * 16;
    const size_t gradient_step = static_cast<size_t>(shape.x_target_step) * 16;
    for_each_source(
        shape, shape.blocks[b].group, args.active, args.active_count,
        [&](uint32_t source, uint32_t input, const Tap* y_taps, uint32_t y_count, Tap x_tap, uint32_t x_count) {
            if (input < args.input_begin || input >= args.input_end) return;
            const F value = broadcast_f(args.values ? args.values[source] : 1.0f);
            for (uint32_t ky = 0; ky < y_count; ++ky) {
                const size_t k = size_t{input} * kernel + y_taps[ky].kernel * shape.kernel_x + x_tap.kernel;
                float* sum = weights + k * 16;
                const float* g = gradient + size_t{y_taps[ky].target * shape.out_width + x_tap.target} * 16;
                for (uint32_t n = 0; n < x_count; ++n, sum += weight_step, g -= gradient_step)
                    store(sum, fma_(load(g), value, load(sum)));
            }
        });
}

static void conv_weight_gradient(const ConvAdjointArgs& args) {
    const ConvShape& shape = *args.shape;
    const bool slides = shape.slides();
    for (uint32_t b = args.block_begin; b < args.block_end; ++b) {
        const uint32_t group = shape.blocks[b].group;
        if (slides && (b == args.block_begin || group != shape.blocks[b - 1].group)) place_sources(args, group);
        if (slides && args.values) add_sliding_gradient<false>(args, b);
        else if (slides) add_sliding_gradient<true>(args, b);
        else add_weight_gradient(args, b);
    }
}
