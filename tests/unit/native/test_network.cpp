// Building networks: names, order, rings, fixed-point groups, and what is refused because of its size.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "common/error.h"
#include "file/safetensors.h"
#include "heap.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::test;

namespace {

template <class Function>
std::string refusal(Function&& function, SNNStatus status = SNN_ERROR_INVALID_ARGUMENT) {
    try {
        function();
    } catch (const Error& error) {
        CHECK(error.status() == status);
        return error.what();
    }
    return "accepted";
}

bool has(const std::string& sentence, const std::string& part) {
    INFO(sentence);
    CHECK(sentence.find(part) != std::string::npos);
    return sentence.find(part) != std::string::npos;
}

SNNPopulationDef input_named(const char* name) {
    SNNPopulationDef def{};
    def.struct_size = sizeof def;
    def.kind = SNN_POPULATION_SPIKE_INPUT;
    def.name = name;
    def.shape = {1, {2}};
    return def;
}

Connection sparse(uint32_t source, uint32_t target, Sparse index, float weight = 0.5f) {
    return {.kind = SNN_CONNECT_SPARSE,
            .source = source,
            .target = target,
            .weights = std::vector<float>(index.targets.size(), weight),
            .arithmetic = SNN_ARITHMETIC_FIXED,
            .sparse = std::move(index)};
}

const Sparse none{{0, 0, 0}, {}, {}}, one_each{{0, 1, 2}, {0, 1}, {}};

}  // namespace

TEST_CASE("a name belongs to one population or projection, and is found as what it is") {
    NetworkMaker maker;
    const uint32_t a = maker.spikes({2}), b = maker.neurons({2}, relay_model());
    maker.connect({.source = a, .target = b, .weights = {1, 0, 0, 1}});
    Network& network = maker.network();
    CHECK(network.find_population("p1") == 1);
    CHECK(network.find_projection("w0") == 0);
    REQUIRE(network.find("w0"));
    CHECK_FALSE(network.find("w0")->is_population);
    CHECK(network.find("p1")->is_population);
    CHECK(network.find("p2") == nullptr);
    has(refusal([&] { network.find_projection("p1"); }, SNN_ERROR_NOT_FOUND), "no projection 'p1'; it has: w0");
    has(refusal([&] { network.find_population("w0"); }, SNN_ERROR_NOT_FOUND), "no population 'w0'; it has: p0, p1");
    has(refusal([&] { network.add_population(input_named("w0"), nullptr); }), "'w0' is a projection's already");
    SNNProjectionDef def = default_projection_def();
    def.name = "p0";
    def.source = a;
    def.target = b;
    has(refusal([&] { network.connect(def); }), "'p0' is a population's already");
}

TEST_CASE("a sentence lists twenty names and counts the others") {
    NetworkMaker maker;
    for (int i = 0; i < 20; ++i) maker.spikes({1});
    const auto sentence = [&] {
        return refusal([&] { maker.network().find_population("missing"); }, SNN_ERROR_NOT_FOUND);
    };
    CHECK(sentence().ends_with("p18, p19"));
    for (int i = 0; i < 3; ++i) maker.spikes({1});
    CHECK(sentence().ends_with("p18, p19 and 3 more"));
}

TEST_CASE("running out of memory leaves no name without its population") {
    const SNNPopulationDef def = input_named("late");
    uint64_t failures = 0;
    for (bool failed = true; failed; ++failures) {
        REQUIRE(failures < 100);
        NetworkMaker maker;  // a new one each time: the last attempt has made room in it
        maker.spikes({2});
        Network& network = maker.network();
        failed = out_of_memory_after(failures, [&] { network.add_population(def, nullptr); });
        CHECK(network.populations().size() == (failed ? 1 : 2));
        CHECK((network.find("late") == nullptr) == failed);
        // What is kept by population has not been shifted.
        const double half = 0.5;
        const uint32_t cells = maker.neurons({1}, "lif");
        network.set_initial_state(cells, "v", &half, 1);
        network.set_parameter(cells, "threshold", &half, 1);
        CHECK(network.population(cells).initial_states[0] == std::vector<double>{0.5});
    }
    CHECK(failures > 2);  // for the list and for the name
}

TEST_CASE("populations are evaluated after their undelayed sources, the lowest index first") {
    NetworkMaker maker;
    const uint32_t last = maker.neurons({2}, relay_model()), free = maker.neurons({2}, relay_model());
    const uint32_t first = maker.neurons({2}, relay_model()), input = maker.spikes({2});
    const std::vector<float> weights{1, 0, 0, 1};
    maker.connect({.source = input, .target = first, .weights = weights});
    maker.connect({.source = first, .target = last, .weights = weights});
    maker.connect({.source = last, .target = free, .weights = weights, .delay_steps = 1});
    CHECK(maker.plan()->order == std::vector<uint32_t>{input, free, first, last});
}

TEST_CASE("a ring without delay is refused unless a projection in it has no synapses") {
    const auto ring = [](const Sparse& back) {
        NetworkMaker maker;
        const uint32_t a = maker.neurons({2}, relay_model()), b = maker.neurons({2}, relay_model());
        maker.connect(sparse(a, b, one_each));
        maker.connect(sparse(b, a, back));
        return maker.plan();
    };
    has(refusal([&] { ring(one_each); }), "p0 -> p1 -> p0");
    const auto plan = ring(none);
    CHECK(plan->order == std::vector<uint32_t>{0, 1});
    for (const char* backend : {"reference", "cpu"}) {
        Run run(plan, 1, 0, backend);
        run.write(Slot::state, 0, {0.25, 0.75});
        RunRequest request;
        request.step_count = 3;
        CHECK_NOTHROW(run.executor->run(request));
    }
}

