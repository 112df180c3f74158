// Turns an op list into the block program that kernels_interpreter.h runs. It serves users' models and surrogates, and tests
// that compare with the compiled models. The result computes what the op list says, in its order, on float32 and int32.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "cpu/kernel_table.h"
#include "network/plan.h"

namespace snn::cpu {

// Owns what a BlockProgram points to. Immutable once built; shared by threads.
class InterpretedProgram {
public:
    // Programs for one choice of the model's options, without what only other choices need. The step writes the entries of
    // `tape`.
    static InterpretedProgram step(const Model& model, std::span<const int32_t> options, std::span<const TapeInfo> tape);
    // The surrogate becomes part of the program; `parameters` are its values. `learning`: the constants that get gradients.
    // What only other constants need is left out; so are the tape inputs for it, which may be null.
    static InterpretedProgram adjoint(const Model& model, std::span<const int32_t> options, const Surrogate& surrogate,
                                      std::span<const double> parameters, const std::optional<LearningPlan>& learning);

    // An event of a plasticity rule; its outputs are BlockProgram::state_results.
    static InterpretedProgram event(const Program& event, std::span<const uint16_t> outputs);

    BlockProgram view() const;
    uint32_t scratch_words() const { return table_words_ + slot_count_ * interpreter_block; }

private:
    class Builder;

    std::vector<BlockInstruction> instructions_;
    std::vector<uint32_t> literals_;
    std::vector<uint8_t> state_is_int_;
    std::vector<uint32_t> state_results_, receptor_results_, tape_results_, constant_results_;
    uint32_t spike_result_ = 0;
    bool spikes_ = false;
    uint32_t input_count_ = 0, constant_count_ = 0, receptor_count_ = 0, tape_count_ = 0;
    uint32_t table_words_ = 0, slot_count_ = 0;
};

// Keeps programs, so that populations with the same model and options share them.
class ProgramCache {
public:
    using Shared = std::shared_ptr<const InterpretedProgram>;
    Shared step(const Model& model, const std::vector<int32_t>& options, std::span<const TapeInfo> tape);
    Shared adjoint(const Model& model, const std::vector<int32_t>& options, const Surrogate& surrogate,
                   const std::vector<double>& parameters, const std::optional<LearningPlan>& learning);

private:
    using Choices = std::pair<const Model*, std::vector<int32_t>>;
    std::map<std::pair<Choices, std::vector<uint32_t>>, Shared> steps_;  // by the registers that are kept
    // The last two parts of the key: whether anything is learned, and the constants that get gradients.
    std::map<std::tuple<Choices, const Surrogate*, std::vector<double>, bool, std::vector<uint32_t>>, Shared> adjoints_;
};

}  // namespace snn::cpu
