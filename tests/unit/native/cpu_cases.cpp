#include "cpu_cases.h"

#include "common/error.h"
#include "cpu/instruction_set.h"
#include "cpu/kernel_table.h"
#include "small_networks.h"

namespace snn::test {

namespace {

Sparse random_sparse(Numbers& numbers, uint32_t sources, uint32_t targets, uint32_t row, uint32_t max_delay) {
    Sparse sparse;
    sparse.row_offsets.push_back(0);
    for (uint32_t i = 0; i < sources; ++i) {
        const uint32_t count = static_cast<uint32_t>(numbers.uniform(0, 2.0 * row));
        for (uint32_t k = 0; k < count; ++k) {
            sparse.targets.push_back(static_cast<uint32_t>(numbers.uniform(0, targets)));
            if (max_delay > 0) sparse.delays.push_back(static_cast<uint16_t>(numbers.uniform(0, max_delay + 1)));
        }
        sparse.row_offsets.push_back(sparse.targets.size());
    }
    return sparse;
}

Connection dense(Numbers& numbers, const NetworkMaker& maker, uint32_t source, uint32_t target, double low, double high,
                 bool with_bias = false) {
    const auto& populations = const_cast<NetworkMaker&>(maker).network().populations();
    Connection c{.source = source, .target = target};
    c.weights = numbers.list(size_t{populations[source].size} * populations[target].size, low, high);
    if (with_bias) c.bias = numbers.list(populations[target].size, -0.1, 0.2);
    return c;
}

Connection conv(Numbers& numbers, uint32_t source, uint32_t target, uint32_t outputs, uint32_t group_inputs, Window window,
                bool with_bias) {
    Connection c{.kind = SNN_CONNECT_CONV2D, .source = source, .target = target};
    c.window = window;
    const double fan_in = group_inputs * window.kernel[0] * window.kernel[1];
    c.weights = numbers.list(static_cast<size_t>(outputs * fan_in), -3.0 / fan_in, 4.0 / fan_in);
    if (with_bias) c.bias = numbers.list(outputs, -0.1, 0.2);
    return c;
}

CpuCase layers(const char* name, const char* model, std::vector<uint32_t> sizes, uint32_t batch, uint32_t steps) {
    Numbers numbers(static_cast<uint32_t>(sizes[0] * 31 + sizes.back() + batch));
    NetworkMaker maker;
    uint32_t before = maker.spikes({sizes[0]});
    for (size_t i = 1; i < sizes.size(); ++i) {
        const bool last = i + 1 == sizes.size();
        const uint32_t layer = maker.neurons({sizes[i]}, last ? "leaky_integrator" : model);
        const double scale = 6.0 / sizes[i - 1];
        maker.connect(dense(numbers, maker, before, layer, -scale, 1.5 * scale, i % 2 == 1));
        before = layer;
    }
    return {name, maker.plan(), batch, steps, 0.2, before};
}

CpuCase one_model(const char* model) {
    Numbers numbers(7);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({21});
    const uint32_t layer = maker.neurons({83}, model);
    const Model& info = *builtin_model(model);
    if (info.receptors.empty()) {  // a source: it is seen in what it drives, and by its spikes
        const uint32_t driven = maker.neurons({37}, "lif");
        maker.set(layer, "rate", 150.0);
        maker.connect(dense(numbers, maker, layer, driven, -0.3, 0.4));
        maker.connect(dense(numbers, maker, input, driven, -0.3, 0.4));
        return {text("model ", model), maker.plan(), 3, 20, 0.3, driven};
    }
    const double usual = input_gain(info);
    const double gain = usual != 1.0 ? usual : info.name.ends_with("current_lif") ? 0.04 : 0.25;
    for (const std::string& receptor : info.receptors) {
        Connection c = dense(numbers, maker, input, layer, -0.3 * gain, gain);
        c.receptor = receptor.c_str();
        maker.connect(c);
    }
    // Parameters that differ from neuron to neuron.
    for (const ParameterInfo& parameter : info.parameters) {
        std::vector<double> values;
        for (int i = 0; i < 83; ++i) values.push_back(parameter.default_value * (1.0 + 0.002 * i));
        if (parameter.name.starts_with("tau"))
            maker.network().set_parameter(layer, parameter.name, values.data(), values.size());
    }
    return {text("model ", model), maker.plan(), 3, 20, 0.3, layer};
}

CpuCase every_option(const char* model, uint32_t choice) {
    Numbers numbers(11 + choice);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({21});
    const uint32_t layer = maker.neurons({35}, model);
    const Model& info = *builtin_model(model);
    bool scaled = false;  // the second choice scales the input down
    for (const OptionInfo& option : info.options) scaled |= option.name == "input_scaling" && choice == 1;
    for (const OptionInfo& option : info.options)
        maker.network().set_option(layer, option.name, option.choices[choice % option.choices.size()]);
    for (const ParameterInfo& parameter : info.parameters)
        if (parameter.name == "refractory") maker.set(layer, "refractory", 2.0);
    // The third choices do not reset.
    const double usual = input_gain(info), gain = usual != 1.0 ? usual : scaled ? 3.0 : choice == 2 ? 0.2 : 0.3;
    maker.connect(dense(numbers, maker, input, layer, -0.25 * gain, gain));
    return {text("options ", choice, " of ", model), maker.plan(), 2, 20, 0.3, layer};
}

// A choice of options that has a step of its own. `bundled`: the step takes integer sums.
CpuCase specialised(const char* model, const int32_t* choices, size_t number, bool bundled) {
    Numbers numbers(17);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({21});
    const uint32_t layer = maker.neurons({35}, model);
    const Model& info = *builtin_model(model);
    bool scaled = false;
    for (const OptionInfo& option : info.options) {
        const std::string& choice = option.choices[static_cast<size_t>(*choices++)];
        maker.network().set_option(layer, option.name, choice);
        scaled |= option.name == "input_scaling" && choice != "none";
    }
    for (const ParameterInfo& parameter : info.parameters)
        if (parameter.name == "refractory") maker.set(layer, "refractory", 2.0);
    const double usual = input_gain(info), gain = usual != 1.0 ? usual : scaled ? 3.0 : 0.3;
    if (!bundled) maker.connect(dense(numbers, maker, input, layer, -0.25 * gain, gain));
    for (const std::string& receptor : info.receptors) {
        if (!bundled || (&receptor != info.receptors.data() && number % 2 == 1)) continue;  // sometimes one is without input
        Connection c{.kind = SNN_CONNECT_SPARSE, .source = input, .target = layer};
        c.sparse = random_sparse(numbers, 21, 35, 25, 3);
        c.weights = numbers.list(c.sparse.targets.size(), -0.25 * gain, gain);
        c.receptor = receptor.c_str();
        c.delay_steps = 1;
        c.trainable = false;
        maker.connect(c);
    }
    return {text(bundled ? "specialised step of integers " : "specialised step ", number, " of ", model), maker.plan(), 1, 30, 0.3,
            layer};
}

CpuCase one_surrogate(const char* name) {
    Numbers numbers(13);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({20}), a = maker.neurons({50}, "lif"), b = maker.neurons({5}, "leaky_integrator");
    maker.network().set_surrogate(a, builtin_surrogate(name), nullptr, 0);
    maker.connect(dense(numbers, maker, input, a, -0.3, 0.6, true));
    maker.connect(dense(numbers, maker, a, b, -0.2, 0.4));
    return {text("surrogate ", name), maker.plan(), 2, 8, 0.2, b};
}

CpuCase recurrent(const char* name, uint32_t delay) {
    Numbers numbers(23 + delay);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({19}), a = maker.neurons({45}, "lif"), b = maker.neurons({30}, "adaptive_lif");
    maker.connect(dense(numbers, maker, input, a, -0.3, 0.5));
    maker.connect(dense(numbers, maker, a, b, -0.2, 0.22));
    for (const auto& [source, target] : {std::pair{a, a}, std::pair{b, a}, std::pair{b, b}}) {
        Connection back = dense(numbers, maker, source, target, -0.2, 0.15);
        back.delay_steps = delay;
        maker.connect(back);
    }
    return {name, maker.plan(), 4, 15, 0.25, b};
}

CpuCase sparse(const char* name, uint32_t arithmetic, uint32_t max_delay, uint32_t size, uint32_t row, bool trainable,
               uint32_t batch = 3, uint32_t steps = 12) {
    Numbers numbers(size + row + max_delay);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({size / 2 + 1}), layer = maker.neurons({size}, "lif");
    Connection in{.kind = SNN_CONNECT_SPARSE, .source = input, .target = layer};
    in.sparse = random_sparse(numbers, size / 2 + 1, size, row, max_delay);
    in.weights = numbers.list(in.sparse.targets.size(), -0.3, 1.0);
    in.bias = numbers.list(size, -0.05, 0.1);
    in.arithmetic = arithmetic;
    in.trainable = trainable;
    maker.connect(in);
    Connection back{.kind = SNN_CONNECT_SPARSE, .source = layer, .target = layer};
    back.sparse = random_sparse(numbers, size, size, row / 2 + 1, max_delay);
    back.weights = numbers.list(back.sparse.targets.size(), -0.5, 0.5);
    back.delay_steps = 1;
    back.arithmetic = arithmetic;
    back.trainable = trainable;
    maker.connect(back);
    return {name, maker.plan(), batch, steps, 0.1, layer};
}

// Three populations of current_lif that keep each other going, every projection bundled, delays of `min_delay` steps and more.
// The threads of a team meet only once in so many steps. `mixed`: also projections that cannot be bundled, onto receptors of
// those that are, and an input.
CpuCase circuit(const char* name, uint32_t min_delay, uint32_t size, bool mixed, uint32_t batch, uint32_t steps) {
    Numbers numbers(size + min_delay);
    NetworkMaker maker;
    const uint32_t input = mixed ? maker.spikes({40}) : 0;
    uint32_t populations[3];
    for (uint32_t i = 0; i < 3; ++i) {
        populations[i] = maker.neurons({size / (i + 1) + 7 * i}, "current_lif");
        std::vector<double> currents(size / (i + 1) + 7 * i);
        for (double& current : currents) current = numbers.uniform(0.05, 0.16);
        maker.network().set_parameter(populations[i], "bias_current", currents.data(), currents.size());
    }
    for (uint32_t source = 0; source < 3; ++source)
        for (uint32_t target = 0; target < 3; ++target) {
            const auto& list = maker.network().populations();
            Connection c{.kind = SNN_CONNECT_SPARSE, .source = populations[source], .target = populations[target]};
            c.sparse = random_sparse(numbers, list[c.source].size, list[c.target].size, 20, 5 * source);
            const bool inhibits = source == 2;
            c.weights = numbers.list(c.sparse.targets.size(), inhibits ? -0.4 : -0.05, inhibits ? 0.0 : 0.1);
            c.receptor = inhibits ? "inhibitory" : "current";
            c.delay_steps = min_delay + target;
            c.trainable = false;
            if (mixed && target == 1) c.arithmetic = source == 0 ? SNN_ARITHMETIC_FIXED : SNN_ARITHMETIC_FLOAT;
            if (target == 0) c.bias = numbers.list(list[c.target].size, -0.01, 0.01);
            maker.connect(c);
        }
    for (const uint32_t delay : {0u, 2u}) {  // the first is not bundled: it arrives within the step
        if (!mixed) break;
        Connection in{.kind = SNN_CONNECT_SPARSE, .source = input, .target = populations[0]};
        in.sparse = random_sparse(numbers, 40, size, 50, 0);
        in.weights = numbers.list(in.sparse.targets.size(), 0.0, 0.2);
        in.delay_steps = delay;
        in.trainable = false;
        maker.connect(in);
    }
    return {name, maker.plan(), batch, steps, 0.1, populations[0]};
}

}  // namespace

CpuCase quiet_circuit(const char* model, const int32_t* choices, size_t choice) {
    Numbers numbers(static_cast<uint32_t>(91 + choice));
    NetworkMaker maker;
    const uint32_t sources = maker.neurons({25}, "poisson_source");
    maker.set(sources, "rate", 25.0);
    const Model& info = *builtin_model(model);
    uint32_t populations[2];
    const uint32_t sizes[] = {2301, 517};
    bool scaled = false;
    for (uint32_t i = 0; i < 2; ++i) {
        populations[i] = maker.neurons({sizes[i]}, model);
        for (size_t k = 0; k < info.options.size(); ++k) {
            const std::string& chosen = info.options[k].choices[static_cast<size_t>(choices[k])];
            maker.network().set_option(populations[i], info.options[k].name, chosen);
            scaled |= info.options[k].name == "input_scaling" && chosen != "none";
        }
        for (const ParameterInfo& parameter : info.parameters) {
            // Short, so that neurons come to rest soon.
            if (parameter.name.starts_with("tau") && parameter.unit == "ms" && info.name.ends_with("current_lif"))
                maker.set(populations[i], parameter.name.c_str(), parameter.name == "tau_membrane" ? 4.0 : 2.0);
            if (parameter.name != "refractory") continue;
            std::vector<double> values(sizes[i]);  // a whole number of steps that differs from neuron to neuron
            for (double& value : values) value = numbers.uniform(0.0, 5.0);
            maker.network().set_parameter(populations[i], "refractory", values.data(), values.size());
        }
    }
    const double usual = input_gain(info), gain = usual != 1.0 ? usual : scaled ? 6.0 : 1.5;
    const auto connect = [&](uint32_t source, uint32_t source_size, uint32_t target, uint32_t target_size, size_t receptor,
                             double low, double high, uint32_t row, uint32_t delay) {
        Connection c{.kind = SNN_CONNECT_SPARSE, .source = source, .target = target};
        c.sparse = random_sparse(numbers, source_size, target_size, row, 3);
        c.weights = numbers.list(c.sparse.targets.size(), low * gain, high * gain);
        c.receptor = info.receptors[receptor].c_str();
        c.delay_steps = delay;
        c.trainable = false;
        maker.connect(c);
    };
    connect(sources, 25, populations[0], sizes[0], 0, 0.6, 1.2, 3, 1);
    connect(populations[0], sizes[0], populations[1], sizes[1], 0, 0.3, 0.9, 3, 5);
    // Specialised steps leave out a receptor for injected currents.
    const size_t last = info.receptors.size() - (info.receptors.back() == "injected_current" ? 2 : 1);
    connect(populations[1], sizes[1], populations[0], sizes[0], last, -0.4, 0.4, 4, 7);
    return {text("quiet circuit of ", model, " ", choice), maker.plan(), 1, 400, 0.1, populations[0]};
}

namespace {

// One source whose row has more synapses than 16 bits count.
CpuCase long_row() {
    Numbers numbers(5);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({2}), layer = maker.neurons({1000}, "lif");
    Connection in{.kind = SNN_CONNECT_SPARSE, .source = input, .target = layer};
    in.sparse.row_offsets = {0, 70000, 70300};
    for (uint32_t k = 0; k < 70300; ++k) {
        in.sparse.targets.push_back(static_cast<uint32_t>(numbers.uniform(0, 1000)));
        in.sparse.delays.push_back(static_cast<uint16_t>(1 + k % 2));
    }
    in.weights = numbers.list(in.sparse.targets.size(), -0.3, 0.35);
    in.trainable = false;
    maker.connect(in);
    return {"long row", maker.plan(), 1, 12, 0.5, layer};
}

// More neurons than one part has accumulators.
CpuCase many_neurons() {
    Numbers numbers(6);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({200}), layer = maker.neurons({140000}, "lif");
    Connection in{.kind = SNN_CONNECT_SPARSE, .source = input, .target = layer};
    in.sparse = random_sparse(numbers, 200, 140000, 9000, 2);
    in.weights = numbers.list(in.sparse.targets.size(), -0.2, 0.6);
    in.delay_steps = 1;
    in.trainable = false;
    maker.connect(in);
    return {"many neurons", maker.plan(), 1, 6, 0.5, layer};
}

CpuCase values_everywhere() {
    Numbers numbers(41);
    NetworkMaker maker;
    const uint32_t input = maker.values({27}), a = maker.neurons({27}, "lif"), b = maker.neurons({27}, "leaky_integrator");
    maker.connect(dense(numbers, maker, input, a, -0.1, 0.2, true));
    Connection straight{.kind = SNN_CONNECT_ONE_TO_ONE, .source = input, .target = a};
    straight.weights = numbers.list(27, -0.5, 0.5);
    straight.bias = numbers.list(27, -0.1, 0.1);
    straight.delay_steps = 2;
    maker.connect(straight);
    Connection net{.kind = SNN_CONNECT_SPARSE, .source = input, .target = a};
    net.sparse = random_sparse(numbers, 27, 27, 6, 3);
    net.weights = numbers.list(net.sparse.targets.size(), -0.3, 0.3);
    maker.connect(net);
    Connection spikes_straight{.kind = SNN_CONNECT_ONE_TO_ONE, .source = a, .target = b};
    spikes_straight.weights = numbers.list(27, -1, 1);
    maker.connect(spikes_straight);
    return {"values", maker.plan(), 3, 9, 0.2, b};
}

CpuCase images(const char* name, bool of_values, uint32_t channels, uint32_t outputs, uint32_t size, Window window,
               uint32_t pool_mode, uint32_t batch) {
    Numbers numbers(channels * 100 + outputs + pool_mode);
    NetworkMaker maker;
    const auto extent = [](uint32_t n, const Window& w, int axis) {
        return (n + 2 * w.padding[axis] - w.dilation[axis] * (w.kernel[axis] - 1) - 1) / w.stride[axis] + 1;
    };
    const uint32_t input = of_values ? maker.values({channels, size, size + 1}) : maker.spikes({channels, size, size + 1});
    const uint32_t h = extent(size, window, 0), w = extent(size + 1, window, 1);
    const uint32_t a = maker.neurons({outputs, h, w}, "lif");
    maker.connect(conv(numbers, input, a, outputs, channels / window.groups, window, true));
    Window pool;
    pool.kernel[0] = 2, pool.kernel[1] = 3;
    pool.stride[0] = 2, pool.stride[1] = 2;
    pool.padding[1] = 1;
    const uint32_t ph = extent(h, pool, 0), pw = extent(w, pool, 1);
    const uint32_t b = maker.neurons({outputs, ph, pw}, "lif");
    maker.set(b, "threshold", 0.4);
    Connection pooling{.kind = SNN_CONNECT_POOL2D, .source = a, .target = b};
    pooling.window = pool;
    pooling.pool_mode = pool_mode;
    maker.connect(pooling);
    Window small;
    small.kernel[0] = small.kernel[1] = 3;
    small.padding[0] = small.padding[1] = 1;
    const uint32_t c = maker.neurons({18, ph, pw}, "lif");
    maker.connect(conv(numbers, b, c, 18, outputs, small, false));
    Connection again = conv(numbers, b, c, 18, outputs, small, true);
    again.delay_steps = 2;
    maker.connect(again);
    const uint32_t d = maker.neurons({7}, "leaky_integrator");
    maker.connect(dense(numbers, maker, c, d, -0.2, 0.3, true));
    return {name, maker.plan(), batch, 6, 0.15, d};
}

CpuCase pooled_values(uint32_t mode) {
    NetworkMaker maker;
    const uint32_t input = maker.values({3, 7, 9}), layer = maker.neurons({3, 4, 4}, "leaky_integrator");
    Connection pooling{.kind = SNN_CONNECT_POOL2D, .source = input, .target = layer};
    pooling.window.kernel[0] = pooling.window.kernel[1] = 3;
    pooling.window.stride[0] = pooling.window.stride[1] = 2;
    pooling.window.padding[0] = 1;
    pooling.pool_mode = mode;
    maker.connect(pooling);
    return {text("pooled values ", mode), maker.plan(), 2, 4, 0.2, layer};
}

CpuCase custom_model() {
    Numbers numbers(77);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({23}), a = maker.neurons({40}, relay_model());
    const uint32_t b = maker.neurons({9}, two_receptor_model());
    maker.connect(dense(numbers, maker, input, a, -0.3, 0.6));
    Connection minus = dense(numbers, maker, a, b, -1, 1, true);
    minus.receptor = "minus";
    maker.connect(minus);
    maker.connect(dense(numbers, maker, a, b, -1, 1));
    return {"custom models", maker.plan(), 3, 8, 0.3, b};
}

CpuCase custom_surrogate() {
    // 1 / (1 + |2 x| + x^2), by way of sqrt and exp so that those run too.
    const auto surrogate = parse_surrogate(R"({"format": 1, "kind": "surrogate", "name": "mine", "title": "Mine",
        "parameters": [{"name": "slope", "unit": "", "default": 2, "doc": ""}],
        "derivative": {"ops": [["abs", 1], ["mul", 0, 2], ["mul", 1, 1], ["add", 3, 4], ["const", 1], ["add", 5, 6],
                               ["div", 6, 7], ["sqrt", 8], ["neg", 2], ["exp", 10], ["mul", 9, 11]], "output": 12},
        "smooth": {"ops": [["atan", 1]], "output": 2}})");
    Numbers numbers(78);
    NetworkMaker maker;
    const uint32_t input = maker.spikes({23}), a = maker.neurons({40}, "lif"), b = maker.neurons({17}, relay_model());
    const double slope = 1.5;
    maker.network().set_surrogate(a, surrogate, &slope, 1);
    maker.network().set_surrogate(b, surrogate, nullptr, 0);
    maker.connect(dense(numbers, maker, input, a, -0.2, 0.3));
    maker.connect(dense(numbers, maker, a, b, -0.3, 0.35));
    return {"custom surrogate", maker.plan(), 3, 10, 0.3, b};
}

// A rule of a user: traces of both sides in both events, bounds on both sides of zero, an int constant, exp and select.
std::shared_ptr<const PlasticityRule> custom_rule() {
    // derive: 0 rate, 1 option, 2 dt.  events: 0 rate, 1 option, 2 derived int, 3 pre, 4 post, 5 w.
    return parse_plasticity(R"({"format": 1, "kind": "plasticity", "name": "mine", "title": "Mine",
        "parameters": [{"name": "rate", "unit": "", "default": 0.125, "doc": ""}],
        "options": [{"name": "sign", "choices": ["plain", "turned"], "default": "turned", "doc": ""}],
        "derived": [{"name": "two", "type": "int"}],
        "derive": {"ops": [["iconst", 2], ["const", -0.5], ["const", 0.75], ["const", 9], ["const", 0.25]],
                   "outputs": [3], "minimum": 4, "maximum": 5},
        "pre_traces": [{"name": "x", "tau": 6, "keep": 7, "doc": ""}],
        "post_traces": [{"name": "y", "tau": 6, "keep": 7, "doc": ""}],
        "on_pre": {"ops": [["mul", 0, 4], ["neg", 3], ["exp", 7], ["mul", 6, 8], ["sub", 5, 9]], "weight": 10},
        "on_post": {"ops": [["mul", 0, 3], ["add", 6, 4], ["mul", 7, 5], ["to_float", 2], ["mul", 8, 9], ["iconst", 1],
                            ["ieq", 1, 11], ["neg", 10], ["select", 12, 13, 10], ["add", 5, 14], ["const", 0.05],
                            ["add", 15, 16]], "weight": 17}})");
}

