// The whole gradient against finite differences: input -> A -> (the connection under test) -> B -> output -> loss. In
// float64 with smooth spikes the loss is an ordinary function of the weights, and its derivative along a direction is
// known from four evaluations without any of the backward code:
//
//      (8 (L(h) - L(-h)) - (L(2h) - L(-2h))) / 12 h  =  gradient . direction + O(h^4)
//
// The direction moves every weight and bias of the network at once by +-1, so one number checks them all. Resets are
// attached (see reference_backend.h); the last cases check detached ones against formulas of the literature.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "backend/trainable.h"
#include "common/error.h"
#include "sanitizers.h"
#include "small_networks.h"
#include "train/trainer.h"

using namespace snn;
using namespace snn::test;

namespace {

constexpr uint32_t batch = 3, steps = 5;

enum Link {
    dense,
    dense_delayed,
    one_to_one,
    sparse_delays,
    sparse_fixed,
    conv,
    conv_delayed,
    pool_sum,
    pool_average,
    pool_max,
    recurrent,
    recurrent_sparse,
    link_count
};
const char* const link_names[] = {
    "dense",        "dense delayed", "one to one",   "sparse with delays", "sparse fixed point", "conv",
    "conv delayed", "pool sum",      "pool average", "pool max",           "recurrent",          "recurrent sparse"};

struct Setup {
    std::string model = "lif";
    std::string surrogate = "arctan";
    std::string reset = "subtract";
    std::string timing = "same_step";
    Link link = dense;
    uint32_t loss = SNN_LOSS_CROSS_ENTROPY_COUNT;
    bool readout = false;  // the output is a leaky integrator
    bool targets = false;  // rates instead of labels
};

bool has_option(const Model& model, const char* name) {
    for (const OptionInfo& option : model.options)
        if (option.name == name) return true;
    return false;
}

// A membrane in mV: excursions of tens of units, where those of the others are about 1.
bool in_millivolts(const Model& model) { return model.states[model.membrane_state].unit == "mV"; }

// Widths of a membrane's usual excursions (`unit`: 1, in mV 30), so that surrogates are neither flat nor cut off and
// smooth spikes stay of the order of 1. The edges of windows stay outside, or are without the jump that the derivative has
// there with other parameters.
std::vector<double> surrogate_parameters(const std::string& name, double unit) {
    if (name == "boxcar") return {12.0 * unit, 0.3 / unit};
    if (name == "triangle") return {0.12 / unit, 0.5 / unit};
    if (name == "superspike") return {5.0 / unit, 1.0 / unit};
    if (name == "fast_sigmoid") return {3.0 / unit, 1.0 / unit};
    if (name == "exponential") return {1.5 / unit, 0.8 / unit};
    if (name == "arctan" || name == "sigmoid") return {2.0 / unit, 1.0};
    if (name == "circle" || name == "inverse") return {1.5 / unit, 0.8 / unit};
    if (name == "gaussian") return {0.7 / unit, 0.8 / unit};
    if (name == "clipped_inverse") return {0.7 * unit, 0.5 / unit};
    if (name == "leaky_boxcar") return {12.0 * unit, 0.1, 0.3 / unit};
    if (name == "log_tailed") return {0.8 * unit, 1.0, 0.4 / unit};
    if (name == "multi_gaussian") return {0.9 * unit, 0.3, 2.5, 0.8};
    if (name == "periodic_exponential") return {1.2 / unit, 1.6 / unit, 1.3 * unit, 0.5 / unit};
    if (name == "power") return {1.1 / unit, 2.6, 0.8 / unit};
    if (name == "s2nn") return {2.0 / unit, 0.5 / unit, 0.8 / unit, 1.0};
    if (name == "shifted_exponential") return {1.4 / unit, 0.6 * unit, 0.5 / unit};
    if (name == "sparse_fast_sigmoid") return {3.0 / unit, -12.0 * unit, 1.0 / unit};
    if (name == "step") return {-3.0 * unit, 0.1 / unit, 0.3 / unit, 1.0};
    throw std::logic_error("surrogate_parameters in test_reference_gradient.cpp: add gentle parameters of " + name);
}

void set_up_neurons(NetworkMaker& maker, uint32_t population, const Setup& setup, const std::string& name) {
    Network& network = maker.network();
    const Model& model = *builtin_model(name);
    if (model.spiking) {
        const bool millivolts = in_millivolts(model);
        const std::vector<double> parameters = surrogate_parameters(setup.surrogate, millivolts ? 30.0 : 1.0);
        network.set_surrogate(population, builtin_surrogate(setup.surrogate), parameters.data(), parameters.size());
        if (has_option(model, "reset_gradient")) network.set_option(population, "reset_gradient", "attached");
        if (has_option(model, "reset")) network.set_option(population, "reset", setup.reset);
        if (has_option(model, "reset_timing")) network.set_option(population, "reset_timing", setup.timing);
        for (const ParameterInfo& parameter : model.parameters) {
            if (parameter.name == "threshold") maker.set(population, "threshold", millivolts ? -40.0 : 0.6);
            if (parameter.name == "v_peak") maker.set(population, "v_peak", -20.0);
            if (parameter.name == "refractory") maker.set(population, "refractory", 0.0);
            if (parameter.name == "v_reset" && !millivolts) maker.set(population, "v_reset", 0.1);
        }
    }
    if (name == "current_lif") network.set_option(population, "input_scaling", "exact");
}

Sparse random_rows(Numbers& numbers, uint32_t sources, uint32_t targets, uint32_t delays) {
    Sparse sparse{{0}, {}, {}};
    for (uint32_t i = 0; i < sources; ++i) {
        for (int k = 0; k < 5; ++k) {
            sparse.targets.push_back(static_cast<uint32_t>(numbers.uniform(0, targets)));
            sparse.delays.push_back(static_cast<uint16_t>(numbers.uniform(0, delays)));
        }
        sparse.row_offsets.push_back(sparse.targets.size());
    }
    return sparse;
}

Window window_of(Link link) {
    Window w;
    if (link == conv || link == conv_delayed) {
        w.kernel[0] = 2, w.kernel[1] = 3;
        w.stride[0] = 2, w.padding[0] = 1, w.padding[1] = 2, w.dilation[1] = 2;
        w.groups = 2;
    } else {
        w.kernel[0] = w.kernel[1] = 2;
        w.stride[0] = 2, w.padding[1] = 1;
    }
    return w;
}

struct Checked {
    std::shared_ptr<const Plan> plan;
    uint32_t input, output;
    std::vector<float> frames;
};

Checked build(const Setup& setup, uint32_t seed) {
    Numbers numbers(seed);
    NetworkMaker maker;
    Checked checked;
    checked.input = maker.values({5});
    const uint32_t a = maker.neurons({2, 4, 3}, setup.model.c_str());
    const bool is_conv = setup.link == conv || setup.link == conv_delayed;
    const bool is_pool = setup.link == pool_sum || setup.link == pool_average || setup.link == pool_max;
    // conv: (4 + 2 - 1 - 1) / 2 + 1 = 3 by (3 + 4 - 4 - 1) / 1 + 1 = 3; pool: 2 by 4
    const std::vector<uint32_t> shape = is_conv                    ? std::vector<uint32_t>{4, 3, 3}
                                        : is_pool                  ? std::vector<uint32_t>{2, 2, 4}
                                        : setup.link == one_to_one ? std::vector<uint32_t>{24}
                                                                   : std::vector<uint32_t>{9};
    const uint32_t b = maker.neurons(shape, setup.model.c_str());
    checked.output = maker.neurons({3}, setup.readout ? "leaky_integrator" : "lif");
    set_up_neurons(maker, a, setup, setup.model);
    set_up_neurons(maker, b, setup, setup.model);
    set_up_neurons(maker, checked.output, setup, setup.readout ? "leaky_integrator" : "lif");
    const uint32_t b_size = maker.network().population(b).size;
    const double gain = input_gain(*builtin_model(setup.model));

    maker.connect({.source = checked.input,
                   .target = a,
                   .weights = numbers.list(5 * 24, -0.2 * gain, 0.5 * gain),
                   .bias = numbers.list(24, 0, 0.2 * gain)});
    switch (setup.link) {
        case dense:
        case dense_delayed:
            maker.connect({.source = a,
                           .target = b,
                           .weights = numbers.list(24 * b_size, -0.1 * gain, 0.2 * gain),
                           .bias = numbers.list(b_size, 0, 0.1 * gain),
                           .delay_steps = setup.link == dense ? 0u : 2u});
            break;
        case one_to_one:
            maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE,
                           .source = a,
                           .target = b,
                           .weights = numbers.list(24, 0.3 * gain, gain),
                           .delay_steps = 1});
            break;
        case sparse_delays:
        case sparse_fixed:
            maker.connect({.kind = SNN_CONNECT_SPARSE,
                           .source = a,
                           .target = b,
                           .weights = numbers.list(120, -0.1 * gain, 0.4 * gain),
                           .arithmetic = setup.link == sparse_fixed ? uint32_t{SNN_ARITHMETIC_FIXED}
                                                                    : uint32_t{SNN_ARITHMETIC_FLOAT},
                           .sparse = random_rows(numbers, 24, b_size, 4)});
            break;
        case conv:
        case conv_delayed:
            maker.connect({.kind = SNN_CONNECT_CONV2D,
                           .source = a,
                           .target = b,
                           .weights = numbers.list(24, -0.2 * gain, 0.5 * gain),
                           .bias = numbers.list(4, 0, 0.2 * gain),
                           .delay_steps = setup.link == conv ? 0u : 1u,
                           .window = window_of(setup.link)});
            break;
        case pool_sum:
        case pool_average:
        case pool_max:
            maker.connect({.kind = SNN_CONNECT_POOL2D,
                           .source = a,
                           .target = b,
                           .delay_steps = 1,
                           .pool_mode = setup.link == pool_sum       ? uint32_t{SNN_POOL_SUM}
                                        : setup.link == pool_average ? uint32_t{SNN_POOL_AVERAGE}
                                                                     : uint32_t{SNN_POOL_MAX},
                           .window = window_of(setup.link)});
            break;
        default:  // recurrent: both populations see themselves
            maker.connect({.source = a, .target = b, .weights = numbers.list(24 * b_size, -0.1 * gain, 0.2 * gain)});
            for (const uint32_t p : {a, b}) {
                const uint32_t size = maker.network().population(p).size;
                if (setup.link == recurrent)
                    maker.connect({.source = p,
                                   .target = p,
                                   .weights = numbers.list(size * size, -0.1 * gain, 0.1 * gain),
                                   .delay_steps = p == a ? 1u : 2u});
                else
                    maker.connect({.kind = SNN_CONNECT_SPARSE,
                                   .source = p,
                                   .target = p,
                                   .weights = numbers.list(5 * size, -0.2 * gain, 0.2 * gain),
                                   .delay_steps = 1,
                                   .arithmetic = SNN_ARITHMETIC_FLOAT,
                                   .sparse = random_rows(numbers, size, size, 3)});
            }
    }
    maker.connect({.source = b,
                   .target = checked.output,
                   .weights = numbers.list(b_size * 3, -0.3, 0.6),
                   .bias = numbers.list(3, 0, 0.2)});
    checked.frames = numbers.list(steps * batch * 5, 0, 1);
    checked.plan = maker.plan();
    return checked;
}

