// What the CPU backend hands to one compiled neuron model (the code that engine/modelc prints).
#pragma once

#include <cstdint>

namespace snn::cpu {

// Where the random draws of a step come from (docs/semantics.md, "Random draws").
struct DrawArgs {
    uint64_t seed = 0, step = 0;
    uint32_t population = 0, sample = 0;
    uint32_t first_block = 0;  // of 64 neurons: what the first is called
};

// The limits of one mean of `poisson` (network/plan.h) for comparisons of signed numbers: with the highest bit turned over, and
// padded to a multiple of poisson_group with the largest number, above which there is no word.
//
// The group is what is compared between two looks at whether any of 16 neurons has passed: large, so that a handful of
// events in the mean takes one group and the processor foresees the end.
constexpr uint32_t poisson_group = 8;
constexpr uint32_t half_limit_count = 64;  // more than a mean has limits: kernels may look at some behind the last
struct PoissonTable {
    const int32_t* limits = nullptr;  // [count][stride]
    uint32_t count = 0;
    uint32_t stride = 16;  // 16: shared; else neurons, padded
    uint32_t mask = 0;     // as constant_masks
    // [half_limit_count] of shared limits, upper_halves() of population_data.h.
    const uint16_t* upper_halves = nullptr;
};

// All pointers are 64-byte aligned and padded to a multiple of 16 neurons. Ranges [begin, end) are multiples of 16.
struct NeuronStepArgs {
    // Parameters, options and derived constants, in register order; float or int32 by the model's declaration.
    // mask 0: one value, repeated over 16 lanes. mask 0xFFFFFFFF: one value per neuron. Element i is data[i & mask].
    const void* const* constants;
    const uint32_t* constant_masks;
    const float* const* receptors;  // [receptor][neuron] summed input of this step
    void* const* states;            // [state][neuron] float or int32, updated in place
    uint16_t* spikes;               // bit n % 16 of word n / 16 = neuron n spiked; null for a model that does not spike
    void* const* tape;              // [tape entry][neuron] float or int32, or null when nothing is taped
    DrawArgs draws{};               // read by models that draw
    const PoissonTable* poisson = nullptr;  // one for each mean of the model
    // Instead of `receptors`, for steps that take integers: [receptor][neuron] sums in units of a scale, zero after the step.
    int32_t* const* integer_receptors = nullptr;
    const float* receptor_scales = nullptr;
};

struct SurrogateArgs {
    int32_t kind;  // index into the generated table of built-in surrogates
    float parameters[4];
};

struct NeuronAdjointArgs {
    const void* const* constants;
    const uint32_t* constant_masks;
    const void* const* tape;          // [tape entry][neuron]
    float* const* state_gradients;    // [state][neuron]: dL/d(state after) on entry, dL/d(state before) on return
    const float* spike_gradient;      // [neuron] dL/d(spike)
    float* const* receptor_gradients; // [receptor][neuron] written
    SurrogateArgs surrogate;
    // Where something is learned, [place in LearningPlan::constants, or in TrainingKernels::constants][neuron]: added to. The
    // latter take null for what is not wanted.
    float* const* constant_gradients = nullptr;
};

// One synapse whose spike arrives within a span of steps, in a list of those of 16 neurons, in any order.
struct DueSynapse {
    uint32_t next;  // nothing_due: the last
    uint8_t step;   // since the span began
    uint8_t lane;
    int16_t weight;
};
constexpr uint32_t nothing_due = UINT32_MAX;
constexpr uint32_t most_span_steps = 64;

// Several steps of neurons that lie side by side in slots, whose states stay in registers from step to step. What is read and
// written by slot has room for slot_count rounded up to span_slots.
constexpr uint32_t span_slots = 64;
struct NeuronSpanArgs {
    NeuronStepArgs step;  // constants, states and scales of the receptors, by slot; nothing else
    uint32_t step_count;
    uint32_t slot_count;
    const uint32_t* neurons;        // [slot] which neuron of the population it is
    uint16_t* const* spikes;        // [step] bits by neuron: those of neurons that spike are set
    uint32_t* const* due;           // [receptor][slot / 16] the first in the list, nothing_due afterwards; null: no input
    const DueSynapse* synapses;
};

using NeuronSpanFunction = void (*)(const NeuronSpanArgs& args);
// Bit n % 16 of word n / 16: a step without input would leave the states of neuron n as they are, without a spike.
using NeuronRestFunction = void (*)(const NeuronStepArgs& args, uint32_t begin, uint32_t end, uint16_t* out_resting);
using NeuronStepFunction = void (*)(const NeuronStepArgs& args, uint32_t begin, uint32_t end);
using NeuronAdjointFunction = void (*)(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end);

// The step for one choice of all the model's options: the same bits, without the work of the other choices.
struct SpecialisedStep {
    const int32_t* choices;          // one for each option
    uint32_t without;                // so many receptors, the last ones, have no input
    NeuronStepFunction step;
    NeuronStepFunction shared_step;   // all float parameters and derived constants are shared by the neurons
    NeuronStepFunction integer_step;  // the same, taking integer sums; null for large models
    NeuronSpanFunction step_span;   // the same for several steps; both null where states do not stay in registers, and
    NeuronRestFunction list_resting;    // for models that draw
};

// A taped step and its adjoint for a choice of options and for counters, whole numbers such as a refractory time, that are at 0
// and stay there: the same bits. The counters are neither read nor written, and not taped.
struct TrainingKernels {
    const int32_t* choices;  // one for each option, -1: any
    const int32_t* zeros;    // constants that are 0 for all neurons, and -1
    const int32_t* tape;     // tape inputs of the adjoint that are kept, and -1
    // Constants whose gradients the adjoint adds up, and -1: all that reach a parameter. Null: it is for fixed parameters.
    const int32_t* constants;
    NeuronStepFunction step_taped;
    NeuronAdjointFunction adjoint;
};

struct CompiledModel {
    const char* name;
    // Null: interpreted, as print_cpp.py decides for large models. Without a step there is none of the others.
    NeuronStepFunction step;
    NeuronStepFunction step_taped;
    NeuronAdjointFunction adjoint;  // or there is none
    const SpecialisedStep* specialised;
    uint32_t specialised_count;
    const TrainingKernels* trained;
    uint32_t trained_count;
};

}  // namespace snn::cpu
