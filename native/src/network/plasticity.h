// The plasticity of one projection: a rule with its parameters, and what backends compute with.
#pragma once

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
};

// A trace as it is computed. Its value n steps after an event that left x is x * decay[min(n, decay.size() - 1)].
struct TracePlan {
    float keep = 1.0f;         // an event at which the trace is x leaves keep * x + 1
    std::vector<float> decay;  // float32(exp(-n dt / tau)), n ascending; the last one is 0, those before at least 2^-60
};

// Entries of TracePlan::decay that are allowed; with the smallest trace kept, tau / dt is at most a fortieth of it.
constexpr size_t max_decay_steps = 1u << 22;

// A parameter, option or derived constant of a rule.
struct PlasticConstant {
    ValueType type = ValueType::float_;
    float real = 0.0f;
    int32_t whole = 0;
};

struct PlasticityPlan {
    std::vector<PlasticConstant> constants;  // parameters, options, derived: the first registers of both events
    std::vector<TracePlan> pre_traces, post_traces;
    float minimum = 0.0f, maximum = 0.0f;  // what an event gives is held within them, then flushed like a state
};

struct WeightBounds {
    float minimum, maximum;
    double largest() const;  // of |w|
};

// Throw SNN_ERROR_INVALID_ARGUMENT where the parameters make no sense; `what` names the projection in the sentence.
WeightBounds weight_bounds(const Plasticity& plasticity, double dt_ms, const std::string& what);
PlasticityPlan make_plasticity_plan(const Plasticity& plasticity, double dt_ms, const std::string& what);

}  // namespace snn