class Evaluation {
public:
    Evaluation(const Setup& setup, uint32_t seed)
        : checked_(build(setup, seed)),
          run_(checked_.plan, batch, SNN_FLAG_FLOAT64 | SNN_FLAG_SMOOTH_SPIKES),
          trainer_(*run_.executor, *checked_.plan, batch, definition(setup)),
          with_targets_(setup.targets) {
        for (uint32_t p = 0; p < checked_.plan->network->projections().size(); ++p) {
            if (!checked_.plan->network->projection(p).trainable) continue;
            for (const bool bias : {false, true})
                if (run_.executor->count({bias ? Slot::bias : Slot::weight, p}) > 0) parts_.push_back({p, bias});
        }
        for (const Part& part : parts_)
            start_.push_back(run_.read(part.bias ? Slot::bias : Slot::weight, part.projection));
    }

    static SNNTrainerDef definition(const Setup& setup) {
        SNNTrainerDef def{};
        def.struct_size = sizeof def;
        def.output_population = 3;
        def.step_count = steps;
        def.loss = setup.loss;
        def.optimizer = SNN_OPTIMIZER_SGD;
        def.rate_on = 0.8f;
        def.epsilon = 1e-8;
        def.rate_regularization = 0.2;
        def.rate_target = 0.3;
        return def;
    }

