// Small networks, "brains": a workgroup takes one sample through all steps of a dispatch, with its states and activity in
// shared memory.
//
//   table, states, rings of activity  -->  shared memory  -->  { inputs, populations in order, counts } x steps  -->  back
//
// A neuron adds up its own input sums when its model reads a receptor, projection by projection in the specified order. Only
// states and activity are stored. The function model_step() is empty: when a session opens, libsnn fills it with a switch over
// the programs of the populations, made of calls to the functions before it (native/src/vulkan/model_shader.cpp).
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "arguments.h"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE, local_size_x_id = 2) in;
layout(constant_id = 0) const uint TABLE_WORDS = 1;  // table words in shared memory: only the entries, or all that follows too
layout(constant_id = 1) const uint BRAIN_WORDS = 1;
layout(push_constant) uniform Push { Brains a; };
layout(std430, set = 0, binding = 0) readonly buffer Constants { uint constants[]; };  // the table comes first
layout(std430, set = 0, binding = 1) buffer Memory { uint memory[]; };
layout(std430, set = 0, binding = 2) readonly buffer Weights { float weights[]; };
layout(std430, set = 0, binding = 3) readonly buffer Frames { uint frames[]; };
layout(std430, set = 0, binding = 4) buffer Counters { uint counters[]; };  // [brain][BRAIN_COUNTER_WORDS]
layout(std430, set = 0, binding = 5) buffer Records { uint records[]; };
layout(std430, set = 0, binding = 6) buffer Host { uint host[]; };

shared uint table[TABLE_WORDS];
shared uint brain[BRAIN_WORDS];

uint neuron;        // in the current population
uint sample_index;  // of the brain
uint population;    // the entry of the current population
uint at_step;       // index of the step in the dispatch
uint now;           // position of the dispatch's first step in the rings
uvec2 first_step;   // number of that step, for random draws

uint own(const uint word) { return table[population + word]; }
bool is_set(const uint flag) { return (a.flags & flag) != 0; }

// ---- Activity

// The offset of the slot of `lag` steps ago: the number of active neurons, then the data.
uint slot_of(const uint entry, const uint lag) {
    return table[entry + BRAIN_RING] + ((now + at_step - lag) & table[entry + BRAIN_RING_MASK]) * (1 + table[entry + BRAIN_WIDTH]);
}

void mark(const uint slot, const uint i) {
    atomicOr(brain[slot + 1 + i / 32], 1u << (i % 32));
    atomicAdd(brain[slot], 1u);
}

bool is_marked(const uint slot, const uint i) { return (brain[slot + 1 + i / 32] >> (i % 32) & 1u) != 0; }

// ---- Sums. Weights are finite and sums are never -0, so adding a product with 0 changes no bit of a sum.

const uint TOGETHER = 16;  // number of loads in flight at once

float add_dense_spikes(float sum, const uint data, const uint sources, const uint row, const uint targets) {
    const uint end = (sources + 31) / 32;
    uint word = 0, bits = brain[data], found;
    do {
        uint at[TOGETHER];
        found = 0;
        [[unroll]] for (uint n = 0; n < TOGETHER; ++n) {
            while (bits == 0 && word + 1 < end) bits = brain[data + ++word];
            at[n] = bits == 0 ? 0 : word * 32 + findLSB(bits);
            found += bits == 0 ? 0 : 1;
            bits &= bits - 1;
        }
        float loaded[TOGETHER];
        [[unroll]] for (uint n = 0; n < TOGETHER; ++n) loaded[n] = n < found ? weights[row + at[n] * targets] : 0.0;
        [[unroll]] for (uint n = 0; n < TOGETHER; ++n)
            if (n < found) sum = op_add(sum, loaded[n]);
    } while (found == TOGETHER);
    return sum;
}

float add_dense_values(float sum, const uint data, const uint sources, const uint row, const uint targets) {
    uint i = 0;
    for (; i + TOGETHER <= sources; i += TOGETHER) {
        float loaded[TOGETHER];
        [[unroll]] for (uint k = 0; k < TOGETHER; ++k) loaded[k] = weights[row + (i + k) * targets];
        [[unroll]] for (uint k = 0; k < TOGETHER; ++k) sum = op_add(sum, op_mul(loaded[k], uintBitsToFloat(brain[data + i + k])));
    }
    for (; i < sources; ++i) sum = op_add(sum, op_mul(weights[row + i * targets], uintBitsToFloat(brain[data + i])));
    return sum;
}

