// snn.hpp: what it adds to snn.h - exceptions, ownership, ranges, callbacks - and that every wrapper reaches its function.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <snn/snn_vulkan.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace {

// Spike input (2) -> dense -> adders of a user's model (2) whose values can be worked out: v = v + current, spike at 1.
const std::string adder =
    R"({"format": 1, "kind": "neuron", "name": "adder", "title": "Adds its input",
        "parameters": [{"name": "threshold", "unit": "1", "default": 1.0, "doc": ""}],
        "options": [], "states": [{"name": "v", "unit": "1", "type": "float", "initial": 0.0, "doc": ""}],
        "receptors": [{"name": "current", "unit": "1", "doc": ""}], "derived": [], "membrane": "v", "spiking": true,
        "derive": {"ops": [], "outputs": []},
        "step": {"ops": [["add", 2, 1], ["sub", 3, 0], ["iconst", 1], ["spike", 4, 5], ["const", 0.5], ["lt", 7, 6],
                         ["const", 0.0], ["select", 8, 9, 3]], "states": [10], "spike": 6, "tape": []}})";

snn::Network make_network() {
    snn::Network network(1.0);
    const uint32_t in = network.add_spike_input("in", {2});
    const uint32_t cells = network.add_neurons("cells", {2}, snn::Model::load(adder));
    const std::vector<float> weights{0.5f, 1.0f, 0.25f, 0.0f};
    network.connect_dense(in, cells, weights);
    network.finish();
    return network;
}

snn::Network make_trainable() {
    snn::Network network(1.0);
    std::vector<float> first(4 * 16), second(16 * 2);
    snn::random_normal(1, 1, 0.3, 0.5, first);
    snn::random_normal(1, 2, 0.0, 0.3, second);
    const uint32_t in = network.add_value_input("in", {4});
    const uint32_t hidden = network.add_neurons("hidden", {16}, "lif");
    network.set_learnable(hidden, "tau_membrane");
    const uint32_t out = network.add_neurons("out", {2}, "leaky_integrator");
    network.connect_dense(in, hidden, first);
    network.connect_dense(hidden, out, second, std::array<float, 2>{0.0f, 0.0f});
    network.finish();
    return network;
}

template <class Function>
SNNStatus status_of(Function&& function) {
    try {
        function();
    } catch (const snn::Error& error) {
        CHECK(std::string(error.what()) == snn_last_error());
        return error.status();
    }
    return SNN_OK;
}

}  // namespace

static_assert(!std::is_copy_constructible_v<snn::Network> && std::is_nothrow_move_constructible_v<snn::Network>);
static_assert(!std::is_copy_constructible_v<snn::Session> && std::is_move_constructible_v<snn::Session>);
static_assert(std::is_base_of_v<std::runtime_error, snn::Error>);
static_assert(std::is_convertible_v<std::vector<float>&, snn::Span<const float>>);
static_assert(std::is_convertible_v<std::vector<float>&, snn::Span<float>>);
static_assert(!std::is_convertible_v<const std::vector<float>&, snn::Span<float>>);
static_assert(!std::is_convertible_v<std::vector<double>&, snn::Span<float>>);

TEST_CASE("a network tells where several devices would run it") {
    snn::Network network = make_network();
    SNNConfig config{};
    snn_config_default(&config);
    config.device = "cpu+cpu";
    const snn::Placement found = network.placement(config);
    REQUIRE(found.slices.size() == network.info().population_count);
    for (uint32_t p = 0; p < found.slices.size(); ++p) {
        CHECK(found.slices[p].population == p);
        CHECK(found.slices[p].count == network.population(p).size);
        CHECK(found.slices[p].device == 0);  // no delay lies between its populations
    }
    CHECK(found.window_steps == 0);
    CHECK(found.device == "cpu+cpu;cells=0");
    CHECK(found.reasons.empty());
    CHECK(found.samples == std::vector<uint32_t>{1, 1});
    REQUIRE(found.step_s.size() == 2);
    CHECK((found.step_s[0] > 0 && found.step_s[1] == 0));
    config.device = "cpu+quantum";
    CHECK(status_of([&] { network.placement(config); }) == SNN_ERROR_NOT_FOUND);
}

