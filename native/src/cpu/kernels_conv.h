// Convolution and pooling. Included by kernels_isa.cpp inside the namespace of one instruction set.
//
// Sixteen output channels lie side by side in lanes. Each active source adds its kernel, turned over, around its place in
// a scratch image [position][16 channels]; a sum is joined with each source at most once, so going through the sources in
// ascending order is all that the order of additions asks for. Before and after, the scratch image is turned between
// channels-last and the rows of sums [channel][position].
//
//        source (c, y, x) active            scratch (oy, ox, 16 channels)
//             . . . . .                          . w w w .
//             . . X . .        ------>           . w w w .
//             . . . . .                          . w w w .

// rows[r][lane] becomes rows[lane][r]
SNN_ALWAYS_INLINE void turn(F rows[16]) {
    alignas(64) float in[16][16];
    for (int r = 0; r < 16; ++r) store(in[r], rows[r]);
    for (int r = 0; r < 16; ++r) {
        alignas(64) float column[16];
        for (int k = 0; k < 16; ++k) column[k] = in[k][r];
        rows[r] = load(column);
    }
}

// [channel][plane] rows, `channels` of them (1 to 16), to [position][16]; missing channels become zero.
static void rows_to_lanes(const float* rows, uint32_t plane, uint32_t channels, float* out) {
    uint32_t position = 0;
    for (; position + 16 <= plane; position += 16) {
        F tile[16];
        for (uint32_t c = 0; c < 16; ++c)
            tile[c] = c < channels ? load(rows + static_cast<size_t>(c) * plane + position) : broadcast_f(0.0f);
        turn(tile);
        for (uint32_t k = 0; k < 16; ++k) store(out + (position + k) * 16, tile[k]);
    }
    for (; position < plane; ++position)
        for (uint32_t c = 0; c < 16; ++c)
            out[position * 16 + c] = c < channels ? rows[static_cast<size_t>(c) * plane + position] : 0.0f;
}

static void lanes_to_rows(const float* lanes, uint32_t plane, uint32_t channels, float* out_rows) {
    uint32_t position = 0;
    for (; position + 16 <= plane; position += 16) {
        F tile[16];
        for (uint32_t k = 0; k < 16; ++k) tile[k] = load(lanes + (position + k) * 16);
        turn(tile);
        for (uint32_t c = 0; c < channels; ++c) store(out_rows + static_cast<size_t>(c) * plane + position, tile[c]);
    }
    for (; position < plane; ++position)
        for (uint32_t c = 0; c < channels; ++c) out_rows[static_cast<size_t>(c) * plane + position] = lanes[position * 16 + c];
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

// Goes through ascending sources and knows where each lies, without a division for each.
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

// Calls visit(source index, group input, kernel position, target position, count) for every row of taps that a source of the
// block's group has: `count` of them, the kernel position going up by x_kernel_step and the target down by x_target_step.
template <class Visitor>
SNN_ALWAYS_INLINE void for_each_row(const ConvShape& shape, const ConvBlock& block, const uint32_t* active, uint32_t count,
                                    Visitor&& visit) {
    const uint32_t plane = shape.in_plane(), first_channel = block.group * shape.group_inputs;
    const uint32_t first = first_channel * plane, end = first + shape.group_inputs * plane;
    SourceWalk walk(shape, first_channel);
    for (uint32_t a = 0; a < count; ++a) {
        const uint32_t source = active[a];
        if (source < first) continue;
        if (source >= end) break;
        const uint32_t x = walk.go_to(source);
        const uint32_t input = walk.channel - first_channel;
        const Tap* const y_taps = shape.y_taps + static_cast<size_t>(walk.y) * shape.kernel_y;
        const Tap x_tap = shape.x_taps[static_cast<size_t>(x) * shape.kernel_x];
        const uint32_t y_count = shape.y_tap_counts[walk.y], x_count = shape.x_tap_counts[x];
        for (uint32_t ky = 0; ky < y_count; ++ky)
            visit(source, input, y_taps[ky].kernel * shape.kernel_x + x_tap.kernel,
                  y_taps[ky].target * shape.out_width + x_tap.target, x_count);
    }
}

static void deliver_conv(const ConvArgs& args) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane(), kernel = shape.kernel_y * shape.kernel_x;
    float* const scratch = args.scratch;
    for (uint32_t b = args.block_begin; b < args.block_end; ++b) {
        const ConvBlock& block = shape.blocks[b];
        float* const sums = args.sums + static_cast<size_t>(block.first) * plane;
        if (!args.from_zero) rows_to_lanes(sums, plane, block.count, scratch);
        if (args.from_zero || args.bias) {
            const F bias = args.bias ? load_partial(args.bias + block.first, block.count) : broadcast_f(0.0f);
            const F start = add(broadcast_f(0.0f), bias);
            for (uint32_t k = 0; k < plane; ++k)
                store(scratch + k * 16, args.from_zero ? start : add(load(scratch + k * 16), bias));
        }
        const float* const weights = args.weights + static_cast<size_t>(b) * shape.block_weights();
        const size_t weight_step = static_cast<size_t>(shape.x_kernel_step) * 16;
        const size_t sum_step = static_cast<size_t>(shape.x_target_step) * 16;
        for_each_row(shape, block, args.active, args.active_count,
                     [&](uint32_t source, uint32_t input, uint32_t k, uint32_t target, uint32_t count) {
                         const float* weight = weights + (static_cast<size_t>(input) * kernel + k) * 16;
                         float* sum = scratch + target * 16;
                         const F value = broadcast_f(args.values ? args.values[source] : 1.0f);
                         for (uint32_t n = 0; n < count; ++n, weight += weight_step, sum -= sum_step)
                             store(sum, add(load(sum), args.values ? mul(load(weight), value) : load(weight)));
                     });
        lanes_to_rows(scratch, plane, block.count, sums);
    }
}

