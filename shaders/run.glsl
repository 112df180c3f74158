// The buffers that every shader has: where the run is, and what it counts.
#include "arguments.h"

layout(std430, set = 0, binding = 0) readonly buffer Run { uint run[]; };

// Of a population's spikes or a projection's deliveries: 64 bits, low word first. Whoever makes the low word pass its end raises
// the high one, so the sum is exact.
layout(std430, set = 0, binding = 6) buffer Counter { uint counter[2]; };

void add_to_counter(const uint amount) {
    const uint before = atomicAdd(counter[0], amount);
    if (before + amount < before) atomicAdd(counter[1], 1u);
}

// Where the slot of `lag` steps ago begins.
uint slot_of(const Activity activity, const uint lag) {
    return ((run[RUN_NOW] - lag) & activity.ring_mask) * activity.slot_size;
}
