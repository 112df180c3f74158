// What a session keeps on the device besides what runs need, once it has trained: the tape, gradients, parameters as they are
// trained. The layouts are those of shaders/train_arguments.h. Memory is that of the longest run; it is given back when the
// session is closed.
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

// A range that is made anew where it is too small.
class GrowingRange {
public:
    // True where it was made anew: what was there before is lost.
    bool reserve(Device& device, VkDeviceSize bytes, Memory memory, std::string_view what) {
        if (range_.buffer && bytes <= range_.size) return false;
        // A half more, so that runs which are a little longer each time do not leave a little gap each time. Large ones have
        // a block each, which goes back.
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

// Of a population.
struct TapedPopulation {
    TapedPopulation(const Population& population, const PopulationPlan& plan, const PopulationMemory& memory);

    // Room for a run, with states to be recorded (a bit for each). Inputs that are held lie there once, unless delays look
    // back.
    // `rule`: what the backward pass keeps besides; `crossing`: of EventProp.
    void reserve(Device& device, uint32_t steps, bool is_held, uint32_t recorded, LearningRule rule, const Crossing& crossing);
    // What a spike delivers, and which neurons are not silenced; without a mask, all at 1.
    void set_dropout(Device& device, const DropoutMask* mask);

    uint32_t words_of_step() const { return samples * activity.width; }  // of activity
    uint32_t frame_count() const { return activity.stride == 0 ? 1 : steps; }
    uint32_t head_words() const { return 1 + (is_input ? 0 : words_of_step()); }  // of `own`, before frames
    uint32_t place_of_record(uint32_t state) const;                               // among those that are recorded
    uint32_t credit() const { return (states + learned) * frame; }                // of a learning rule, in `gradients`
    uint32_t instant() const { return receptors * steps * frame; }                // of OTTT and EventProp, in `sums`

    const char* name;
    uint32_t samples, size, frame, receptors, states;
    uint32_t history;  // steps that delays look back
    uint32_t learned;  // constants whose gradients are wanted
    bool is_input, is_binary, has_gradient;
    bool keeps_whole_sums = false;     // a receptor is in fixed point
    uint32_t entries = 0;              // of the tape
    uint32_t steps = 0, recorded = 0;  // as reserved
    shader::TapedActivity activity{};
    uint32_t records = 0, counts = 0, befores = 0;  // in the tape
    uint32_t before_of = 0;                         // 1 + the state that `befores` has; 0: none
    bool drops = false;  // the mask on the device, or what lies in its place, drops somebody
    // tail: the last `history` frames of the last run's activity
    GrowingRange own, tail, sums, whole_sums, tape, activity_gradient, gradients, outputs;
    std::vector<uint32_t> step_shader, adjoint_shader;
};

// Of a projection.
struct TapedProjection {
    TapedProjection(Device& device, const Network& network, const Projection& projection);

    uint32_t parameter_count() const { return weight_count + bias_count; }
    uint32_t slices(uint32_t rows) const;  // that the gradient is summed up in

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
