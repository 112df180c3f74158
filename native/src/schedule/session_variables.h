// What a session has besides its network, and lets its caller read and write by name: states and activity, which are the
// executor's, and its own weights, parameters and rules of plasticity, which are the network's until somebody changes them.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"
#include "network/plan.h"
#include "schedule/listeners.h"
#include "schedule/open_network.h"

namespace snn {

struct SessionVariable {
    // What a slot holds; a parameter of a model or its gradient, or a parameter of a rule of plasticity; a trace of a rule,
    // as the step to come sees it; or a signal to a rule.
    enum Kind : uint8_t { values, parameter, parameter_gradient, rule_parameter, trace, signal };
    Slot slot;  // of what is no slot: index is that of its population or projection
    bool writable;
    Kind kind = values;
    uint32_t number = 0;  // of the parameter or trace
};

class SessionVariables {
public:
    // Throws where samples cannot have what the network has. `listeners`: are told of weights that lose much when rounded.
    SessionVariables(OpenNetwork& open, Listeners& listeners);
    // Of the network's weights, to the log.
    void report_rounding();

    // --- by name
    SessionVariable find(std::string_view path) const;
    size_t count_of(const SessionVariable& variable) const;
    void read(const SessionVariable& variable, DType dtype, void* out_data) const;  // no signal
    size_t value_count(std::string_view path) const { return count_of(find(path)); }
    void read(std::string_view path, uint32_t dtype, void* out_data, size_t count) const;
    void write(std::string_view path, uint32_t dtype, const void* data, size_t count);
    void read_membrane(std::string_view population, float* out_potentials, size_t count) const;
    std::span<const uint32_t> spikes(uint32_t population, uint32_t sample) const;

    // --- weights
    void load_weights(const Network& other);
    std::shared_ptr<const Network> to_network() const;
    void weights_changed();  // a trainer updated them
    void gradients_ready() { has_gradients_ = true; }
    bool has_own_weights(uint32_t projection) const { return weight_is_own_[projection] != 0; }
    // It has (perhaps) others than the network.
    void set_own_weights(uint32_t projection) { weight_is_own_[projection] = 1; }
    // Of a state: null for the network's. Before, they are the session's own where the state has some.
    void restore_weights(uint32_t projection, const std::vector<float>* weights);
    uint32_t weight_copies() const { return open_.plan().sample_weights ? open_.batch_size() : 1; }

    // --- parameters
    const Parameters& parameters_of(uint32_t population) const;
    // Checked, with the constants that follow from them. All or nothing: the session and its executor agree also when memory
    // runs out.
    void set_parameters(uint32_t population, Parameters parameters, const PopulationConstants& constants);
    // Of a state: empty for the network's; null constants where the executor has them already.
    void restore_parameters(uint32_t population, Parameters parameters, const PopulationConstants* constants);
    // To an executor that was opened anew.
    void give_parameters();
    // dL/d(each learnable parameter of the population), empty for the others.
    void set_parameter_gradients(uint32_t population, const Parameters& gradients) {
        parameter_gradients_[population] = gradients;
    }

    // --- plasticity (session_plasticity.cpp)
    const Plasticity& plasticity_of(uint32_t projection) const;
    bool has_own_plasticity(uint32_t projection) const { return plasticity_[projection] != nullptr; }
    std::shared_ptr<const PlasticityPlan> checked_plan(uint32_t projection, const Plasticity& plasticity);
    // With what checked_plan() gave for them, per projection; null: stays. All or nothing, as set_parameters().
    void set_plasticity(std::span<const std::shared_ptr<const Plasticity>> changed,
                        std::span<const std::shared_ptr<const PlasticityPlan>> plans);

private:
    uint32_t split_sample(std::string_view path, std::string_view& io_variable) const;
    SessionVariable find_rule_variable(const Projection& projection, uint32_t index, std::string_view variable) const;
    const std::vector<double>& parameter_values(const SessionVariable& variable) const;
    void read_trace(const SessionVariable& variable, DType dtype, void* out_data) const;
    // Parts of write(), with its arguments checked.
    void write_parameter(const SessionVariable& variable, DType type, const void* data, size_t count);
    void check_values(const Slot& slot, DType type, const void* data, size_t count, std::string_view path) const;
    [[nodiscard]] std::string write_fixed_weights(const Slot& slot, DType type, const void* data, size_t count);
    void write_rule(const SessionVariable& variable, DType dtype, const void* data, std::string_view path);
    void write_weights(uint32_t projection, const float* weights, const float* bias);
    std::string rounding_to_tell(uint32_t projection, std::span<const float> weights) const;
    void warn_of_rounding(uint32_t projection, const std::string& sentence);
    void set_plasticity(uint32_t projection, std::shared_ptr<const Plasticity> plasticity,
                        std::shared_ptr<const PlasticityPlan> plan);

    OpenNetwork& open_;
    Listeners& listeners_;
    const Network& network_;
    std::vector<Parameters> parameters_;                         // per population: empty while they are the network's
    std::vector<Parameters> parameter_gradients_;                // per population: empty before a backward pass
    std::vector<std::shared_ptr<const Plasticity>> plasticity_;  // per projection: null while it is the network's ...
    std::vector<std::shared_ptr<const PlasticityPlan>> plasticity_plans_;  // ... and what the executor computes with
    DecayTables decay_tables_;               // of their traces
    std::vector<uint8_t> weight_is_own_;     // per projection: differs (perhaps) from the network's
    std::vector<uint8_t> rounding_is_told_;  // per projection
    bool has_gradients_ = false;
};

}  // namespace snn
