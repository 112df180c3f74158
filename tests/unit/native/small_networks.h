// Small networks for the unit tests: built through the same structs as the C interface, run on an executor directly.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"
#include "network/plan.h"

namespace snn::test {

struct Sparse {
    std::vector<uint64_t> row_offsets;
    std::vector<uint32_t> targets;
    std::vector<uint16_t> delays;
};

// One projection in short words. Fields that a kind does not use are left alone.
struct Connection {
    uint32_t kind = SNN_CONNECT_DENSE;
    uint32_t source = 0, target = 0;
    std::vector<float> weights{}, bias{};
    uint32_t delay_steps = 0;
    bool trainable = true;
    uint32_t arithmetic = SNN_ARITHMETIC_DEFAULT;
    uint32_t pool_mode = SNN_POOL_SUM;
    const char* receptor = nullptr;
    Sparse sparse{};
    Window window{};
};

// What moves a membrane visibly in one step, where thresholds are about 1: 1. A membrane in mV needs tens of mV/ms, a
// conductance a part of the leak's.
inline double input_gain(const Model& model) {
    for (const StateInfo& state : model.states)
        if (state.name == "excitatory_conductance") return state.unit == "nS" ? 3.0 : 0.1;
    return model.has_membrane && model.states[model.membrane_state].unit == "mV" ? 12.0 : 1.0;
}

class NetworkMaker {
public:
    explicit NetworkMaker(double dt_ms = 1.0) : network_(std::make_shared<Network>(dt_ms)) {}

    uint32_t add(uint32_t kind, const std::vector<uint32_t>& shape, std::shared_ptr<const Model> model = nullptr);
    uint32_t spikes(const std::vector<uint32_t>& shape) { return add(SNN_POPULATION_SPIKE_INPUT, shape); }
    uint32_t values(const std::vector<uint32_t>& shape) { return add(SNN_POPULATION_VALUE_INPUT, shape); }
    uint32_t neurons(const std::vector<uint32_t>& shape, const char* model) {
        return add(SNN_POPULATION_NEURONS, shape, builtin_model(model));
    }
    uint32_t neurons(const std::vector<uint32_t>& shape, std::shared_ptr<const Model> model) {
        return add(SNN_POPULATION_NEURONS, shape, std::move(model));
    }
    void set(uint32_t population, const char* parameter, double value) {
        network_->set_parameter(population, parameter, &value, 1);
    }
    uint32_t connect(const Connection& connection);
    Network& network() { return *network_; }
    std::shared_ptr<const Plan> plan();

private:
    std::shared_ptr<Network> network_;
};

// A neuron whose state `v` is its input sum of the step: what a projection delivered, without anything on top.
std::shared_ptr<const Model> probe_model();
// As the probe, with two receptors: v is their difference.
std::shared_ptr<const Model> two_receptor_model();
// Spikes in every step in which its input is above 0.5.
std::shared_ptr<const Model> relay_model();

// Numbers that are the same on every platform.
class Numbers {
public:
    explicit Numbers(uint32_t seed) : generator_(seed) {}
    double uniform(double low, double high) {
        return low + (high - low) * (static_cast<double>(generator_()) / 4294967296.0);
    }
    float uniform_f(double low, double high) { return static_cast<float>(uniform(low, high)); }
    std::vector<float> list(size_t count, double low, double high) {
        std::vector<float> values(count);
        for (float& value : values) value = uniform_f(low, high);
        return values;
    }
    std::vector<float> spikes(size_t count, double probability) {
        std::vector<float> values(count);
        for (float& value : values) value = uniform(0, 1) < probability ? 1.0f : 0.0f;
        return values;
    }

private:
    std::mt19937 generator_;
};

struct Run {
    std::shared_ptr<const Plan> plan;
    std::unique_ptr<Executor> executor;
    uint32_t batch_size = 1;

    Run(std::shared_ptr<const Plan> plan_of_network, uint32_t batch, uint32_t flags = 0,
        const char* backend = "reference");

    // One input population, `frames` = [step][batch][size]; returns the state of a population after every step.
    std::vector<float> states(uint32_t input, const std::vector<float>& frames, uint32_t step_count,
                              uint32_t population, uint32_t state = 0);
    std::vector<double> read(Slot::Kind kind, uint32_t index, uint32_t sub = 0) const;
    void write(Slot::Kind kind, uint32_t index, const std::vector<double>& values, uint32_t sub = 0);
};

}  // namespace snn::test
