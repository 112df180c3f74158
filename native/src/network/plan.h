// A step as data: an ordered list of kernel calls over the network's populations and projections. It is a pure function of the
// network and knows no device. The reference runs the list as it is; other backends keep its order where the order matters.
//
//   for every population in evaluation order (no undelayed projection points backwards):
//       clear            receptor sums of the population start at +0
//       bias, deliver    every projection onto it, in order of creation: bias first, then weights of active sources
//       neuron_step      state, spikes (and the tape, when training)
//       learn            every plastic projection onto it: the weight changes by the spikes of this step
//   The backward list is its exact mirror image.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "network/network.h"

namespace snn {

// The closed list of kernels. src/backend/reference/ defines their meaning, operation by operation.
enum class Kernel : uint8_t {
    clear_receptors,   // index: population
    deliver,           // index: projection (its kind selects the loop)
    learn,             // index: plastic projection, after the neurons of its target; spikes of this step change weights
    finish_receptors,  // index: population with fixed projections; float sum += float(int sum) * 2^-exponent
    neuron_step,       // index: population
    neuron_adjoint,    // index: population; state and receptor gradients of this step
    deliver_adjoint,   // index: projection; source activity gradient, weight and bias gradient
    input_gradient,    // index: input population; its activity gradient of this step is complete
};

struct KernelCall {
    Kernel kernel;
    uint32_t index;
};

// A parameter, option or derived constant as a kernel reads it.
struct Constant {
    ValueType type = ValueType::float_;
    std::vector<float> floats;    // 1 value (shared) or one for each neuron
    std::vector<int32_t> ints;    // used instead when type is int_
    std::vector<double> doubles;  // the same values in double, for float64 checks
    bool per_neuron() const { return doubles.size() > 1; }
};

// The limits with which a `poisson` op of the step compares its words, for one of the model's means.
struct PoissonLimits {
    uint32_t count = 0;             // number of limits: the most that any of the means needs
    bool per_neuron = false;
    std::vector<uint32_t> limits;   // [count][1 or size]; common/random.h. Padded with UINT32_MAX, which no word exceeds.
};

// The parameters of a population that are learned, and the gradients that the backward pass computes for them.
struct LearningPlan {
    std::vector<uint32_t> parameters;  // ascending
    std::vector<uint32_t> constants;   // constants whose gradients they need, ascending
};

// Everything that is computed from a population's parameters.
struct PopulationConstants {
    std::vector<Constant> constants;  // parameters, options, derived: the first registers of step and adjoint
    std::vector<PoissonLimits> poisson;  // by index in the model's poisson_means
    std::vector<std::vector<double>> initial_states;  // replaces the population's if parameters are learned; else empty

    const std::vector<double>& initial_state(const Population& population, size_t state) const {
        return (initial_states.empty() ? population.initial_states : initial_states)[state];
    }
};

struct PopulationPlan : PopulationConstants {
    uint32_t history_depth = 0;       // past steps of activity to keep
    std::vector<uint8_t> receptor_is_fixed;      // per receptor: some projection onto it sums in fixed point
    std::vector<int32_t> receptor_exponent;      // per receptor, if fixed
    bool needs_activity_gradient = false;  // something that is trained, or an input whose gradient is wanted, lies upstream
    std::optional<LearningPlan> learning;  // none: no parameter is learned
    // The values that a taped run keeps for each neuron, and the index of each among the tape inputs of the adjoint. The
    // adjoint has more tape inputs than these if gradients of parameters are left out.
    std::vector<TapeInfo> tape;
    std::vector<uint32_t> tape_places;

    // The adjoint that runs: the model's plain one, or the one that also computes gradients of parameters.
    const Program& adjoint(const Model& model) const { return learning ? model.learning->adjoint : model.adjoint; }
    const std::vector<uint16_t>& adjoint_states(const Model& model) const {
        return learning ? model.learning->states : model.adjoint_states;
    }
    const std::vector<uint16_t>& adjoint_receptors(const Model& model) const {
        return learning ? model.learning->receptors : model.adjoint_receptors;
    }
    size_t tape_input_count(const Model& model) const {
        return model.tape.size() + (learning ? model.learning->tape.size() : 0);
    }
};

struct Plan {
    std::shared_ptr<const Network> network;
    std::vector<uint32_t> order;               // populations, inputs first
    std::vector<PopulationPlan> populations;   // by population index
    std::vector<std::shared_ptr<const PlasticityPlan>> plasticity;  // by projection index; null: not plastic
    DecayTables decay_tables;                  // of their traces
    std::vector<KernelCall> step;
    std::vector<KernelCall> step_adjoint;      // empty if the network cannot be trained
    std::string not_trainable_because;         // set if step_adjoint is empty
    bool sample_weights = false;               // each sample has its own weights and biases

    // Whether a projection's adjoint passes dL/d(activity) back to the source.
    bool goes_back_to_source(const Projection& projection) const {
        return !projection.detached && populations[projection.source].needs_activity_gradient;
    }
};

// The network must be finished. `session_flags`: SNNConfig.flags. With SNN_FLAG_SAMPLE_WEIGHTS nothing is trained, nothing is
// plastic. With SNN_FLAG_INPUT_GRADIENTS the backward list goes back to the inputs, even through projections that are not
// trained.
Plan make_plan(std::shared_ptr<const Network> network, uint32_t session_flags = 0);

// The constants of neurons for other parameters than the network's. The parameters have already been checked one by one. Throws
// SNN_ERROR_INVALID_ARGUMENT if a derived constant or a mean is out of range for them.
PopulationConstants make_population_constants(const Population& population, const Parameters& parameters, double dt_ms);
// The constants of a slice of the neurons.
PopulationConstants slice_of(const PopulationConstants& whole, Slice slice);

}  // namespace snn
