// Saving a session and going on from it elsewhere: the same bits as a run that was never interrupted.
#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>

#include "common/error.h"
#include "cpu_runs.h"
#include "file/file.h"
#include "heap.h"
#include "schedule/session.h"
#include "small_networks.h"

namespace snn::test {

namespace {

SessionOptions options_of(const CpuCase& test_case, const char* device, uint32_t threads, uint32_t instruction_set = SNN_ISA_BEST) {
    SessionOptions options;
    options.device = device;
    options.executor.batch_size = test_case.batch;
    options.executor.thread_count = threads;
    options.executor.instruction_set = instruction_set;
    options.executor.seed = 77;
    return options;
}

// Steps `begin` to `end` of the case; every value input is also left set, as a game would.
void go(Session& session, const CpuCase& test_case, const std::vector<std::vector<float>>& inputs, uint32_t begin, uint32_t end) {
    std::vector<SNNInputArray> arrays;
    for (uint32_t p = 0; p < test_case.plan->network->populations().size(); ++p) {
        const Population& population = test_case.plan->network->populations()[p];
        if (!population.is_input()) continue;
        const size_t frame = size_t{test_case.batch} * population.size;
        arrays.push_back({p, 0, inputs[arrays.size()].data() + begin * frame, (end - begin) * frame});
    }
    SNNRunDef def{};
    def.step_count = end - begin;
    def.inputs = arrays.data();
    def.input_count = static_cast<uint32_t>(arrays.size());
    def.record_interval = 1;
    session.run(def);
}

// All that a session can be asked, with its counters.
std::vector<double> seen(const Session& session) {
    std::vector<double> all;
    const auto read = [&](const std::string& path) {
        std::vector<double> values(session.variables().value_count(path));
        if (values.empty()) return;
        session.variables().read(path, SNN_FLOAT64, values.data(), values.size());
        all.insert(all.end(), values.begin(), values.end());
    };
    for (const Population& population : session.network().populations()) {
        if (population.is_input() || population.is_binary()) {
            read(population.name + ".spikes");
            read(population.name + ".history");
        }
        for (size_t s = 0; population.model && s < population.model->states.size(); ++s)
            read(population.name + "." + population.model->states[s].name);
    }
    const SNNCounters counters = session.state().counters();
    for (const uint64_t count : {counters.steps, counters.neuron_updates, counters.spikes, counters.input_spikes,
                                 counters.synaptic_events, counters.synaptic_operations, session.state().progress().steps})
        all.push_back(static_cast<double>(count));
    return all;
}

}  // namespace

TEST_CASE("a state that was saved goes on elsewhere with the same bits") {
    struct Place {
        const char* device;
        uint32_t threads, instruction_set;
    };
    for (const CpuCase& test_case : cpu_cases()) {
        const std::vector<std::vector<float>> inputs = case_inputs(test_case);
        const uint32_t half = test_case.steps / 2 + 1;
        const auto& network = test_case.plan->network;
        Session whole(network, options_of(test_case, "cpu", 1));
        go(whole, test_case, inputs, 0, half);
        const std::vector<double> halfway = seen(whole);
        go(whole, test_case, inputs, half, test_case.steps);
        const std::vector<double> expected = seen(whole);
        CHECK(halfway != expected);

        Session first(network, options_of(test_case, "cpu", 3));
        go(first, test_case, inputs, 0, half);
        const SavedState state = first.state().save();
        for (const Place& place : {Place{"cpu", 2, SNN_ISA_SCALAR}, Place{"cpu", 4, SNN_ISA_BEST}, Place{"reference", 1, 0}}) {
            const bool takes_long = std::strcmp(place.device, "reference") == 0 ||
                                    (only_memory && place.instruction_set == SNN_ISA_SCALAR);
            if (takes_long && is_large(test_case)) continue;
            INFO(test_case.name, ", on ", place.device, " with ", place.threads, " threads");
            SessionOptions options = options_of(test_case, place.device, place.threads, place.instruction_set);
            options.executor.seed = 1;  // the saved one counts
            Session second(network, options);
            go(second, test_case, inputs, 1, 3);  // what it did before is forgotten
            second.state().restore(state);
            CHECK(seen(second) == halfway);
            const SavedState again = second.state().save();
            CHECK(again.document == state.document);
            CHECK(again.tensors.size() == state.tensors.size());
            for (const auto& [name, tensor] : state.tensors) CHECK(again.tensors.at(name).bytes == tensor.bytes);
            go(second, test_case, inputs, half, test_case.steps);
            CHECK(seen(second) == expected);
        }
    }
}

namespace {

// Runs function() with a heap that gives `blocks` large blocks, as rows of neurons are, and then no more. True when that was
// not enough; devices that work together tell it as an error of a device. There is memory for small blocks: a thread that cannot
// have them ends the program.
template <class Function>
bool runs_out_after(uint64_t blocks, Function&& function) {
    bool ran_out = false;
    limit_heap_blocks(1000, blocks);
    try {
        function();
    } catch (const std::bad_alloc&) {
        ran_out = true;
    } catch (const Error& error) {
        ran_out = error.status() == SNN_ERROR_OUT_OF_MEMORY;
    }
    limit_heap_blocks(SIZE_MAX);
    return ran_out;
}

template <class Function>
bool is_refused(Function&& function) {
    try {
        function();
    } catch (const Error& error) {
        return error.status() == SNN_ERROR_STATE && std::string_view(error.what()).find("reset the session or load a state") !=
                                                        std::string_view::npos;
    }
    return false;
}

constexpr uint32_t neuron_count = 600;

// All that tells of the state, or goes on from it.
void check_nothing_goes_on(Session& session) {
    SNNRunDef run{};
    run.step_count = 1;
    run.record_interval = 1;
    const uint32_t samples[] = {1};
    std::vector<float> v(size_t{4} * neuron_count);
    CHECK(is_refused([&] { session.step(1); }));
    CHECK(is_refused([&] { session.advance(0.001); }));
    CHECK(is_refused([&] { session.run(run); }));
    CHECK(is_refused([&] { session.variables().read("p2.v", SNN_FLOAT32, v.data(), v.size()); }));
    CHECK(is_refused([&] { session.variables().read_membrane("p2", v.data(), v.size()); }));
    CHECK(is_refused([&] { (void)session.variables().spikes(2, 0); }));
    CHECK(is_refused([&] { session.state().save(); }));
    CHECK(is_refused([&] { session.variables().to_network(); }));
    CHECK(is_refused([&] { session.state().reset_samples(samples); }));
}

}  // namespace

TEST_CASE("when memory runs out in a load or a reset of samples, all is as before or nothing goes on") {
    NetworkMaker maker;
    Numbers numbers(3);
    const uint32_t in = maker.values({neuron_count}), first = maker.neurons({neuron_count}, "lif"),
                   second = maker.neurons({neuron_count}, "lif");
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = in, .target = first,
                   .weights = numbers.list(neuron_count, 0.0, 0.9)});
    maker.connect({.kind = SNN_CONNECT_ONE_TO_ONE, .source = first, .target = second,
                   .weights = numbers.list(neuron_count, 0.0, 2.0), .delay_steps = 2});
    const auto network = maker.plan()->network;
    const auto opened = [&](const char* device) {
        SessionOptions options;
        options.device = device;
        options.executor.batch_size = 4;
        options.executor.thread_count = 2;
        auto session = std::make_unique<Session>(network, options);
        const std::vector<float> input = Numbers(4).list(size_t{4} * neuron_count, 0.0, 1.0);
        session->inputs().set(in, input.data(), input.size());
        return session;
    };
    const auto donor = opened("cpu");
    const std::vector<float> weights = numbers.list(neuron_count, 0.0, 2.0);
    donor->variables().write("w1.weight", SNN_FLOAT32, weights.data(), weights.size());
    donor->step(9);
    const SavedState state = donor->state().save();
    const std::vector<double> of_state = seen(*donor);
    const uint32_t samples[] = {2, 0};
    for (const char* const device : {"cpu", "cpu*2+cpu*2", "cpu+cpu;p1=0;p2=1"})
        for (const bool is_load : {true, false}) {
            INFO(device, is_load ? ": load" : ": reset of samples");
            const auto change = [&](Session& session) {
                is_load ? session.state().restore(state) : session.state().reset_samples(samples);
            };
            const auto fresh = opened(device);
            fresh->state().reset();
            const std::vector<double> at_begin = seen(*fresh);
            fresh->step(6);
            const std::vector<double> before = seen(*fresh);
            change(*fresh);
            const std::vector<double> changed = seen(*fresh);
            if (is_load) CHECK(changed == of_state);
            uint32_t lost = 0;
            bool ran_out = true;
            for (uint64_t blocks = 0; ran_out; ++blocks) {
                INFO("after ", blocks, " large blocks");
                const auto session = opened(device);
                session->step(6);
                ran_out = runs_out_after(blocks, [&] { change(*session); });
                if (!ran_out) {
                    CHECK(seen(*session) == changed);
                } else if (!is_refused([&] { seen(*session); })) {
                    CHECK(seen(*session) == before);
                    session->step(1);
                } else {
                    ++lost;
                    check_nothing_goes_on(*session);
                    if (blocks % 2 == 0) {
                        session->state().restore(state);
                        CHECK(seen(*session) == of_state);
                    } else {
                        session->state().reset();
                        CHECK(seen(*session) == at_begin);
                    }
                    session->step(1);
                }
            }
            CHECK(lost > 1);  // and then loaded and reset
        }
}

