// What each connection kind delivers: small cases worked out by hand, then every kind against its definition written
// the other way round (from the target's side, as a matrix for each delay).
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "small_networks.h"

using namespace snn;
using namespace snn::test;

namespace {

using Frames = std::vector<float>;

// One step with one input; what arrived at the probe.
Frames delivered(NetworkMaker& maker, uint32_t source, uint32_t target, const Frames& frames, uint32_t steps = 1,
                 uint32_t batch = 1) {
    Run run(maker.plan(), batch);
    return run.states(source, frames, steps, target);
}

Sparse rows(std::vector<uint64_t> offsets, std::vector<uint32_t> targets, std::vector<uint16_t> delays = {}) {
    return {std::move(offsets), std::move(targets), std::move(delays)};
}

Window window(uint32_t kernel_y, uint32_t kernel_x) {
    Window result;
    result.kernel[0] = kernel_y;
    result.kernel[1] = kernel_x;
    return result;
}

// The definition of a projection from the target's side: matrix[delay][i * target_size + j]. Pooling by maximum has
// none.
std::map<uint32_t, std::vector<double>> matrices(const Network& network, uint32_t index) {
    const Projection& p = network.projection(index);
    const Population& source = network.population(p.source);
    const Population& target = network.population(p.target);
    std::map<uint32_t, std::vector<double>> result;
    const auto add = [&](uint32_t delay, uint64_t i, uint64_t j, double w) {
        auto& matrix = result[delay];
        matrix.resize(size_t{source.size} * target.size);
        matrix[i * target.size + j] += w;
    };
    if (p.kind == SNN_CONNECT_DENSE)
        for (uint32_t i = 0; i < source.size; ++i)
            for (uint32_t j = 0; j < target.size; ++j) add(p.delay_steps, i, j, p.weights()[i * target.size + j]);
    if (p.kind == SNN_CONNECT_ONE_TO_ONE)
        for (uint32_t i = 0; i < source.size; ++i) add(p.delay_steps, i, i, p.weights()[i]);
    if (p.kind == SNN_CONNECT_SPARSE)
        for (uint32_t i = 0; i < source.size; ++i)
            for (uint64_t k = p.synapses->index().row_offsets[i]; k < p.synapses->index().row_offsets[i + 1]; ++k)
                add(p.delay_steps + (p.synapses->index().delays.empty() ? 0u : p.synapses->index().delays[k]), i, p.synapses->index().targets[k],
                    p.weights()[k]);
    if (p.kind != SNN_CONNECT_CONV2D && p.kind != SNN_CONNECT_POOL2D) return result;
    const bool pool = p.kind == SNN_CONNECT_POOL2D;
    const Window& w = p.window;
    const auto [out_c, out_h, out_w] = std::tuple(target.shape.dims[0], target.shape.dims[1], target.shape.dims[2]);
    const auto [in_c, in_h, in_w] = std::tuple(source.shape.dims[0], source.shape.dims[1], source.shape.dims[2]);
    const uint32_t group_in = pool ? 1 : in_c / w.groups, group_out = pool ? 1 : out_c / w.groups;
    for (uint32_t oc = 0; oc < out_c; ++oc)
        for (uint32_t oy = 0; oy < out_h; ++oy)
            for (uint32_t ox = 0; ox < out_w; ++ox)
                for (uint32_t c = 0; c < group_in; ++c)
                    for (uint32_t ky = 0; ky < w.kernel[0]; ++ky)
                        for (uint32_t kx = 0; kx < w.kernel[1]; ++kx) {
                            const int y = int(oy * w.stride[0] + ky * w.dilation[0]) - int(w.padding[0]);
                            const int x = int(ox * w.stride[1] + kx * w.dilation[1]) - int(w.padding[1]);
                            if (y < 0 || x < 0 || y >= int(in_h) || x >= int(in_w)) continue;
                            const uint32_t channel = oc / group_out * group_in + c;
                            double weight = 1;
                            if (!pool)
                                weight = p.weights()[((oc * group_in + c) * w.kernel[0] + ky) * w.kernel[1] + kx];
                            else if (p.pool_mode == SNN_POOL_AVERAGE) weight = 1.0 / (w.kernel[0] * w.kernel[1]);
                            add(p.delay_steps, (channel * in_h + uint32_t(y)) * in_w + uint32_t(x),
                                (oc * out_h + oy) * out_w + ox, weight);
                        }
    return result;
}

// Runs a projection from a population onto a probe and compares with the matrices.
void check_against_matrices(uint32_t input_kind, const std::vector<uint32_t>& from, const std::vector<uint32_t>& to,
                            Connection connection, uint32_t seed) {
    Numbers numbers(seed);
    const uint32_t batch = 3, steps = 7;
    NetworkMaker maker;
    const uint32_t source = maker.add(input_kind, from), target = maker.neurons(to, probe_model());
    connection.source = source;
    connection.target = target;
    const uint32_t projection = maker.connect(connection);
    const std::shared_ptr<const Plan> plan = maker.plan();
    const Network& network = *plan->network;
    const size_t in = network.population(source).size, out = network.population(target).size;
    Frames frames = input_kind == SNN_POPULATION_SPIKE_INPUT ? numbers.spikes(steps * batch * in, 0.4)
                                                             : numbers.list(steps * batch * in, -1, 1);
    Run run(plan, batch);
    const Frames found = run.states(source, frames, steps, target);
    const auto by_delay = matrices(network, projection);
    const double quantum = network.projection(projection).arithmetic == SNN_ARITHMETIC_FIXED
                               ? std::ldexp(1.0, -network.projection(projection).fixed_exponent)
                               : 0.0;
    for (uint32_t step = 0; step < steps; ++step)
        for (uint32_t sample = 0; sample < batch; ++sample)
            for (size_t j = 0; j < out; ++j) {
                double sum = 0, tolerance = 1e-6;
                if (!connection.bias.empty()) sum = connection.bias[j / (out / connection.bias.size())];
                for (const auto& [delay, matrix] : by_delay) {
                    if (delay > step) continue;
                    for (size_t i = 0; i < in; ++i) {
                        const double term = matrix[i * out + j] * frames[((step - delay) * batch + sample) * in + i];
                        sum += term;
                        tolerance += 1e-6 * std::abs(term) + (term != 0 ? quantum : 0);
                    }
                }
                INFO("step ", step, " sample ", sample, " target ", j);
                CHECK(std::abs(found[(step * batch + sample) * out + j] - sum) <= tolerance);
            }
}

}  // namespace

