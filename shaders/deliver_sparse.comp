// Sparse projections in float. Each target goes through its synapses in the order (delay, source, place in the row), because
// the order of a float sum must always be the same. A synapse has three words: source, delay, weight.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "deliver.glsl"

void main() {
    const uint j = a.first + gl_GlobalInvocationID.x;
    uint used = 0;
    if (j < a.last) {
        float sum = begin_sum(j);
        const uint end = rows[j - a.first + 1];
        for (uint k = rows[j - a.first]; k < end; ++k) {
            const float value = activity_at(activity_of(synapses[3 * k + 1]), synapses[3 * k]);
            if (value == 0.0) continue;
            ++used;
            sum = add_product(sum, weight(3 * k + 2), value);
        }
        end_sum(j, sum);
    }
    count_used(used);
}