float receptor(const uint k) {
    float sum = 0.0;
    const uint targets = own(BRAIN_SIZE);
    for (uint q = own(BRAIN_FIRST_PROJECTION); q < own(BRAIN_LAST_PROJECTION); q += BRAIN_PROJECTION_WORDS) {
        if (table[q + BRAIN_RECEPTOR] != k) continue;
        // If the sum up to this projection is the same in all steps, it is computed only in the first.
        const uint held = is_set(BRAINS_HELD) ? table[q + BRAIN_HELD] : NOWHERE;
        if (held != NOWHERE && at_step > 0) {
            sum = uintBitsToFloat(brain[held + neuron]);
            continue;
        }
        const uint bias = table[q + BRAIN_BIAS], source = table[q + BRAIN_SOURCE];
        if (bias != NOWHERE) sum = op_add(sum, weights[bias + sample_index * table[q + BRAIN_BIAS_STRIDE] + neuron]);
        const uint slot = slot_of(source, table[q + BRAIN_LAG]), data = slot + 1;
        const uint row = table[q + BRAIN_WEIGHTS] + sample_index * table[q + BRAIN_WEIGHT_STRIDE] + neuron;
        const bool binary = table[source + BRAIN_IS_BINARY] != 0;
        if (table[q + BRAIN_IS_DENSE] != 0) {
            const uint sources = table[source + BRAIN_SIZE];
            if (!binary) sum = add_dense_values(sum, data, sources, row, targets);
            else if (brain[slot] != 0) sum = add_dense_spikes(sum, data, sources, row, targets);
        } else {
            const float value = binary ? float(is_marked(slot, neuron)) : uintBitsToFloat(brain[data + neuron]);
            sum = op_add(sum, op_mul(weights[row], value));
        }
        if (held != NOWHERE) brain[held + neuron] = floatBitsToUint(sum);
    }
    return sum;
}

// ---- What a step reads and writes. `k` is an index among constants of that kind, or among states.

uint word_of_table(const uint at) { return at < TABLE_WORDS ? table[at] : constants[at]; }
uint constant_word(const uint at) { return word_of_table(own(BRAIN_CONSTANTS) + at); }
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
    const uint low = first_step.x + at_step;
    return uvec2(low, first_step.y + (low < at_step ? 1 : 0));
}
uvec2 seed() { return uvec2(a.seed_low, a.seed_high); }
uint sample_number() { return a.first_sample + sample_index; }
uint population_number() { return own(BRAIN_NUMBER); }
uint first_neuron() { return own(BRAIN_FIRST_NEURON); }
uint poisson_tables() { return own(BRAIN_POISSON); }
float normal_coefficient(const uint at) { return uintBitsToFloat(word_of_table(a.table_end + at)); }

uint program() { return own(BRAIN_PROGRAM); }
bool model_step() { return false; }

// ---- A dispatch

// Copies states and rings between device memory and shared memory.
void move(const bool loads) {
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS) {
        const uint size = own(BRAIN_SIZE), width = own(BRAIN_WIDTH), slot_words = 1 + width;
        const bool of_host = own(BRAIN_STATES_OF_HOST) != 0;
        for (uint i = gl_LocalInvocationID.x; i < own(BRAIN_STATE_COUNT) * size; i += gl_WorkGroupSize.x) {
            const uint there = own(BRAIN_STATES_IN_MEMORY) + (i / size * a.samples + sample_index) * size + i % size;
            const uint here = own(BRAIN_STATES) + i;
            if (loads) brain[here] = of_host ? host[there] : memory[there];
            else if (of_host) host[there] = brain[here];
            else memory[there] = brain[here];
        }
        if (width == 0) continue;
        // The ring in device memory has one slot more than delays look back: that of the next step. Its spike count must be 0.
        const uint slots = min(own(BRAIN_RING_MASK) + 1, own(BRAIN_MEMORY_MASK)), slot_size = a.samples * slot_words;
        for (uint i = gl_LocalInvocationID.x; i < slots * slot_words; i += gl_WorkGroupSize.x) {
            const uint position = now + at_step - 1 - i / slot_words, word = i % slot_words;
            const uint here = own(BRAIN_RING) + (position & own(BRAIN_RING_MASK)) * slot_words + word;
            const uint there = own(BRAIN_RING_IN_MEMORY) + (position & own(BRAIN_MEMORY_MASK)) * slot_size +
                               (word == 0 ? sample_index : a.samples + sample_index * width + word - 1);
            if (loads) brain[here] = memory[there];
            else memory[there] = brain[here];
        }
        if (!loads && gl_LocalInvocationID.x == 0)
            memory[own(BRAIN_RING_IN_MEMORY) + ((now + at_step) & own(BRAIN_MEMORY_MASK)) * slot_size + sample_index] = 0;
    }
}

