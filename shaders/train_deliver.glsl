// Common code of the shaders that add up sums in a taped run, in the same order as in other runs. An invocation computes the
// sum of one target in one sample and step.
#include "train.glsl"

layout(std430, set = 0, binding = 2) buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 6) buffer Counter { uint counter[2]; };

float add_product(const float sum, const float factor, const float value) {
    precise const float product = factor * value;
    precise const float result = sum + product;
    return result;
}

float delivered(const uint data, const uint neuron) {
    if (BINARY) return is_active(data, neuron) ? kept_scale() : 0.0;
    return uintBitsToFloat(source[data + neuron]);
}

uint step_at_hand() { return a.first_step + gl_WorkGroupID.z; }
uint sum_place(const uint neuron) { return target_row(step_at_hand(), gl_WorkGroupID.y) + neuron; }

// The sum so far, after the bias.
float begin_sum(const uint place, const uint neuron) {
    if (a.bias_spread == 0) return sums[place];
    precise const float result = sums[place] + parameters[a.weight_count + neuron / a.bias_spread];
    return result;
}

void add_to_counter(const uint amount) {
    if (amount == 0) return;
    const uint before = atomicAdd(counter[0], amount);
    if (before + amount < before) atomicAdd(counter[1], 1u);
}

shared uint group_used;

// Counts the synapses that delivered something. All invocations of a workgroup must call it.
void count_used(const uint used) {
    if (gl_LocalInvocationID.x == 0) group_used = 0;
    barrier();
    if (used > 0) atomicAdd(group_used, used);
    barrier();
    if (gl_LocalInvocationID.x == 0) add_to_counter(group_used);
}