TEST_CASE("errors are exceptions with status and sentence") {
    CHECK(status_of([] { snn::Network(0.0); }) == SNN_ERROR_INVALID_ARGUMENT);
    CHECK(status_of([] { snn::Network::load("absent.snn"); }) == SNN_ERROR_IO);
    CHECK(status_of([] { snn::Network::load_memory("x", 1); }) == SNN_ERROR_FORMAT);
    CHECK(status_of([] { snn::Session::open("absent.snn"); }) == SNN_ERROR_IO);
    CHECK(status_of([] { snn::Model::load("{}"); }) == SNN_ERROR_FORMAT);
    CHECK(status_of([] { snn::Model::builtin("nothing"); }) == SNN_ERROR_NOT_FOUND);
    CHECK_THROWS_AS(snn::Shape({1, 2, 3, 4}), snn::Error);
    snn::Network network = make_network();
    CHECK(status_of([&] { network.add_spike_input("late", {1}); }) == SNN_ERROR_STATE);
}

TEST_CASE("the library describes itself") {
    CHECK(snn::version() == snn_version_string());
    CHECK(snn::abi_version() == SNN_ABI_VERSION);
    CHECK(snn::available_memory_bytes() > 0);
    CHECK(snn::status_name(SNN_ERROR_BUSY) == "SNN_ERROR_BUSY");
    REQUIRE(snn::devices().size() >= 3);
    CHECK(std::string(snn::devices()[0].name) == "cpu");
    CHECK(snn::device_speed("cpu").small_step_s > 0);
    CHECK(snn::device_speed("cpu").was_kept == 1);
    CHECK(snn::builtin_models().size() >= 6);
    CHECK(snn::builtin_surrogates().size() >= 6);
    CHECK(snn::builtin_plasticity_rules() == std::vector<std::string>{"brader_fusi", "homeostatic_stdp", "pair_stdp", "reward_stdp",
                                                                       "triplet_stdp", "tsodyks_markram"});
}

TEST_CASE("a network can be built, looked at and run") {
    const snn::Network network = make_network();
    CHECK(network.info().population_count == 2);
    CHECK(network.info().finished == 1);
    CHECK(std::string(network.population(1).name) == "cells");
    CHECK(network.projection_arrays(0).weights[1] == 1.0f);
    CHECK(network.find_population("cells") == 1);
    CHECK(network.find_projection("in_to_cells") == 0);
    CHECK(network.parameter(1, "threshold") == std::vector<double>{1.0});
    CHECK(network.initial_state(1, "v") == std::vector<double>{0.0});
    CHECK(network.model(1).text().find("adder") != std::string::npos);

    snn::Session session(network);
    session.set_input(0, std::vector<float>{1, 1});
    session.step();
    CHECK(session.membrane_potentials("cells") == std::vector<float>{0.75f, 0.0f});
    const snn::Span<const uint32_t> spikes = session.spikes(1);
    REQUIRE(spikes.size() == 1);
    CHECK(spikes[0] == 1);
    session.run_step(0.002f);
    CHECK(session.step_count() == 3);
    CHECK(std::string(session.device().name) == "cpu");
    CHECK(std::string(session.device().reason).empty());
    CHECK(session.counters().steps == 3);
    CHECK(session.run_step_within(0.002f, 0.0f) == 1);
    session.reset();
    CHECK(session.step_count() == 0);
    CHECK(session.counters().steps == 0);
}

TEST_CASE("parameters, options, states and surrogates are set") {
    snn::Network network(0.5);
    network.add_value_input("in", {1});
    const uint32_t cells = network.add_neurons("cells", {3}, "lif");
    network.set_option(cells, "reset", "value");
    CHECK(network.option(cells, "reset") == "value");
    network.set_initial_state(cells, "v", std::vector<double>{0.1, 0.2, 0.3});
    CHECK(network.initial_state(cells, "v").size() == 3);
    network.set_surrogate(cells, "arctan", std::vector<double>{4.0, 0.5});
    CHECK(network.surrogate_parameters(cells) == std::vector<double>{4.0, 0.5});
    network.set_surrogate(cells, network.surrogate(cells));
    CHECK(std::string(network.population(cells).surrogate_name) == "arctan");
    const uint32_t adders = network.add_neurons("adders", {2, 1, 1}, snn::Model::load(adder));
    network.set_parameter(adders, "threshold", 3.0);
    CHECK(network.parameter(adders, "threshold") == std::vector<double>{3.0});
}

TEST_CASE("plasticity is set and read back") {
    snn::Network network(1.0);
    network.add_spike_input("in", {2});
    network.add_neurons("cells", {2}, "lif");
    const std::vector<uint64_t> rows{0, 1, 2};
    const std::vector<uint32_t> targets{0, 1};
    SNNProjectionDef def = snn::projection_def();
    def.kind = SNN_CONNECT_SPARSE;
    def.source = 0;
    def.target = 1;
    def.row_offsets = rows.data();
    def.row_offset_count = rows.size();
    def.synapse_targets = targets.data();
    def.synapse_count = targets.size();
    const uint32_t projection = network.connect(def);
    network.set_plasticity(projection, "triplet_stdp");
    network.set_plasticity(projection, snn::Model::builtin_plasticity("pair_stdp"));
    network.set_plasticity_parameter(projection, "w_max", 2.5);
    network.set_plasticity_option(projection, "pairing", "nearest");
    CHECK(network.plasticity(projection).text().find("pair_stdp") != std::string::npos);
    CHECK(network.plasticity_parameter(projection, "w_max") == 2.5);
    CHECK(network.plasticity_option(projection, "pairing") == "nearest");
}

