// Each optimiser against its formula written out with other words, in float and double; limits of fixed-point weights.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "backend/trainable.h"
#include "common/error.h"
#include "cpu_runs.h"
#include "file/file.h"
#include "small_networks.h"
#include "train/optimizer.h"

using namespace snn;
using namespace snn::test;

namespace {

// One value, `updates` times, with gradients 1, -0.5, 0.25, ... on the executor of a network with one weight.
struct OneWeight {
    Run run;
    uint32_t neuron;
    std::unique_ptr<OptimizerMemory> memory;
    explicit OneWeight(float weight, uint32_t flags, float bias = 0.5f) : run(make(weight, bias, neuron), 1, flags) {}

    static std::shared_ptr<const Plan> make(float weight, float bias, uint32_t& out_neuron) {
        NetworkMaker maker;
        const uint32_t input = maker.values({1});
        out_neuron = maker.neurons({1}, probe_model());
        maker.connect({.source = input, .target = out_neuron, .weights = {weight}, .bias = {bias}});
        return maker.plan();
    }
    // dL/dw = gradient exactly: one step, input 1, dL/dv = gradient.
    void step(double gradient, OptimizerStep step) {
        const float one = 1.0f;
        const InputFrames frames{0, &one, 0};
        RunRequest request;
        request.step_count = 1;
        request.inputs = {&frames, 1};
        request.tape = true;
        run.executor->run(request);
        const OutputGradient given{OutputGradient::state, neuron, 0, DType::float64, &gradient, 0};
        run.executor->trainable()->backward({&given, 1}, {});
        if (!memory) memory = run.executor->trainable()->make_optimizer_memory(step.optimizer);
        run.executor->trainable()->update(step, *memory);
    }
    double weight() const { return run.read(Slot::weight, 0)[0]; }
    double bias() const { return run.read(Slot::bias, 0)[0]; }
};

const double given_gradients[] = {1.0, -0.5, 0.25, 2.0, -1.5};

OptimizerStep step_of(uint32_t optimizer, uint64_t update) {
    return {.optimizer = optimizer,
            .update = update,
            .learning_rate = 0.1,
            .momentum = 0.9,
            .beta1 = 0.8,
            .beta2 = 0.95,
            .epsilon = 1e-6,
            .weight_decay = 0.03,
            .l1_regularization = 0.0,
            .gradient_scale = 0.5};
}

}  // namespace

TEST_CASE("SGD: momentum is a sum of past gradients, decay joins the gradient") {
    for (const uint32_t flags : {0u, uint32_t{SNN_FLAG_FLOAT64}}) {
        OneWeight one(0.75f, flags);
        double weight = 0.75, bias = 0.5, past = 0, bias_past = 0;
        uint64_t update = 0;
        for (const double gradient : given_gradients) {
            one.step(gradient, step_of(SNN_OPTIMIZER_SGD, ++update));
            past = 0.9 * past + (0.5 * gradient + 0.03 * weight);
            weight -= 0.1 * past;
            bias_past = 0.9 * bias_past + (0.5 * gradient + 0.03 * bias);
            bias -= 0.1 * bias_past;
            CHECK(one.weight() == doctest::Approx(weight).epsilon(flags ? 1e-14 : 1e-6));
            CHECK(one.bias() == doctest::Approx(bias).epsilon(flags ? 1e-14 : 1e-6));
        }
    }
}

TEST_CASE("Adam and AdamW: Kingma and Ba 2015, Loshchilov and Hutter 2019") {
    for (const uint32_t optimizer : {SNN_OPTIMIZER_ADAM, SNN_OPTIMIZER_ADAMW})
        for (const uint32_t flags : {0u, uint32_t{SNN_FLAG_FLOAT64}}) {
            OneWeight one(0.75f, flags);
            double weight = 0.75, m = 0, v = 0;
            uint64_t t = 0;
            for (const double gradient : given_gradients) {
                one.step(gradient, step_of(optimizer, ++t));
                double g = 0.5 * gradient;
                if (optimizer == SNN_OPTIMIZER_ADAM) g += 0.03 * weight;
                m = 0.8 * m + 0.2 * g;
                v = 0.95 * v + 0.05 * g * g;
                const double first = m / (1 - std::pow(0.8, t)), second = v / (1 - std::pow(0.95, t));
                double next = weight - 0.1 * first / (std::sqrt(second) + 1e-6);
                if (optimizer == SNN_OPTIMIZER_ADAMW) next -= 0.1 * 0.03 * weight;
                weight = next;
                CHECK(one.weight() == doctest::Approx(weight).epsilon(flags ? 1e-13 : 2e-6));
            }
        }
}

