// What a folded model says of its registers, held against all operations computed one by one (network/evaluate.h).
#if !defined(_WIN32)
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "network/evaluate.h"
#include "npu/folded_model.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::test;

namespace {

bool draws(const Model& model) {
    return std::any_of(model.step.instructions.begin(), model.step.instructions.end(),
                       [](const Instruction& instruction) { return is_draw(instruction.op); });
}

// A plan of one population, every option at its `choice`th choice or its last.
Plan plan_of(const char* model_name, size_t choice, uint32_t size = 1) {
    auto network = std::make_shared<Network>(1.0);
    SNNPopulationDef def{};
    def.struct_size = sizeof def;
    def.name = "cells";
    def.shape = {1, {size, 1, 1}};
    const std::shared_ptr<const Model> model = builtin_model(model_name);
    network->add_population(def, model);
    for (const OptionInfo& option : model->options)
        network->set_option(0, option.name, option.choices[std::min(choice, option.choices.size() - 1)]);
    network->finish();
    return make_plan(network);
}

std::vector<std::optional<double>> initial_states(const Plan& plan) {
    std::vector<std::optional<double>> states;
    for (const std::vector<double>& values : plan.network->population(0).initial_states) states.push_back(values[0]);
    return states;
}

}  // namespace

TEST_CASE("registers that are known or the same as others are so in every step") {
    std::mt19937 random(4);
    std::normal_distribution<float> numbers(0.0f, 20.0f);
    size_t known = 0, same = 0;
    for (uint32_t m = 0; const char* const name = builtin_model_name(m); ++m) {
        const Model& model = *builtin_model(name);
        if (draws(model)) continue;  // refused before anything is folded
        for (size_t choice = 0; choice < 3; ++choice) {
            CAPTURE(name);
            CAPTURE(choice);
            const Plan plan = plan_of(name, choice);
            const std::vector<Constant>& constants = plan.populations[0].constants;
            const std::vector<std::optional<double>> uniform = initial_states(plan);
            std::vector<uint8_t> unused(model.receptors.size(), 0);
            if (!unused.empty()) unused.back() = choice == 1;
            const npu::FoldedModel folded = npu::fold_model(model, constants, uniform, unused);
            for (int trial = 0; trial < 20; ++trial) {
                Registers<float> registers;
                registers.resize(model.step.register_count());
                for (size_t i = 0; i < constants.size(); ++i) {
                    if (constants[i].type == ValueType::int_) registers.whole[i] = constants[i].ints[0];
                    else registers.real[i] = constants[i].floats[0];
                }
                size_t at = constants.size();
                for (size_t r = 0; r < model.receptors.size(); ++r) registers.real[at++] = unused[r] ? 0.0f : numbers(random);
                for (size_t s = 0; s < model.states.size(); ++s, ++at) {
                    const double value = folded.state_stays[s] ? *uniform[s] : static_cast<double>(numbers(random));
                    registers.whole[at] = static_cast<int32_t>(value);
                    registers.real[at] = static_cast<float>(value);
                }
                evaluate(model.step, SurrogateInUse<float>{}, false, registers);
                for (uint16_t reg = 0; reg < model.step.register_count(); ++reg) {
                    const bool is_real = model.step.types[reg] == ValueType::float_;
                    const auto value = [&](uint16_t r) {
                        return is_real ? static_cast<double>(registers.real[r]) : static_cast<double>(registers.whole[r]);
                    };
                    CAPTURE(reg);
                    if (folded.known[reg]) {
                        CHECK(value(reg) == *folded.known[reg]);
                        ++known;
                    }
                    if (folded.resolved(reg) != reg) {
                        CHECK(value(reg) == value(folded.resolved(reg)));
                        ++same;
                    }
                }
                for (size_t s = 0; s < model.states.size(); ++s)
                    if (folded.state_stays[s]) {
                        const uint16_t next = model.step_states[s];
                        CHECK((model.states[s].type == ValueType::float_ ? static_cast<double>(registers.real[next])
                                                                         : registers.whole[next]) == *uniform[s]);
                    }
            }
        }
    }
    CHECK(known > 1000);
    CHECK(same > 1000);
}

TEST_CASE("a counter of a refractory time that is nought is left out, one that counts is kept") {
    const Plan plan = plan_of("lif", 0);
    const Model& model = *builtin_model("lif");
    REQUIRE(model.states[1].name == "refractory_left");
    const std::vector<uint8_t> used{0};
    CHECK(npu::fold_model(model, plan.populations[0].constants, initial_states(plan), used).state_stays == std::vector<uint8_t>{0, 1});
    // Some neuron is refractory now.
    CHECK(npu::fold_model(model, plan.populations[0].constants, std::vector<std::optional<double>>{0.0, std::nullopt}, used).state_stays ==
          std::vector<uint8_t>{0, 0});
    Parameters parameters = plan.network->population(0).parameters;
    parameters[find_parameter(plan.network->population(0), "refractory")] = {3.0};
    const PopulationConstants constants = make_population_constants(plan.network->population(0), parameters, 1.0);
    CHECK(npu::fold_model(model, constants.constants, initial_states(plan), used).state_stays == std::vector<uint8_t>{0, 0});
}
#endif
