// dL/d(activity) through a dense projection. A workgroup takes 32 sources and 32 rows (steps of samples). Each sum goes over
// the targets in ascending order.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "train.glsl"

layout(std430, set = 0, binding = 2) readonly buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 3) buffer ActivityGradient { float activity_gradient[]; };

const uint TILE = 32, ROWS = GROUP_SIZE / TILE, ROWS_OF_ONE = TILE / ROWS;

shared float tile_weights[TILE][TILE + 1], tile_sums[TILE][TILE + 1];  // [source or row][target]

void main() {
    const uint column = gl_LocalInvocationID.x % TILE, first = gl_LocalInvocationID.x / TILE;
    const uint first_source = gl_WorkGroupID.x * TILE;
    const uint first_row = a.first_step * a.samples + gl_WorkGroupID.y * TILE, end = (a.first_step + a.step_count) * a.samples;
    float given[ROWS_OF_ONE];
    [[unroll]] for (uint k = 0; k < ROWS_OF_ONE; ++k) given[k] = 0.0;
    for (uint j = 0; j < a.target_size; j += TILE) {
        const bool is_target = j + column < a.target_size;
        [[unroll]] for (uint k = 0; k < ROWS_OF_ONE; ++k) {
            const uint at = first + k * ROWS, i = first_source + at, row = first_row + at;
            tile_weights[at][column] = is_target && i < a.source.size ? parameters[i * a.target_size + j + column] : 0.0;
            tile_sums[at][column] = is_target && row < end ? sums[a.sums + row * a.target_size + j + column] : 0.0;
        }
        barrier();
        for (uint t = 0; t < TILE; ++t) {
            const float weight = tile_weights[column][t];
            [[unroll]] for (uint k = 0; k < ROWS_OF_ONE; ++k) given[k] += weight * tile_sums[first + k * ROWS][t];
        }
        barrier();
    }
    const uint i = first_source + column, before = a.delay * a.samples;
    if (i >= a.source.size) return;
    [[unroll]] for (uint k = 0; k < ROWS_OF_ONE; ++k) {
        const uint row = first_row + first + k * ROWS;
        if (row < end && row >= before && goes_back(row / a.samples, (row - before) / a.samples))
            activity_gradient[(row - before) * a.source.size + i] += kept_scale() * given[k];
    }
}