    double loss() {
        const InputFrames input{checked_.input, checked_.frames.data(), batch * 5};
        static const int32_t labels[batch] = {2, -1, 0};  // the second sample is padding
        static const float targets[batch * 3] = {0.1f, 0.7f, 0.3f, 9, 9, 9, 0.5f, 0.2f, 0.0f};
        return trainer_.forward({&input, 1}, labels, with_targets_ ? targets : nullptr).loss.loss;
    }
    // The loss when every weight is moved by distance * direction.
    double loss_at(double distance, const std::vector<std::vector<double>>& direction) {
        for (size_t k = 0; k < parts_.size(); ++k) {
            std::vector<double> moved = start_[k];
            for (size_t i = 0; i < moved.size(); ++i) moved[i] += distance * direction[k][i];
            run_.write(parts_[k].bias ? Slot::bias : Slot::weight, parts_[k].projection, moved);
        }
        return loss();
    }
    std::vector<std::vector<double>> gradient() {
        loss();
        trainer_.backward();
        std::vector<std::vector<double>> result;
        for (const Part& part : parts_)
            result.push_back(run_.read(part.bias ? Slot::bias_gradient : Slot::weight_gradient, part.projection));
        return result;
    }

private:
    struct Part {
        uint32_t projection;
        bool bias;
    };
    Checked checked_;
    Run run_;
    Trainer trainer_;
    bool with_targets_;
    std::vector<Part> parts_;
    std::vector<std::vector<double>> start_;
};

