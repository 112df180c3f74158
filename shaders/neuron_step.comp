// The step of a neuron model. The function model_step() below is empty: when a session opens, libsnn puts calls of the functions
// before it in its place, one for each operation of the model's op list (native/src/vulkan/model_shader.cpp). So every model
// comes this way, a user's own as well, and what an operation means is here, in GLSL, as native/src/backend/reference/evaluate.h
// has it in C++.
//
// Every float operation is `precise`: rounded by itself, never contracted into a fused multiply-add.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "spikes.glsl"

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

// ---- Operations, docs/model-format.md.

float op_add(const float x, const float y) { precise const float r = x + y; return r; }
float op_sub(const float x, const float y) { precise const float r = x - y; return r; }
float op_mul(const float x, const float y) { precise const float r = x * y; return r; }
float op_min(const float x, const float y) { return x < y ? x : y; }  // the second where one is not a number
float op_max(const float x, const float y) { return x > y ? x : y; }
float op_neg(const float x) { return uintBitsToFloat(floatBitsToUint(x) ^ 0x80000000u); }
float op_abs(const float x) { return uintBitsToFloat(floatBitsToUint(x) & 0x7FFFFFFFu); }
float op_floor(const float x) { return floor(x); }

float multiply_add(const float x, const float y, const float z) {
    precise const float product = x * y;
    precise const float r = product + z;
    return r;
}

float op_exp(const float argument) {
    const float x = op_min(op_max(argument, -87.0), 88.0);
    const float n = floor(multiply_add(x, uintBitsToFloat(0x3FB8AA3Bu), 0.5));  // log2(e)
    precise const float high = n * uintBitsToFloat(0x3F317200u);               // ln(2) in two parts
    precise const float low = n * uintBitsToFloat(0x35BFBE8Eu);
    precise const float rest = x - high;
    precise const float r = rest - low;
    float p = uintBitsToFloat(0x3AB6887Eu);
    p = multiply_add(p, r, uintBitsToFloat(0x3C0905B1u));
    p = multiply_add(p, r, uintBitsToFloat(0x3D2AAA8Du));
    p = multiply_add(p, r, uintBitsToFloat(0x3E2AAA6Fu));
    p = multiply_add(p, r, 0.5);
    p = multiply_add(p, r, 1.0);
    p = multiply_add(p, r, 1.0);
    precise const float result = p * uintBitsToFloat(uint(int(n) + 127) << 23);
    return result;
}

float op_reciprocal(const float x) {
    const float smallest = uintBitsToFloat(0x00800000u), largest = uintBitsToFloat(0x7E800000u);  // 2^-126, 2^126
    const uint bits = floatBitsToUint(op_min(op_max(op_abs(x), smallest), largest));
    const float m = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F800000u);
    float y = uintBitsToFloat(0x3EA57EB5u);
    y = multiply_add(y, m, uintBitsToFloat(0xBFBA2E8Cu));
    y = multiply_add(y, m, uintBitsToFloat(0x4007C1F0u));
    for (int i = 0; i < 2; ++i) {
        precise const float product = m * y;
        precise const float error = 1.0 - product;
        y = multiply_add(y, error, y);
    }
    precise const float result = y * uintBitsToFloat(0x7F000000u - (bits & 0x7F800000u));
    return x <= -smallest ? op_neg(result) : result;
}

int op_iadd(const int x, const int y) { return x + y; }
int op_isub(const int x, const int y) { return x - y; }
int op_imul(const int x, const int y) { return x * y; }
int op_imin(const int x, const int y) { return x < y ? x : y; }
int op_imax(const int x, const int y) { return x > y ? x : y; }
bool op_lt(const float x, const float y) { return x < y; }
bool op_le(const float x, const float y) { return x <= y; }
bool op_eq(const float x, const float y) { return x == y; }
bool op_ilt(const int x, const int y) { return x < y; }
bool op_ile(const int x, const int y) { return x <= y; }
bool op_ieq(const int x, const int y) { return x == y; }
bool op_and(const bool x, const bool y) { return x && y; }
bool op_or(const bool x, const bool y) { return x || y; }
bool op_not(const bool x) { return !x; }
float op_select_float(const bool c, const float x, const float y) { return c ? x : y; }
int op_select_int(const bool c, const int x, const int y) { return c ? x : y; }
bool op_select_bool(const bool c, const bool x, const bool y) { return c ? x : y; }
float op_to_float(const int x) { return float(x); }

// The nearest whole number, ties to even, held to the range of int; 0 for what is not a number.
int op_to_int(const float x) {
    if (!(x > -2147483648.0)) return x <= -2147483648.0 ? int(0x80000000u) : 0;
    if (x >= 2147483648.0) return 0x7FFFFFFF;
    const float below = floor(x);
    precise const float part = x - below;
    const int whole = int(below);
    return part > 0.5 || (part == 0.5 && (whole & 1) != 0) ? whole + 1 : whole;
}

float op_spike(const float x, const int greater_equal) {
    return (greater_equal != 0 ? x >= 0.0 : x > 0.0) ? 1.0 : 0.0;
}

// ---- Random draws, docs/semantics.md.

// Philox4x32-10: the word of draw `number` for this neuron.
uint draw_word(const uint number) {
    uvec4 c = uvec4(0xD0000000u | (neuron / 64 * 16 + neuron % 16), run[RUN_STEP_LOW],
                    a.population | (run[RUN_STEP_HIGH] << 20), sample_index | (number << 20));
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