TEST_CASE("wherever memory ends in a load, a state or a network is not read, and can be read again") {
    NetworkMaker maker;
    const uint32_t in = maker.spikes({20}), cells = maker.neurons({30}, "lif");
    maker.connect({.source = in, .target = cells, .weights = Numbers(3).list(600, 0.0, 0.9)});
    const auto network = maker.plan()->network;
    SessionOptions options;
    options.device = "cpu";
    options.executor.thread_count = 1;
    Session session(network, options);
    session.step(5);
    const SavedState state = session.state().save();
    const std::vector<double> expected = seen(session);
    uint64_t calls = 0;
    for (session.step(3); out_of_memory_after(calls, [&] { session.state().restore(state); }); ++calls) {}
    CHECK(calls > 100);
    CHECK(seen(session) == expected);

    const std::string file = "snn_unit_memory_ends.snn";
    save_network(*network, file);
    std::shared_ptr<const Network> loaded;
    for (calls = 0; out_of_memory_after(calls, [&] { loaded = load_network(file); }); ++calls) {}
    CHECK(calls > 100);
    CHECK(loaded->projections()[0].weights() == network->projections()[0].weights());
    std::filesystem::remove(file);
}

TEST_CASE("connections hash the same as a rule and as arrays, and otherwise not") {
    constexpr uint32_t size = 40;
    // Rows that are not in canonical order, with repeats and weights that compact arithmetic rounds.
    struct Rule final : SynapseRule {
        uint32_t factor = 7;
        uint32_t source_size() const override { return size; }
        uint64_t count() const override { return size * 9; }
        SynapseRow row(uint32_t source, RowMemory& memory) const override {
            memory.targets.clear(), memory.delays.clear(), memory.weights.clear();
            for (uint32_t k = 0; k < 9; ++k) {
                memory.targets.push_back((source * factor + (9 - k) * 3) % size);
                memory.delays.push_back(static_cast<uint16_t>(1 + (k * 5 + source) % 4));
                memory.weights.push_back(0.1f * static_cast<float>(k + source % 3) - 0.3f);
            }
            return {memory.targets, memory.delays, memory.weights};
        }
        uint16_t min_delay() const override { return 1; }
        uint16_t max_delay() const override { return 4; }
        float weight_bound() const override { return 1; }
        uint64_t in_degree_bound() const override { return size * 9; }
    };
    NetworkMaker maker;
    maker.neurons({size}, "lif");
    const auto network = maker.plan()->network;
    Projection projection;
    projection.kind = SNN_CONNECT_SPARSE;
    projection.arithmetic = SNN_ARITHMETIC_COMPACT;
    projection.fixed_exponent = 8;
    const auto rule = std::make_shared<Rule>();
    projection.synapses = Synapses(rule).rounded(8);
    REQUIRE(projection.synapses->is_rule());
    const ProjectionHash by_rule = hash_of_projection(projection);
    const auto index = std::make_shared<const SparseIndex>(projection.synapses->index());
    auto weights = std::make_shared<std::vector<float>>(*projection.synapses->weights());
    projection.synapses = std::make_shared<const Synapses>(index, weights);
    const ProjectionHash by_arrays = hash_of_projection(projection);
    CHECK(by_arrays.connections == by_rule.connections);
    CHECK(by_arrays.weights == by_rule.weights);
    (*weights)[17] += 0.5f;
    const ProjectionHash other_weight = hash_of_projection(projection);
    CHECK(other_weight.connections == by_rule.connections);
    CHECK(other_weight.weights != by_rule.weights);
    rule->factor = 11;
    projection.synapses = Synapses(rule).rounded(8);
    CHECK(hash_of_projection(projection).connections != by_rule.connections);
}

}  // namespace snn::test