// Relative error of one directional derivative, against the gradient's norm where the two nearly stand at right angles.
struct Outcome {
    double error, norm, least_part;  // least_part: the smallest norm among the projections' gradients
};

Outcome compare(const Setup& setup, uint32_t seed) {
    Evaluation evaluation(setup, seed);
    const auto gradient = evaluation.gradient();
    Numbers numbers(seed + 1000);
    std::vector<std::vector<double>> direction;
    double expected = 0, square = 0, least = 1e300;
    for (const std::vector<double>& part : gradient) {
        direction.emplace_back();
        double part_square = 0;
        for (const double g : part) {
            direction.back().push_back(numbers.uniform(0, 1) < 0.5 ? -1.0 : 1.0);
            expected += g * direction.back().back();
            part_square += g * g;
        }
        square += part_square;
        least = std::min(least, std::sqrt(part_square));
    }
    const double norm = std::sqrt(square);
    // Maxima change hands and |x| has a corner: where one lies within h of the weights the estimate is spoilt, and a
    // smaller h passes it by. A wrong gradient is wrong at all.
    double error = 1e300;
    for (const double h : {5e-6, 5e-7, 5e-8}) {
        const double slope = (8 * (evaluation.loss_at(h, direction) - evaluation.loss_at(-h, direction)) -
                              (evaluation.loss_at(2 * h, direction) - evaluation.loss_at(-2 * h, direction))) /
                             (12 * h);
        error = std::min(error, std::abs(slope - expected) / std::max(std::abs(expected), norm));
        if (error < 1e-6) break;
    }
    return {error, norm, least};
}

