// dL/d(activity) through a convolution. An invocation computes eight source channels at one place, from all targets whose
// windows contain the place.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "train.glsl"
#include "train_window.glsl"
#include "train_channels.glsl"

layout(std430, set = 0, binding = 2) readonly buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 3) buffer ActivityGradient { float activity_gradient[]; };

// Loads weights of eight source channels onto `outputs` channels from `output_channel`, `taps` taps each.
void load_weights(const uint output_channel, const uint outputs, const uint input_channel, const uint inputs, const uint tap, const uint taps) {
    for (uint i = gl_LocalInvocationID.x; i < outputs * taps * CHANNELS; i += GROUP_SIZE) {
        const uint k = i % CHANNELS, entry = i / CHANNELS;
        const uint of_output = (output_channel + entry / taps) * a.window.group_inputs + input_channel + k;
        tile_weights[entry][k / 4][k % 4] = k < inputs ? parameters[of_output * kernel_size() + tap + entry % taps] : 0.0;
    }
}

// Computes eight source channels, or the rest of a group, at all places of this workgroup.
void take(const uint block, const uint step) {
    const uint plane = target_plane(), source_plane = a.window.source_height * a.window.source_width;
    const uint blocks = blocks_of(a.window.group_inputs);
    const uint group = block / blocks, first_of_group = block % blocks * CHANNELS;
    const uint inputs = min(CHANNELS, a.window.group_inputs - first_of_group), channel = group * a.window.group_inputs + first_of_group;
    const uint all_taps = taps_at_once(), all_outputs = channels_at_once(a.window.group_outputs);
    for (uint begin = gl_WorkGroupID.x * GROUP_SIZE; begin < a.samples * source_plane; begin += gl_NumWorkGroups.x * GROUP_SIZE) {
        const uint item = begin + gl_LocalInvocationID.x;
        const bool is_item = item < a.samples * source_plane;
        const uint sample_index = is_item ? item / source_plane : 0, position = item % source_plane;
        const uint y = position / a.window.source_width, x = position % a.window.source_width;
        const uint row = target_row(step + a.delay, sample_index);
        vec4 given[CHANNELS / 4];
        [[unroll]] for (uint k = 0; k < CHANNELS / 4; ++k) given[k] = vec4(0.0);
        for (uint output_channel = 0; output_channel < a.window.group_outputs; output_channel += all_outputs) {
            const uint outputs = min(all_outputs, a.window.group_outputs - output_channel);
            const uint first_output = group * a.window.group_outputs + output_channel;
            for (uint tap = 0; tap < kernel_size(); tap += all_taps) {
                const uint taps = min(all_taps, kernel_size() - tap);
                barrier();
                load_weights(first_output, outputs, first_of_group, inputs, tap, taps);
                barrier();
                uint ky = tap / a.window.kernel_width, kx = tap % a.window.kernel_width;
                for (uint t = 0; t < taps && is_item; ++t) {
                    const uint out_y = target_at(y, ky, a.window.padding_height, a.window.dilation_height, a.window.stride_height,
                                                 a.window.target_height);
                    const uint out_x = target_at(x, kx, a.window.padding_width, a.window.dilation_width, a.window.stride_width,
                                                 a.window.target_width);
                    if (++kx == a.window.kernel_width) kx = 0, ++ky;
                    if (out_y == NOWHERE || out_x == NOWHERE) continue;
                    const uint first = row + first_output * plane + out_y * a.window.target_width + out_x;
                    for (uint o = 0; o < outputs; ++o) {
                        const float gradient = sums[first + o * plane];
                        [[unroll]] for (uint k = 0; k < CHANNELS / 4; ++k) given[k] += tile_weights[o * taps + t][k] * gradient;
                    }
                }
            }
        }
        if (!is_item) continue;
        const uint place = source_row(step, sample_index) + channel * source_plane + position;
        [[unroll]] for (uint k = 0; k < CHANNELS; ++k)
            if (k < inputs) activity_gradient[place + k * source_plane] += kept_scale() * given[k / 4][k % 4];
    }
}

void main() {
    const uint step = a.source_first + gl_WorkGroupID.z;
    if (!goes_back(step + a.delay, step)) return;
    const uint plane = a.window.source_height * a.window.source_width;
    const uint blocks = a.source.size / plane / a.window.group_inputs * blocks_of(a.window.group_inputs);
    for (uint block = gl_WorkGroupID.y; block < blocks; block += gl_NumWorkGroups.y) take(block, step);
}
