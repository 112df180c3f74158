// Common code of the shaders that sum up gradients of weights. Rows (steps of samples) are cut into slices, which are summed up
// in parallel (z of the workgroups), each in ascending order: parts[slice][weight, then bias]. train_reduce.comp adds up the
// slices.
#include "train.glsl"

layout(std430, set = 0, binding = 2) readonly buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 3) buffer Parts { float parts[]; };

// The rows of this workgroup's slice.
uint slice_begin() { return gl_WorkGroupID.z * a.slice_rows; }
uint slice_end() { return min((gl_WorkGroupID.z + 1) * a.slice_rows, a.step_count * a.samples); }

uint activity_before(const uint row, const uint delay) { return activity_of(row / a.samples - delay, row % a.samples); }
uint bias_count() { return a.bias_spread == 0 ? 0 : a.target_size / a.bias_spread; }
uint parts_begin() { return (a.first_slice + gl_WorkGroupID.z) * (a.weight_count + bias_count()); }

shared float group_sums[GROUP_SIZE];

// Sums up `mine` over a workgroup, adding halves to halves. All invocations must call it; the first one gets the sum.
float group_sum(const float mine) {
    const uint local = gl_LocalInvocationID.x;
    group_sums[local] = mine;
    for (uint half_size = GROUP_SIZE / 2; half_size > 0; half_size /= 2) {
        barrier();
        if (local < half_size) group_sums[local] += group_sums[local + half_size];
    }
    barrier();
    return group_sums[local];
}
