// What a projection has on the device. Arrays that are longer than one binding of a shader reaches are cut into segments, each
// with a dispatch of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "network/plan.h"
#include "vulkan/device.h"

namespace snn::vulkan {

// How the synapses of a projection lie and are delivered: a shader for each.
enum class Delivery : uint8_t {
    dense,
    one_to_one,
    window,
    sparse,
    spikes,  // in a bundle with others of its source (spike_bundle.h): only weights that were written are here
    plastic,
};
Delivery delivery_of(const Projection& projection);
// Of a plastic projection: what synapses with traces of their own have behind them.
uint64_t own_trace_words(const Projection& projection);

class ProjectionMemory {
public:
    // `copies`: of weights and bias, one for each sample where samples have their own; a dense or one-to-one projection then.
    ProjectionMemory(Device& device, const Network& network, const Projection& projection, uint32_t copies);

    struct Segment {
        Range synapses, rows;
        uint32_t first = 0, last = 0;  // sources; of `sparse`: targets
    };

    // As they are now, in canonical order; of no plastic projection, whose device changes them. Of synapses that were not
    // written, arrays are made.
    std::span<const float> weights(const Projection& projection) const;
    std::span<const float> own_weights() const {  // that were written; empty: none
        return own_weights_ ? std::span<const float>(*own_weights_) : std::span<const float>();
    }
    std::span<const float> bias(const Projection& projection) const;
    // Those that were written are others now, nothing: the projection's. load() brings them to the device.
    std::optional<std::vector<float>> exchange_weights(std::optional<std::vector<float>> written) {
        return std::exchange(own_weights_, std::move(written));
    }
    void load(Device& device, const Network& network, const Projection& projection);
    void set_bias(Device& device, std::vector<float> bias);

    Delivery delivery;
    std::vector<Segment> segments;
    Range bias_range;
    std::vector<uint16_t> delays;  // of `plastic`: total, distinct, ascending

private:
    void load_copies(Device& device, const Projection& projection, uint32_t copies);
    // The words of a segment before they are on the device.
    struct Data {
        std::vector<uint32_t> synapses, rows;
        uint32_t first = 0, last = 0;
        uint64_t words_behind = 0;  // synapses, for others to fill
    };
    std::vector<Data> dense(const Network& network, const Projection& projection, VkDeviceSize range) const;
    std::vector<Data> sparse(const Network& network, const Projection& projection, VkDeviceSize range) const;
    std::vector<Data> plastic(const Network& network, const Projection& projection, VkDeviceSize range) const;

    std::optional<std::vector<float>> own_weights_, own_bias_;  // once they were written
};

}  // namespace snn::vulkan
