// The plasticity of one projection: a rule with its parameters, and the values that backends compute with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "network/model.h"

namespace snn {

struct Plasticity {
    std::shared_ptr<const PlasticityRule> rule;
    std::vector<double> parameters;
    std::vector<int32_t> options;
    std::vector<uint32_t> target_states;  // states of the target's model, by index in the rule's target_states
};

// The decay of traces with one time constant. A long one needs millions of entries, so traces share the table.
struct DecayTable {
    double tau = 0.0;
    // exp(-n dt / tau), n ascending: coarse[n / 32] * fine[n % 32] in float32. The last entry is 0, all others are at least
    // 2^-60.
    std::vector<float> decay;
    // exp(-n dt / tau) in float32 for every 32nd n, and for the first 32. `coarse` is padded with 0 to at least `coarse_steps`.
    std::vector<float> coarse, fine;

    float after(uint64_t steps) const { return decay[std::min<uint64_t>(steps, decay.size() - 1)]; }
    uint64_t bytes() const { return (decay.size() + coarse.size() + fine.size()) * sizeof(float); }
};
constexpr size_t fine_steps = 32, coarse_steps = 64;
using DecayTables = std::vector<std::shared_ptr<const DecayTable>>;  // for one dt, each for a different tau

// A trace as backends compute it. Its value n steps after an event that left x is x * table->after(n).
struct TracePlan {
    float keep = 1.0f;  // an event changes the trace from x to keep * x + 1 (unless PlasticityRule::arrival sets it)
    std::shared_ptr<const DecayTable> table;
};

// The most entries of DecayTable::decay, and the longest tau / dt that the documentation promises: exp(-n dt / tau) reaches
// 2^-60, the smallest trace that is kept, at n = 41.59 tau / dt.
constexpr size_t max_decay_steps = 1u << 22;
constexpr double longest_tau_steps = 100000;
static_assert(longest_tau_steps * 41.6 <= max_decay_steps);

// A parameter, option or derived constant of a rule.
struct PlasticConstant {
    ValueType type = ValueType::float_;
    float real = 0.0f;
    int32_t whole = 0;
};

struct PlasticityPlan {
    std::vector<PlasticConstant> constants;  // parameters, options, derived: the first registers of every event
    std::vector<TracePlan> pre_traces, post_traces, synapse_traces;
    std::vector<uint32_t> target_states;   // states of the target's model, by index in the rule's target_states
    float minimum = 0.0f, maximum = 0.0f;  // an event's new weight is clamped to these, then flushed like a state
    // A value that a rule delivers instead of the weight is clamped to the same bounds, extended to include 0.
    float least_delivered() const { return minimum < 0.0f ? minimum : 0.0f; }
    float most_delivered() const { return maximum > 0.0f ? maximum : 0.0f; }
    std::vector<uint16_t> delays;          // all delays of synapses, ascending, without the projection's own

    size_t delay_slot(uint32_t delay) const {
        return static_cast<size_t>(std::lower_bound(delays.begin(), delays.end(), delay) - delays.begin());
    }
};

// The age of traces that have decayed to nothing.
constexpr int32_t oldest_event = static_cast<int32_t>(max_decay_steps) + 1;

// Reduces the traces of one neuron, whose last event is `age` steps before the next step, to what is saved: traces that have
// decayed become 0. Returns the age, or oldest_event if all have decayed, so that equal pasts are saved as equal numbers.
// io_values: [trace], `stride` apart.
template <class Real>
int32_t kept_traces(const std::vector<TracePlan>& plans, uint64_t age, Real* io_values, size_t stride) {
    int32_t kept = oldest_event;
    for (size_t k = 0; k < plans.size(); ++k) {
        Real& value = io_values[k * stride];
        if (age + 1 >= plans[k].table->decay.size()) value = Real{0};
        if (value != Real{0}) kept = static_cast<int32_t>(age);
    }
    return kept;
}

struct WeightBounds {
    float minimum, maximum;
    double largest() const;  // of |w|
};
// For error sentences: "from 0 (w_min) to 1 (w_max)", with the names of the parameters that set the bounds.
std::string describe_bounds(const Plasticity& plasticity, const WeightBounds& bounds);

class Synapses;
std::vector<uint16_t> delays_of(const Synapses& synapses);

struct Projection;
// Throws SNN_ERROR_INVALID_ARGUMENT if the value is out of the range of the rule's parameter.
void check_plasticity_parameter(const Projection& projection, uint32_t parameter, double value);
std::string describe_plasticity(const Projection& projection);  // for error sentences

// Both throw SNN_ERROR_INVALID_ARGUMENT if the parameters make no sense; `what` names the projection in the sentence.
WeightBounds weight_bounds(const Plasticity& plasticity, double dt_ms, const std::string& what);
// Uses the decay tables in io_tables and adds the missing ones.
PlasticityPlan make_plasticity_plan(const Plasticity& plasticity, double dt_ms, const std::string& what,
                                    DecayTables& io_tables);

}  // namespace snn
