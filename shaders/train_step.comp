// The steps of a neuron model in a taped run. An invocation takes one neuron of one sample through a range of steps. The
// function model_step() is filled in as in neuron_step.comp, and also writes to the tape what the adjoint reads.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_arguments.h"
#include "operations.glsl"

const uint GROUP_SIZE = 128;

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { TrainStep a; };
layout(std430, set = 0, binding = 0) readonly buffer Run { uint run[]; };  // only its table for normal draws is used
layout(std430, set = 0, binding = 1) readonly buffer Sums { float sums[]; };
layout(std430, set = 0, binding = 2) buffer States { uint states[]; };  // [state][frame]
layout(std430, set = 0, binding = 3) readonly buffer Constants { uint constants[]; };
layout(std430, set = 0, binding = 4) buffer Tape { uint tape[]; };
layout(std430, set = 0, binding = 5) buffer Own { uint own[]; };

uint place;  // index over samples and neurons
uint step;

uint neuron_count() { return a.own.size; }
uvec2 step_number() {
    const uint low = a.number_low + step;
    return uvec2(low, a.number_high + (low < step ? 1 : 0));
}
uvec2 seed() { return uvec2(a.seed_low, a.seed_high); }
#include "constants.glsl"
uint sample_number() { return a.first_sample + sample_index; }
uint first_neuron() { return 0; }
#include "population_draws.glsl"

uint taped_place(const uint k) { return (k * a.all_steps + step) * a.frame + place; }

float receptor(const uint k) { return sums[taped_place(k)]; }
float state_float(const uint k) { return uintBitsToFloat(states[k * a.frame + place]); }
int state_int(const uint k) { return int(states[k * a.frame + place]); }
// Stored state is never denormal: tiny values become +0.
void set_state_float(const uint k, const float value) {
    const float tiny = 1.0842021724855044e-19;  // 2^-63
    states[k * a.frame + place] = value < tiny && value > -tiny ? 0u : floatBitsToUint(value);
}
void set_state_int(const uint k, const int value) { states[k * a.frame + place] = uint(value); }
void tape_float(const uint k, const float value) { tape[taped_place(k)] = floatBitsToUint(value); }
void tape_int(const uint k, const int value) { tape[taped_place(k)] = uint(value); }
void tape_bool(const uint k, const bool value) { tape[taped_place(k)] = value ? 1u : 0u; }

bool spikes(const float value) { return value > 0.0; }

bool model_step() { return false; }

void record_states() {
    uint row = 0;
    for (uint left = a.recorded; left != 0; left &= left - 1) {
        const uint k = findLSB(left);
        tape[a.records + (row * a.all_steps + step) * a.frame + place] = states[k * a.frame + place];
        ++row;
    }
}

void main() {
    neuron = gl_GlobalInvocationID.x;
    sample_index = gl_WorkGroupID.y;
    place = sample_index * a.own.size + neuron;
    if (neuron >= a.own.size) return;
    const uint word = sample_index * a.own.width + neuron / 32, bit = 1u << (neuron % 32);
    const bool is_kept = a.own.width != 0 && (own[1 + word] & bit) != 0;
    uint spike_count = 0;
    for (uint k = 0; k < a.step_count; ++k) {
        step = a.first_step + k;
        if (a.before_of != 0) tape[a.befores + step * a.frame + place] = states[(a.before_of - 1) * a.frame + place];
        if (model_step() && is_kept) {
            atomicOr(own[a.own.data + step * a.own.stride + word], bit);  // all bits were 0 before the run
            ++spike_count;
        }
        record_states();
    }
    if (a.own.width != 0) tape[a.counts + place] = (a.first_step == 0 ? 0 : tape[a.counts + place]) + spike_count;
}
