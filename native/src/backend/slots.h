// What backends share about variables: how many values a slot has, and converting between the types of the interface.
#pragma once

#include <cstddef>

#include "backend/backend.h"

namespace snn {

// Values of a slot in canonical order; 0 for a bias that is not there.
size_t slot_count(const Plan& plan, uint32_t batch_size, const Slot& slot);
// Which copies of the weights a slot of weights or a bias is about, [first, last): one copy, or one for each sample.
struct WeightCopies {
    uint32_t first, last;
};
WeightCopies weight_copies(const Plan& plan, uint32_t batch_size, const Slot& slot);

// What slots of traces and ages are about.
bool is_age(Slot::Kind kind);
Slot::Kind side_of(Slot::Kind age);     // pre_age: pre_traces; traces are their own side
Slot::Kind age_of(Slot::Kind traces);   // pre_traces: pre_age
const std::vector<TracePlan>& traces_of(const PlasticityPlan& plan, Slot::Kind kind);

// Copies `count` values between any two types. Floats become integers by rounding to the nearest, ties to even, within
// the range of the type.
void convert(DType from, const void* source, DType to, void* target, size_t count);

}  // namespace snn
