// One projection in the CPU backend's memory. Weights are the network's own until this session changes them. If each sample has
// its own weights, these are copies from the beginning. What a kernel needs in another form (convolution packed for lanes,
// fixed point) is derived from the weights again whenever they change.
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

// How the sums of a convolution are made: from active sources one by one, from windows as words of bits (kernels_conv_bits.h),
// or from whole windows (kernels_conv_dense.h). All give the same bits.
enum class ConvWay : uint8_t { sources, words, windows };

// Geometry of a convolution or pooling, in the form of the kernels.
class ConvLayout {
    static constexpr uint32_t narrow_group = 4;  // output channels

public:
    ConvLayout(const Projection& projection, const Shape& source, const Shape& target);

    const ConvShape& shape() const { return shape_; }
    uint32_t block_count() const { return static_cast<uint32_t>(blocks_.size()); }
    // The first block at or after a channel. Ranges never cut a block, see PopulationData::ranges.
    uint32_t block_from(uint32_t first_channel) const;
    uint32_t fan_out(uint32_t source) const;  // number of connections of a source
    // The fastest way for this many active sources.
    ConvWay way(uint32_t active, bool has_values) const;
    // Groups have so few outputs that lanes would be mostly empty. The kernel then adds one connection at a time, and weights
    // are not packed.
    bool scatters() const { return shape_.group_outputs < narrow_group; }
    size_t packed_size() const { return blocks_.size() * static_cast<size_t>(shape_.block_weights()); }
    void pack(const float* weights, float* out_packed) const;
    void unpack(const float* packed, float* out_weights) const;
    // For the backward pass, see ConvAdjointArgs.
    size_t turned_size() const;
    void turn(const float* weights, float* out_turned) const;

private:
    ConvShape shape_{};
    std::vector<Tap> taps_[2];  // y, x
    std::vector<uint32_t> tap_counts_[2];
    std::vector<TapRange> tap_ranges_[2];
    std::vector<ConvBlock> blocks_;
    void compare_words();
    // Shares of active sources. Spikes go by words above words_share_ and by whole windows above words_end_, values by whole
    // windows above windows_share_. Over 1: never.
    double words_share_ = 2.0, windows_share_ = 2.0, words_end_ = 2.0;
};

// The weights of one sample in the form of each kernel; null if there is no such form.
struct SampleWeights {
    const float* weights;
    const float* bias;
    const float* packed;   // convolutions
    const int32_t* fixed;  // fixed point
};

struct ProjectionData {
    // `copies`: 1, or the number of samples if each has its own weights.
    ProjectionData(const Projection& projection, const Network& network, const std::vector<NeuronRange>& target_ranges,
                   const SNNAllocator& allocator, const KernelTable& kernels, bool bundled, uint32_t copies);

    const Projection& info;
    uint32_t source_size, target_size;
    size_t weight_count, bias_count;
    uint32_t copies;
    const float* weights;  // of the first copy: the network's or own_weights; null if bundled or plastic
    const float* bias;     // null: none

    bool is_fixed = false;
    bool is_bundled = false;  // the synapses are in SparseBundles; no weights here
    std::optional<ConvLayout> conv;         // conv2d and pool2d
    std::optional<SparseSegments> segments;  // sparse
    // A sparse projection in float in which every source has every target once at each of the delays. The synapses of one delay
    // are then a matrix [source][target], with rows tap_stride() apart. Learned delays have such taps.
    bool is_taps = false;
    // Groups are too narrow to fill lanes and are added one connection at a time. Always true for pooling.
    bool scatters = false;
    float pool_weight = 1.0f;
    std::vector<uint32_t> first_sources, only_targets;  // maximum pooling, see windows.h
    std::vector<uint32_t> fan_out;                      // conv2d and pool2d: number of connections of each source

    size_t tap_stride() const { return segments->delays().size() * target_size; }
    bool is_max_pool() const { return info.kind == SNN_CONNECT_POOL2D && info.pool_mode == SNN_POOL_MAX; }

    SampleWeights weights_of(uint32_t sample) const {
        const size_t copy = copies > 1 ? sample : 0;
        return {weights + copy * weight_stride_, bias + copy * bias_stride_, packed_.data() + copy * packed_size_,
                is_fixed ? fixed_weights_.data() + copy * weight_stride_ : nullptr};
    }

    // Writable weights or bias. The first call copies all of them.
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
