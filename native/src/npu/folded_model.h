// A model's step with everything taken out that is the same in every step: options choose one way, a factor of 1 is none, a
// counter that stays 0 is no counter. What is left is what a graph has to compute.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "network/model.h"
#include "network/plan.h"

namespace snn::npu {

struct FoldedModel {
    // By register: its value where that is known and the same for all neurons. Floats are float32 values, bools 0 and 1.
    std::vector<std::optional<double>> known;
    // By register: the register with the same values, itself where there is no other.
    std::vector<uint16_t> same_as;
    // By state: it has one value that no step changes.
    std::vector<uint8_t> state_stays;

    uint16_t resolved(uint16_t reg) const { return same_as[reg]; }
};

// `uniform_states`: by state, its value where all neurons have the same now. `unused_receptors`: by receptor, whether nothing
// is ever delivered to it.
FoldedModel fold_model(const Model& model, const std::vector<Constant>& constants,
                       std::span<const std::optional<double>> uniform_states, std::span<const uint8_t> unused_receptors);

}  // namespace snn::npu