TEST_CASE("dense: weights are [source][target], bias comes on top") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({3}), target = maker.neurons({2}, probe_model());
    maker.connect({.source = source, .target = target, .weights = {1, 2, 4, 8, 16, 32}, .bias = {100, 200}});
    CHECK(delivered(maker, source, target, {1, 0, 1}) == Frames{117, 234});
}

TEST_CASE("bias comes first and weights of ascending sources after it, each sum rounded to float32") {
    // (1 + 2^24) rounds to 2^24 (ties to even); adding 2^24 last would give another sum.
    NetworkMaker maker;
    const uint32_t source = maker.spikes({3}), target = maker.neurons({1}, probe_model());
    maker.connect({.source = source, .target = target, .weights = {16777216.0f, 1.0f, -16777216.0f}, .bias = {1.0f}});
    CHECK(delivered(maker, source, target, {1, 1, 1}) == Frames{0.0f});
}

TEST_CASE("delays come in ascending order, before the order of the sources") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({2}), target = maker.neurons({1}, probe_model());
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = source,
                   .target = target,
                   .weights = {16777216.0f, 1.0f, -16777216.0f},
                   .arithmetic = SNN_ARITHMETIC_FLOAT,
                   .sparse = rows({0, 2, 3}, {0, 0, 0}, {0, 1, 0})});
    // At step 1 in float32: (2^24 - 2^24) + 1 = 1; by source (2^24 + 1) - 2^24 = 0, by falling delay (1 + 2^24) - 2^24
    // = 0.
    CHECK(delivered(maker, source, target, {1, 1, 1, 1}, 2) == Frames{0.0f, 1.0f});
}

TEST_CASE("values scale the weights; zeros are skipped") {
    NetworkMaker maker;
    const uint32_t source = maker.values({3}), target = maker.neurons({2}, probe_model());
    maker.connect({.source = source, .target = target, .weights = {1, 2, 4, 8, 16, 32}});
    CHECK(delivered(maker, source, target, {0.5f, 0, -2}) == Frames{-31.5f, -63});
}

TEST_CASE("states below 2^-63 are stored as +0") {
    NetworkMaker maker;
    const uint32_t source = maker.values({4}), target = maker.neurons({4}, probe_model());
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = source, .target = target, .weights = {1, 1, 1, 1}});
    const float smallest = std::ldexp(1.0f, -63);
    const float below = std::nextafter(smallest, 0.0f);
    const Frames found = delivered(maker, source, target, {smallest, -smallest, below, -below});
    CHECK(found == Frames{smallest, -smallest, 0, 0});
    CHECK_FALSE(std::signbit(found[3]));
}

TEST_CASE("a spike input takes every value but 0 as a spike") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({2}), target = maker.neurons({1}, probe_model());
    maker.connect({.source = source, .target = target, .weights = {3, 5}});
    CHECK(delivered(maker, source, target, {-0.25f, 7}) == Frames{8});
}