TEST_CASE("fixed projections onto one receptor share a scale and count together, those onto another do not") {
    NetworkMaker maker;
    const uint32_t input = maker.spikes({2}), both = maker.neurons({2}, two_receptor_model());
    Connection first = sparse(input, both, one_each, 0.75f), second = sparse(input, both, one_each, 0.5f);
    Connection other = sparse(input, both, one_each, 100.0f);
    other.receptor = "minus";
    maker.connect(first);
    maker.connect(second);
    maker.connect(other);
    const auto network = maker.plan()->network;
    // 0.75 + 0.5 lies below 2, 100 below 2^7: 2^26 is left below the limit of 2^30.
    CHECK(network->projection(0).fixed_exponent == 26 - 1);
    CHECK(network->projection(1).fixed_exponent == 26 - 1);
    CHECK(network->projection(2).fixed_exponent == 26 - 7);
    // Each alone stays within 2^5, together they do not.
    const std::vector<float> twenty(2, 20.0f), small(2, 0.5f);
    const auto with = [&](const std::vector<float>& of_second) {
        return [&](uint32_t p) { return p == 0 ? twenty.data() : of_second.data(); };
    };
    CHECK_NOTHROW(check_fixed_range(*network, 0, with(small)));
    has(refusal([&] { check_fixed_range(*network, 0, with(twenty)); }), "add up to 40");
    const std::vector<float> limits = fixed_weight_limits(*network);
    CHECK(limits[0] == 16.0f);  // two synapses onto a neuron share 2^5
    CHECK(limits[1] == 16.0f);
    CHECK(limits[2] == std::ldexp(1.0f, 30 - 19));
    CHECK(network->fixed_groups().size() == 2);
    CHECK(network->fixed_group(1) == FixedGroup{0, 1});
    CHECK(network->fixed_group(2) == FixedGroup{2});
    // A part of it has groups as well, of its own projections.
    const auto part = network->part({{0, 2}, {0, 2}}, 1).network;
    CHECK(part->fixed_groups() == network->fixed_groups());
    CHECK(fixed_weight_limits(*part) == limits);
}

TEST_CASE("few synapses onto very many neurons take little memory to check") {
    // A file of a few bytes can say so. The scales are those of as many synapses onto two neurons.
    const auto finished = [](uint32_t target_size) {
        NetworkMaker maker;
        const uint32_t a = maker.spikes({2}), b = maker.neurons({target_size}, relay_model());
        maker.connect(sparse(a, b, one_each));
        maker.connect(sparse(a, b, {{0, 2, 3}, {0, 1, 1}, {}}, 0.25f));
        maker.network().finish();
        return std::pair(maker.network().projections()[1].fixed_exponent, fixed_weight_limits(maker.network()));
    };
    const auto few = finished(2);
    limit_heap_blocks(size_t{1} << 20);
    const auto many = finished(1u << 30);
    limit_heap_blocks(SIZE_MAX);
    CHECK(many == few);
}

TEST_CASE("windows larger than any image needs are refused before they take memory or time") {
    const auto pool = [](Window window, uint32_t extent, uint32_t target) {
        NetworkMaker maker;
        const uint32_t input = maker.spikes({1, 1, extent}), cells = maker.neurons({1, 1, target}, "lif");
        return refusal([&] {
            maker.connect({.kind = SNN_CONNECT_POOL2D,
                           .source = input,
                           .target = cells,
                           .pool_mode = SNN_POOL_AVERAGE,
                           .window = window});
        });
    };
    constexpr uint32_t k = 1u << 16;
    // 65536 x 65536 is 0 in 32 bits: the weight of the average would have been infinite.
    has(pool({.kernel = {k, k}, .padding = {k / 2, k / 2}}, 1, 1), "a kernel of 65536 x 65536 is too large");
    has(pool({.kernel = {1, k + 1}, .padding = {0, k / 2}}, 1, 1), "kernel 65537 along the width is too large");
    has(pool({.kernel = {1, 1}, .stride = {1, UINT32_MAX}}, 4, 1), "stride 4294967295 along the width");
    has(pool({.kernel = {1, 2}, .padding = {0, UINT32_MAX}}, 4, 1), "padding 4294967295 along the width");
    has(pool({.kernel = {2, 1}, .dilation = {UINT32_MAX, 1}}, 4, 1), "dilation 4294967295 along the height");
    has(pool({.kernel = {1, k}}, 1u << 20, (1u << 20) - k + 1), "kernel 65536 on 1048576 along the width");
    CHECK(pool({.kernel = {1, 1000}, .stride = {1, 1000}}, 16000, 16) == "accepted");
}

TEST_CASE("the average of a window is one over its places") {
    Projection projection;
    projection.window.kernel[0] = 3;
    projection.window.kernel[1] = 5;
    CHECK(pool_weight(projection) == 1.0f);
    projection.pool_mode = SNN_POOL_AVERAGE;
    CHECK(pool_weight(projection) == 1.0f / 15.0f);
}

TEST_CASE("a header that no loader would take is not written") {
    SafetensorsWriter writer;
    writer.set_metadata("snn", std::string(100'000'000, 'x'));
    has(refusal([&] { writer.header(); }), "a file takes at most 100000000");
}