void check(const Setup& setup, uint32_t seed) {
    const Outcome outcome = compare(setup, seed);
    INFO(setup.model, ", ", setup.surrogate, ", reset ", setup.reset, " ", setup.timing, ", ",
         std::string(link_names[setup.link]), ", loss ", setup.loss, ", seed ", seed);
    CHECK(outcome.error < 1e-6);
    // Otherwise nothing was checked.
    CHECK(outcome.norm > 1e-4);
    CHECK(outcome.least_part > 1e-9);
}

// All there are, so that a new definition is checked without a word here.
std::vector<std::string> spiking_models() {
    std::vector<std::string> names;
    for (uint32_t i = 0; const char* name = builtin_model_name(i); ++i)
        if (builtin_model(name)->spiking && !builtin_model(name)->receptors.empty()) names.emplace_back(name);
    return names;
}
// All there are for LIF; for the other models, which are blind to the formula, a few, or where numbers do not matter one.
std::vector<std::string> surrogates(const std::string& model) {
    if (only_threads || (only_memory && model != "lif")) return {"arctan"};
    if (model != "lif") return {"arctan", "boxcar", "exponential", "fast_sigmoid", "sigmoid", "superspike", "triangle"};
    std::vector<std::string> names;
    for (uint32_t i = 0; const char* name = builtin_surrogate_name(i); ++i) names.emplace_back(name);
    return names;
}
const char* const resets[] = {"subtract", "value", "none"};

}  // namespace

TEST_CASE("models x surrogates x resets x connections x losses agree with finite differences") {
    constexpr uint32_t losses = SNN_LOSS_MEAN_SQUARE_RATE - SNN_LOSS_CROSS_ENTROPY_COUNT + 1;
    uint32_t seed = 1, turn = 0;
    for (const std::string& model : spiking_models())
        for (const std::string& surrogate : surrogates(model))
            for (const std::string reset : resets) {
                if (!has_option(*builtin_model(model), "reset") && reset != "subtract") continue;
                ++turn;
                // Surrogates take turns with the losses: each meets all of them, and so does each connection of each model and reset.
                for (uint32_t link = 0; link < link_count; ++link)
                    check({.model = model,
                           .surrogate = surrogate,
                           .reset = reset,
                           .link = static_cast<Link>(link),
                           .loss = SNN_LOSS_CROSS_ENTROPY_COUNT + (link + turn) % losses},
                          seed++);
            }
}

TEST_CASE("resets in the next step, leaky readouts and target rates agree with finite differences") {
    uint32_t seed = 20001;
    // The smooth function of this surrogate is positive above the threshold only, so resets in the next step come as
    // they should.
    for (const std::string& model : spiking_models()) {
        if (!has_option(*builtin_model(model), "reset_timing")) continue;
        for (const char* reset : resets)
            for (const Link link : {dense, recurrent})
                check({.model = model,
                       .surrogate = "fast_sigmoid",
                       .reset = reset,
                       .timing = "next_step",
                       .link = link,
                       .loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE},
                      seed++);
    }
    for (const std::string& model : spiking_models())
        for (const uint32_t loss : {SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE, SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE})
            check({.model = model, .link = sparse_delays, .loss = loss, .readout = true}, seed++);
    for (const std::string& model : spiking_models())
        check({.model = model, .link = conv, .loss = SNN_LOSS_MEAN_SQUARE_RATE, .targets = true}, seed++);
}

