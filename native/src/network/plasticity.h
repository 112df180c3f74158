// The plasticity of one projection: a rule with its parameters, and what backends compute with.
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
    std::vector<uint32_t> target_states;  // of the target's model, by those of the rule
};

// How traces with one time constant decay; millions of entries where it is long, so traces share it.
struct DecayTable {
    double tau = 0.0;
    // exp(-n dt / tau), n ascending: coarse[n / 32] * fine[n % 32] in float32. The last one is 0, those before at least 2^-60.
    std::vector<float> decay;
    // float32 of every 32nd of them and of the first 32; padded with 0 to `coarse_steps` entries at least.
    std::vector<float> coarse, fine;

    float after(uint64_t steps) const { return decay[std::min<uint64_t>(steps, decay.size() - 1)]; }
    uint64_t bytes() const { return (decay.size() + coarse.size() + fine.size()) * sizeof(float); }
};
constexpr size_t fine_steps = 32, coarse_steps = 64;
using DecayTables = std::vector<std::shared_ptr<const DecayTable>>;  // of one dt, each of another tau

// A trace as it is computed. Its value n steps after an event that left x is x * table->after(n).
struct TracePlan {
    float keep = 1.0f;  // an event at which the trace is x leaves keep * x + 1 (but PlasticityRule::arrival)
    std::shared_ptr<const DecayTable> table;
};

// Entries of DecayTable::decay that are allowed, and the longest tau / dt that documents promise: exp(-n dt / tau) reaches
// 2^-60, the smallest trace kept, at n = 41.59 tau / dt.
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
    std::vector<uint32_t> target_states;   // of the target's model, by those of the rule
    float minimum = 0.0f, maximum = 0.0f;  // what an event gives is held within them, then flushed like a state
    // What a rule delivers instead of the weight is held within the same bounds and 0.
    float least_delivered() const { return minimum < 0.0f ? minimum : 0.0f; }
    float most_delivered() const { return maximum > 0.0f ? maximum : 0.0f; }
    std::vector<uint16_t> delays;          // that synapses have, ascending, without that of the projection

    size_t delay_slot(uint32_t delay) const {
        return static_cast<size_t>(std::lower_bound(delays.begin(), delays.end(), delay) - delays.begin());
    }
};

// The age of traces that are gone.
constexpr int32_t oldest_event = static_cast<int32_t>(max_decay_steps) + 1;

// What is kept of the traces of one neuron whose last event is `age` steps before the step to come: those that are gone become
// 0. Returns the age, oldest_event when all are gone, so that the same past is kept as the same numbers. [trace], `stride`
// apart.
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
// For sentences: "from 0 (w_min) to 1 (w_max)", with the parameters that they are.
std::string describe_bounds(const Plasticity& plasticity, const WeightBounds& bounds);

class Synapses;
std::vector<uint16_t> delays_of(const Synapses& synapses);

struct Projection;
// Throws SNN_ERROR_INVALID_ARGUMENT when the value is out of the range of the rule's parameter.
void check_plasticity_parameter(const Projection& projection, uint32_t parameter, double value);
std::string describe_plasticity(const Projection& projection);  // for sentences

// Throw SNN_ERROR_INVALID_ARGUMENT where the parameters make no sense; `what` names the projection in the sentence.
WeightBounds weight_bounds(const Plasticity& plasticity, double dt_ms, const std::string& what);
// Takes the tables of decay that are there and adds those that are not.
PlasticityPlan make_plasticity_plan(const Plasticity& plasticity, double dt_ms, const std::string& what,
                                    DecayTables& io_tables);

}  // namespace snn
