// What the two shaders of a plastic projection share: its synapses and the traces of both sides. The functions of the rule are
// empty: when a session opens, libsnn puts the rule's operations there, as it does in neuron_step.comp.
#include "run.glsl"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { Plastic a; };
layout(std430, set = 0, binding = 1) readonly buffer Spikes { uint spikes[]; };  // of the side whose spikes act
layout(std430, set = 0, binding = 3) buffer Synapses { uint synapses[]; };       // [synapse]: target, weight
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
// For each side the steps of the last events, [place], and what they left, [trace][place]. A place of the source's side is a source
// and a delay. Then for each trace, the source's first: steps after which nothing is left, where the coarse and the fine table of
// its decay are, and what an event keeps of it.
layout(std430, set = 0, binding = 5) buffer Traces { uint traces[]; };

uint pre_place, post_place;
float weight, delivered;

float decayed(const uint value, const uint last_step, const uint trace) {
    const uint table = a.tables + 4 * trace;
    const uint steps = run[RUN_NOW] - last_step;
    precise float factor = 0.0;
    if (steps < traces[table])
        factor = uintBitsToFloat(traces[traces[table + 1] + steps / 32]) *
                 uintBitsToFloat(traces[traces[table + 2] + steps % 32]);
    return op_mul(uintBitsToFloat(value), factor);
}

uint pre_value(const uint k) { return a.pre_size * (k + 1) + pre_place; }
uint post_value(const uint k) { return a.post + a.post_size * (k + 1) + post_place; }
float pre_trace(const uint k) { return decayed(traces[pre_value(k)], traces[pre_place], k); }
float post_trace(const uint k) { return decayed(traces[post_value(k)], traces[a.post + post_place], a.pre_count + k); }

// What an event makes of a trace that is x.
float after_event(const uint trace, const float x) { return multiply_add(uintBitsToFloat(traces[a.tables + 4 * trace + 3]), x, 1.0); }

float held(const float value, const uint low, const uint high) {
    return op_min(op_max(value, uintBitsToFloat(low)), uintBitsToFloat(high));
}

float weight_now() { return weight; }
// Held within its bounds, and flushed as a state is.
void set_weight(const float value) {
    const float next = held(value, a.minimum, a.maximum);
    weight = uintBitsToFloat(flushed(next));
}
