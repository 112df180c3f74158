// The step of a neuron model. The function model_step() below is empty: when a session opens, libsnn puts calls of the functions
// before it in its place, one for each operation of the model's op list (native/src/vulkan/model_shader.cpp). So every model
// comes this way, a user's own as well.
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
layout(std430, set = 0, binding = 4) buffer FixedSums { int fixed_sums[]; };  // [receptor][frame]

uint neuron;        // within its sample
uint sample_index;
uint place;         // sample and neuron together

// ---- What a step reads and writes. `k` counts constants of that kind, receptors or states.

float shared_float(const uint k) { return uintBitsToFloat(constants[a.shared_constants + k]); }
int shared_int(const uint k) { return int(constants[a.shared_constants + k]); }
float own_float(const uint k) { return uintBitsToFloat(constants[a.own_constants + k * a.own.size + neuron]); }
int own_int(const uint k) { return int(constants[a.own_constants + k * a.own.size + neuron]); }

// The sum of a receptor, integers brought to floats; both sums begin the next step at zero.
float receptor(const uint k) {
    const uint at = k * a.frame + place;
    precise float sum = sums[at];
    sums[at] = 0.0;
    const float scale = uintBitsToFloat(constants[a.scales + k]);
    if (scale != 0.0) {
        precise const float fixed_sum = float(fixed_sums[at]) * scale;
        sum = sum + fixed_sum;
        fixed_sums[at] = 0;
    }
    return sum;
}

float state_float(const uint k) { return uintBitsToFloat(states[k * a.frame + place]); }
int state_int(const uint k) { return int(states[k * a.frame + place]); }
// Stored state is never denormal: tiny values become +0.
void set_state_float(const uint k, const float value) {
    const float tiny = 1.0842021724855044e-19;  // 2^-63
    states[k * a.frame + place] = value < tiny && value > -tiny ? 0u : floatBitsToUint(value);
}
void set_state_int(const uint k, const int value) { states[k * a.frame + place] = uint(value); }

bool spikes(const float value) { return value > 0.0; }

// ---- Random draws, docs/semantics.md.

// Philox4x32-10: the word of draw `number` for this neuron.
uint draw_word(const uint number) {
    uvec4 c = uvec4(0xD0000000u | (neuron / 64 * 16 + neuron % 16), run[RUN_STEP_LOW],
                    a.population | (run[RUN_STEP_HIGH] << 20), (a.first_sample + sample_index) | (number << 20));
    uvec2 key = uvec2(run[RUN_SEED_LOW], run[RUN_SEED_HIGH]);
    for (int round = 0; round < 10; ++round) {
        uint high0, low0, high1, low1;
        umulExtended(0xD2511F53u, c.x, high0, low0);
        umulExtended(0xCD9E8D57u, c.z, high1, low1);
        c = uvec4(high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return c[neuron / 16 % 4];
}

float op_uniform(const uint number) {
    precise const float r = float(draw_word(number) >> 8) * uintBitsToFloat(0x33800000u);  // 2^-24
    return r;
}

// The inverse of the normal distribution at the word, by the table that engine/modelc prints.
float op_normal(const uint number) {
    const uint word = draw_word(number);
    precise const float half_up = float(word >> 1) + 0.5;
    const uint bits = floatBitsToUint(op_min(half_up, 2147483520.0));
    const uint octave = (bits >> 23) - 126;
    precise const float x = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F800000u) - 1.5;
    float z = uintBitsToFloat(run[a.normal_table + 6 * 32 + octave]);
    for (int k = 5; k >= 0; --k) z = multiply_add(z, x, uintBitsToFloat(run[a.normal_table + k * 32 + octave]));
    return uintBitsToFloat(floatBitsToUint(z) ^ (word << 31));
}

// The number of limits below the word. They ascend, so the first that is not below ends it.
float op_poisson(const uint number, const uint mean) {
    const uint word = draw_word(number), table = a.poisson + 4 * mean;
    const uint first = constants[table] + (constants[table + 3] != 0 ? neuron : 0);
    const uint count = constants[table + 1], stride = constants[table + 2];
    uint events = 0;
    while (events < count && constants[first + events * stride] < word) ++events;
    return float(events);
}

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