// Of a user as well: arrivals and spikes of the target read its membrane under another name.
std::shared_ptr<const PlasticityRule> membrane_rule() {
    // derive: 0 rate, 1 dt.  events: 0 rate, 1 pre, 2 post, 3 state, 4 w.
    return parse_plasticity(R"({"format": 1, "kind": "plasticity", "name": "mine", "title": "Mine",
        "parameters": [{"name": "rate", "unit": "", "default": 0.05, "doc": ""}], "options": [], "derived": [],
        "derive": {"ops": [["const", -0.5], ["const", 2.0], ["const", 9], ["const", 0.25]],
                   "outputs": [], "minimum": 2, "maximum": 3},
        "pre_traces": [{"name": "x", "tau": 4, "keep": 5, "doc": ""}],
        "post_traces": [{"name": "y", "tau": 4, "keep": 5, "doc": ""}],
        "target_states": [{"name": "u", "state": "v", "unit": "u", "doc": ""}],
        "on_pre": {"ops": [["const", 0], ["max", 3, 5], ["mul", 2, 6], ["mul", 0, 7], ["sub", 4, 8]], "weight": 9},
        "on_post": {"ops": [["mul", 1, 3], ["mul", 0, 5], ["add", 4, 6]], "weight": 7}})");
}

struct PlasticCase {
    const char* name;
    std::shared_ptr<const PlasticityRule> rule;
    std::vector<std::pair<const char*, const char*>> options;
    uint32_t inputs, size;
    uint32_t row;        // 0: all to all
    uint32_t max_delay;  // of synapses
    double drive;        // input to every neuron, as a bias
    uint32_t steps;
    double rate;
    double source_rate = 0;  // hertz: of Poisson sources in place of the inputs; and spikes within the population take longer
};

