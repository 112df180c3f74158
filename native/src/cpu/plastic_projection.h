// One plastic projection: sparse synapses whose weights change by a rule (docs/semantics.md, "Plasticity"). Changes are
// computed when something happens, not in every step.
//
// A synapse handles arrivals at once, but learns the spikes of its target late. A spike of a target is written down once, in
// the target's list of its last spikes. It is not brought to the target's thousands of synapses, which lie far apart. The
// synapses of a row (one source, one delay) catch up together when the next spike arrives at them:
//
//     row of source i   ----|arrival------------------------|arrival---> steps
//     spikes of target j    |      x          x             |
//                           |                               '-- on_post for both x, in order, then on_pre, then deliver
//                           '-- the row keeps this step, and its pre traces just after it
//
// A list is full if its oldest spike is one that some row has yet to learn. Then the rows whose last arrival is long ago catch
// up. Most rows need not, because a recent arrival made them catch up. All rows catch up (a flush) before weights are read or
// written. A trace is stored as its value at its last event and decays by a table, so it does not matter when it is read: the
// bits are those of changing every weight at once.
//
// Rows are cut by the threads' ranges of targets and into parts of 65,536 targets. Each thread changes only what it owns and
// needs no atomics. For each part, synapse_rows.h has the synapses, and target_history.h has what the targets did.
//
// Thread-safety: threads may call deliver(), learn() and signal() at once for different ranges. One thread calls everything
// else.
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

    // Delivers the spikes of the source that arrive in step `clock` at targets of one range. The states of the targets must be
    // those before the step. `sums`: of the population, from neuron 0 on. Returns the number of synapses that delivered.
    uint64_t deliver(uint32_t range, const PopulationData& source, const PopulationData& target, uint64_t clock, int32_t* sums);
    // Called after the step of the targets. `bits`: the population's spikes in step `clock`, from neuron 0 on.
    void learn(uint32_t range, uint64_t clock, const uint16_t* bits);
    uint32_t range_count() const { return range_count_; }

    // In canonical order. Both bring all synapses up to date first.
    void read_weights(float* out_weights);
    void write_weights(const float* weights);
    // Forgets all events and keeps the weights. The next step is at `first_clock`.
    void reset(uint64_t first_clock);

    // Called before step `clock`: applies the rule's event for a signal to every synapse of a range.
    void signal(uint32_t range, const PopulationData& target, uint64_t clock, float value);
    // Changes the parameters. All spikes so far are learned with the old ones.
    void set_plan(std::shared_ptr<const PlasticityPlan> plan);

    // Traces before step `clock`, of the side that Slot::pre_traces, post_traces or synapse_traces names; `places` is the
    // number of its neurons, rows or synapses. write_traces() leaves out what is null.
    void read_traces(Slot::Kind side, uint64_t clock, float* out_traces, int32_t* out_ages, size_t places);
    void write_traces(Slot::Kind side, uint64_t clock, const float* traces, const int32_t* ages, size_t places);

private:
    struct Part {
        uint32_t range;
        uint32_t begin, end;  // targets
        SynapseRows rows;
        TargetHistory history;
        Buffer<uint32_t> inputs, scratch;  // for interpreted programs
        uint64_t base = 0;                 // clock of step 1
        PlasticArgs args{};                // all but what differs from call to call
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
    const std::vector<uint16_t> delays_;  // of the synapses, ascending
    std::vector<PlasticWord> constants_;
    PlasticVisits visits_;
    bool learns_from_targets_;
    std::optional<InterpretedProgram> on_pre_, on_post_, on_signal_, arrival_;
    std::vector<Part> parts_;
};

}  // namespace snn::cpu