TEST_CASE("one to one") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({4}), target = maker.neurons({4}, probe_model());
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = source, .target = target, .weights = {1, 2, 3, 4}});
    CHECK(delivered(maker, source, target, {1, 0, 1, 1}) == Frames{1, 0, 3, 4});
}

TEST_CASE("sparse rows: any order, repeated targets, empty rows") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({3}), target = maker.neurons({3}, probe_model());
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = source,
                   .target = target,
                   .weights = {1, 2, 4, 8},
                   .sparse = rows({0, 3, 3, 4}, {2, 0, 2, 1})});
    CHECK(delivered(maker, source, target, {1, 1, 1}) == Frames{2, 8, 5});
}

TEST_CASE("sparse delays add to the projection's delay") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({2}), target = maker.neurons({2}, probe_model());
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = source,
                   .target = target,
                   .weights = {1, 2, 4},
                   .delay_steps = 1,
                   .sparse = rows({0, 2, 3}, {0, 1, 0}, {0, 2, 1})});
    // A spike of both sources at step 0: 1 at step 1, 4 at step 2 (target 0), 2 at step 3 (target 1).
    CHECK(delivered(maker, source, target, {1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 5) == Frames{0, 0, 1, 0, 4, 0, 0, 2, 0, 0});
}

TEST_CASE("fixed point: weights are rounded once at the stated scale, ties to even") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({2}), target = maker.neurons({2}, probe_model());
    // The largest sum is 1, just below 2^1: the scale is 2^25.
    const float unit = std::ldexp(1.0f, -25);
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = source,
                   .target = target,
                   .weights = {1.0f, 1.5f * unit, 0.49f * unit},
                   .trainable = false,
                   .arithmetic = SNN_ARITHMETIC_FIXED,
                   .sparse = rows({0, 2, 3}, {0, 1, 1})});
    const auto plan = maker.plan();
    REQUIRE(plan->network->projection(0).arithmetic == SNN_ARITHMETIC_FIXED);
    REQUIRE(plan->network->projection(0).fixed_exponent == 25);
    Run run(plan, 1);
    CHECK(run.states(source, {1, 1}, 1, target) == Frames{1.0f, 2 * unit});
    Run exact(plan, 1, SNN_FLAG_FLOAT64);
    CHECK(exact.states(source, {1, 1}, 1, target)[1] == doctest::Approx(1.99 * unit));
}

TEST_CASE("projections onto different receptors stay apart") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({2}), target = maker.neurons({1}, two_receptor_model());
    maker.connect({.source = source, .target = target, .weights = {1, 2}, .receptor = "plus"});
    maker.connect({.source = source, .target = target, .weights = {10, 20}, .receptor = "minus"});
    CHECK(delivered(maker, source, target, {1, 1}) == Frames{-27});
}

TEST_CASE("convolution is cross-correlation with zero padding") {
    NetworkMaker maker;
    const uint32_t source = maker.values({1, 2, 2}), target = maker.neurons({1, 2, 2}, probe_model());
    Window w = window(2, 2);
    w.padding[0] = w.padding[1] = 1;
    w.stride[0] = w.stride[1] = 2;
    maker.connect({.kind = SNN_CONNECT_CONV2D,
                   .source = source,
                   .target = target,
                   .weights = {1, 10, 100, 1000},
                   .bias = {0.5f},
                   .window = w});
    // Windows touch one place each: (0,0) under kernel (1,1), (0,1) under (1,0), (1,0) under (0,1), (1,1) under (0,0).
    CHECK(delivered(maker, source, target, {2, 3, 4, 5}) == Frames{2000.5f, 300.5f, 40.5f, 5.5f});
}

TEST_CASE("convolution: groups see their own channels, one bias for each output channel") {
    NetworkMaker maker;
    const uint32_t source = maker.spikes({2, 1, 3}), target = maker.neurons({2, 1, 2}, probe_model());
    Window w = window(1, 2);
    w.groups = 2;
    maker.connect({.kind = SNN_CONNECT_CONV2D,
                   .source = source,
                   .target = target,
                   .weights = {1, 2, 4, 8},
                   .bias = {100, 200},
                   .window = w});
    CHECK(delivered(maker, source, target, {1, 1, 0, 0, 1, 1}) == Frames{103, 101, 208, 212});
}

TEST_CASE("pooling: sum, average over the whole window, maximum") {
    for (const auto& [mode, expected] :
         {std::pair{SNN_POOL_SUM, Frames{3, 2}}, std::pair{SNN_POOL_AVERAGE, Frames{0.75f, 0.5f}},
          std::pair{SNN_POOL_MAX, Frames{4, 2}}}) {
        NetworkMaker maker;
        const uint32_t source = maker.values({1, 2, 3}), target = maker.neurons({1, 1, 2}, probe_model());
        Window w = window(2, 2);
        w.stride[0] = w.stride[1] = 2;
        w.padding[1] = 1;  // the first window: column 0 alone; the second: columns 1 and 2
        maker.connect({.kind = SNN_CONNECT_POOL2D,
                       .source = source,
                       .target = target,
                       .pool_mode = static_cast<uint32_t>(mode),
                       .window = w});
        CHECK(delivered(maker, source, target, {-1, 1, 2, 4, -1, 0}) == expected);
    }
}

