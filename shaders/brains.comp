// Many small networks, "brains", each a sample: a workgroup takes one of them through all steps of a dispatch, with its states and
// activity in shared memory.
//
//   table, states, rings of activity  -->  shared memory  -->  { inputs, populations in order, counts } x steps  -->  back
//
// A neuron adds up its own input sums, projection by projection in the stated order, when its model asks for a receptor; nothing
// but states and activity is kept. The function model_step() is empty: when a session opens, libsnn puts a switch over the
// programs of the populations there (native/src/vulkan/model_shader.cpp), made of calls of the functions before it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "arguments.h"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE, local_size_x_id = 2) in;
layout(constant_id = 0) const uint TABLE_WORDS = 1;
layout(constant_id = 1) const uint BRAIN_WORDS = 1;
layout(push_constant) uniform Push { Brains a; };
layout(std430, set = 0, binding = 0) readonly buffer Constants { uint constants[]; };  // the table comes first
layout(std430, set = 0, binding = 1) buffer Memory { uint memory[]; };
layout(std430, set = 0, binding = 2) readonly buffer Weights { float weights[]; };
layout(std430, set = 0, binding = 3) readonly buffer Frames { uint frames[]; };
layout(std430, set = 0, binding = 4) buffer Counters { uint counters[]; };       // [brain][BRAIN_COUNTERS], 64 bits each
layout(std430, set = 0, binding = 5) writeonly buffer Spikes { uint records[]; };

shared uint table[TABLE_WORDS];
shared uint brain[BRAIN_WORDS];

uint neuron;        // of the population at hand
uint sample_index;  // of the brain
uint population;    // the entry of the population at hand
uint at_step;       // within the dispatch

uint own(const uint word) { return table[population + word]; }

// ---- Activity

// Where the slot of `lag` steps ago begins: the number of active neurons, then the data.
uint slot_of(const uint entry, const uint lag) {
    return table[entry + BRAIN_RING] + ((a.now + at_step - lag) & table[entry + BRAIN_RING_MASK]) * (1 + table[entry + BRAIN_WIDTH]);
}

void mark(const uint slot, const uint i) {
    atomicOr(brain[slot + 1 + i / 32], 1u << (i % 32));
    atomicAdd(brain[slot], 1u);
}

// ---- Sums. Weights are finite, so that a product with 0 changes no sum: sums are never -0.

float add_dense_spikes(float sum, const uint data, const uint sources, const uint row, const uint targets) {
    for (uint word = 0; word * 32 < sources; ++word)
        for (uint bits = brain[data + word]; bits != 0; bits &= bits - 1)
            sum = op_add(sum, weights[row + (word * 32 + findLSB(bits)) * targets]);
    return sum;
}

float add_dense_values(float sum, const uint data, const uint sources, const uint row, const uint targets) {
    const uint together = 8;  // loads that do not wait for each other
    uint i = 0;
    for (; i + together <= sources; i += together) {
        float loaded[together];
        for (uint k = 0; k < together; ++k) loaded[k] = weights[row + (i + k) * targets];
        for (uint k = 0; k < together; ++k) sum = op_add(sum, op_mul(loaded[k], uintBitsToFloat(brain[data + i + k])));
    }
    for (; i < sources; ++i) sum = op_add(sum, op_mul(weights[row + i * targets], uintBitsToFloat(brain[data + i])));
    return sum;
}

float receptor(const uint k) {
    float sum = 0.0;
    const uint first = a.weight_stride * sample_index, targets = own(BRAIN_SIZE);
    for (uint q = own(BRAIN_FIRST_PROJECTION); q < own(BRAIN_LAST_PROJECTION); q += BRAIN_PROJECTION_WORDS) {
        if (table[q + BRAIN_RECEPTOR] != k) continue;
        // A sum up to here that is the same in all steps: made in the first.
        const uint held = table[q + BRAIN_HELD];
        if (held != NOWHERE && at_step > 0) {
            sum = uintBitsToFloat(brain[held + neuron]);
            continue;
        }
        const uint bias = table[q + BRAIN_BIAS], source = table[q + BRAIN_SOURCE];
        if (bias != NOWHERE) sum = op_add(sum, weights[first + bias + neuron]);
        const uint data = slot_of(source, table[q + BRAIN_LAG]) + 1, row = first + table[q + BRAIN_WEIGHTS] + neuron;
        const bool binary = table[source + BRAIN_IS_BINARY] != 0;
        if (table[q + BRAIN_IS_DENSE] != 0) {
            const uint sources = table[source + BRAIN_SIZE];
            sum = binary ? add_dense_spikes(sum, data, sources, row, targets) : add_dense_values(sum, data, sources, row, targets);
        } else {
            const float value = binary ? float((brain[data + neuron / 32] >> (neuron % 32)) & 1u) : uintBitsToFloat(brain[data + neuron]);
            sum = op_add(sum, op_mul(weights[row], value));
        }
        if (held != NOWHERE) brain[held + neuron] = floatBitsToUint(sum);
    }
    return sum;
}

