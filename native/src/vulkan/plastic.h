// The device memory of a plastic projection, except its synapses: traces, the index of the synapses onto each target, and the
// rule's shaders and constants.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "network/plan.h"
#include "vulkan/device.h"
#include "vulkan/projection.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

class PlasticMemory {
public:
    PlasticMemory(Device& device, const Network& network, const Projection& projection,
                  std::shared_ptr<const PlasticityPlan> plan, const ProjectionMemory& memory);

    // Sets the rule's parameters. Returns whether `traces` has moved, so that bindings must change.
    bool set_plan(Device& device, std::shared_ptr<const PlasticityPlan> plan);
    void reset_traces(Device& device);
    // Reads traces as the backend's slots define them, after `now` steps. `side`: Slot::pre_traces, post_traces or
    // synapse_traces.
    void read_traces(Device& device, uint64_t now, Slot::Kind side, std::vector<float>& out_values,
                     std::vector<int32_t>& out_ages) const;
    void write_values(Device& device, Slot::Kind side, std::span<const float> values);
    void write_ages(Device& device, uint64_t now, Slot::Kind side, std::span<const int32_t> ages);

    // Complete except for `from`, `first_sum` and `signal`.
    shader::Plastic arguments_of(size_t segment) const;

    std::vector<ProjectionMemory::Segment> segments;
    std::vector<Range> incoming;  // by segment: its synapses by target; empty if targets' spikes change nothing
    Range traces;
    bool learns_from_targets;
    uint32_t target_state_count;  // number of target states that the rule's events read
    shader::PlasticTarget target_arguments{};
    std::vector<uint32_t> arrival_shader, learning_shader, signal_shader;

private:
    // Memory of the traces of some places, beginning with `first`: for each place the step of its last event, then for each
    // place the value of each trace. All pieces together are a side.
    struct Piece {
        Range steps, values;
        size_t first, places;
    };
    std::vector<Piece> pieces_of(Slot::Kind side) const;
    static size_t places_in(const std::vector<Piece>& pieces);
    void index_targets(Device& device, const Network& network, const Projection& projection, std::span<const uint16_t> delays);

    std::shared_ptr<const PlasticityPlan> plan_;
    std::string name_;            // of the projection
    uint32_t own_words_;          // of a synapse
    shader::Plastic arguments_{};  // what all segments have in common
};

}  // namespace snn::vulkan
