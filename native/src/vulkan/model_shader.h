// The step of a neuron model, its adjoint, and the events of a plasticity rule as SPIR-V, made of their op lists when a session
// opens: no compiler is needed, and built-in ones and those of users come the same way.
#pragma once

#include <cstdint>
#include <vector>

#include "network/model.h"
#include "network/plan.h"

namespace snn::vulkan {

// Where the shader finds the constants of a population: those with one value for all neurons and those with a value for each
// are two arrays, each in the order of `constants`. Options are part of the shader.
struct ConstantPlaces {
    std::vector<uint32_t> place;      // of each constant, in its array
    std::vector<uint8_t> per_neuron;  // which of the two
    uint32_t shared_count = 0, own_count = 0;
};
ConstantPlaces place_constants(const std::vector<Constant>& constants);

// The words of shaders/plastic_arrive.comp, plastic_learn.comp and plastic_signal.comp with the rule's events in them. Of the
// plan its options are part of them.
std::vector<uint32_t> make_arrival_shader(const PlasticityRule& rule, const PlasticityPlan& plan);
std::vector<uint32_t> make_learning_shader(const PlasticityRule& rule, const PlasticityPlan& plan);
std::vector<uint32_t> make_signal_shader(const PlasticityRule& rule, const PlasticityPlan& plan);  // the rule has [on_signal]

// The step of a population as shaders/brains.comp has it: a case of a switch, shared by those with the same model and options
// whose constants are per neuron or not alike.
struct ModelProgram {
    const Model* model;
    const std::vector<Constant>* constants;
};
bool same_program(const ModelProgram& a, const ModelProgram& b);
std::vector<uint32_t> make_brains_shader(const std::vector<ModelProgram>& programs);

// The words of shaders/neuron_step.comp with the model's step in it. The same for all populations with the same options whose
// constants are per neuron or not alike.
std::vector<uint32_t> make_model_shader(const Model& model, const std::vector<Constant>& constants);

// For training: the words of shaders/train_step.comp, which keeps the plan's tape, and of train_adjoint.comp. The population's
// surrogate is part of the adjoint.
std::vector<uint32_t> make_taped_shader(const Population& population, const PopulationPlan& plan, const ConstantPlaces& places);
std::vector<uint32_t> make_adjoint_shader(const Population& population, const PopulationPlan& plan,
                                          const ConstantPlaces& places);

}  // namespace snn::vulkan