TEST_CASE("Lion: Chen et al. 2023") {
    for (const uint32_t flags : {0u, uint32_t{SNN_FLAG_FLOAT64}}) {
        OneWeight one(0.75f, flags);
        double weight = 0.75, m = 0;
        uint64_t t = 0;
        for (const double gradient : given_gradients) {
            one.step(gradient, step_of(SNN_OPTIMIZER_LION, ++t));
            const double g = 0.5 * gradient, c = 0.8 * m + 0.2 * g;
            weight -= 0.1 * ((c > 0 ? 1 : c < 0 ? -1 : 0) + 0.03 * weight);
            m = 0.95 * m + 0.05 * g;
            CHECK(one.weight() == doctest::Approx(weight).epsilon(flags ? 1e-14 : 1e-6));
        }
    }
}

TEST_CASE("L1 adds the sign of the weight to the gradient, and nothing at zero") {
    for (const uint32_t optimizer : {SNN_OPTIMIZER_SGD, SNN_OPTIMIZER_ADAM, SNN_OPTIMIZER_ADAMW, SNN_OPTIMIZER_LION})
        for (const double weight : {0.75, -0.75, 0.0}) {
            OneWeight with(static_cast<float>(weight), SNN_FLAG_FLOAT64), without(static_cast<float>(weight), SNN_FLAG_FLOAT64);
            OptimizerStep step = step_of(optimizer, 1);
            step.gradient_scale = 1;
            without.step(0.3 + (weight > 0 ? 0.2 : weight < 0 ? -0.2 : 0.0), step);
            step.l1_regularization = 0.2;
            with.step(0.3, step);
            CHECK(with.weight() == doctest::Approx(without.weight()).epsilon(1e-14));
        }
}

TEST_CASE("Adam's first update is the learning rate, whatever the gradient's size") {
    for (const double gradient : {1e-3, 1.0, 1e3}) {
        OneWeight one(0.0f, SNN_FLAG_FLOAT64);
        OptimizerStep step = step_of(SNN_OPTIMIZER_ADAM, 1);
        step.weight_decay = 0;
        step.epsilon = 1e-12;
        one.step(gradient, step);
        CHECK(one.weight() == doctest::Approx(-0.1).epsilon(1e-6));
    }
}

TEST_CASE("weights of fixed-point projections stay where their sums cannot overflow") {
    NetworkMaker maker;
    const uint32_t input = maker.spikes({2}), neuron = maker.neurons({1}, "leaky_integrator");
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = input,
                   .target = neuron,
                   .weights = {0.5f, 0.25f},
                   .arithmetic = SNN_ARITHMETIC_FIXED,
                   .sparse = {{0, 1, 2}, {0, 0}, {}}});
    const auto plan = maker.plan();
    Run run(plan, 1);
    const std::vector<float> spikes{1, 1};
    const InputFrames frames{input, spikes.data(), 0};
    RunRequest request;
    request.step_count = 1;
    request.inputs = {&frames, 1};
    request.tape = true;
    run.executor->run(request);
    const float gradient = -1.0f;
    const OutputGradient given{OutputGradient::state, neuron, 0, DType::float32, &gradient, 0};
    run.executor->trainable()->backward({&given, 1}, {});
    OptimizerStep step = step_of(SNN_OPTIMIZER_SGD, 1);
    step.learning_rate = 1e9;
    run.executor->trainable()->update(step, *run.executor->trainable()->make_optimizer_memory(step.optimizer));
    // Both at the limit add up to 2^30 in units of the scale.
    const double limit = std::ldexp(1.0, 30 - plan->network->projection(0).fixed_exponent) / 2;
    CHECK(run.read(Slot::weight, 0) == std::vector<double>{limit, limit});
    const std::vector<float> at_limit(2, static_cast<float>(limit)), beyond(2, std::nextafter(at_limit[0], 1e30f));
    CHECK_NOTHROW(check_fixed_range(*plan->network, 0, [&](uint32_t) { return at_limit.data(); }));
    CHECK_THROWS_AS(check_fixed_range(*plan->network, 0, [&](uint32_t) { return beyond.data(); }), Error);
    std::vector<float> state(1);
    const RecordFrames record{RecordFrames::state, neuron, 0, DType::float32, state.data(), 1};
    request.tape = false;
    request.records = {&record, 1};
    run.executor->reset_state();
    run.executor->run(request);
    CHECK(state[0] == doctest::Approx(2 * limit));
}

