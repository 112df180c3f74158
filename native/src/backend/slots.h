// What backends share about variables: how many values a slot has, and converting between the types of the interface.
#pragma once

#include <cstddef>

#include "backend/backend.h"

namespace snn {

// Values of a slot in canonical order; 0 for a bias that is not there.
size_t slot_count(const Plan& plan, uint32_t batch_size, const Slot& slot);

// Copies `count` values between any two types. Floats become integers by rounding to the nearest, ties to even, within
// the range of the type.
void convert(DType from, const void* source, DType to, void* target, size_t count);

}  // namespace snn
