// What the CPU backend hands to one compiled neuron model (the code that engine/modelc prints).
#pragma once

#include <cstdint>

namespace snn::cpu {

// Where the random draws of a step come from (docs/semantics.md, "Random draws").
struct DrawArgs {
    uint64_t seed = 0, step = 0;
    uint32_t population = 0, sample = 0;
    uint32_t first_block = 0;  // number of the first block of 64 neurons
};

// The limits of one mean of `poisson` (network/plan.h). The highest bit is inverted, so that comparisons of signed numbers
// work. The limits are padded to a multiple of poisson_group with the largest number, which no word exceeds.
//
// poisson_group limits are compared before the kernel checks whether any of 16 neurons has passed them all. The group is large,
// so that a mean of a handful of events takes one group and the processor predicts the end.
constexpr uint32_t poisson_group = 8;
constexpr uint32_t half_limit_count = 64;  // more than any mean has limits, because kernels may read some behind the last
struct PoissonTable {
    const int32_t* limits = nullptr;  // [count][stride]
    uint32_t count = 0;
    uint32_t stride = 16;  // 16 if shared, otherwise the padded number of neurons
    uint32_t mask = 0;     // as in constant_masks
    // [half_limit_count] for shared limits, see upper_halves() in population_data.h.
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
    // Replaces `receptors` in steps that take integers: [receptor][neuron] sums in units of a scale. The step sets them to 0.
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
    // If something is learned: [place in LearningPlan::constants or TrainingKernels::constants][neuron], which the adjoint adds
    // to. With TrainingKernels, a constant whose gradient is not wanted has null.
    float* const* constant_gradients = nullptr;
};

// One synapse whose spike arrives within a span of steps. Each list has the synapses of 16 neurons, in any order.
struct DueSynapse {
    uint32_t next;  // index of the next one in the list; nothing_due: none
    uint8_t step;   // steps since the span began
    uint8_t lane;
    int16_t weight;
};
constexpr uint32_t nothing_due = UINT32_MAX;
constexpr uint32_t most_span_steps = 64;

// Several steps of neurons that lie side by side in slots. Their states stay in registers from step to step. Arrays indexed by
// slot have room for slot_count rounded up to span_slots.
constexpr uint32_t span_slots = 64;
struct NeuronSpanArgs {
    NeuronStepArgs step;  // by slot; only constants, states and receptor scales are set
    uint32_t step_count;
    uint32_t slot_count;
    const uint32_t* neurons;  // [slot] index of its neuron in the population
    uint16_t* const* spikes;  // [step] bits by neuron; the step sets those of neurons that spike
    uint32_t* const* due;     // [receptor][slot / 16] first of the list, nothing_due afterwards; null: no input
    const DueSynapse* synapses;
};

using NeuronSpanFunction = void (*)(const NeuronSpanArgs& args);
// Sets bit n % 16 of word n / 16 if a step without input would leave the states of neuron n as they are, without a spike.
using NeuronRestFunction = void (*)(const NeuronStepArgs& args, uint32_t begin, uint32_t end, uint16_t* out_resting);
using NeuronStepFunction = void (*)(const NeuronStepArgs& args, uint32_t begin, uint32_t end);
using NeuronAdjointFunction = void (*)(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end);

// The step for one choice of all the model's options. It gives the same bits without the work of the other choices.
struct SpecialisedStep {
    const int32_t* choices;  // one for each option
    uint32_t without;        // number of receptors, the last ones, that have no input
    NeuronStepFunction step;
    NeuronStepFunction shared_step;   // for neurons that share all float parameters and derived constants
    NeuronStepFunction integer_step;  // like shared_step, but taking integer sums; null for large models
    // Like shared_step, for several steps. Both are null if states do not stay in registers, and for models that draw.
    NeuronSpanFunction step_span;
    NeuronRestFunction list_resting;
};

// A taped step and its adjoint for one choice of options, when certain counters are at 0 and stay there. Counters are integers
// such as a refractory time. The bits are the same, but the counters are neither read nor written nor taped.
struct TrainingKernels {
    const int32_t* choices;  // one for each option, -1: any
    const int32_t* zeros;    // constants that are 0 for all neurons; -1 ends the list
    const int32_t* tape;     // tape inputs of the adjoint that are kept; -1 ends the list
    // Constants whose gradients the adjoint adds up: all that reach a parameter; -1 ends the list. Null: for fixed parameters.
    const int32_t* constants;
    NeuronStepFunction step_taped;
    NeuronAdjointFunction adjoint;
};

struct CompiledModel {
    const char* name;
    // Null if the model is interpreted, which print_cpp.py decides for large models. All others are null then, too.
    NeuronStepFunction step;
    NeuronStepFunction step_taped;
    NeuronAdjointFunction adjoint;  // null: interpreted, or the model has none
    const SpecialisedStep* specialised;
    uint32_t specialised_count;
    const TrainingKernels* trained;
    uint32_t trained_count;
};

}  // namespace snn::cpu
