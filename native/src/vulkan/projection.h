// The device memory of a projection. An array that is longer than one binding can reach is cut into segments, each with its own
// dispatch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "network/plan.h"
#include "vulkan/device.h"

namespace snn::vulkan {

// How the synapses of a projection are stored and delivered. Each way has its own shader.
enum class Delivery : uint8_t {
    dense,
    one_to_one,
    window,
    sparse,
    spikes,  // in a bundle with other projections of the source (spike_bundle.h); this class keeps only written weights
    plastic,
};
Delivery delivery_of(const Projection& projection);
// Words of a plastic synapse's own traces. Those of a segment follow its synapses in their buffer.
uint32_t own_trace_words(const Projection& projection);

class ProjectionMemory {
public:
    // `copies`: copies of weights and bias, one for each sample if samples have their own weights. More than one copy is
    // possible only for dense and one-to-one projections.
    ProjectionMemory(Device& device, const Network& network, const Projection& projection, uint32_t copies);

    struct Segment {
        Range synapses, rows;
        uint32_t first = 0, last = 0;  // sources; with Delivery::sparse, targets
        uint32_t count = 0;            // synapses, with Delivery::plastic
    };

    // The present weights in canonical order. Not for plastic projections, whose weights the device changes. If a sparse
    // projection has no written weights, the network expands its own to an array and keeps that.
    std::span<const float> weights(const Projection& projection) const;
    std::span<const float> own_weights() const {  // the weights that were written; empty: none
        return own_weights_ ? std::span<const float>(*own_weights_) : std::span<const float>();
    }
    std::span<const float> bias(const Projection& projection) const;
    // Replaces the written weights and returns the previous ones; nullopt: the network's weights. load() uploads them.
    std::optional<std::vector<float>> exchange_weights(std::optional<std::vector<float>> written) {
        return std::exchange(own_weights_, std::move(written));
    }
    void load(Device& device, const Network& network, const Projection& projection);
    void set_bias(Device& device, std::vector<float> bias);

    Delivery delivery;
    std::vector<Segment> segments;
    Range bias_range;
    std::vector<uint16_t> delays;  // with Delivery::plastic: the distinct total delays, ascending

private:
    void load_copies(Device& device, const Projection& projection, uint32_t copies);
    // The words of a segment, before they are uploaded.
    struct Data {
        std::vector<uint32_t> synapses, rows;
        uint32_t first = 0, last = 0;
        uint32_t count = 0;         // as in Segment
        uint64_t words_behind = 0;  // after the synapses, for their own traces
    };
    std::vector<Data> dense(const Network& network, const Projection& projection, VkDeviceSize range) const;
    std::vector<Data> sparse(const Network& network, const Projection& projection, VkDeviceSize range) const;
    std::vector<Data> plastic(const Network& network, const Projection& projection, VkDeviceSize range) const;

    std::optional<std::vector<float>> own_weights_, own_bias_;  // set once weights or biases were written
};

}  // namespace snn::vulkan