TEST_CASE("sparse and random projections") {
    snn::Network network(1.0);
    network.add_spike_input("in", {2});
    network.add_neurons("cells", {3}, "lif");
    const std::vector<uint64_t> rows{0, 2, 3};
    const std::vector<uint32_t> targets{0, 2, 1};
    const std::vector<float> weights{1, 2, 3};
    const std::vector<uint16_t> delays{0, 1, 2};
    const auto says = [](const char* words) { return doctest::Contains(words); };
    CHECK_THROWS_WITH(network.connect_sparse(0, 1, rows, targets, {weights.data(), 2}), says("takes 3 values"));
    CHECK_THROWS_WITH(network.connect_sparse(0, 1, rows, targets, {}), says("takes 3 values (synapse_count), got 0"));
    CHECK_THROWS_WITH(network.connect_sparse(0, 1, rows, targets, weights, {delays.data(), 2}), says("delays"));
    CHECK_THROWS_WITH(network.connect_sparse(0, 1, {rows.data(), 2}, targets, weights), says("row_offsets has 2 values"));
    CHECK_THROWS_WITH(network.connect_dense(0, 1, std::vector<float>{}), says("takes 6 values"));
    network.connect_sparse(0, 1, rows, targets, weights, delays);
    CHECK(network.projection(0).synapse_count == 3);
    SNNProjectionDef def = snn::projection_def();
    def.kind = SNN_CONNECT_SPARSE;
    def.target = 1;
    def.name = "random";
    SNNRandomConnectionDef rule = snn::random_connection_def();
    rule.rule = SNN_RULE_FIXED_TOTAL;
    rule.count = 9;
    network.connect_random(def, rule);
    CHECK(network.projection(1).synapse_count == 9);
    CHECK(network.projection(1).by_rule == 1);
    CHECK(network.connection_rule(1).count == 9);
    CHECK(network.synapses(1, 0, 2).targets.size() == network.projection_arrays(1).row_offsets[2]);
    network.connect_one_to_one(0, network.add_neurons("pair", {2}, "lif"), std::array<float, 2>{1, 2});
    network.finish();
}

TEST_CASE("handles move and share") {
    snn::Network network = make_network();
    const SNNNetwork raw = network.get();
    snn::Network moved = std::move(network);
    CHECK(moved.get() == raw);
    CHECK(network.get() == nullptr);
    {
        const snn::Network second = moved.share();
        CHECK(second.get() == raw);
    }
    CHECK(moved.info().population_count == 2);
    moved = make_network();  // releases the first
    SNNNetworkInfo info{};
    info.struct_size = sizeof info;
    CHECK(snn_network_get_info(raw, &info) == SNN_ERROR_INVALID_HANDLE);
    snn::Session session(moved);
    moved = snn::Network(1.0);  // the session keeps the network it runs
    session.step(3);
    snn::Session elsewhere = std::move(session);
    elsewhere.step();
    CHECK(elsewhere.step_count() == 4);
    CHECK(elsewhere.seed() == 0);
    CHECK(elsewhere.network().info().population_count == 2);
    const snn::Model model = snn::Model::builtin("lif");
    CHECK(model.share().text() == model.text());
    SNNConfig config;
    snn_config_default(&config);
    const snn::Network shared = make_network();
    config.network = shared.get();
    SNNHandle handle = nullptr;
    REQUIRE(snn_create_network(&config, &handle) == SNN_OK);
    {
        snn::Session owner(handle);
        owner.step(2);
        CHECK(owner.step_count() == 2);
    }
    uint64_t steps = 0;
    CHECK(snn_session_step_count(handle, &steps) == SNN_ERROR_INVALID_HANDLE);
}