// The same walk for narrow groups, one connection at a time. Calls visit(source, weight index, target neuron).
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

// dL/d(source) of `Inputs` channels of one group at one place: they share what is read of the gradient, and their chains of
// additions do not wait for each other.
template <uint32_t Inputs>
static void source_gradient_at(const ConvAdjointArgs& args, uint32_t group, uint32_t input, uint32_t y, uint32_t x) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane(), kernel = shape.kernel_y * shape.kernel_x;
    const Tap* const y_taps = shape.y_taps + static_cast<size_t>(y) * shape.kernel_y;
    const Tap* const x_taps = shape.x_taps + static_cast<size_t>(x) * shape.kernel_x;
    const uint32_t y_count = shape.y_tap_counts[y], x_count = shape.x_tap_counts[x];
    F sum[Inputs];
    for (uint32_t i = 0; i < Inputs; ++i) sum[i] = broadcast_f(0.0f);
    for (uint32_t b = args.block_begin; b < args.block_end; ++b) {
        if (shape.blocks[b].group != group) continue;
        const float* const weights =
            args.weights + static_cast<size_t>(b) * shape.block_weights() + static_cast<size_t>(input) * kernel * 16;
        const float* const gradient = args.channels_last + static_cast<size_t>(b - args.block_begin) * plane * 16;
        for (uint32_t ky = 0; ky < y_count; ++ky)
            for (uint32_t kx = 0; kx < x_count; ++kx) {
                const F g = load(gradient + (y_taps[ky].target * shape.out_width + x_taps[kx].target) * 16);
                const float* const tap = weights + (y_taps[ky].kernel * shape.kernel_x + x_taps[kx].kernel) * 16;
                for (uint32_t i = 0; i < Inputs; ++i)
                    sum[i] = fma_(load(tap + static_cast<size_t>(i) * kernel * 16), g, sum[i]);
            }
    }
    float* const out = args.source_gradient +
                       static_cast<size_t>(group * shape.group_inputs + input) * shape.in_plane() + y * shape.in_width + x;
    for (uint32_t i = 0; i < Inputs; ++i) out[static_cast<size_t>(i) * shape.in_plane()] += sum_(sum[i]);
}

static void conv_source_gradient(const ConvAdjointArgs& args) {
    constexpr uint32_t together = 4;
    const ConvShape& shape = *args.shape;
    for (uint32_t group = 0; group < shape.in_channels / shape.group_inputs; ++group)
        for (uint32_t input = 0; input < shape.group_inputs;) {
            const bool several = input + together <= shape.group_inputs;
            for (uint32_t y = 0; y < shape.in_height; ++y)
                for (uint32_t x = 0; x < shape.in_width; ++x) {
                    if (several) source_gradient_at<together>(args, group, input, y, x);
                    else source_gradient_at<1>(args, group, input, y, x);
                }
            input += several ? together : 1;
        }
}

static void conv_weight_gradient(const ConvAdjointArgs& args) {
    const ConvShape& shape = *args.shape;
    const uint32_t plane = shape.out_plane(), kernel = shape.kernel_y * shape.kernel_x;
    for (uint32_t b = args.block_begin; b < args.block_end; ++b) {
        const ConvBlock& block = shape.blocks[b];
        float* const weights = args.weight_gradient + static_cast<size_t>(b) * shape.block_weights();
        const float* const gradient = args.channels_last + static_cast<size_t>(b - args.block_begin) * plane * 16;
        const size_t weight_step = static_cast<size_t>(shape.x_kernel_step) * 16;
        const size_t gradient_step = static_cast<size_t>(shape.x_target_step) * 16;
        for_each_row(shape, block, args.active, args.active_count,
                     [&](uint32_t source, uint32_t input, uint32_t k, uint32_t target, uint32_t count) {
                         if (input < args.input_begin || input >= args.input_end) return;
                         float* sum = weights + (static_cast<size_t>(input) * kernel + k) * 16;
                         const float* g = gradient + target * 16;
                         const F value = broadcast_f(args.values ? args.values[source] : 1.0f);
                         for (uint32_t n = 0; n < count; ++n, sum += weight_step, g -= gradient_step)
                             store(sum, fma_(load(g), value, load(sum)));
                     });
    }
}