TEST_CASE("every single weight agrees with finite differences") {
    for (int link = 0; link < link_count; ++link) {
        const Setup setup{
            .surrogate = "sigmoid", .link = static_cast<Link>(link), .loss = SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE};
        Evaluation evaluation(setup, 30000 + static_cast<uint32_t>(link));
        const auto gradient = evaluation.gradient();
        auto direction = gradient;
        for (auto& part : direction) std::fill(part.begin(), part.end(), 0.0);
        for (size_t k = 0; k < gradient.size(); ++k)
            for (size_t i = 0; i < gradient[k].size(); i += only_memory ? 7 : 1) {
                direction[k][i] = 1.0;
                const double h = 1e-4;
                const double slope = (8 * (evaluation.loss_at(h, direction) - evaluation.loss_at(-h, direction)) -
                                      (evaluation.loss_at(2 * h, direction) - evaluation.loss_at(-2 * h, direction))) /
                                     (12 * h);
                direction[k][i] = 0.0;
                INFO(std::string(link_names[link]), ", part ", k, ", value ", i);
                // The loss is about 1 and exact to 1e-16, so the slope is exact to about 1e-12.
                CHECK(std::abs(slope - gradient[k][i]) < 1e-6 * std::abs(gradient[k][i]) + 1e-11);
            }
    }
}

// h = a v + x;  s = [h > threshold];  subtract: v = h - threshold s, value: v = (1 - s) h + s v_reset.
// gh = gs sg + gv * factor, where the factor is what a detached or an attached reset lets through; gv before = a gh.
TEST_CASE("detached and attached resets follow the formulas of back-propagation through time") {
    const double threshold = 1.0, v_reset = 0.2, slope = 2.0, pi = 3.14159265358979323846;
    const uint32_t step_count = 12;
    for (const std::string reset : {"subtract", "value"})
        for (const bool detached : {true, false}) {
            NetworkMaker maker;
            const uint32_t input = maker.values({1}), neuron = maker.neurons({1}, "lif");
            maker.network().set_option(neuron, "reset", reset);
            maker.network().set_option(neuron, "reset_gradient", detached ? "detached" : "attached");
            maker.set(neuron, "v_reset", v_reset);
            maker.connect({.source = input, .target = neuron, .weights = {1.25f}});
            const auto plan = maker.plan();
            Run run(plan, 1, SNN_FLAG_FLOAT64);
            Numbers numbers(77);
            const std::vector<float> drive = numbers.list(step_count, 0, 1);
            std::vector<double> gs(step_count), gv(step_count);
            for (uint32_t t = 0; t < step_count; ++t) gs[t] = numbers.uniform(-1, 1), gv[t] = numbers.uniform(-1, 1);

            const InputFrames frames{input, drive.data(), 1};
            RunRequest request;
            request.step_count = step_count;
            request.inputs = {&frames, 1};
            request.tape = true;
            run.executor->run(request);
            const OutputGradient given[] = {{OutputGradient::activity, neuron, 0, DType::float64, gs.data(), 1},
                                            {OutputGradient::state, neuron, 0, DType::float64, gv.data(), 1}};
            run.executor->trainable()->backward(given, {});

            const double a = std::exp(-1.0 / 20.0), amount = threshold - v_reset;
            std::vector<double> h(step_count), s(step_count);
            double v = 0, expected = 0, carried = 0;
            int spikes = 0;
            for (uint32_t t = 0; t < step_count; ++t) {
                h[t] = a * v + 1.25 * drive[t];
                s[t] = h[t] > threshold;
                v = reset == "subtract" ? h[t] - s[t] * amount : (1 - s[t]) * h[t] + s[t] * v_reset;
                spikes += s[t] > 0;
            }
            CHECK(spikes > 2);
            for (uint32_t t = step_count; t-- > 0;) {
                const double x = 0.5 * pi * slope * (h[t] - threshold), sg = 0.5 * slope / (1 + x * x);
                const double total = gv[t] + carried;
                double factor = reset == "subtract" ? 1.0 : 1.0 - s[t];
                if (!detached) factor += reset == "subtract" ? -amount * sg : (v_reset - h[t]) * sg;
                const double gh = gs[t] * sg + total * factor;
                expected += gh * drive[t];
                carried = a * gh;
            }
            INFO(reset, detached ? " detached" : " attached");
            CHECK(run.read(Slot::weight_gradient, 0)[0] == doctest::Approx(expected).epsilon(1e-12));
            CHECK(run.executor->trainable()->gradients()->square_sum(0) == doctest::Approx(expected * expected).epsilon(1e-12));
        }
}

