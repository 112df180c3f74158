// dL/dw of a convolution. A workgroup takes 32 output channels of a group and 32 of their weights. It goes through the places
// of the target's plane in all rows of the slice, 32 at a time, and sums up the products of gradients and source values.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "train_weights.glsl"
#include "train_window.glsl"

const uint TILE = 32, ROWS = GROUP_SIZE / TILE, EACH = TILE / ROWS;

shared float tile_gradients[TILE][TILE + 1], tile_values[TILE][TILE + 1];  // [output channel or weight][place]

void main() {
    const uint column = gl_LocalInvocationID.x % TILE, first = gl_LocalInvocationID.x / TILE;
    const uint plane = target_plane(), source_plane = a.window.source_height * a.window.source_width;
    const uint taps = a.window.group_inputs * a.window.kernel_height * a.window.kernel_width;  // weights of an output channel
    const uint tap_tiles = (taps + TILE - 1) / TILE, output_tiles = (a.window.group_outputs + TILE - 1) / TILE;
    const uint tiles = a.weight_count / taps / a.window.group_outputs * output_tiles * tap_tiles;
    const uint begin = slice_begin(), places = (slice_end() - begin) * plane;
    for (uint tile = gl_WorkGroupID.x; tile < tiles; tile += gl_NumWorkGroups.x) {
        const uint first_tap = tile % tap_tiles * TILE, first_output = tile / tap_tiles % output_tiles * TILE;
        const uint group = tile / tap_tiles / output_tiles, first_channel = group * a.window.group_outputs + first_output;
        // For the weights whose source values this invocation loads: the source plane, and the offset from a target's place.
        uint tap_plane[EACH];
        int tap_y[EACH], tap_x[EACH];
        [[unroll]] for (uint k = 0; k < EACH; ++k) {
            const uint tap = min(first_tap + first + k * ROWS, taps - 1), of_plane = a.window.kernel_height * a.window.kernel_width;
            tap_plane[k] = (group * a.window.group_inputs + tap / of_plane) * source_plane;
            tap_y[k] = int(tap % of_plane / a.window.kernel_width * a.window.dilation_height) - int(a.window.padding_height);
            tap_x[k] = int(tap % a.window.kernel_width * a.window.dilation_width) - int(a.window.padding_width);
        }
        float given[EACH];
        [[unroll]] for (uint k = 0; k < EACH; ++k) given[k] = 0.0;
        for (uint at = 0; at < places; at += TILE) {
            const bool is_place = at + column < places;
            const uint place = min(at + column, places - 1), row = begin + place / plane, position = place % plane;
            const int y = int(position / a.window.target_width * a.window.stride_height);
            const int x = int(position % a.window.target_width * a.window.stride_width);
            const uint data = activity_before(row, a.delay);
            const uint gradients = a.sums + row * a.target_size + first_channel * plane + position;
            [[unroll]] for (uint k = 0; k < EACH; ++k) {
                const uint line = first + k * ROWS;
                const bool is_output = is_place && first_output + line < a.window.group_outputs;
                tile_gradients[line][column] = is_output ? sums[gradients + line * plane] : 0.0;
                const int in_y = y + tap_y[k], in_x = x + tap_x[k];
                const bool is_inside = is_place && in_y >= 0 && in_y < int(a.window.source_height) && in_x >= 0 &&
                                       in_x < int(a.window.source_width);
                tile_values[line][column] =
                    is_inside ? activity_at(data, tap_plane[k] + uint(in_y) * a.window.source_width + uint(in_x)) : 0.0;
            }
            barrier();
            for (uint t = 0; t < TILE; ++t) {
                const float value = tile_values[column][t];
                [[unroll]] for (uint k = 0; k < EACH; ++k) given[k] += value * tile_gradients[first + k * ROWS][t];
            }
            barrier();
        }
        if (first_tap + column < taps)
            [[unroll]] for (uint k = 0; k < EACH; ++k)
                if (first_output + first + k * ROWS < a.window.group_outputs)
                    parts[parts_begin() + (first_channel + first + k * ROWS) * taps + first_tap + column] = given[k];
    }
}
