// The adjoint of a neuron model, from the last step of a range to the first. The function model_adjoint() is filled in when
// training begins (native/src/vulkan/model_shader.cpp).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_arguments.h"
#include "operations.glsl"

const uint GROUP_SIZE = 128;

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { TrainAdjoint a; };
layout(std430, set = 0, binding = 0) readonly buffer ActivityGradient { float activity_gradient[]; };  // [step][frame]
layout(std430, set = 0, binding = 1) buffer Sums { float sums[]; };                                    // dL/d(sum)
// [state][frame], dL/d(state after the current step); then gradients of learned constants, summed over the steps
layout(std430, set = 0, binding = 2) buffer Gradients { float gradients[]; };
layout(std430, set = 0, binding = 3) readonly buffer Constants { uint constants[]; };
layout(std430, set = 0, binding = 4) readonly buffer Tape { uint tape[]; };
layout(std430, set = 0, binding = 5) readonly buffer Outputs { uint outputs[]; };
layout(std430, set = 0, binding = 6) readonly buffer Own { uint own[]; };

uint place;  // index over samples and neurons
uint step;
bool is_kept;

uint neuron_count() { return a.own.size; }
#include "constants.glsl"

uint taped_place(const uint k) { return (k * a.all_steps + step) * a.frame + place; }
float taped_float(const uint k) { return uintBitsToFloat(tape[taped_place(k)]); }
int taped_int(const uint k) { return int(tape[taped_place(k)]); }
bool taped_bool(const uint k) { return tape[taped_place(k)] != 0; }

// The gradient from the loss for the activity (OF_ACTIVITY) or a state (1 + its index).
float output_gradient(const uint what) {
    float sum = 0.0;
    for (uint k = 0; k < a.outputs; ++k)
        if (outputs[OUTPUT_WORDS * k] == what)
            sum += uintBitsToFloat(outputs[outputs[OUTPUT_WORDS * k + 1] + step * outputs[OUTPUT_WORDS * k + 2] + place]);
    return sum;
}

float spike_gradient() {
    if (a.own.width == 0 || !is_kept) return 0.0;
    return activity_gradient[step * a.frame + place] + output_gradient(OF_ACTIVITY);
}
float state_gradient(const uint k) {
    const bool is_cut = (a.states > 0 && a.is_event == 0) || (step + 1) % a.gradient_steps == 0;
    return (is_cut ? 0.0 : gradients[k * a.frame + place]) + output_gradient(1 + k);
}
void set_state_gradient(const uint k, const float value) { gradients[k * a.frame + place] = value; }
void set_receptor_gradient(const uint k, const float value) { sums[taped_place(k)] = value; }
void add_constant_gradient(const uint k, const float value) { gradients[a.constant_gradients + k * a.frame + place] += value; }

bool model_adjoint() { return false; }

float of_linear(const uint at) { return uintBitsToFloat(outputs[a.linear + at]); }
uint credit_of(const uint k) { return a.credit + k * a.frame + place; }

// After the adjoint, `sums` and `gradients` have the gradients that come from this step. This adds the credit, which comes from
// later steps, and carries it to the step before.
void add_credit() {
    for (uint r = 0; r < a.receptors; ++r) {
        const uint at = taped_place(r);
        float sum = sums[at];
        if (a.instant != 0) sums[a.instant + at] = sum;
        for (uint k = 0; k < a.states; ++k) sum += of_linear((a.states + r) * a.states + k) * gradients[credit_of(k)];
        sums[at] = sum;
    }
    for (uint before = 0; before < a.states; ++before) {
        float sum = gradients[before * a.frame + place];
        for (uint after = 0; after < a.states; ++after) sum += of_linear(after * a.states + before) * gradients[credit_of(after)];
        gradients[before * a.frame + place] = sum;
    }
    for (uint k = 0; k < a.states; ++k) {
        gradients[credit_of(k)] = gradients[k * a.frame + place];
        gradients[k * a.frame + place] = 0.0;
    }
}

bool has_spiked() {
    return (own[a.own.data + step * a.own.stride + sample_index * a.own.width + neuron / 32] >> (neuron % 32) & 1u) != 0;
}

// EventProp, instead of the adjoint: between spikes the step is linear, and a change of the membrane moves a spike in time.
void go_back_by_events() {
    const uint MOST_STATES = 32;
    float after[MOST_STATES];
    for (uint k = 0; k < a.states; ++k) after[k] = state_gradient(k);
    if (a.membrane != 0 && has_spiked()) {
        const float before = uintBitsToFloat(tape[a.befores + step * a.frame + place]);
        const uint crossing = (a.states + a.receptors) * a.states;
        const float rise = taped_float(a.risen) + of_linear(crossing + CROSSING_OFFSET) - before;
        // If the membrane was already above the threshold, there was no crossing, and nothing moves the spike.
        const float earlier = before <= of_linear(crossing + CROSSING_THRESHOLD) && rise > 0.0 ? 1.0 / rise : 0.0;
        const uint v = a.membrane - 1;
        after[v] += earlier * (of_linear(crossing + CROSSING_STEEPENING) * after[v] - spike_gradient());
    }
    const bool is_last = step + 1 == a.all_steps || (step + 1) % a.gradient_steps == 0;
    for (uint r = 0; r < a.receptors; ++r) {
        const uint at = taped_place(r);
        float sum = 0.0;
        for (uint k = 0; k < a.states; ++k) sum += of_linear((a.states + r) * a.states + k) * after[k];
        sums[at] = sum;
        sums[a.instant + at] = (is_last ? 0.0 : sums[at + a.frame]) - sum;  // the change if the arrival came a step later
    }
    for (uint before = 0; before < a.states; ++before) {
        float sum = 0.0;
        for (uint k = 0; k < a.states; ++k) sum += of_linear(k * a.states + before) * after[k];
        gradients[before * a.frame + place] = sum;
    }
}

void main() {
    neuron = gl_GlobalInvocationID.x;
    sample_index = gl_WorkGroupID.y;
    place = sample_index * a.own.size + neuron;
    if (neuron >= a.own.size) return;
    is_kept = a.own.width != 0 && ((own[1 + sample_index * a.own.width + neuron / 32] >> (neuron % 32)) & 1u) != 0;
    for (uint k = a.step_count; k > 0; --k) {
        step = a.first_step + k - 1;
        if (a.is_event != 0) {
            go_back_by_events();
        } else {
            model_adjoint();
            if (a.states > 0) add_credit();
        }
    }
}