// A plastic projection from inputs and one within the population, beside a static one onto the same receptor.
CpuCase plastic(const PlasticCase& c) {
    Numbers numbers(c.size + c.steps);
    NetworkMaker maker;
    const bool by_spans = c.source_rate > 0;
    const uint32_t input = by_spans ? maker.neurons({c.inputs}, "poisson_source") : maker.spikes({c.inputs});
    const uint32_t layer = maker.neurons({c.size}, "lif"), delay = by_spans ? 5 : 1;
    if (by_spans) maker.set(input, "rate", c.source_rate);
    const auto rows = [&](uint32_t sources) {
        if (c.row > 0) return random_sparse(numbers, sources, c.size, c.row, c.max_delay);
        Sparse all;
        for (uint32_t i = 0; i <= sources; ++i) all.row_offsets.push_back(uint64_t{i} * c.size);
        for (uint32_t i = 0; i < sources; ++i)
            for (uint32_t j = 0; j < c.size; ++j) all.targets.push_back(j);
        return all;
    };
    for (const uint32_t source : {input, layer}) {
        Connection in{.kind = SNN_CONNECT_SPARSE, .source = source, .target = layer};
        in.sparse = rows(source == input ? c.inputs : c.size);
        const uint32_t sources = c.row > 0 ? c.row : source == input ? c.inputs : c.size;  // onto a neuron, about
        const double scale = (source == input ? 6.0 : 0.5) / sources;
        in.weights = numbers.list(in.sparse.targets.size(), 0.0, scale);
        in.delay_steps = source == input ? 0 : delay;
        if (source == input) in.bias = numbers.list(c.size, 0.5 * c.drive, c.drive);
        const uint32_t q = maker.connect(in);
        maker.network().set_plasticity(q, c.rule);
        for (const auto& [option, choice] : c.options) maker.network().set_plasticity_option(q, option, choice);
        const auto set = [&](const char* name, double value) {
            for (const ParameterInfo& info : c.rule->parameters)
                if (info.name == name) maker.network().set_plasticity_parameter(q, name, value);
        };
        set("w_max", scale);
        set("tau_minus", 7.0);
        set("a3_plus", 0.03);
        set("a3_minus", 0.01);
        set("threshold_v", 0.4);
        for (const char* const limit : {"up_low", "down_low"}) set(limit, 0.2);
        for (const char* const limit : {"up_high", "down_high"}) set(limit, 4.0);
    }
    Connection fixed{.kind = SNN_CONNECT_SPARSE, .source = layer, .target = layer};
    fixed.sparse = random_sparse(numbers, c.size, c.size, 5, 3);
    fixed.weights = numbers.list(fixed.sparse.targets.size(), -0.3, 0.1);
    fixed.delay_steps = delay;
    fixed.trainable = false;
    maker.connect(fixed);
    return {c.name, maker.plan(), 1, c.steps, c.rate, layer};
}