TEST_CASE("a session and a trainer that were moved from refuse all calls") {
    snn::Session session(make_trainable());
    SNNTrainerDef def = snn::trainer_def();
    def.output_population = 2;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    snn::Trainer trainer(session, def);
    const snn::Session moved = std::move(session);
    const snn::Trainer moved_trainer = std::move(trainer);
    CHECK(status_of([&] { session.step(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.run_step(0.01f); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.run_step_within(0.01f, 1.0f); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.run(snn::run_def()); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.begin(0.01f); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.poll(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.wait(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.reset(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.read("hidden.v"); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.on_spikes([](const SNNSpikes&) {}); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.on_weights([](const SNNWeightUpdate&) {}); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { session.on_epoch({}); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { snn::Trainer(session, def); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { trainer.forward(SNNBatch{}); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { trainer.backward(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { trainer.update(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { trainer.end_epoch(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { trainer.state(); }) == SNN_ERROR_INVALID_HANDLE);
}

TEST_CASE("a session and a trainer as members, opened later") {
    struct Creature {
        snn::Network network;
        snn::Session brain;
        snn::Trainer trainer;
    };
    Creature creature;
    CHECK(!creature.network);
    CHECK(!creature.brain);
    CHECK(!creature.trainer);
    CHECK(status_of([&] { creature.network.info(); }) == SNN_ERROR_INVALID_HANDLE);
    const std::string sentence = snn_last_error();
    try {
        snn::Session none(creature.network);
        CHECK(false);
    } catch (const snn::Error& error) {  // an empty network is one everywhere
        CHECK(error.status() == SNN_ERROR_INVALID_HANDLE);
        CHECK(error.what() == sentence);
    }
    CHECK(creature.brain.batch_size() == 0);
    CHECK(status_of([&] { creature.brain.step(); }) == SNN_ERROR_INVALID_HANDLE);
    CHECK(status_of([&] { creature.trainer.update(); }) == SNN_ERROR_INVALID_HANDLE);
    creature.network = make_network();
    CHECK(creature.network);
    creature.brain = snn::Session(creature.network);
    CHECK(creature.brain);
    CHECK(creature.brain.find_population("cells") == 1);
    CHECK(status_of([&] { creature.brain.find_population("cell"); }) == SNN_ERROR_NOT_FOUND);
    creature.brain.step();
    CHECK(creature.brain.membrane_potentials("cells").size() == 2);
    creature.brain = {};
    CHECK(!creature.brain);
}

TEST_CASE("a network is built from braces and single values") {
    CHECK(status_of([] { snn::Network(0); }) == SNN_ERROR_INVALID_ARGUMENT);
    snn::Network network(1);
    CHECK(network.info().dt_ms == 1.0);
    CHECK(snn::Network(2u).info().dt_ms == 2.0);
    const uint32_t in = network.add_spike_input("in", {2});
    const uint32_t cells = network.add_neurons("cells", {2}, "lif");
    network.set_parameter(cells, "tau_membrane", 15);
    network.set_parameter(cells, "threshold", {1.0, 2.0});
    network.set_initial_state(cells, "v", {0.25, 0.5});
    network.connect_dense(in, cells, {1.0f, 2.0f, 3.0f, 4.0f}, {0.5f, 0.25f});
    const uint32_t others = network.add_neurons("others", {2}, "lif");
    network.connect_sparse(in, others, {0, 1, 2}, {1, 0}, {0.5f, 0.25f}, {1, 2});
    network.finish();
    CHECK(network.parameter(cells, "tau_membrane")[0] == 15);
    CHECK(network.parameter(cells, "threshold")[1] == 2.0);
    CHECK(network.projection_arrays(0).weights[3] == 4.0f);
    CHECK(network.projection_arrays(1).synapse_targets[0] == 1);
    CHECK(network.projection_arrays(1).synapse_delays[1] == 2);
    CHECK(snn::Session(network).read("cells.v") == std::vector<float>{0.25f, 0.5f});
}

TEST_CASE("any range, braces and single values are given and read") {
    snn::SessionOptions options;
    options.batch_size = 2;
    snn::Session session(make_network(), options);
    session.set_input(0, {1.0f, 1.0f, 0.0f, 0.0f});
    session.step();  // sample 0: 0.5 + 0.25, and 1, a spike
    std::vector<float> v(4);
    session.read("cells.v", v);
    CHECK(v == std::vector<float>{0.75f, 0, 0, 0});
    std::array<double, 4> doubles{};
    session.read("cells.v", doubles);
    CHECK(doubles[0] == 0.75);
    int32_t whole[4] = {9, 9, 9, 9};
    session.read("cells.spikes", whole);
    CHECK(std::vector<int32_t>(whole, whole + 4) == std::vector<int32_t>{0, 1, 0, 0});
    session.read<float>("cells.v", snn::Span<float>(v.data(), v.size()));
    CHECK(status_of([&] { session.read("cells.v", snn::Span<float>(v.data(), 3)); }) == SNN_ERROR_INVALID_ARGUMENT);
    session.write("cells.v", {0.0f, 0.25f, 0.5f, 0.75f});
    CHECK(session.read("cells.v") == std::vector<float>{0, 0.25f, 0.5f, 0.75f});
    session.write("cells.threshold", 2.0f);
    CHECK(session.read("cells.threshold") == std::vector<float>{2.0f});
    session.write("cells.threshold", 1.0);
    session.reset();
    session.set_sample_input(0, 1, {1.0f, 0.0f});
    session.add_input_spikes(0, {1u});
    session.add_input_spikes(0, 1, 1);  // neuron 1 of sample 1
    session.step();
    CHECK(session.read("cells.v") == std::vector<float>{0.25f, 0, 0.75f, 0});
    const std::vector<uint32_t> both{0, 1};
    session.add_input_spikes(0, both);
    session.add_input_spikes(0, 1, {both.data(), 1});  // a pointer and a count, not two values
    session.step();
    CHECK(session.spikes(1, 0).size() == 2);  // 0.25 + 0.75, and 1
    CHECK(session.spikes(1, 1).size() == 2);
}

TEST_CASE("variables are read and written in their type") {
    snn::Session session(make_network());
    session.write("cells.v", std::vector<double>{0.25, 0.5});
    CHECK(session.read("cells.v") == std::vector<float>{0.25f, 0.5f});
    CHECK(session.read<double>("cells.v") == std::vector<double>{0.25, 0.5});
    session.write("in_to_cells.weight", std::array<float, 4>{2, 2, 2, 2});
    CHECK(session.to_network().projection_arrays(0).weights[0] == 2.0f);
    const std::array<float, 2> ones{1, 1};
    session.bind_input(0, ones);
    session.step();
    CHECK(session.read<uint8_t>("cells.spikes") == std::vector<uint8_t>{1, 1});
    session.bind_input(0, {});
    CHECK(status_of([&] { session.read("cells.u"); }) == SNN_ERROR_NOT_FOUND);
}

template <class Range, class = void>
constexpr bool can_be_bound = false;
template <class Range>
constexpr bool can_be_bound<Range, std::void_t<decltype(std::declval<snn::Session&>().bind_input(0, std::declval<Range>()))>> = true;

// What is bound is read at later steps: a temporary that owns its values does not compile.
static_assert(!can_be_bound<std::vector<float>> && !can_be_bound<std::array<float, 2>> && !can_be_bound<const std::vector<float>>);
static_assert(can_be_bound<std::vector<float>&> && can_be_bound<const std::array<float, 2>&> && can_be_bound<float (&)[2]>);
static_assert(can_be_bound<snn::Span<const float>> && can_be_bound<snn::Span<float>>);
#if defined(__cpp_lib_span)
static_assert(can_be_bound<std::span<const float>>);
#endif

TEST_CASE("callbacks are called, and their exceptions reach the caller") {
    snn::Session session(make_network());
    const std::vector<float> ones{1, 1};
    int count = 0;
    session.on_spikes([&](const SNNSpikes& spikes) { count += static_cast<int>(spikes.count); });
    session.set_input(0, ones);
    session.step();
    CHECK(count == 1);
    session.on_spikes([](const SNNSpikes&) { throw std::logic_error("from the callback"); });
    session.set_input(0, ones);
    CHECK_THROWS_AS(session.step(), std::logic_error);
    session.step();  // nobody spikes, nothing is thrown again
    int calls = 0;
    session.on_spikes([&](const SNNSpikes&) {
        ++calls;
        throw std::logic_error("from the callback");
    });
    session.bind_input(0, ones);
    CHECK_THROWS_AS(session.step(5), std::logic_error);
    CHECK(calls == 1);
    CHECK_THROWS_AS(session.step(5), std::logic_error);
    CHECK(calls == 2);
    session.bind_input(0, {});
    session.on_spikes({});
    session.set_input(0, ones);
    session.step();
    CHECK(count == 1);
}

TEST_CASE("spikes one by one, and values of chosen neurons") {
    snn::SessionOptions options;
    options.batch_size = 2;
    snn::Session session(make_network(), options);
    const std::vector<uint32_t> neurons{1, 0, 1}, steps{0, 0, 2}, samples{1, 0, 1};
    session.add_input_spikes(0, 1, neurons);
    session.add_input_spikes(0, {});
    session.step();
    CHECK(session.counters().input_spikes == 2);
    CHECK(session.spikes(0, 1).size() == 2);
    CHECK(status_of([&] { session.add_input_spikes(0, 2, neurons); }) == SNN_ERROR_INVALID_ARGUMENT);
    session.reset();
    std::vector<uint32_t> step(12), neuron(12), sample(12);
    std::vector<float> v(3 * 2);
    std::vector<uint8_t> all(3 * 2 * 2);
    const uint64_t last = 1;
    uint32_t done = 0;
    const SNNSpikeInput input = snn::spike_input(0, steps, neurons, samples);
    SNNSpikeRecord record{sizeof(SNNSpikeRecord), 0, step.data(), neuron.data(), sample.data(), step.size(), 0};
    const std::vector<uint64_t> nobody;
    std::vector<float> nothing;
    const std::array<SNNValueRecord, 3> values{snn::value_record("cells.v", {&last, 1}, v),
                                               snn::value_record("cells.spikes", all),
                                               snn::value_record("cells.v", nobody, nothing)};
    SNNRunDef def = snn::run_def();
    def.step_count = 3;
    def.spike_inputs = &input;
    def.spike_input_count = 1;
    def.spike_records = &record;
    def.spike_record_count = 1;
    def.out_step_count = &done;
    def.value_records = values.data();
    def.value_record_count = 3;
    session.run(def);
    CHECK(done == 3);
    CHECK(record.count == 3);
    CHECK(neuron[0] == 0);  // of sample 0, which is told first
    CHECK(neuron[1] == 1);
    const std::vector<float> present = session.membrane_potentials("cells");
    CHECK(v[4] == present[1]);
    CHECK(v[5] == present[3]);
    CHECK(std::count(all.begin(), all.end(), 1) == static_cast<std::ptrdiff_t>(session.counters().spikes));
    CHECK_THROWS_AS(snn::spike_input(0, steps, neurons, {samples.data(), 2}), snn::Error);
}

TEST_CASE("steps in the background") {
    snn::SessionOptions options;
    options.batch_size = 2;
    snn::Session session(make_network(), options);
    std::vector<uint32_t> heard;
    session.on_spikes([&](const SNNSpikes& spikes) { heard.push_back(spikes.sample); });
    session.set_sample_input(0, 1, std::array<float, 2>{1.0f, 0.0f});
    CHECK(session.begin(0.001f));
    CHECK(status_of([&] { session.step(); }) == SNN_ERROR_BUSY);
    CHECK(!session.begin(0.002f, 1.0f));
    session.wait();
    CHECK(heard == std::vector<uint32_t>{1});
    CHECK(session.poll());
    CHECK(session.step_count() == 1);
    session.run_step(0.0f);  // the time of the begin() that found steps under way
    CHECK(session.step_count() == 3);
    session.on_spikes([](const SNNSpikes&) { throw std::runtime_error("heard"); });
    session.set_sample_input(0, 0, std::array<float, 2>{1.0f, 0.0f});
    CHECK(session.begin(0.001f));
    CHECK_THROWS_WITH(session.wait(), "heard");
    CHECK(session.poll());
}

TEST_CASE("a run records") {
    snn::Session session(make_network());
    const std::vector<float> frames{1, 0, 1, 0, 1, 0};
    std::vector<uint8_t> spikes(6);
    const SNNInputArray input{0, 0, frames.data(), frames.size()};
    const SNNRecordArray record{1, SNN_UINT8, "spikes", spikes.data(), spikes.size()};
    SNNRunDef def = snn::run_def();
    def.step_count = 3;
    def.inputs = &input;
    def.input_count = 1;
    def.records = &record;
    def.record_count = 1;
    session.run(def);
    CHECK(spikes == std::vector<uint8_t>{0, 1, 1, 1, 0, 1});
}

TEST_CASE("training lowers the loss and tells its callbacks") {
    snn::SessionOptions options;
    options.batch_size = 2;
    snn::Session session(make_trainable(), options);
    SNNTrainerDef def = snn::trainer_def();
    def.output_population = 2;
    def.step_count = 10;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    def.learning_rate = 0.02;
    snn::Trainer trainer(session, def);
    int updates = 0, epochs = 0;
    session.on_weights([&](const SNNWeightUpdate&) { ++updates; });
    session.on_epoch([&](const SNNEpoch&) { ++epochs; });
    const std::vector<float> values{1, 1, 0, 0, 0, 0, 1, 1};
    const std::array<SNNInputArray, 1> inputs{SNNInputArray{0, 1, values.data(), values.size()}};
    const std::array<int32_t, 2> labels{0, 1};
    const double first = trainer.step(inputs, labels).loss;
    double last = first;
    for (int i = 0; i < 60; ++i) last = trainer.step(inputs, labels).loss;
    CHECK(last < 0.5 * first);
    CHECK(updates == 61 * 2);
    CHECK_THROWS_WITH(trainer.step(inputs, std::vector<int32_t>{0}), doctest::Contains("label_count is 1; expected 2"));
    CHECK(trainer.end_epoch().sample_count == 122);
    CHECK(epochs == 1);
    CHECK_THROWS_WITH(trainer.set_auxiliary_loss(2, SNN_LOSS_CROSS_ENTROPY_COUNT), doctest::Contains("'out' is the output population"));
    trainer.set_dropout(1, 0.5);
    CHECK_THROWS_WITH(trainer.set_dropout(0, 0.5), doctest::Contains("'in' is an input"));
    trainer.set_dropout(1, 0);
    trainer.set_quantization(0, 8, true);
    CHECK_THROWS_WITH(trainer.set_quantization(0, 1), doctest::Contains("bits is 1"));
    trainer.set_quantization(0, 0);
    CHECK_THROWS_WITH(trainer.set_normalization(0), doctest::Contains("has no bias"));
    CHECK_THROWS_WITH(trainer.set_delay_learning(0, 2.0), doctest::Contains("is dense"));
    const std::vector<double> state = trainer.state();
    CHECK(state[0] == 61);  // updates
    trainer.set_state(state);
    CHECK_THROWS_WITH(trainer.set_state(std::vector<double>(3)), doctest::Contains("count is 3"));
    CHECK(session.to_network().learnable(1, "tau_membrane"));
    CHECK(!session.to_network().learnable(1, "threshold"));
    CHECK(session.to_network().parameter(1, "tau_membrane")[0] != 20.0);
    trainer.set_learning_rate(0.001);
    CHECK_THROWS_WITH(trainer.set_class_weights(std::vector<float>{1}), doctest::Contains("count is 1; expected 2"));
    CHECK_THROWS_WITH(trainer.loss_of(1), doctest::Contains("has no loss"));
    trainer.set_class_weights(std::vector<float>{1, 0});
    const double one = trainer.forward(snn::Trainer::batch(inputs, std::vector<int32_t>{0, 1})).loss;
    CHECK(trainer.loss_of(2) == one);
    CHECK(one == trainer.forward(snn::Trainer::batch(inputs, std::vector<int32_t>{0, -1})).loss);
    trainer.set_class_weights({});
    trainer.forward(snn::Trainer::batch(inputs, labels));
    std::vector<float> scores(4);
    trainer.scores(scores);
    CHECK(scores[0] > scores[1]);
    CHECK(scores[3] > scores[2]);
    trainer.backward();
    trainer.update();
    SNNTrainerDef own_def = snn::trainer_def();
    own_def.loss = SNN_LOSS_NONE;
    own_def.step_count = 5;
    snn::Trainer own(session, own_def);
    std::vector<float> v(5 * 2 * 2);
    const std::array<SNNRecordArray, 1> outputs{SNNRecordArray{2, SNN_FLOAT32, "v", v.data(), v.size()}};
    CHECK(own.run(snn::Trainer::batch(inputs, labels), outputs).sample_count == 2);
    CHECK(v != std::vector<float>(v.size()));
    own.run_backward(1.0, outputs);  // of the sum of squares, halved
    own.update();
    CHECK(own.end_epoch().mean_loss == 1.0);
    session.on_weights([](const SNNWeightUpdate&) { throw std::out_of_range("stop"); });
    CHECK_THROWS_AS(trainer.step(inputs, labels), std::out_of_range);
}

TEST_CASE("a batch takes events as it takes frames") {
    snn::Network network(1.0);
    const uint32_t in = network.add_spike_input("in", {2}), out = network.add_neurons("out", {2}, "leaky_integrator");
    network.connect_dense(in, out, std::vector<float>{0.5f, 1, 0.25f, 0});
    network.finish();
    snn::SessionOptions options;
    options.batch_size = 2;
    snn::Session session(network, options);
    SNNTrainerDef def = snn::trainer_def();
    def.output_population = out;
    def.step_count = 3;
    def.loss = SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE;
    snn::Trainer trainer(session, def);
    std::vector<float> frames(3 * 2 * 2);
    frames[1] = 1;   // step 0, sample 0, neuron 1
    frames[10] = 1;  // step 2, sample 1, neuron 0
    const std::array<SNNInputArray, 1> inputs{SNNInputArray{in, 0, frames.data(), frames.size()}};
    const std::vector<int32_t> labels{0, 1};
    const double expected = trainer.forward(snn::Trainer::batch(inputs, labels)).loss;
    const std::array<uint32_t, 2> steps{0, 2}, neurons{1, 0}, samples{0, 1};
    const std::array<SNNSpikeInput, 1> events{snn::spike_input(in, steps, neurons, samples)};
    CHECK(trainer.forward(snn::Trainer::batch({}, labels, events)).loss == expected);
}

TEST_CASE("files") {
    // Compiled for two standards; both may run at the same time.
    const std::string path = "tmp_hpp_" + std::to_string(__cplusplus) + ".snn";
    make_network().save(path);
    snn::Session session = snn::Session::open(path);
    session.load_weights(path);
    session.step();
    CHECK(snn::Network::load(path).info().projection_count == 1);
    std::remove(path.c_str());
}

TEST_CASE("encoders") {
    SNNEncoderDef def = snn::encoder_def();
    def.kind = SNN_ENCODE_CONSTANT;
    def.step_count = 2;
    CHECK(snn::encode(def, std::vector<float>{0.5f, 1.0f}, 1, 2) == std::vector<float>{0.5f, 1.0f, 0.5f, 1.0f});
    CHECK_THROWS_AS(snn::encode(def, std::vector<float>{0.5f}, 1, 2), snn::Error);
    std::vector<float> values(4);
    snn::random_uniform(1, 2, 0.0, 1.0, values);
    CHECK(values[0] != values[1]);
}

TEST_CASE("functions of snn_vulkan.hpp reach those of snn_vulkan.h") {
    const snn::Network network = make_network();
    snn::Session session(network);
    const SNNVulkanSemaphore none{};
    const SNNVulkanBuffer buffer = snn::vulkan::buffer_of(1, 0, 8);
    CHECK(status_of([&] { snn::vulkan::record_steps(session, &session, 1); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::submit_steps(session); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::submit_steps(session, 1, {}, {&none, 1}); }) == SNN_ERROR_INVALID_ARGUMENT);
    CHECK(status_of([&] { snn::vulkan::device(session); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::buffer(session, "cells.v"); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::bind_buffer(session, "in.input", buffer); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::unbind_buffer(session, "in.input"); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::plan(session); }) == SNN_ERROR_UNSUPPORTED);
    float v[2] = {};
    CHECK(status_of([&] { snn::vulkan::set_readback(session, {"cells.v"}, 2); }) == SNN_ERROR_UNSUPPORTED);
    CHECK(status_of([&] { snn::vulkan::record_readback(session, &session, 0); }) == SNN_ERROR_STATE);
    CHECK(status_of([&] { snn::vulkan::read_back(session, "cells.v", 0, snn::Span<float>(v)); }) == SNN_ERROR_NOT_FOUND);
    CHECK(status_of([&] { snn::vulkan::read_back(session, "cells.v", 0, v); }) == SNN_ERROR_NOT_FOUND);
    SNNConfig config;
    snn_config_default(&config);
    config.network = network.get();
    CHECK(status_of([&] { snn::vulkan::open(config, snn::vulkan::host()); }) == SNN_ERROR_INVALID_ARGUMENT);
    CHECK(status_of([&] { snn::vulkan::submit_steps(session, 1, none, {none, none}); }) == SNN_ERROR_INVALID_ARGUMENT);
}

namespace {

// Types as Vulkan's: a handle, and a function of it.
struct Instance_T;
using Instance = Instance_T*;
using VoidFunction = void(SNN_CALL*)();
int asked = 0;
VoidFunction SNN_CALL no_functions(Instance, const char*) {
    ++asked;
    return nullptr;
}

}  // namespace

TEST_CASE("a session of a file or a network on the device of a program") {
    int thing = 0;
    const Instance instance = reinterpret_cast<Instance>(&thing);
    const SNNVulkanHost host = snn::vulkan::host(instance, &thing, &thing, &thing, 3, no_functions);
    CHECK((host.instance == &thing && host.physical_device == &thing && host.device == &thing && host.queue == &thing));
    CHECK(host.queue_family == 3);
    const auto asks_the_host = [](auto&& open) {
        asked = 0;
        const SNNStatus status = status_of(open);  // NOT_FOUND: libsnn was built without Vulkan
        return (status == SNN_ERROR_INVALID_ARGUMENT && asked > 0) || status == SNN_ERROR_NOT_FOUND;
    };
    const snn::Network network = make_network();
    CHECK(asks_the_host([&] { snn::vulkan::open(network, host); }));
    network.save("test_snn_vulkan_hpp.snn");
    CHECK(asks_the_host([&] { snn::vulkan::open("test_snn_vulkan_hpp.snn", host); }));
    std::remove("test_snn_vulkan_hpp.snn");
    snn::SessionOptions options;
    options.device = "vulkan:0";
    CHECK(!asks_the_host([&] { snn::vulkan::open(network, host, options); }));
    CHECK(std::string(snn_last_error()).find("vulkan:0") != std::string::npos);
}
