// Common code of the shaders that take a projection through a taped run, forwards or backwards.
#include "train_arguments.h"

const uint GROUP_SIZE = 128;

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool BINARY = true;  // the source's activity is bits
layout(push_constant) uniform Push { TrainProjection a; };
layout(std430, set = 0, binding = 0) readonly buffer Source { uint source[]; };
layout(std430, set = 0, binding = 1) readonly buffer Parameters { float parameters[]; };  // weights, bias

// The offset of a sample's activity in a step. Steps before the first are negative numbers, which wrap as unsigned ones.
uint activity_of(const uint step, const uint sample_index) {
    return a.source.data + step * a.source.stride + sample_index * a.source.width;
}

bool is_active(const uint data, const uint neuron) { return ((source[data + neuron / 32] >> (neuron % 32)) & 1u) != 0; }

float activity_at(const uint data, const uint neuron) {
    if (BINARY) return is_active(data, neuron) ? 1.0 : 0.0;
    return uintBitsToFloat(source[data + neuron]);
}

// The factor of the weight that a spike of the source delivers: more than 1 if dropout silences other neurons.
float kept_scale() { return uintBitsToFloat(source[0]); }

// Whether a gradient goes back from a later step to an earlier one.
bool goes_back(const uint later, const uint step) { return later / a.gradient_steps == step / a.gradient_steps; }

// Offsets of a row: the values of a sample in a step.
uint target_row(const uint step, const uint sample_index) { return a.sums + (step * a.samples + sample_index) * a.target_size; }
uint source_row(const uint step, const uint sample_index) { return (step * a.samples + sample_index) * a.source.size; }
