// Translates op lists to SPIR-V when a session opens: the step of a neuron model, its adjoint, and the events of a plasticity
// rule. No shader compiler is needed, and built-in models and those of users are translated the same way.
#pragma once

#include <cstdint>
#include <vector>

#include "network/model.h"
#include "network/plan.h"

namespace snn::vulkan {

// Where the shader finds the constants of a population. Shared constants have one value for all neurons, the others a value for
// each; each kind has its own array, in the order of `constants`. Options are part of the shader.
struct ConstantPlaces {
    std::vector<uint32_t> place;      // by constant: its index in its array
    std::vector<uint8_t> per_neuron;  // by constant: which array has it
    uint32_t shared_count = 0, own_count = 0;
};
ConstantPlaces place_constants(const std::vector<Constant>& constants);

// The words of shaders/plastic_arrive.comp, plastic_learn.comp and plastic_signal.comp with the rule's events filled in. The
// plan's options become constants of the shader.
std::vector<uint32_t> make_arrival_shader(const PlasticityRule& rule, const PlasticityPlan& plan);
std::vector<uint32_t> make_learning_shader(const PlasticityRule& rule, const PlasticityPlan& plan);
std::vector<uint32_t> make_signal_shader(const PlasticityRule& rule, const PlasticityPlan& plan);  // needs [on_signal]

// The step of a population in shaders/brains.comp: a case of a switch. Populations share a case if they have the same model and
// options, and the same constants are per neuron.
struct ModelProgram {
    const Model* model;
    const std::vector<Constant>* constants;
};
bool same_program(const ModelProgram& a, const ModelProgram& b);
std::vector<uint32_t> make_brains_shader(const std::vector<ModelProgram>& programs);

// The words of shaders/neuron_step.comp with the model's step filled in. They depend on the options and on which constants are
// per neuron, but not on the values of the other constants.
std::vector<uint32_t> make_model_shader(const Model& model, const std::vector<Constant>& constants);

// For training: the words of shaders/train_step.comp, which writes the plan's tape, and of train_adjoint.comp. The adjoint
// contains the population's surrogate.
std::vector<uint32_t> make_taped_shader(const Population& population, const PopulationPlan& plan, const ConstantPlaces& places);
std::vector<uint32_t> make_adjoint_shader(const Population& population, const PopulationPlan& plan,
                                          const ConstantPlaces& places);

}  // namespace snn::vulkan
