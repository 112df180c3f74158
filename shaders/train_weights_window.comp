// dL/dw of a convolution: a workgroup takes one weight at a time, its invocations the places of the target's plane in all rows.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_weights.glsl"
#include "train_window.glsl"

void main() {
    const uint begin = slice_begin(), end = slice_end(), plane = target_plane();
    for (uint k = gl_WorkGroupID.x; k < a.weight_count; k += gl_NumWorkGroups.x) {
        const uint kx = k % a.window.kernel_width, ky = k / a.window.kernel_width % a.window.kernel_height;
        const uint input_and_output = k / a.window.kernel_width / a.window.kernel_height;
        const uint out_channel = input_and_output / a.window.group_inputs;
        const uint channel =
            out_channel / a.window.group_outputs * a.window.group_inputs + input_and_output % a.window.group_inputs;
        const uint source_begin = channel * a.window.source_height * a.window.source_width;
        float sum = 0.0;
        for (uint place = gl_LocalInvocationID.x; place < (end - begin) * plane; place += GROUP_SIZE) {
            const uint row = begin + place / plane, position = place % plane;
            const uint at = under_window(position / a.window.target_width, position % a.window.target_width, ky, kx);
            if (at == NOWHERE) continue;
            const float value = activity_at(activity_before(row, a.delay), source_begin + at);
            if (value != 0.0) sum += value * sums[a.sums + row * a.target_size + out_channel * plane + position];
        }
        const float all = group_sum(sum);
        if (gl_LocalInvocationID.x == 0) parts[parts_begin() + k] = all;
    }
}
