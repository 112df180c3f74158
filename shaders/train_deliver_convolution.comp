// Convolution: an invocation adds up the sums of eight output channels at one place, each in the same order as in other runs.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "train_deliver.glsl"
#include "train_window.glsl"
#include "train_channels.glsl"

// Loads weights of eight output channels from `output_channel`: for `inputs` input channels from `input_channel`, `taps` taps
// each.
void load_weights(const uint output_channel, const uint outputs, const uint input_channel, const uint inputs, const uint tap, const uint taps) {
    for (uint i = gl_LocalInvocationID.x; i < inputs * taps * CHANNELS; i += GROUP_SIZE) {
        const uint k = i % CHANNELS, entry = i / CHANNELS;
        const uint of_input = (output_channel + k) * a.window.group_inputs + input_channel + entry / taps;
        tile_weights[entry][k / 4][k % 4] = k < outputs ? parameters[of_input * kernel_size() + tap + entry % taps] : 0.0;
    }
}

uint used = 0;

// Computes eight output channels, or the rest of a group, at all places of this workgroup.
void take(const uint block) {
    const uint plane = target_plane(), source_plane = a.window.source_height * a.window.source_width, step = step_at_hand();
    const uint blocks = blocks_of(a.window.group_outputs);
    const uint group = block / blocks, first_of_group = block % blocks * CHANNELS;
    const uint output_channel = group * a.window.group_outputs + first_of_group;
    const uint outputs = min(CHANNELS, a.window.group_outputs - first_of_group);
    const uint all_taps = taps_at_once(), all_inputs = channels_at_once(a.window.group_inputs);
    for (uint begin = gl_WorkGroupID.x * GROUP_SIZE; begin < a.samples * plane; begin += gl_NumWorkGroups.x * GROUP_SIZE) {
        const uint item = begin + gl_LocalInvocationID.x;
        const bool is_item = item < a.samples * plane;
        const uint sample_index = is_item ? item / plane : 0, position = item % plane;
        const uint y = position / a.window.target_width, x = position % a.window.target_width;
        const uint data = activity_of(step - a.delay, sample_index);
        const uint place = target_row(step, sample_index) + output_channel * plane + position;
        float sum[CHANNELS];
        [[unroll]] for (uint k = 0; k < CHANNELS; ++k)
            sum[k] = is_item && k < outputs ? begin_sum(place + k * plane, (output_channel + k) * plane + position) : 0.0;
        for (uint input_channel = 0; input_channel < a.window.group_inputs; input_channel += all_inputs) {
            const uint inputs = min(all_inputs, a.window.group_inputs - input_channel);
            for (uint tap = 0; tap < kernel_size(); tap += all_taps) {
                const uint taps = min(all_taps, kernel_size() - tap);
                barrier();
                load_weights(output_channel, outputs, input_channel, inputs, tap, taps);
                barrier();
                for (uint c = 0; c < inputs && is_item; ++c) {
                    const uint of_channel = (group * a.window.group_inputs + input_channel + c) * source_plane;
                    uint ky = tap / a.window.kernel_width, kx = tap % a.window.kernel_width;
                    for (uint t = 0; t < taps; ++t) {
                        const uint at = under_window(y, x, ky, kx);
                        if (++kx == a.window.kernel_width) kx = 0, ++ky;
                        if (at == NOWHERE) continue;
                        const float value = delivered(data, of_channel + at);
                        if (value == 0.0) continue;
                        used += outputs;
                        [[unroll]] for (uint k = 0; k < CHANNELS; ++k)
                            sum[k] = add_product(sum[k], tile_weights[c * taps + t][k / 4][k % 4], value);
                    }
                }
            }
        }
        [[unroll]] for (uint k = 0; k < CHANNELS; ++k)
            if (is_item && k < outputs) sums[place + k * plane] = sum[k];
    }
}

void main() {
    const uint blocks = a.target_size / target_plane() / a.window.group_outputs * blocks_of(a.window.group_outputs);
    for (uint block = gl_WorkGroupID.y; block < blocks; block += gl_NumWorkGroups.y) take(block);
    count_used(used);
}
