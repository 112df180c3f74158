// Convolution of an image in which many sources are active: every target adds up all that its window covers. Included by
// kernels_isa.cpp inside the namespace of one instruction set, after kernels_conv.h, whose scratch image of sums it uses.
//
// The sources lie in an image of floats with margins of zeros, so that windows at the edge are like any others. The sums of
// several targets side by side in a row, with channels in lanes, stay in registers while the window passes. It passes in
// ascending order of the sources, which is the order in which active sources come one by one. A silent source adds 0, which
// changes no sum, because none is -0.

// Targets of a row that one inner loop keeps in registers.
#if defined(SNN_ISA_IS_avx512)
constexpr uint32_t window_targets = 8;
#else
constexpr uint32_t window_targets = 4;
#endif

// Fills the image with the sources of the group of `block`, [group input][padded y][padded x].
static void fill_image(const ConvArgs& args, uint32_t block) {
    const ConvShape& shape = *args.shape;
    std::memset(args.image, 0, shape.image_size * sizeof(float));
    const size_t width = shape.image_width, plane = shape.image_plane;
    const uint32_t first_channel = shape.blocks[block].group * shape.group_inputs;
    const uint32_t first = first_channel * shape.in_plane(), end = first + shape.group_inputs * shape.in_plane();
    float* const corner = args.image + shape.y_padding * width + shape.x_padding;
    SourceWalk walk(shape, first_channel);
    for (uint32_t a = 0; a < args.active_count && args.active[a] < end; ++a) {
        const uint32_t source = args.active[a];
        if (source < first) continue;
        const uint32_t x = walk.go_to(source);
        corner[(walk.channel - first_channel) * plane + walk.y * width + x] = args.values ? args.values[source] : 1.0f;
    }
}

// `sum_step`: floats from the sums of one target to those of the next.
template <uint32_t Targets>
SNN_ALWAYS_INLINE void add_window(const ConvShape& shape, const float* corner, const float* weights, float* sums, size_t sum_step) {
    const size_t stride = shape.x_stride;
    F sum[Targets];
    SNN_UNROLL for (uint32_t t = 0; t < Targets; ++t) sum[t] = load(sums + t * sum_step);
    for (uint32_t input = 0; input < shape.group_inputs; ++input, corner += shape.image_plane)
        for (uint32_t ky = 0; ky < shape.kernel_y; ++ky) {
            const float* values = corner + size_t{ky} * shape.y_dilation * shape.image_width;
            for (uint32_t kx = 0; kx < shape.kernel_x; ++kx, values += shape.x_dilation, weights += 16) {
                const F w = load(weights);
                SNN_UNROLL for (uint32_t t = 0; t < Targets; ++t) sum[t] = add(sum[t], mul_by(w, values + t * stride));
            }
        }
    SNN_UNROLL for (uint32_t t = 0; t < Targets; ++t) store(sums + t * sum_step, sum[t]);
}

template <uint32_t Targets>
static void add_windows_of_row(const ConvShape& shape, const float* corner, const float* weights, float* sums, size_t sum_step,
                               uint32_t x = 0) {
    for (; x + Targets <= shape.out_width; x += Targets)
        add_window<Targets>(shape, corner + size_t{x} * shape.x_stride, weights, sums + x * sum_step, sum_step);
    if constexpr (Targets > 1)
        if (x < shape.out_width) add_windows_of_row<Targets / 2>(shape, corner, weights, sums, sum_step, x);
}

template <uint32_t Blocks>
static void add_windows(const ConvArgs& args, uint32_t block) {
    const ConvShape& shape = *args.shape;
    const size_t sum_step = size_t{16} * Blocks;
    for (uint32_t b = 0; b < Blocks; ++b)
        for (uint32_t y = 0; y < shape.out_height; ++y)
            add_windows_of_row<window_targets>(shape, args.image + size_t{y} * shape.y_stride * shape.image_width,
                                               args.weights + (size_t{block} + b) * shape.block_weights(),
                                               args.scratch + y * shape.out_width * sum_step + size_t{b} * 16, sum_step);
}
