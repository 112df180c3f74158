// Sparse and one-to-one projections: each target goes through its synapses in the order (delay, source, place in the row).
// A synapse has three words: source, delay, index of the weight.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_deliver.glsl"
#include "operations.glsl"

layout(constant_id = 1) const uint KIND = 0;

const uint FLOAT_SUMS = 0, WHOLE_SUMS = 1, ONE_TO_ONE = 2;

layout(std430, set = 0, binding = 3) readonly buffer Rows { uint rows[]; };
layout(std430, set = 0, binding = 4) readonly buffer Synapses { uint synapses[]; };
layout(std430, set = 0, binding = 5) buffer WholeSums { int whole_sums[]; };

void main() {
    const uint j = gl_GlobalInvocationID.x, step = step_at_hand();
    uint used = 0;
    if (j < a.target_size) {
        float sum = begin_sum(sum_place(j), j);
        int whole_sum = 0;
        const uint end = KIND == ONE_TO_ONE ? j + 1 : rows[j + 1];
        for (uint k = KIND == ONE_TO_ONE ? j : rows[j]; k < end; ++k) {
            const uint i = KIND == ONE_TO_ONE ? j : synapses[3 * k];
            const uint delay = KIND == ONE_TO_ONE ? a.delay : synapses[3 * k + 1];
            const float value = delivered(activity_of(step - delay, gl_WorkGroupID.y), i);
            if (value == 0.0) continue;
            ++used;
            const float weight = parameters[KIND == ONE_TO_ONE ? j : synapses[3 * k + 2]];
            if (KIND == WHOLE_SUMS) whole_sum += op_to_int(op_mul(weight, uintBitsToFloat(a.scale)));
            else sum = add_product(sum, weight, value);
        }
        sums[sum_place(j)] = sum;
        if (KIND == WHOLE_SUMS) whole_sums[sum_place(j)] += whole_sum;
    }
    count_used(used);
}