// ---- What a step reads and writes. `k` counts constants of that kind, or states.

uint constant_word(const uint at) { return constants[own(BRAIN_CONSTANTS) + at]; }
float shared_float(const uint k) { return uintBitsToFloat(constant_word(own(BRAIN_SHARED_CONSTANTS) + k)); }
int shared_int(const uint k) { return int(constant_word(own(BRAIN_SHARED_CONSTANTS) + k)); }
float own_float(const uint k) { return uintBitsToFloat(constant_word(own(BRAIN_OWN_CONSTANTS) + k * own(BRAIN_SIZE) + neuron)); }
int own_int(const uint k) { return int(constant_word(own(BRAIN_OWN_CONSTANTS) + k * own(BRAIN_SIZE) + neuron)); }

uint state_place(const uint k) { return own(BRAIN_STATES) + k * own(BRAIN_SIZE) + neuron; }
float state_float(const uint k) { return uintBitsToFloat(brain[state_place(k)]); }
int state_int(const uint k) { return int(brain[state_place(k)]); }
void set_state_float(const uint k, const float value) { brain[state_place(k)] = flushed(value); }
void set_state_int(const uint k, const int value) { brain[state_place(k)] = uint(value); }

bool spikes(const float value) { return value > 0.0; }

#include "draws.glsl"
uvec2 step_number() {
    const uint low = a.step_low + at_step;
    return uvec2(low, a.step_high + (low < at_step ? 1 : 0));
}
uvec2 seed() { return uvec2(a.seed_low, a.seed_high); }
uint sample_number() { return a.first_sample + sample_index; }
uint population_number() { return own(BRAIN_NUMBER); }
uint first_neuron() { return own(BRAIN_FIRST_NEURON); }
uint poisson_tables() { return own(BRAIN_POISSON); }
float normal_coefficient(const uint at) { return uintBitsToFloat(constants[TABLE_WORDS + at]); }

uint program() { return own(BRAIN_PROGRAM); }
bool model_step() { return false; }

// ---- A dispatch

// States and rings between their place in `memory` and that in shared memory.
void move(const bool loads) {
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS) {
        const uint size = own(BRAIN_SIZE), slot_words = 1 + own(BRAIN_WIDTH);
        for (uint i = gl_LocalInvocationID.x; i < own(BRAIN_STATE_COUNT) * size; i += gl_WorkGroupSize.x) {
            const uint there = own(BRAIN_STATES_IN_MEMORY) + (i / size * a.samples + sample_index) * size + i % size;
            if (loads) brain[own(BRAIN_STATES) + i] = memory[there];
            else memory[there] = brain[own(BRAIN_STATES) + i];
        }
        if (own(BRAIN_WIDTH) == 0) continue;
        for (uint i = gl_LocalInvocationID.x; i < (own(BRAIN_RING_MASK) + 1) * slot_words; i += gl_WorkGroupSize.x) {
            const uint there = own(BRAIN_RING_IN_MEMORY) + (i / slot_words * a.samples + sample_index) * slot_words + i % slot_words;
            if (loads) brain[own(BRAIN_RING) + i] = memory[there];
            else memory[there] = brain[own(BRAIN_RING) + i];
        }
    }
}

// An input that is held and not looked back to is there already.
bool stays() { return own(BRAIN_IS_INPUT) != 0 && own(BRAIN_FRAME_STRIDE) == 0 && own(BRAIN_RING_MASK) == 0 && at_step > 0; }