namespace {

// Spike inputs, each with one fixed-point synapse onto the same neuron.
std::shared_ptr<const Plan> fixed_plan(uint32_t synapses) {
    NetworkMaker maker;
    const uint32_t input = maker.spikes({synapses}), neuron = maker.neurons({1}, "leaky_integrator");
    Sparse sparse;
    for (uint32_t i = 0; i <= synapses; ++i) sparse.row_offsets.push_back(i);
    sparse.targets.assign(synapses, 0);
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = input,
                   .target = neuron,
                   .weights = std::vector<float>(synapses, 0.5f),
                   .arithmetic = SNN_ARITHMETIC_FIXED,
                   .sparse = sparse});
    return maker.plan();
}

// One update of SGD with a rate of 1e9 and dL/dv = `gradient`, every input spiking.
void update_once(Executor& executor, const std::vector<float>& spikes, float gradient) {
    const InputFrames frames{0, spikes.data(), 0};
    RunRequest request;
    request.step_count = 1;
    request.inputs = {&frames, 1};
    request.tape = true;
    executor.run(request);
    const OutputGradient given{OutputGradient::state, 1, 0, DType::float32, &gradient, 0};
    executor.trainable()->backward({&given, 1}, {});
    OptimizerStep step = step_of(SNN_OPTIMIZER_SGD, 1);
    step.learning_rate = 1e9;
    executor.trainable()->update(step, *executor.trainable()->make_optimizer_memory(SNN_OPTIMIZER_SGD));
}

}  // namespace

TEST_CASE("weights trained to the limit can be saved and loaded, where the limit is no float") {
    for (const char* backend : {"reference", "cpu"}) {
        INFO(std::string(backend));
        const auto plan = fixed_plan(3);
        Run run(plan, 1, 0, backend);
        update_once(*run.executor, {1, 1, 1}, -1.0f);
        auto weights = std::make_shared<std::vector<float>>(3);
        run.executor->read({Slot::weight, 0}, DType::float32, weights->data());
        const double exact = std::ldexp(1.0, 30 - plan->network->projection(0).fixed_exponent) / 3;
        CHECK((*weights)[0] == doctest::Approx(exact).epsilon(1e-6));
        CHECK((*weights)[0] <= exact);
        const char* const path = "tmp_unit_fixed_limit.snn";
        save_network(*plan->network->with_values({weights}, {nullptr}, std::vector<Parameters>(plan->network->populations().size()), {nullptr}), path);
        CHECK_NOTHROW(load_network(path));
        std::remove(path);
    }
}

TEST_CASE("a weight that is not a number stays one and is not saved") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto plan = fixed_plan(3);
    ExecutorOptions options;
    const std::string file = "snn_unit_nan.snn";
    for (const uint32_t instruction_set : machine_instruction_sets()) {
        INFO("instruction set ", instruction_set);
        options.instruction_set = instruction_set;
        const auto executor = find_backend("cpu").open(plan, options);
        update_once(*executor, {1, 1, 1}, nan);
        auto weights = std::make_shared<std::vector<float>>(3);
        executor->read({Slot::weight, 0}, DType::float32, weights->data());
        for (const float weight : *weights) CHECK(std::isnan(weight));
        CHECK_FALSE(executor->trainable()->gradients()->is_finite(0));
        try {
            save_network(*plan->network->with_values({weights}, {nullptr}, std::vector<Parameters>(plan->network->populations().size()), {nullptr}), file.c_str());
            FAIL("saved");
        } catch (const Error& error) {
            CHECK(error.status() == SNN_ERROR_INVALID_ARGUMENT);
            CHECK(std::string(error.what()).find("projection 'w0': weight[0] is") == 0);
        }
        CHECK(std::fopen(file.c_str(), "rb") == nullptr);
    }
}