uint frame_stride() { return is_set(BRAINS_HELD) ? 0 : own(BRAIN_FRAME_STRIDE); }

// Whether an input is already in its slot: it is held, and no delay looks back at it.
bool stays() { return own(BRAIN_IS_INPUT) != 0 && frame_stride() == 0 && own(BRAIN_RING_MASK) == 0 && at_step > 0; }

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
        const bool binary = own(BRAIN_IS_BINARY) != 0, is_pushed = is_set(BRAINS_PUSHED) && own(BRAIN_PUSHED) != NOWHERE;
        const uint size = own(BRAIN_SIZE), slot = slot_of(population, 0), pushed = own(BRAIN_PUSHED) + sample_index * own(BRAIN_WIDTH);
        const uint frame = own(BRAIN_FRAMES) + (a.frame + at_step) * frame_stride() + sample_index * size;
        for (uint i = gl_LocalInvocationID.x; i < size; i += gl_WorkGroupSize.x) {
            uint value;
            if (!is_pushed) value = frames[frame + i];
            else if (binary) value = floatBitsToUint(float(a.pushed[pushed + i / 32] >> (i % 32) & 1u));
            else value = a.pushed[pushed + i];
            const bool is_active = uintBitsToFloat(value) != 0.0;
            if (!binary) {
                brain[slot + 1 + i] = value;
                if (is_active) atomicAdd(brain[slot], 1u);
            } else if (is_active) {
                mark(slot, i);
            }
        }
    }
}

// Copies spikes to the records of a run and to buffers of the host program.
void give_spikes() {
    for (population = 0; population < a.projections; population += BRAIN_POPULATION_WORDS) {
        const uint width = own(BRAIN_WIDTH), size = own(BRAIN_SIZE), slot = slot_of(population, 0);
        if (is_set(BRAINS_RECORDS) && own(BRAIN_RECORDS) != NOWHERE) {
            const uint row = own(BRAIN_RECORDS) + ((a.frame + at_step) * a.samples + sample_index) * width;
            for (uint i = gl_LocalInvocationID.x; i < width; i += gl_WorkGroupSize.x) records[row + i] = brain[slot + 1 + i];
        }
        const uint last = own(BRAIN_HOST_SPIKES), counts = own(BRAIN_HOST_COUNTS), first = sample_index * size;
        if (last != NOWHERE && at_step + 1 == a.steps)
            for (uint i = gl_LocalInvocationID.x; i < size; i += gl_WorkGroupSize.x)
                host[last + first + i] = floatBitsToUint(float(is_marked(slot, i)));
        if (counts != NOWHERE)
            for (uint i = gl_LocalInvocationID.x; i < size; i += gl_WorkGroupSize.x)
                if (is_marked(slot, i)) host[counts + first + i] = floatBitsToUint(op_add(uintBitsToFloat(host[counts + first + i]), 1.0));
    }
}

// What this invocation has counted.
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
    const uint own_counters = sample_index * BRAIN_COUNTER_WORDS;
    const bool goes_on = is_set(BRAINS_GO_ON);
    now = goes_on ? counters[own_counters + BRAIN_NOW] : a.now;
    first_step = goes_on ? uvec2(counters[own_counters + BRAIN_STEP_LOW], counters[own_counters + BRAIN_STEP_HIGH])
                         : uvec2(a.step_low, a.step_high);
    for (uint i = gl_LocalInvocationID.x; i < TABLE_WORDS; i += gl_WorkGroupSize.x) table[i] = constants[i];
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
        give_spikes();
        barrier();
    }
    move(false);
    if (gl_LocalInvocationID.x != 0) return;
    for (uint k = 0; k < BRAIN_COUNTERS; ++k) {
        const uint place = own_counters + 2 * k;
        uint carry;
        counters[place] = uaddCarry(counters[place], counted[k].x, carry);
        counters[place + 1] += counted[k].y + carry;
    }
    if (!goes_on) return;
    counters[own_counters + BRAIN_NOW] = now + at_step;
    const uvec2 next = step_number();
    counters[own_counters + BRAIN_STEP_LOW] = next.x;
    counters[own_counters + BRAIN_STEP_HIGH] = next.y;
}