TEST_CASE("maximum pooling gives the gradient to the first largest activity") {
    NetworkMaker maker;
    const uint32_t input = maker.spikes({1, 1, 4}), relay = maker.neurons({1, 1, 4}, relay_model());
    const uint32_t pooled = maker.neurons({1, 1, 2}, probe_model());
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = input, .target = relay, .weights = {1, 1, 1, 1}});
    Window w;
    w.kernel[1] = w.stride[1] = 2;
    maker.connect(
        {.kind = SNN_CONNECT_POOL2D, .source = relay, .target = pooled, .pool_mode = SNN_POOL_MAX, .window = w});
    Run run(maker.plan(), 1, SNN_FLAG_FLOAT64);
    const std::vector<float> spikes{1, 1, 0, 1};
    const InputFrames frames{input, spikes.data(), 0};
    RunRequest request;
    request.step_count = 1;
    request.inputs = {&frames, 1};
    request.tape = true;
    run.executor->run(request);
    const double gradient[] = {2.0, 3.0};
    const OutputGradient given{OutputGradient::state, pooled, 0, DType::float64, gradient, 0};
    run.executor->trainable()->backward({&given, 1}, {});
    // Spikes of neurons 0 and 3 are the maxima; their surrogate (arctan, slope 2) at 0.5 is 1 / (1 + (pi / 2)^2).
    const double sg = 1.0 / (1.0 + 2.46740110027234);
    const std::vector<double> found = run.read(Slot::weight_gradient, 0);
    CHECK(found[0] == doctest::Approx(2 * sg));
    CHECK(found[1] == 0);
    CHECK(found[2] == 0);
    CHECK(found[3] == doctest::Approx(3 * sg));
}

TEST_CASE("a run without a tape leaves the last tape alone; gradients of one population add up") {
    for (const char* backend : {"reference", "cpu"}) {
        NetworkMaker maker;
        const uint32_t input = maker.values({2}), neuron = maker.neurons({2}, "leaky_integrator");
        maker.connect({.source = input, .target = neuron, .weights = {1, 2, 3, 4}});
        Run run(maker.plan(), 1, 0, backend);
        const std::vector<float> drive{0.5f, -1.0f};
        const InputFrames frames{input, drive.data(), 0};
        RunRequest request;
        request.step_count = 3;
        request.inputs = {&frames, 1};
        request.tape = true;
        run.executor->run(request);
        const std::vector<float> gradient{1.0f, -2.0f};
        const OutputGradient given{OutputGradient::state, neuron, 0, DType::float32, gradient.data(), 0};
        run.executor->trainable()->backward({&given, 1}, {});
        const std::vector<double> expected = run.read(Slot::weight_gradient, 0);
        CHECK(expected[0] != 0);
        run.executor->reset_state();
        run.executor->run(request);
        request.tape = false;
        request.step_count = 5;
        run.executor->run(request);
        run.executor->trainable()->backward({&given, 1}, {});
        CHECK(run.read(Slot::weight_gradient, 0) == expected);
        const OutputGradient twice[] = {given, given};
        run.executor->trainable()->backward(twice, {});
        for (size_t i = 0; i < expected.size(); ++i)
            CHECK(run.read(Slot::weight_gradient, 0)[i] == doctest::Approx(2 * expected[i]).epsilon(1e-6));
    }
}
