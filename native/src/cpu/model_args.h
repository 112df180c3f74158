// What the CPU backend hands to one compiled neuron model (the code that engine/modelc prints).
#pragma once

#include <cstdint>

namespace snn::cpu {

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
};

using NeuronStepFunction = void (*)(const NeuronStepArgs& args, uint32_t begin, uint32_t end);
using NeuronAdjointFunction = void (*)(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end);

struct CompiledModel {
    const char* name;
    // Null: interpreted, as print_cpp.py decides for large models. Without a step there is none of the others.
    NeuronStepFunction step;
    NeuronStepFunction step_taped;
    NeuronAdjointFunction adjoint;
};

}  // namespace snn::cpu
