// One plastic projection: sparse synapses whose weights change by a rule (docs/semantics.md, "Plasticity"), computed when
// something happens and not in every step.
//
// What arrives at a synapse is known in time; what its target does is learned late. A spike of a target is written down once,
// in the target's list of its last spikes, and not brought to its thousands of synapses, which lie far apart. The synapses of a
// row - one source, one delay - catch up together when the next spike arrives at them:
//
//     row of source i   ----|arrival------------------------|arrival---> steps
//     spikes of target j    |      x          x             |
//                           |                               '-- on_post for both x, in order, then on_pre, then deliver
//                           '-- the row knows when this was, and its pre traces just after
//
// A list is full when its oldest spike is one that some row has yet to learn. Then the rows whose last arrival is long ago
// catch up; most rows need not, because an arrival made them. All catch up (a flush) before weights are read or written.
// Because a trace is its value at its last event times a table of decay, it does not matter when it is looked at: the bits are
// those of changing every weight at once.
//
// Rows are cut by the threads' ranges of targets and into parts of 65,536 targets, so a thread changes what it owns and needs
// no atomics. Of a part, synapse_rows.h has the synapses and target_history.h what its targets did.
//
// Thread-safety: deliver() and learn() for different ranges at once; everything else by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "cpu/interpreter.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/population_data.h"
#include "cpu/synapse_rows.h"
#include "cpu/target_history.h"
#include "network/plan.h"

namespace snn::cpu {

class PlasticProjection {
public:
    PlasticProjection(const Projection& projection, const Network& network, std::shared_ptr<const PlasticityPlan> plan,
                      const std::vector<NeuronRange>& target_ranges, const SNNAllocator& allocator,
                      const KernelTable& kernels, bool interpret);

    // Spikes of the source that arrive in step `clock`, at targets of one range, whose states are as before the step. `sums`:
    // of neuron 0 of the population. Returns at how many synapses they did.
    uint64_t deliver(uint32_t range, const PopulationData& source, const PopulationData& target, uint64_t clock, int32_t* sums);
    // After the targets' neurons: `bits` are the spikes of step `clock`, of neuron 0 on.
    void learn(uint32_t range, uint64_t clock, const uint16_t* bits);
    uint32_t range_count() const { return range_count_; }

    // In canonical order. Steps before `clock` are over.
    void read_weights(float* out_weights);
    void write_weights(const float* weights);
    // No event has happened yet; the weights stay. Steps before `clock` are over, and steps from `first_clock` on come.
    void reset(uint64_t first_clock);

    // Before step `clock`: what the rule says at a signal, at every synapse of a range.
    void signal(uint32_t range, const PopulationData& target, uint64_t clock, float value);
    // Parameters from step `clock` on.
    void set_plan(std::shared_ptr<const PlasticityPlan> plan);

    // Before step `clock`, of the side that Slot::pre_traces, post_traces or synapse_traces names; `places` are its
    // neurons, rows or synapses. What is null is not written.
    void read_traces(Slot::Kind side, uint64_t clock, float* out_traces, int32_t* out_ages, size_t places);
    void write_traces(Slot::Kind side, uint64_t clock, const float* traces, const int32_t* ages, size_t places);

private:
    struct Part {
        uint32_t range;
        uint32_t begin, end;  // targets
        SynapseRows rows;
        TargetHistory history;
        Buffer<uint32_t> inputs, scratch;  // of what is interpreted
        uint64_t base = 0;                 // clock of step 1
        PlasticArgs args{};                // but for what differs from call to call
    };

    TargetHistory::Keeps choose_programs(bool interpret);
    void make_parts(const Network& network, const std::vector<NeuronRange>& target_ranges, TargetHistory::Keeps keeps,
                    const SNNAllocator& allocator);
    void make_args(Part& part) const;
    PlasticArgs& args_of(Part& part, int32_t now) const;
    void look_at(const PopulationData& target, Part& part) const;
    void look_at_traces(Part& part) const;
    PlasticVisit visit_of(Part& part, size_t row) const;
    int32_t step_of(Part& part, uint64_t clock) const;
    void arrive(Part& part, const size_t* rows, uint32_t count, int32_t now) const;
    void catch_up(Part& part, int32_t now) const;
    void flush(Part& part) const;
    template <class Choose>
    void visit_rows(Part& part, const PlasticArgs& args, Choose&& choose) const;
    void visit_all(Part& part, const PlasticArgs& args) const;
    void learn(Part& part, int32_t now, const uint16_t* bits) const;
    template <class Use>
    void for_rows(Use&& use);
    template <class Use>
    void for_traces(Slot::Kind side, Use&& use);
    void take_constants();

    const Projection& info_;
    std::shared_ptr<const PlasticityPlan> plan_;
    const KernelTable& kernels_;
    uint32_t source_size_, target_size_, range_count_;
    float scale_;
    const std::vector<uint16_t> delays_;  // of synapses, ascending
    std::vector<PlasticWord> constants_;
    PlasticVisits visits_;
    bool learns_from_targets_;
    std::optional<InterpretedProgram> on_pre_, on_post_, on_signal_, arrival_;
    std::vector<Part> parts_;
};

}  // namespace snn::cpu
