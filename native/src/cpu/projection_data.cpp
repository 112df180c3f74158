#include "cpu/projection_data.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "cpu/windows.h"

namespace snn::cpu {

namespace {

// Adding one source takes about 8 ns for each row of its kernel and 0.8 ns for each 16 weights that it meets. Adding a window
// takes 0.6 ns for each 16 weights that it covers. Measured with kernels of 1 to 7 places and strides of 1 and 2, on AVX-512
// and AVX2.
constexpr double ns_of_row = 8.0, ns_of_vector = 0.8;

double share_of_windows(const ConvShape& shape) {
    const uint32_t blocks = shape.group_outputs > 16 * (conv_blocks_together - 1) ? conv_blocks_together : 1;
    const double vectors = static_cast<double>(blocks) * shape.kernel_x / shape.x_stride;
    return std::min(0.3, 0.6 * vectors / (ns_of_row + ns_of_vector * vectors));
}

// A word takes about 15 ns, mostly because the processor mispredicts the end of its bits, and 0.27 ns for each 16 weights of a
// bit. Whole windows of as many channels take 0.33 ns for each 16 weights. Measured with kernels of 3 and 5 places, on AVX-512
// and AVX2.
constexpr double ns_of_word = 15.0, ns_of_word_vector = 0.27, ns_of_window_vector = 0.33;
constexpr uint32_t most_word_width = 48;  // widest row that 64 bits hold from any of the 16 places where it may begin

// How many inputs of a group have their windows in one word. With 16 outputs or fewer, a word gives too little to do.
uint32_t word_inputs_of(const ConvShape& shape) {
    const uint64_t kernel = uint64_t{shape.kernel_y} * shape.kernel_x;
    const uint64_t width = shape.in_width + uint64_t{2} * shape.x_padding;
    const uint64_t height = shape.in_height + uint64_t{2} * shape.y_padding;
    if (shape.group_outputs <= 16 || shape.x_dilation != 1 || shape.y_dilation != 1) return 0;
    if (kernel > 64 || shape.kernel_x == 64) return 0;
    if (shape.in_width > most_word_width || width > 64 || height > most_word_rows) return 0;
    return static_cast<uint32_t>(std::min({64 / kernel, most_word_rows / height, uint64_t{shape.group_inputs}}));
}

constexpr size_t most_image_floats = size_t{1} << 22;  // 16 MiB for each thread

// Finds which kernel positions reach which target from each source coordinate along one axis.
void make_taps(uint32_t source, uint32_t target, const Window& window, int axis, std::vector<Tap>& taps,
               std::vector<uint32_t>& counts) {
    const uint32_t kernel = window.kernel[axis];
    taps.assign(static_cast<size_t>(source) * kernel, Tap{0, 0});
    counts.assign(source, 0);
    for (uint32_t at = 0; at < source; ++at)
        for (uint32_t k = 0; k < kernel; ++k) {
            const int64_t from = int64_t{at} + window.padding[axis] - int64_t{k} * window.dilation[axis];
            if (from < 0 || from % window.stride[axis] != 0 || from / window.stride[axis] >= target) continue;
            taps[static_cast<size_t>(at) * kernel + counts[at]++] = {k, static_cast<uint32_t>(from / window.stride[axis])};
        }
}

// The opposite: the kernel positions that have a source, for each target coordinate.
std::vector<TapRange> make_ranges(uint32_t source, uint32_t target, const Window& window, int axis) {
    std::vector<TapRange> ranges(target, TapRange{0, 0, 0});
    for (uint32_t at = 0; at < target; ++at)
        for (uint32_t k = 0; k < window.kernel[axis]; ++k) {
            const int64_t from = int64_t{at} * window.stride[axis] + int64_t{k} * window.dilation[axis] - window.padding[axis];
            if (from < 0 || from >= source) continue;
            if (ranges[at].count++ == 0) ranges[at] = {k, 1, static_cast<uint32_t>(from)};
        }
    return ranges;
}

float* own_copy(Buffer<float>& own, const SNNAllocator& allocator, const float*& io_values, size_t count, size_t stride,
                uint32_t copies, uint32_t copy) {
    if (own.empty() && count > 0) {
        own.allocate(allocator, copies * stride, false);
        for (uint32_t k = 0; k < copies; ++k) std::memcpy(own.data() + k * stride, io_values, count * sizeof(float));
        io_values = own.data();
    }
    return own.data() + copy * stride;
}

}  // namespace

ConvLayout::ConvLayout(const Projection& projection, const Shape& source, const Shape& target) {
    const Window& window = projection.window;
    const bool pool = projection.kind == SNN_CONNECT_POOL2D;
    const uint32_t groups = pool ? source.dims[0] : window.groups;
    for (int axis = 0; axis < 2; ++axis) {
        make_taps(source.dims[axis + 1], target.dims[axis + 1], window, axis, taps_[axis], tap_counts_[axis]);
        tap_ranges_[axis] = make_ranges(source.dims[axis + 1], target.dims[axis + 1], window, axis);
    }
    shape_ = {
        .in_channels = source.dims[0],
        .in_height = source.dims[1],
        .in_width = source.dims[2],
        .out_channels = target.dims[0],
        .out_height = target.dims[1],
        .out_width = target.dims[2],
        .kernel_y = window.kernel[0],
        .kernel_x = window.kernel[1],
        .group_inputs = source.dims[0] / groups,
        .group_outputs = target.dims[0] / groups,
        .y_taps = taps_[0].data(),
        .x_taps = taps_[1].data(),
        .y_tap_counts = tap_counts_[0].data(),
        .x_tap_counts = tap_counts_[1].data(),
        // Taps are the k for which place + padding - k * dilation is a multiple of the stride.
        .x_kernel_step = window.stride[1] / std::gcd(window.stride[1], window.dilation[1]),
        .x_target_step = window.dilation[1] / std::gcd(window.stride[1], window.dilation[1]),
        .x_stride = window.stride[1],
        .x_dilation = window.dilation[1],
        .x_padding = window.padding[1],
        .y_stride = window.stride[0],
        .y_dilation = window.dilation[0],
        .y_padding = window.padding[0],
        .y_ranges = tap_ranges_[0].data(),
        .x_ranges = tap_ranges_[1].data(),
        .blocks = nullptr,
        .row_vectors = window.kernel[1],
        .place_step = 16,
        .image_width = source.dims[2] + size_t{2} * window.padding[1],
        .image_plane = 0,
        .image_size = 0,
        .word_inputs = 0,
    };
    // No part of a row of the kernel may lie outside the image.
    const uint32_t vectors = (shape_.kernel_x * shape_.group_inputs + 15) / 16;
    if (shape_.x_dilation == 1 && shape_.x_padding == 0 && shape_.group_inputs < 16 && vectors < shape_.kernel_x) {
        shape_.row_vectors = vectors;
        shape_.place_step = shape_.group_inputs;
    }
    if (!scatters()) shape_.word_inputs = word_inputs_of(shape_);
    // A dilation far beyond the image brings margins that are too large to store: up to 2^28 * 2^28 places here.
    shape_.image_plane = (source.dims[1] + size_t{2} * window.padding[0]) * shape_.image_width;
    if (shape_.image_plane <= most_image_floats / shape_.group_inputs) {
        shape_.image_size = shape_.image_plane * shape_.group_inputs;
        windows_share_ = words_end_ = share_of_windows(shape_);
    }
    if (shape_.word_inputs > 0) compare_words();
    // Blocks begin at multiples of 16 channels within their group.
    for (uint32_t group = 0; group < groups; ++group)
        for (uint32_t first = 0; first < shape_.group_outputs; first += 16)
            blocks_.push_back({group, group * shape_.group_outputs + first, std::min(16u, shape_.group_outputs - first)});
    shape_.blocks = blocks_.data();
}

// Finds the share of active sources above which words are faster than single sources, and the share up to which they are faster
// than whole windows.
void ConvLayout::compare_words() {
    const bool four = shape_.group_outputs > 16 * (conv_blocks_together - 1);
    const double blocks = four ? conv_blocks_together : 2, passes = four ? 1 : 2;
    const double rows = static_cast<double>(shape_.kernel_y) * shape_.out_height / shape_.in_height;  // that a source reaches
    const double vectors = blocks * shape_.kernel_x * shape_.out_width / shape_.in_width;             // in each of them
    const double saved = passes * ns_of_row + (ns_of_vector - ns_of_word_vector) * vectors;
    const double begin = ns_of_word * shape_.out_plane() / shape_.word_inputs / (shape_.in_plane() * rows * saved);
    const double all = blocks * shape_.word_inputs * shape_.kernel_y * shape_.kernel_x;
    const double end = shape_.image_size > 0 ? (ns_of_window_vector * all - ns_of_word) / (ns_of_word_vector * all) : 2.0;
    if (end <= begin) return;
    words_share_ = begin;
    words_end_ = end;
}

ConvWay ConvLayout::way(uint32_t active, bool has_values) const {
    const double share = static_cast<double>(active) / (static_cast<double>(shape_.in_channels) * shape_.in_plane());
    if (share > (has_values ? windows_share_ : words_end_)) return ConvWay::windows;
    return !has_values && share > words_share_ ? ConvWay::words : ConvWay::sources;
}

uint32_t ConvLayout::block_from(uint32_t first_channel) const {
    uint32_t block = 0;
    while (block < blocks_.size() && blocks_[block].first < first_channel) ++block;
    return block;
}

uint32_t ConvLayout::fan_out(uint32_t source) const {
    const uint32_t in_plane = source % shape_.in_plane();
    return shape_.group_outputs * tap_counts_[0][in_plane / shape_.in_width] * tap_counts_[1][in_plane % shape_.in_width];
}

void ConvLayout::pack(const float* weights, float* out_packed) const {
    const size_t inner = static_cast<size_t>(shape_.group_inputs) * shape_.kernel_y * shape_.kernel_x;
    for (const ConvBlock& block : blocks_)
        for (size_t k = 0; k < inner; ++k)
            for (uint32_t c = 0; c < 16; ++c)
                *out_packed++ = c < block.count ? weights[(block.first + c) * inner + k] : 0.0f;
}

void ConvLayout::unpack(const float* packed, float* out_weights) const {
    const size_t inner = static_cast<size_t>(shape_.group_inputs) * shape_.kernel_y * shape_.kernel_x;
    for (const ConvBlock& block : blocks_)
        for (size_t k = 0; k < inner; ++k, packed += 16)
            for (uint32_t c = 0; c < block.count; ++c) out_weights[(block.first + c) * inner + k] = packed[c];
}

size_t ConvLayout::turned_size() const {
    const size_t groups = shape_.in_channels / shape_.group_inputs, inputs = (shape_.group_inputs + 15) / 16;
    return groups * inputs * shape_.kernel_y * shape_.group_outputs * shape_.row_vectors * 16;
}

void ConvLayout::turn(const float* weights, float* out_turned) const {
    const uint32_t groups = shape_.in_channels / shape_.group_inputs;
    for (uint32_t group = 0; group < groups; ++group)
        for (uint32_t first = 0; first < shape_.group_inputs; first += 16)
            for (uint32_t ky = 0; ky < shape_.kernel_y; ++ky)
                for (uint32_t out = 0; out < shape_.group_outputs; ++out, out_turned += size_t{shape_.row_vectors} * 16) {
                    std::fill_n(out_turned, size_t{shape_.row_vectors} * 16, 0.0f);
                    for (uint32_t kx = 0; kx < shape_.kernel_x; ++kx)
                        for (uint32_t input = first; input < std::min(first + 16, shape_.group_inputs); ++input) {
                            const size_t filter = size_t{group * shape_.group_outputs + out} * shape_.group_inputs + input;
                            out_turned[size_t{kx} * shape_.place_step + input - first] =
                                weights[(filter * shape_.kernel_y + ky) * shape_.kernel_x + kx];
                        }
                }
}

namespace {

bool connects_all_pairs(const SparseIndex& index, uint32_t target_size, const std::vector<uint16_t>& delays) {
    for (size_t row = 0; row + 1 < index.row_offsets.size(); ++row) {
        const size_t begin = index.row_offsets[row], count = index.row_offsets[row + 1] - begin;
        if (count != delays.size() * target_size) return false;
        for (size_t k = 0; k < count; ++k)
            if (index.targets[begin + k] != k % target_size ||
                (!index.delays.empty() && index.delays[begin + k] != delays[k / target_size]))
                return false;
    }
    return true;
}

}  // namespace

ProjectionData::ProjectionData(const Projection& projection, const Network& network,
                               const std::vector<NeuronRange>& target_ranges, const SNNAllocator& allocator,
                               const KernelTable& kernels, bool bundled, uint32_t copy_count)
    : info(projection),
      source_size(network.populations()[projection.source].size),
      target_size(network.populations()[projection.target].size),
      weight_count(projection.weight_count()),
      bias_count(projection.bias_count()),
      copies(copy_count),
      weights(bundled || projection.plasticity ? nullptr : projection.weights().data()),
      bias(projection.bias ? projection.bias->data() : nullptr),
      is_fixed(projection.is_fixed()),
      is_bundled(bundled),
      // Copies begin at cache lines.
      weight_stride_((weight_count + 15) / 16 * 16),
      bias_stride_((bias_count + 15) / 16 * 16),
      allocator_(allocator),
      kernels_(kernels) {
    if (info.kind == SNN_CONNECT_CONV2D || info.kind == SNN_CONNECT_POOL2D) {
        conv.emplace(info, network.populations()[info.source].shape, network.populations()[info.target].shape);
        scatters = info.kind == SNN_CONNECT_POOL2D || conv->scatters();
        pool_weight = snn::pool_weight(info);
        fan_out.resize(source_size);
        for (uint32_t i = 0; i < source_size; ++i) fan_out[i] = conv->fan_out(i);
        if (is_max_pool()) {
            first_sources = cpu::first_sources(info, conv->shape());
            only_targets = cpu::only_targets(info, conv->shape());
        }
        if (info.kind == SNN_CONNECT_CONV2D && !scatters) packed_size_ = conv->packed_size();
    }
    if (bundled || projection.plasticity) return;
    if (info.kind == SNN_CONNECT_SPARSE) {
        segments.emplace(info.synapses->index(), target_ranges, allocator);
        is_taps = !is_fixed && connects_all_pairs(info.synapses->index(), target_size, segments->delays());
    }
    if (copies > 1) {
        own_weights();
        own_bias();
    }
    packed_.allocate(allocator_, copies * packed_size_, false);
    if (is_fixed) fixed_weights_.allocate(allocator_, copies * weight_stride_, false);
    for (uint32_t copy = 0; copy < copies; ++copy) weights_changed(copy);
}

float* ProjectionData::own_weights(uint32_t copy) {
    return own_copy(own_weights_, allocator_, weights, weight_count, weight_stride_, copies, copy);
}

float* ProjectionData::own_bias(uint32_t copy) {
    return own_copy(own_bias_, allocator_, bias, bias_count, bias_stride_, copies, copy);
}

void ProjectionData::weights_changed(uint32_t copy) {
    const float* const changed = weights + copy * weight_stride_;
    if (packed_size_ > 0) conv->pack(changed, packed_.data() + copy * packed_size_);
    if (is_fixed && weight_count > 0)
        kernels_.quantize(changed, std::ldexp(1.0f, info.fixed_exponent), fixed_weights_.data() + copy * weight_stride_, weight_count);
}

}  // namespace snn::cpu
