// One projection in the CPU backend's memory. Weights stay the network's until this session changes them, but where each sample
// has its own: those are copies from the beginning. What a kernel wants in another form (convolution packed for lanes, fixed
// point) is derived from them again whenever they change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/sparse_segments.h"
#include "network/network.h"

namespace snn::cpu {

// How the sums of a convolution are made: the active sources one by one, windows as words of bits (kernels_conv_bits.h), whole
// windows (kernels_conv_dense.h). All give the same bits.
enum class ConvWay : uint8_t { sources, words, windows };

// Geometry of a convolution or pooling, in the form of the kernels.
class ConvLayout {
    static constexpr uint32_t narrow_group = 4;  // output channels

public:
    ConvLayout(const Projection& projection, const Shape& source, const Shape& target);

    const ConvShape& shape() const { return shape_; }
    uint32_t block_count() const { return static_cast<uint32_t>(blocks_.size()); }
    // Blocks whose channels lie in [first, end); a block is never cut, see PopulationData::ranges.
    uint32_t block_from(uint32_t first_channel) const;
    uint32_t fan_out(uint32_t source) const;  // uses of a source inside the target
    // The fastest, with so many active sources.
    ConvWay way(uint32_t active, bool has_values) const;
    // The groups have so few outputs that lanes would be mostly empty: it adds to them one by one, and its weights are not
    // packed.
    bool scatters() const { return shape_.group_outputs < narrow_group; }
    size_t packed_size() const { return blocks_.size() * static_cast<size_t>(shape_.block_weights()); }
    void pack(const float* weights, float* out_packed) const;
    void unpack(const float* packed, float* out_weights) const;
    // For the way back, see ConvAdjointArgs.
    size_t turned_size() const;
    void turn(const float* weights, float* out_turned) const;

private:
    ConvShape shape_{};
    std::vector<Tap> taps_[2];  // y, x
    std::vector<uint32_t> tap_counts_[2];
    std::vector<TapRange> tap_ranges_[2];
    std::vector<ConvBlock> blocks_;
    // The shares of active sources above which there are words, and whole windows, of values and of spikes. Over 1: never.
    void compare_words();
    double words_share_ = 2.0, windows_share_ = 2.0, words_end_ = 2.0;
};

// What one sample is delivered with: each in the form of a kernel, null where there is none.
struct SampleWeights {
    const float* weights;
    const float* bias;
    const float* packed;   // convolutions
    const int32_t* fixed;  // fixed point
};

struct ProjectionData {
    // `copies`: 1, or the number of samples where each has its own.
    ProjectionData(const Projection& projection, const Network& network, const std::vector<NeuronRange>& target_ranges,
                   const SNNAllocator& allocator, const KernelTable& kernels, bool bundled, uint32_t copies);

    const Projection& info;
    uint32_t source_size, target_size;
    size_t weight_count, bias_count;
    uint32_t copies;
    const float* weights;  // the network's or own_weights, of the first copy; null when bundled or plastic
    const float* bias;     // null: none

    bool is_fixed = false;
    bool is_bundled = false;  // the synapses are in SparseBundles; no weights here
    std::optional<ConvLayout> conv;         // conv2d and pool2d
    std::optional<SparseSegments> segments;  // sparse
    // Sparse in float: every source has every target once at each of the delays, so that the synapses of one delay are a matrix
    // [source][target], whose rows lie tap_stride() apart. Delays that are learned have such taps.
    bool is_taps = false;
    // Groups too narrow to fill lanes: one connection at a time. Pooling always.
    bool scatters = false;
    float pool_weight = 1.0f;
    std::vector<uint32_t> first_sources, only_targets;  // maximum pooling, see windows.h
    std::vector<uint32_t> fan_out;  // conv2d and pool2d, per source: its uses inside the target

    size_t tap_stride() const { return segments->delays().size() * target_size; }
    bool is_max_pool() const { return info.kind == SNN_CONNECT_POOL2D && info.pool_mode == SNN_POOL_MAX; }

    SampleWeights weights_of(uint32_t sample) const {
        const size_t copy = copies > 1 ? sample : 0;
        return {weights + copy * weight_stride_, bias + copy * bias_stride_, packed_.data() + copy * packed_size_,
                is_fixed ? fixed_weights_.data() + copy * weight_stride_ : nullptr};
    }

    // Writable; the first call copies all of them, later ones return.
    float* own_weights(uint32_t copy = 0);
    float* own_bias(uint32_t copy = 0);
    void weights_changed(uint32_t copy = 0);

private:
    size_t weight_stride_, bias_stride_, packed_size_ = 0;  // from one copy to the next
    const SNNAllocator allocator_;
    const KernelTable& kernels_;
    Buffer<float> own_weights_, own_bias_;
    Buffer<float> packed_;
    Buffer<int32_t> fixed_weights_;
};

}  // namespace snn::cpu