TEST_CASE("maximum pooling skips places outside the image, so negative maxima stay") {
    NetworkMaker maker;
    const uint32_t source = maker.values({1, 1, 2}), target = maker.neurons({1, 1, 3}, probe_model());
    Window w = window(1, 2);
    w.padding[1] = 1;
    maker.connect(
        {.kind = SNN_CONNECT_POOL2D, .source = source, .target = target, .pool_mode = SNN_POOL_MAX, .window = w});
    CHECK(delivered(maker, source, target, {-3, -2}) == Frames{-3, -2, -2});
}

TEST_CASE("every kind agrees with its definition from the target's side") {
    Numbers numbers(11);
    const auto conv = [&](std::vector<uint32_t> from, std::vector<uint32_t> to, Window w, uint32_t delay,
                          uint32_t seed) {
        const size_t count = size_t{to[0]} * (from[0] / w.groups) * w.kernel[0] * w.kernel[1];
        for (const uint32_t kind : {SNN_POPULATION_SPIKE_INPUT, SNN_POPULATION_VALUE_INPUT})
            check_against_matrices(kind, from, to,
                                   {.kind = SNN_CONNECT_CONV2D,
                                    .weights = numbers.list(count, -1, 1),
                                    .bias = numbers.list(to[0], -1, 1),
                                    .delay_steps = delay,
                                    .window = w},
                                   seed);
    };
    SUBCASE("dense") {
        for (const uint32_t kind : {SNN_POPULATION_SPIKE_INPUT, SNN_POPULATION_VALUE_INPUT})
            check_against_matrices(
                kind, {13}, {9},
                {.weights = numbers.list(117, -1, 1), .bias = numbers.list(9, -1, 1), .delay_steps = 2}, 1);
    }
    SUBCASE("one to one") {
        check_against_matrices(SNN_POPULATION_VALUE_INPUT, {17}, {17},
                               {.kind = SNN_CONNECT_ONE_TO_ONE, .weights = numbers.list(17, -1, 1), .delay_steps = 3},
                               2);
    }
    SUBCASE("sparse, both arithmetics, with delays") {
        for (const uint32_t arithmetic : {SNN_ARITHMETIC_FLOAT, SNN_ARITHMETIC_FIXED}) {
            Sparse sparse{{0}, {}, {}};
            for (int i = 0; i < 19; ++i) {
                const int count = static_cast<int>(numbers.uniform(0, 8));
                for (int k = 0; k < count; ++k) {
                    sparse.targets.push_back(static_cast<uint32_t>(numbers.uniform(0, 11)));
                    sparse.delays.push_back(static_cast<uint16_t>(numbers.uniform(0, 5)));
                }
                sparse.row_offsets.push_back(sparse.targets.size());
            }
            const size_t count = sparse.targets.size();
            check_against_matrices(SNN_POPULATION_SPIKE_INPUT, {19}, {11},
                                   {.kind = SNN_CONNECT_SPARSE,
                                    .weights = numbers.list(count, -1, 1),
                                    .delay_steps = 1,
                                    .trainable = false,
                                    .arithmetic = arithmetic,
                                    .sparse = sparse},
                                   3);
        }
    }
    SUBCASE("convolution, plain") { conv({2, 5, 6}, {3, 3, 4}, window(3, 3), 0, 4); }
    SUBCASE("convolution, strided, padded, dilated, grouped, delayed") {
        Window w = window(3, 2);
        w.stride[0] = 2, w.stride[1] = 3, w.padding[0] = 2, w.padding[1] = 1, w.dilation[0] = 2, w.dilation[1] = 3;
        w.groups = 2;
        // (7 + 4 - 2 * 2 - 1) / 2 + 1 = 4,  (9 + 2 - 3 - 1) / 3 + 1 = 3
        conv({4, 7, 9}, {6, 4, 3}, w, 2, 5);
    }
    SUBCASE("pooling") {
        Window w = window(2, 3);
        w.stride[0] = 1, w.stride[1] = 2, w.padding[0] = 1, w.padding[1] = 1, w.dilation[0] = 2;
        for (const uint32_t mode : {SNN_POOL_SUM, SNN_POOL_AVERAGE})
            check_against_matrices(SNN_POPULATION_VALUE_INPUT, {3, 5, 7}, {3, 5, 4},
                                   {.kind = SNN_CONNECT_POOL2D, .delay_steps = 1, .pool_mode = mode, .window = w}, 6);
    }
}