Window window(uint32_t kernel, uint32_t stride, uint32_t padding, uint32_t dilation = 1, uint32_t groups = 1) {
    Window w;
    for (int axis = 0; axis < 2; ++axis) {
        w.kernel[axis] = kernel;
        w.stride[axis] = stride;
        w.padding[axis] = padding;
        w.dilation[axis] = dilation;
    }
    w.groups = groups;
    return w;
}

std::vector<CpuCase> made_cases() {
    std::vector<CpuCase> cases;
    for (uint32_t i = 0; const char* name = builtin_model_name(i); ++i) {
        cases.push_back(one_model(name));
        for (uint32_t choice = 0; choice < 3 && !builtin_model(name)->options.empty(); ++choice)
            cases.push_back(every_option(name, choice));
    }
    const cpu::KernelTable& kernels = cpu::kernels_for(SNN_ISA_BEST);
    for (uint32_t i = 0; i < kernels.model_count; ++i)
        for (uint32_t k = 0; k < kernels.models[i].specialised_count; ++k)
            for (const bool bundled : {false, true})
                cases.push_back(specialised(kernels.models[i].name, kernels.models[i].specialised[k].choices, k, bundled));
    for (uint32_t i = 0; const char* name = builtin_surrogate_name(i); ++i) cases.push_back(one_surrogate(name));
    cases.push_back(layers("three layers", "lif", {70, 129, 64, 10}, 5, 12));
    cases.push_back(layers("one lane", "lif", {2, 1, 1}, 1, 40));
    cases.push_back(layers("many samples", "lif", {33, 65, 20}, 37, 30));
    cases.push_back(layers("wide", "lif", {900, 2500, 11}, 1, 4));
    cases.push_back(recurrent("recurrent", 1));
    cases.push_back(recurrent("recurrent, delay 5", 5));
    cases.push_back(sparse("sparse float", SNN_ARITHMETIC_FLOAT, 0, 101, 12, true));
    cases.push_back(sparse("sparse float, delays", SNN_ARITHMETIC_FLOAT, 6, 101, 12, true));
    cases.push_back(sparse("sparse fixed", SNN_ARITHMETIC_FIXED, 0, 150, 20, false));
    cases.push_back(sparse("sparse fixed, delays", SNN_ARITHMETIC_FIXED, 9, 150, 20, true));
    cases.push_back(sparse("sparse, searched rows", SNN_ARITHMETIC_FIXED, 200, 150, 3, false, 3, 150));
    cases.push_back(sparse("sparse in pieces", SNN_ARITHMETIC_FIXED, 4, 12000, 60, false, 1, 8));
    cases.push_back(sparse("sparse float in pieces", SNN_ARITHMETIC_FLOAT, 4, 12000, 60, false, 2, 5));
    cases.push_back(circuit("circuit", 1, 300, false, 2, 60));
    cases.push_back(circuit("circuit, mixed", 1, 300, true, 2, 60));
    cases.push_back(circuit("circuit in a team", 3, 9000, false, 1, 47));
    cases.push_back(circuit("circuit in a team, mixed", 3, 9000, true, 2, 31));
    const auto pair = builtin_plasticity("pair_stdp"), triplet = builtin_plasticity("triplet_stdp");
    cases.push_back(plastic({"plastic pairs", pair, {}, 33, 101, 0, 0, 0.1, 90, 0.1}));
    cases.push_back(plastic({"plastic pairs, soft", pair, {{"bounds", "soft"}}, 33, 77, 9, 4, 0.1, 90, 0.1}));
    cases.push_back(plastic({"plastic pairs, nearest", pair, {{"pairing", "nearest"}}, 30, 70, 0, 0, 0.1, 90, 0.1}));
    cases.push_back(plastic({"plastic triplets", triplet, {}, 30, 70, 20, 7, 0.1, 90, 0.1}));
    cases.push_back(plastic({"plastic triplets, nearest", triplet, {{"pairing", "nearest"}}, 30, 70, 0, 0, 0.1, 90, 0.1}));
    cases.push_back(plastic({"plastic, lists overflow", pair, {}, 40, 50, 0, 0, 0.5, 260, 0.003}));
    const auto short_term = builtin_plasticity("tsodyks_markram");
    cases.push_back(plastic({"short-term plasticity", short_term, {}, 30, 70, 20, 7, 0.3, 90, 0.1}));
    cases.push_back(plastic({"short-term plasticity, all to all", short_term, {}, 70, 37, 0, 0, 0.3, 90, 0.3}));
    cases.push_back(plastic({"plastic, sparse lists overflow", triplet, {}, 40, 50, 7, 3, 0.5, 260, 0.003}));
    // Just so many synapses that a step is worth sharing whatever else runs (cpu/executor.cpp): the reference is slow on them.
    cases.push_back(plastic({"plastic in a team", pair, {}, 200, 2150, 0, 0, 0.2, 25, 0.02}));
    cases.push_back(plastic({"plastic and sparse in a team", triplet, {}, 400, 9000, 90, 3, 0.2, 25, 0.02}));
    cases.push_back(plastic({"plastic by spans", pair, {}, 33, 201, 0, 0, 0.4, 260, 0.0, 20.0}));
    cases.push_back(plastic({"plastic and sparse by spans, in a team", triplet, {}, 400, 3000, 90, 3, 0.2, 45, 0.0, 20.0}));
    cases.push_back(plastic({"plastic by a user's rule", custom_rule(), {}, 30, 70, 9, 3, 0.1, 90, 0.1}));
    const auto bistable = builtin_plasticity("brader_fusi");
    cases.push_back(plastic({"plastic by membranes", bistable, {}, 33, 101, 0, 0, 0.2, 90, 0.1}));
    cases.push_back(plastic({"plastic by membranes, sparse", bistable, {{"efficacy", "weight"}}, 30, 77, 20, 7, 0.2, 90, 0.1}));
    cases.push_back(plastic({"plastic by membranes, in a team", bistable, {}, 200, 2150, 0, 0, 0.2, 25, 0.02}));
    cases.push_back(plastic({"plastic by membranes, by spans", bistable, {}, 33, 201, 0, 0, 0.4, 260, 0.0, 20.0}));
    cases.push_back(plastic({"plastic by membranes, a user's rule", membrane_rule(), {}, 40, 50, 7, 3, 0.5, 260, 0.02}));
    cases.push_back(plastic({"plastic by membranes, a user's rule by spans", membrane_rule(), {}, 33, 201, 0, 0, 0.4, 260, 0.0, 20.0}));
    cases.push_back(long_row());
    cases.push_back(many_neurons());
    cases.push_back(values_everywhere());
    cases.push_back(images("images", false, 2, 20, 11, window(3, 1, 1), SNN_POOL_MAX, 2));
    cases.push_back(images("images, strides", false, 3, 17, 14, window(5, 2, 2), SNN_POOL_AVERAGE, 2));
    cases.push_back(images("images of values", true, 1, 33, 9, window(3, 1, 2, 2), SNN_POOL_SUM, 2));
    cases.push_back(images("images, groups", false, 4, 40, 9, window(3, 1, 0, 1, 2), SNN_POOL_MAX, 3));
    cases.push_back(images("images, depthwise", true, 6, 6, 9, window(3, 1, 1, 1, 6), SNN_POOL_SUM, 2));
    cases.push_back(images("images in pieces", false, 3, 48, 30, window(3, 1, 1), SNN_POOL_MAX, 1));
    for (const uint32_t mode : {SNN_POOL_SUM, SNN_POOL_AVERAGE, SNN_POOL_MAX}) cases.push_back(pooled_values(mode));
    cases.push_back(custom_model());
    cases.push_back(custom_surrogate());
    return cases;
}

}  // namespace

const std::vector<CpuCase>& cpu_cases() {
    static const std::vector<CpuCase> cases = made_cases();
    return cases;
}

std::vector<std::vector<float>> case_inputs(const CpuCase& test_case) {
    std::vector<std::vector<float>> inputs;
    Numbers numbers(99);
    for (const Population& population : test_case.plan->network->populations()) {
        if (!population.is_input()) continue;
        const size_t count = size_t{test_case.steps} * test_case.batch * population.size;
        if (population.kind == SNN_POPULATION_SPIKE_INPUT) {
            inputs.push_back(numbers.spikes(count, test_case.rate));
        } else {
            inputs.push_back(numbers.list(count, -0.5, 1.0));
            for (float& value : inputs.back())
                if (value > -0.1f && value < 0.2f) value = 0.0f;
        }
    }
    return inputs;
}

}  // namespace snn::test
