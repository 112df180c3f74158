// The additional device memory of a session that trains: the tape, gradients, and parameters in the format of training.
// shaders/train_arguments.h defines the layouts. There is memory for the longest run so far, until the session is closed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "network/plan.h"
#include "vulkan/device.h"
#include "vulkan/population.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

// A range that is replaced by a larger one if it is too small.
class GrowingRange {
public:
    // Returns true if the range was replaced. Its previous contents are lost then.
    bool reserve(Device& device, VkDeviceSize bytes, Memory memory, std::string_view what) {
        if (range_.buffer && bytes <= range_.size) return false;
        device.check_reach(bytes, what, ". A smaller batch takes less, or the same batch in micro-batches");
        // Grows by at least a half, so that runs that become a little longer each time do not leave a small gap each time.
        // Large ranges need no such reserve: each has its own block, which is returned to the driver.
        const VkDeviceSize roomy = std::min({range_.size + range_.size / 2, Device::largest_block, device.storage_range()});
        device.release(std::exchange(range_, {}));
        range_ = device.allocate(std::max(bytes, roomy), memory, what);
        return true;
    }
    const Range& operator*() const { return range_; }
    const Range* operator->() const { return &range_; }

private:
    Range range_;
};

// The training memory of a population.
struct TapedPopulation {
    TapedPopulation(const Population& population, const PopulationPlan& plan, const PopulationMemory& memory);

    // Reserves memory for a run. `recorded`: a bit for each state to record. `is_held`: the input is stored once, unless delays
    // look back at it. `rule` determines what else the backward pass keeps. `crossing`: for EventProp.
    void reserve(Device& device, uint32_t steps, bool is_held, uint32_t recorded, LearningRule rule, const Crossing& crossing);
    // Uploads the value that a spike delivers and a bit for each neuron that is not silenced; without a mask, 1 and all.
    void set_dropout(Device& device, const DropoutMask* mask);

    uint32_t words_of_step() const { return samples * activity.width; }  // activity of one step
    uint32_t frame_count() const { return activity.stride == 0 ? 1 : steps; }
    uint32_t head_words() const { return 1 + (is_input ? 0 : words_of_step()); }  // before the frames of `own`
    uint32_t place_of_record(uint32_t state) const;                               // among the recorded states
    uint32_t credit() const { return (states + learned) * frame; }                // offset in `gradients`, for learning rules
    uint32_t instant() const { return receptors * steps * frame; }                // offset in `sums`, for OTTT and EventProp

    const char* name;
    uint32_t samples, size, frame, receptors, states;
    uint32_t history;  // number of steps that delays look back
    uint32_t learned;  // number of constants with gradients
    bool is_input, is_binary, has_gradient;
    bool keeps_whole_sums = false;     // a receptor is in fixed point
    uint32_t entries = 0;              // number of values that the tape keeps for each step of a neuron
    uint32_t steps = 0, recorded = 0;  // as given to reserve()
    shader::TapedActivity activity{};
    uint32_t records = 0, counts = 0, befores = 0;  // offsets in the tape, in words
    uint32_t before_of = 0;                         // 1 + the state that `befores` has; 0: none
    bool drops = false;  // the mask on the device may silence neurons, or was never written
    // `tail`: the last `history` frames of the last run's activity.
    GrowingRange own, tail, sums, whole_sums, tape, activity_gradient, gradients, outputs;
    std::vector<uint32_t> step_shader, adjoint_shader;
};

// The training memory of a projection.
struct TapedProjection {
    TapedProjection(Device& device, const Network& network, const Projection& projection);

    uint32_t parameter_count() const { return weight_count + bias_count; }
    uint32_t slices(uint32_t rows) const;  // number of slices in which the gradient of `rows` rows is summed up

    uint32_t weight_count, bias_count;
    bool is_trained;
    Range parameters, gradient;  // weights, then bias
    // Sparse only: synapses by target (source, delay, number of the weight) and by source (source, target, delay).
    Range target_rows, target_synapses, source_rows, source_synapses;
    bool is_stale = true;   // the session's weights are newer than `parameters`
    bool is_ahead = false;  // an update has made `parameters` newer than the session's weights

private:
    void load_synapses(Device& device, const Network& network, const Projection& projection);
    uint32_t slice_rows_;
};

}  // namespace snn::vulkan
