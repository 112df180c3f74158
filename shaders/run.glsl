// The buffer that every shader has: where the run is, and what it counts.
#include "arguments.h"

layout(std430, set = 0, binding = 0) coherent buffer Run { uint run[]; };

// Counters have 64 bits, low word first. Whoever makes the low word pass its end raises the high one, so the sum is exact.
void add_to_counter(const uint counter, const uint amount) {
    const uint before = atomicAdd(run[counter], amount);
    if (before + amount < before) atomicAdd(run[counter + 1], 1u);
}

// Where the slot of `lag` steps ago begins.
uint slot_of(const Activity activity, const uint lag) {
    return ((run[RUN_NOW] - lag) & activity.ring_mask) * activity.slot_size;
}
