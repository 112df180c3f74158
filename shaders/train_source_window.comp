// dL/d(activity) through pooling. An invocation has one source in one sample and step, and all targets whose windows contain
// it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train.glsl"
#include "train_window.glsl"

layout(std430, set = 0, binding = 2) readonly buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 3) buffer ActivityGradient { float activity_gradient[]; };

// Whether `at` is the first largest activity of its plane under the window.
bool is_maximum(const uint data, const uint plane_begin, const uint at, const uint y, const uint x) {
    const float mine = activity_at(data, plane_begin + at);
    for (uint ky = 0; ky < a.window.kernel_height; ++ky)
        for (uint kx = 0; kx < a.window.kernel_width; ++kx) {
            const uint other = under_window(y, x, ky, kx);
            if (other == NOWHERE || other == at) continue;
            const float value = activity_at(data, plane_begin + other);
            if (value > mine || (value == mine && other < at)) return false;
        }
    return true;
}

void main() {
    const uint i = gl_GlobalInvocationID.x, sample_index = gl_WorkGroupID.y, step = a.source_first + gl_WorkGroupID.z;
    if (i >= a.source.size || !goes_back(step + a.delay, step)) return;
    const uint plane = a.window.source_height * a.window.source_width;
    const uint channel = i / plane, y = i / a.window.source_width % a.window.source_height, x = i % a.window.source_width;
    const uint row = target_row(step + a.delay, sample_index);
    const uint data = activity_of(step, sample_index);
    float given = 0.0;
    for (uint ky = 0; ky < a.window.kernel_height; ++ky) {
        const uint out_y = target_at(y, ky, a.window.padding_height, a.window.dilation_height, a.window.stride_height,
                                     a.window.target_height);
        if (out_y == NOWHERE) continue;
        for (uint kx = 0; kx < a.window.kernel_width; ++kx) {
            const uint out_x = target_at(x, kx, a.window.padding_width, a.window.dilation_width, a.window.stride_width,
                                         a.window.target_width);
            if (out_x == NOWHERE) continue;
            const uint position = out_y * a.window.target_width + out_x;
            const float gradient = sums[row + channel * target_plane() + position];
            if (MODE == POOL_SUM) given += uintBitsToFloat(a.pool_weight) * gradient;
            else if (is_maximum(data, channel * plane, y * a.window.source_width + x, out_y, out_x)) given += gradient;
        }
    }
    activity_gradient[source_row(step, sample_index) + i] += kept_scale() * given;
}
