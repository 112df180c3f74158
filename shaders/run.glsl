// The buffers that every shader of a step has: the run's position, and a counter.
#include "arguments.h"

layout(std430, set = 0, binding = 0) readonly buffer Run { uint run[]; };

// Counts a population's spikes or a projection's deliveries, in 64 bits, low word first. The invocation that makes the low word
// wrap raises the high word, so the sum is exact.
layout(std430, set = 0, binding = 6) buffer Counter { uint counter[2]; };

void add_to_counter(const uint amount) {
    const uint before = atomicAdd(counter[0], amount);
    if (before + amount < before) atomicAdd(counter[1], 1u);
}

// The offset of the slot of `lag` steps ago.
uint slot_of(const Activity activity, const uint lag) {
    return ((run[RUN_NOW] - lag) & activity.ring_mask) * activity.slot_size;
}
