// The step of a neuron model. The function model_step() below is empty: when a session opens, libsnn fills it with calls to the
// functions before it, one for each operation of the model's op list (native/src/vulkan/model_shader.cpp). All models work this
// way, also those of users.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "spikes.glsl"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { NeuronStep a; };
layout(std430, set = 0, binding = 1) buffer Sums { float sums[]; };         // [receptor][frame]
layout(std430, set = 0, binding = 2) buffer States { uint states[]; };      // [state][frame]
layout(std430, set = 0, binding = 3) readonly buffer Constants { uint constants[]; };
layout(std430, set = 0, binding = 4) buffer FixedSums { int fixed_sums[]; };  // of several populations

uint place;  // index over samples and neurons

uint neuron_count() { return a.own.size; }
uvec2 step_number() { return uvec2(run[RUN_STEP_LOW], run[RUN_STEP_HIGH]); }
uvec2 seed() { return uvec2(run[RUN_SEED_LOW], run[RUN_SEED_HIGH]); }
#include "constants.glsl"
uint sample_number() { return a.first_sample + sample_index; }
uint first_neuron() { return a.first_neuron; }
#include "population_draws.glsl"

// ---- What a step reads and writes. `k` is an index of a receptor or a state.

// The sum of a receptor: its float sum and its scaled integer sum. Clears both for the next step.
float receptor(const uint k) {
    precise float sum = 0.0;
    if ((a.float_sums >> k & 1u) != 0) {
        const uint at = k * a.frame + place;
        sum = sums[at];
        sums[at] = 0.0;
    }
    const float scale = uintBitsToFloat(constants[a.scales + k]);
    if (scale != 0.0) {
        const uint at = a.first_fixed_sum + sample_index * a.fixed_stride + k * a.fixed_receptor_stride + neuron;
        precise const float fixed_sum = float(fixed_sums[at]) * scale;
        sum = sum + fixed_sum;
        fixed_sums[at] = 0;
    }
    return sum;
}

float state_float(const uint k) { return uintBitsToFloat(states[k * a.frame + place]); }
int state_int(const uint k) { return int(states[k * a.frame + place]); }
void set_state_float(const uint k, const float value) { states[k * a.frame + place] = flushed(value); }
void set_state_int(const uint k, const int value) { states[k * a.frame + place] = uint(value); }

bool spikes(const float value) { return value > 0.0; }

// ---- The step.

bool model_step() { return false; }

void main() {
    neuron = gl_GlobalInvocationID.x;
    sample_index = gl_WorkGroupID.y;
    place = sample_index * a.own.size + neuron;
    bool spike = false;
    if (neuron < a.own.size) spike = model_step();
    if (a.own.slot_size != 0) write_spikes(a.own, neuron, spike);
}