void clear_slots() {
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS) {
        if (own(BRAIN_WIDTH) == 0 || stays()) continue;
        const uint words = own(BRAIN_IS_BINARY) != 0 ? 1 + own(BRAIN_WIDTH) : 1, slot = slot_of(population, 0);
        for (uint i = gl_LocalInvocationID.x; i < words; i += gl_WorkGroupSize.x) brain[slot + i] = 0;
    }
}

void load_inputs() {
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS) {
        if (own(BRAIN_IS_INPUT) == 0 || stays()) continue;
        const uint size = own(BRAIN_SIZE), slot = slot_of(population, 0);
        const uint frame = own(BRAIN_FRAMES) + (a.frame + at_step) * own(BRAIN_FRAME_STRIDE) + sample_index * size;
        for (uint i = gl_LocalInvocationID.x; i < size; i += gl_WorkGroupSize.x) {
            const uint value = frames[frame + i];
            const bool is_active = uintBitsToFloat(value) != 0.0;
            if (own(BRAIN_IS_BINARY) == 0) {
                brain[slot + 1 + i] = value;
                if (is_active) atomicAdd(brain[slot], 1u);
            } else if (is_active) {
                mark(slot, i);
            }
        }
    }
}

void record_spikes() {
    if (a.records == 0) return;
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS) {
        if (own(BRAIN_RECORDS) == NOWHERE) continue;
        const uint width = own(BRAIN_WIDTH), slot = slot_of(population, 0);
        const uint row = own(BRAIN_RECORDS) + ((a.frame + at_step) * a.samples + sample_index) * width;
        for (uint i = gl_LocalInvocationID.x; i < width; i += gl_WorkGroupSize.x) records[row + i] = brain[slot + 1 + i];
    }
}

// What one invocation has counted of its brain.
uvec2 counted[BRAIN_COUNTERS];

void count(const uint counter, const uint amount) {
    uint carry;
    counted[counter].x = uaddCarry(counted[counter].x, amount, carry);
    counted[counter].y += carry;
}

void count_step() {
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS)
        if (own(BRAIN_IS_BINARY) != 0)
            count(own(BRAIN_IS_INPUT) != 0 ? BRAIN_INPUT_SPIKES : BRAIN_SPIKES, brain[slot_of(population, 0)]);
    for (uint q = a.projections; q < a.table_end; q += BRAIN_PROJECTION_WORDS) {
        const uint source = table[q + BRAIN_SOURCE], spiked = brain[slot_of(source, table[q + BRAIN_LAG])];
        const uint used = spiked * table[q + BRAIN_FAN_OUT];
        count(BRAIN_OPERATIONS, used);
        if (table[source + BRAIN_IS_BINARY] != 0) count(BRAIN_EVENTS, used);
    }
}

void main() {
    sample_index = gl_WorkGroupID.x;
    at_step = 0;
    for (uint i = gl_LocalInvocationID.x; i < a.table_end; i += gl_WorkGroupSize.x) table[i] = constants[i];
    for (uint k = 0; k < BRAIN_COUNTERS; ++k) counted[k] = uvec2(0);
    barrier();
    move(true);
    barrier();
    for (; at_step < a.steps; ++at_step) {
        clear_slots();
        barrier();
        load_inputs();
        barrier();
        for (uint entry = 0; entry < a.projections; entry += BRAIN_POPULATION_WORDS) {
            population = entry;
            if (own(BRAIN_IS_INPUT) != 0) continue;
            const uint slot = slot_of(entry, 0);
            for (neuron = gl_LocalInvocationID.x; neuron < own(BRAIN_SIZE); neuron += gl_WorkGroupSize.x)
                if (model_step()) mark(slot, neuron);
            barrier();
        }
        if (gl_LocalInvocationID.x == 0) count_step();
        record_spikes();
        barrier();
    }
    move(false);
    if (gl_LocalInvocationID.x != 0) return;
    for (uint k = 0; k < BRAIN_COUNTERS; ++k) {
        const uint place = 2 * (sample_index * BRAIN_COUNTERS + k);
        uint carry;
        counters[place] = uaddCarry(counters[place], counted[k].x, carry);
        counters[place + 1] += counted[k].y + carry;
    }
}
