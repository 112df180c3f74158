// Constant folding of a model's step. It removes what is the same in every step: branches that an option decides, factors of 1,
// counters that stay 0. A graph must compute only the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "network/model.h"
#include "network/plan.h"

namespace snn::npu {

struct FoldedModel {
    // By register: its value, if it is known and the same for all neurons. Floats are float32 values, bools 0 and 1.
    std::vector<std::optional<double>> known;
    // By register: the register that has the same values; the register itself if there is no other.
    std::vector<uint16_t> same_as;
    // By state: whether it has one value for all neurons that no step changes.
    std::vector<uint8_t> state_stays;

    uint16_t resolved(uint16_t reg) const { return same_as[reg]; }
};

// `uniform_states`: by state, the present value if it is the same for all neurons. `unused_receptors`: by receptor, whether
// nothing is ever delivered to it.
FoldedModel fold_model(const Model& model, const std::vector<Constant>& constants,
                       std::span<const std::optional<double>> uniform_states, std::span<const uint8_t> unused_receptors);

}  // namespace snn::npu
