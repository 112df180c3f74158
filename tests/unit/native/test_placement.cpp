// Which device runs what, and what a part of a network is.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <thread>

#include "common/error.h"
#include "schedule/placement.h"
#include "schedule/split_executor.h"
#include "small_networks.h"

namespace snn::test {

namespace {

// A unit of work takes a microsecond, a window that spikes are exchanged after `exchange_s`, a spike `spike_s`.
DeviceSpeed speed(double exchange_s, double spike_s) {
    return {.small_step_s = 1e-6, .large_step_s = 1e-3, .small_work = 1, .large_work = 1000, .exchange_s = exchange_s, .spike_s = spike_s};
}
DeviceFigures costless(size_t count) { return {.speeds = std::vector<DeviceSpeed>(count, speed(0, 0))}; }
DeviceFigures costing(double exchange_s, double spike_s) { return {.speeds = std::vector<DeviceSpeed>(2, speed(exchange_s, spike_s))}; }

// in -> a (64) => b (64) => c (16) => a; "=>" has a delay. d (8) follows c without one.
struct Ring {
    NetworkMaker maker;
    uint32_t in, a, b, c, d;
    std::shared_ptr<const Plan> plan;

    explicit Ring(uint32_t delay = 4)
        : in(maker.spikes({20})), a(maker.neurons({64}, "lif")), b(maker.neurons({64}, "lif")), c(maker.neurons({16}, "lif")),
          d(maker.neurons({8}, "lif")) {
        const auto dense = [&](uint32_t source, uint32_t target, uint32_t rows, uint32_t columns, uint32_t delay_steps) {
            maker.connect({.source = source, .target = target, .weights = std::vector<float>(size_t{rows} * columns, 0.1f),
                           .delay_steps = delay_steps});
        };
        dense(in, a, 20, 64, 0);
        dense(a, b, 64, 64, delay);
        dense(b, c, 64, 16, delay + 3);
        dense(c, a, 16, 64, delay + 1);
        dense(c, d, 16, 8, 0);
        plan = maker.plan();
    }
    std::string name(uint32_t population) const { return plan->network->population(population).name; }
    Placement placed(const std::string& device) const { return place(*plan, device, ExecutorOptions{}, costless(2)); }
    static uint32_t device_of(const Placement& placement, uint32_t population) {
        REQUIRE(placement.of_population[population].size() == 1);
        return placement.of_population[population].front().device;
    }
};

}  // namespace

TEST_CASE("work is shared among equal devices, and undelayed projections are not cut") {
    const Ring ring;
    const Placement two = ring.placed("cpu+cpu");
    CHECK(ring.device_of(two, ring.a) != ring.device_of(two, ring.b));
    CHECK(ring.device_of(two, ring.c) == ring.device_of(two, ring.d));
    CHECK(ring.device_of(two, ring.in) == ring.device_of(two, ring.a));
    for (int again = 0; again < 3; ++again) CHECK(ring.placed("cpu+cpu").of_population == two.of_population);
    // What it says of itself gives it again.
    CHECK(ring.placed(two.device(*ring.plan->network)).of_population == two.of_population);
}

TEST_CASE("spikes that go from device to device are worth less than they cost, or more") {
    const Ring ring;
    const auto used = [&](double exchange_s, double spike_s) {
        const DeviceFigures speeds = costing(exchange_s, spike_s);
        const Placement found = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, speeds);
        CHECK(place(*ring.plan, "cpu+cpu", ExecutorOptions{}, speeds).of_population == found.of_population);
        return found.window_steps > 0;
    };
    CHECK(used(0, 0));
    CHECK(used(1e-5, 0));
    CHECK_FALSE(used(1e-2, 0));  // a window of two steps: 5 ms in each, where a step takes less than one
    CHECK(used(0, 1e-6));
    CHECK_FALSE(used(0, 1e-3));
    // The same where the caller has placed one of them: the others follow it.
    const Placement fixed = place(*ring.plan, "cpu+cpu;" + ring.name(ring.c) + "=1", ExecutorOptions{}, costing(1e-2, 0));
    CHECK(ring.device_of(fixed, ring.a) == 1);
    CHECK(fixed.window_steps == 0);
}

TEST_CASE("populations that spike to each other much stay together") {
    // Two pairs, each with many synapses in both directions, and a few synapses from pair to pair. By their work alone the first of each
    // would be on one device and the second on the other.
    NetworkMaker maker;
    const uint32_t a = maker.neurons({64}, "lif"), b = maker.neurons({64}, "lif"), c = maker.neurons({60}, "lif"), d = maker.neurons({60}, "lif");
    const auto dense = [&](uint32_t source, uint32_t target, uint32_t rows, uint32_t columns, uint32_t delay) {
        maker.connect({.source = source, .target = target, .weights = std::vector<float>(size_t{rows} * columns, 0.1f), .delay_steps = delay});
    };
    dense(a, b, 64, 64, 1);
    dense(b, a, 64, 64, 1);
    dense(c, d, 60, 60, 1);
    dense(d, c, 60, 60, 1);
    const std::shared_ptr<const Plan> plan = maker.plan();
    const auto devices = [&](double exchange_s) {
        const Placement found = place(*plan, "cpu+cpu", ExecutorOptions{}, costing(exchange_s, 0));
        std::vector<uint32_t> at;
        for (const uint32_t p : {a, b, c, d}) at.push_back(Ring::device_of(found, p));
        return at;
    };
    CHECK(devices(0) == std::vector<uint32_t>{0, 1, 0, 1});
    const std::vector<uint32_t> apart = devices(1e-4);
    CHECK(apart[0] == apart[1]);
    CHECK(apart[2] == apart[3]);
    CHECK(apart[0] != apart[2]);
}

TEST_CASE("work leaves a device that was slow twice, where that is clearly better") {
    Observation observation(2);
    std::vector<double> slowness;
    const auto busy = [&](uint32_t device) { observation.time(device, [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }); };
    busy(1);
    observation.count(2);
    observation.conclude({1e-3, 1e-4}, slowness);
    CHECK(slowness[0] == 1);  // it had nothing to do
    CHECK(slowness[1] >= 10);
    const double known = slowness[1];
    observation.conclude({1e-3, 1e-4}, slowness);
    CHECK(slowness[1] == known);
    CHECK_FALSE(observation.is_worth_a_move(1.0, 0.7));
    CHECK(observation.is_worth_a_move(1.0, 0.7));
    CHECK_FALSE(observation.is_worth_a_move(1.0, 0.85));
    CHECK_FALSE(observation.is_worth_a_move(1.0, 0.7));

    const Ring ring;
    const DeviceFigures equal = costless(2), unequal = equal.slower({1, 20});
    const Placement even = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, equal);
    const Placement uneven = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, unequal);
    CHECK(even.window_steps > 0);
    CHECK(uneven.window_steps == 0);
    const std::vector<double> seconds = expected_step_s(*ring.plan->network, even, ExecutorOptions{}, unequal);
    CHECK(seconds[1] == doctest::Approx(20 * expected_step_s(*ring.plan->network, even, ExecutorOptions{}, equal)[1]));
    const Placement fixed = place(*ring.plan, even.device(*ring.plan->network), ExecutorOptions{}, unequal);
    CHECK(fixed.of_population == even.of_population);  // what the caller has placed stays
}

namespace {

// Layers of LIF neurons in a ring with a delay, each neuron with so many synapses.
struct Layers {
    NetworkMaker maker;
    std::vector<uint32_t> layers;
    std::shared_ptr<const Plan> plan;

    Layers(uint32_t count, uint32_t neurons, uint32_t fan_out, uint32_t delay_steps) {
        for (uint32_t i = 0; i < count; ++i) layers.push_back(maker.neurons({neurons}, "lif"));
        for (uint32_t i = 0; i < count; ++i) {
            Sparse sparse{.row_offsets = {0}, .targets = {}, .delays = {}};
            for (uint32_t from = 0; from < neurons; ++from) {
                std::vector<uint32_t> row;
                for (uint32_t k = 0; k < fan_out; ++k) row.push_back((from * 7 + k * 13) % neurons);
                std::sort(row.begin(), row.end());
                sparse.targets.insert(sparse.targets.end(), row.begin(), row.end());
                sparse.row_offsets.push_back(sparse.targets.size());
            }
            const size_t synapses = sparse.targets.size();
            maker.connect({.kind = SNN_CONNECT_SPARSE, .source = layers[i], .target = layers[(i + 1) % count],
                           .weights = std::vector<float>(synapses, 0.1f), .delay_steps = delay_steps, .trainable = false,
                           .sparse = std::move(sparse)});
        }
        plan = maker.plan();
    }
    double work() const { return step_work(*plan->network, 1, assumed_activity); }
};

// An NVIDIA H200 beside two cores of an EPYC, by docs/performance-gpu.md and docs/performance.md: a step of cuba takes 13.1 and 1.4 us, one
// of a million Izhikevich neurons with 100 million synapses 35.6 us and 1.4 ms. What a window of exchanged spikes costs was not
// measured on that card: a submission with a wait, as long as a step of cuba with its counts, and a transfer of as much. `scale`: of the
// work of the network at hand to that of the larger one, which is taken to be `work`.
DeviceFigures cpu_and_h200(double work) {
    const double large = work, small = work * 20e3 / 6e6;
    const DeviceSpeed cpu{.small_step_s = 1.4e-6, .large_step_s = 1.4e-3, .small_work = small, .large_work = large,
                          .exchange_s = 2e-6, .spike_s = 5e-9};
    const DeviceSpeed gpu{.small_step_s = 13.1e-6, .large_step_s = 35.6e-6, .small_work = small, .large_work = large,
                          .exchange_s = 32e-6, .spike_s = 2e-9};
    return {.speeds = {cpu, gpu}};
}

// By device, of what a placement says.
std::vector<uint64_t> bytes_taken(const Network& network, const Placement& placement, const DeviceFigures& figures) {
    std::vector<uint64_t> taken(placement.devices.size(), 0);
    for (uint32_t p = 0; p < network.populations().size(); ++p)
        for (const Placed& placed : placement.of_population[p])
            taken[placed.device] += figures.bytes_of(placed.device, p, placed.neurons.count, network.population(p).size);
    return taken;
}

double longest(const std::vector<double>& seconds) { return *std::max_element(seconds.begin(), seconds.end()); }

constexpr uint64_t gigabyte = 1'000'000'000;

}  // namespace

TEST_CASE("a network that neither a CPU nor a GPU holds alone is split so that both hold it") {
    const Layers ring(3, 6400, 20, 20);
    const Network& network = *ring.plan->network;
    DeviceFigures figures = cpu_and_h200(ring.work());
    figures.memory_of = {0, 1};
    // By whole populations: 60 GB each, 121 GB of a GPU and 100 GB of the host's.
    figures.bytes = {{60 * gigabyte, 60 * gigabyte, 60 * gigabyte}, {60 * gigabyte, 60 * gigabyte, 60 * gigabyte}};
    figures.memory_bytes = {100 * gigabyte, 121 * gigabyte};
    const Placement whole = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures);
    CHECK(bytes_taken(network, whole, figures) == std::vector<uint64_t>{60 * gigabyte, 120 * gigabyte});
    CHECK(whole.window_steps == 10);
    CHECK(reasons_of(network, whole, figures).empty());
    // With slices: 100 GB each, of which the GPU takes one and a part, since it is the faster one, and each has what it can hold.
    figures.bytes = {{100 * gigabyte, 100 * gigabyte, 100 * gigabyte}, {100 * gigabyte, 100 * gigabyte, 100 * gigabyte}};
    figures.memory_bytes = {180 * gigabyte, 127 * gigabyte};
    const Placement cut = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures);
    const std::vector<uint64_t> taken = bytes_taken(network, cut, figures);
    CHECK(taken[0] <= figures.memory_bytes[0]);
    CHECK(taken[1] <= figures.memory_bytes[1]);
    CHECK(taken[0] + taken[1] == 300 * gigabyte);
    CHECK(std::any_of(cut.of_population.begin(), cut.of_population.end(), [](const auto& slices) { return slices.size() > 1; }));
    CHECK(place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures).of_population == cut.of_population);
    // More than both have: it says so.
    figures.memory_bytes = {100 * gigabyte, 127 * gigabyte};
    const std::vector<std::string> reasons = reasons_of(network, place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures), figures);
    REQUIRE(reasons.size() >= 1);
    CHECK(reasons.front().find("there is not enough memory") != std::string::npos);
}

TEST_CASE("a delay of one step is cut where there is no memory otherwise") {
    const Layers ring(1, 6400, 20, 1);
    DeviceFigures figures = cpu_and_h200(ring.work());
    figures.memory_of = {0, 1};
    figures.bytes = {{100 * gigabyte}, {100 * gigabyte}};
    figures.memory_bytes = {60 * gigabyte, 127 * gigabyte};
    CHECK_FALSE(place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures).is_cut(0));
    figures.memory_bytes[1] = 80 * gigabyte;
    const Placement cut = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures);
    REQUIRE(cut.is_cut(0));
    const std::vector<uint64_t> taken = bytes_taken(*ring.plan->network, cut, figures);
    CHECK(taken[0] <= figures.memory_bytes[0]);
    CHECK(taken[1] <= figures.memory_bytes[1]);
}

TEST_CASE("a GPU shares only what is expected to take no longer than the GPU alone") {
    const Layers ring(4, 640, 20, 20);
    const Network& network = *ring.plan->network;
    const auto all_on = [&](uint32_t device) {
        std::string words = "cpu+cpu";
        for (const uint32_t p : ring.layers) words += ";" + network.population(p).name + "=" + std::to_string(device);
        return place(*ring.plan, words, ExecutorOptions{}, costless(2));
    };
    // As measured: the GPU is 40 times as fast, and spikes cost more than the CPU could take over.
    const DeviceFigures h200 = cpu_and_h200(ring.work());
    CHECK(place(*ring.plan, "cpu+cpu", ExecutorOptions{}, h200).of_population == all_on(1).of_population);
    // Whatever the figures are.
    std::mt19937 random(1);
    const auto between = [&](double low, double high) {
        return low * std::pow(high / low, std::uniform_real_distribution<double>(0, 1)(random));
    };
    uint32_t split = 0;
    for (int i = 0; i < 300; ++i) {
        DeviceFigures figures;
        for (int d = 0; d < 2; ++d) {
            DeviceSpeed one{.small_step_s = between(1e-6, 1e-4), .large_step_s = 0, .small_work = 1e3, .large_work = ring.work(),
                            .exchange_s = between(1e-7, 1e-3), .spike_s = between(1e-9, 1e-6)};
            one.large_step_s = one.small_step_s * between(1, 100);
            figures.speeds.push_back(one);
        }
        const Placement found = place(*ring.plan, "cpu+cpu", ExecutorOptions{}, figures);
        const double found_s = longest(expected_step_s(network, found, ExecutorOptions{}, figures));
        for (const uint32_t device : {0u, 1u})
            CHECK(found_s <= 1.001 * longest(expected_step_s(network, all_on(device), ExecutorOptions{}, figures)));
        split += found.window_steps > 0;
    }
    CHECK(split > 30);
    CHECK(split < 270);
}

TEST_CASE("what a device cannot run is left to the others, and said") {
    const Layers ring(3, 64, 20, 20);
    const Network& network = *ring.plan->network;
    DeviceFigures figures = costless(2);
    figures.speeds[1] = {.small_step_s = 1e-9, .large_step_s = 2e-9, .small_work = 1, .large_work = 1000};  // the faster one by far
    CHECK(Ring::device_of(place(*ring.plan, "cpu+reference", ExecutorOptions{}, figures), 1) == 1);
    figures.cannot_run = {{"", "", ""}, {"", "it is plastic", ""}};
    const Placement found = place(*ring.plan, "cpu+reference", ExecutorOptions{}, figures);
    CHECK(Ring::device_of(found, 0) == 1);
    CHECK(Ring::device_of(found, 1) == 0);
    CHECK(Ring::device_of(found, 2) == 1);
    CHECK(reasons_of(network, found, figures) ==
          std::vector<std::string>{"'" + network.population(1).name + "' is not for 'reference': it is plastic"});
    figures.cannot_run[0][1] = "it draws";
    CHECK_THROWS_WITH_AS(place(*ring.plan, "cpu+reference", ExecutorOptions{}, figures),
                         ("none of the devices can run population '" + network.population(1).name +
                          "': cpu: it draws; reference: it is plastic").c_str(), Error);
}

TEST_CASE("a window is at most half the shortest delay between devices, and at least a step") {
    const auto window = [](uint32_t delay, const char* place_a, const char* place_b, const char* place_c) {
        const Ring ring(delay);
        return ring
            .placed("cpu+cpu;" + ring.name(ring.a) + place_a + ";" + ring.name(ring.b) + place_b + ";" + ring.name(ring.c) + place_c)
            .window_steps;
    };
    CHECK(window(4, "=0", "=1", "=1") == 2);
    CHECK(window(5, "=0", "=0", "=1") == 3);  // the delay of 5 is not cut
    CHECK(window(4, "=1", "=1", "=1") == 0);
    CHECK(window(1, "=0", "=1", "=0") == 1);
    CHECK(window(2, "=0", "=1", "=0") == 1);
    CHECK(window(900, "=0", "=1", "=0") == 64);
}

TEST_CASE("parts keep the places of populations and shorten the delays between devices") {
    const Ring ring;
    const Split split = make_split(*ring.plan, "cpu+cpu;" + ring.name(ring.a) + "=0;" + ring.name(ring.b) + "=1;" + ring.name(ring.c) + "=1",
                                   ExecutorOptions{});
    REQUIRE(split.parts.size() == 2);
    CHECK(split.placement.window_steps == 2);
    const uint32_t lag = split.placement.lag_steps;
    CHECK(lag == 4);
    const Network& first = *split.parts[0].plan->network;
    const Network& second = *split.parts[1].plan->network;
    for (const Network* const part : {&first, &second})
        for (uint32_t p = 0; p < part->populations().size(); ++p) CHECK(part->population(p).name == ring.name(p));
    CHECK(split.parts[0].projections == std::vector<uint32_t>{0, 3});
    CHECK(split.parts[1].projections == std::vector<uint32_t>{1, 2, 4});
    CHECK(first.projection(1).delay_steps == 5 - lag);   // c => a
    CHECK(second.projection(0).delay_steps == 4 - lag);  // a => b
    CHECK(second.projection(1).delay_steps == 7);           // b => c stays at home
    CHECK(first.population(ring.c).kind == SNN_POPULATION_SPIKE_INPUT);
    CHECK(first.population(ring.b).size == 1);  // nobody reads it there
    CHECK(second.population(ring.in).size == 1);
    // Saved states hold as much of the past as one device would need.
    CHECK(split.parts[0].plan->populations[ring.a].history_depth == 4);
    CHECK(split.parts[1].plan->populations[ring.c].history_depth == 5);
}

TEST_CASE("a part with a slice reads the spikes of the whole late, and keeps the order of synapses") {
    NetworkMaker maker;
    const uint32_t cells = maker.neurons({130}, "lif");
    maker.connect({.source = cells, .target = cells, .weights = std::vector<float>(130 * 130, 0.1f), .delay_steps = 6});
    const std::shared_ptr<const Plan> plan = maker.plan();
    const std::string name = plan->network->population(cells).name;
    const Split split = make_split(*plan, "cpu+cpu;" + name + "[64:]=0;" + name + "[:64]=1", ExecutorOptions{});
    REQUIRE(split.parts.size() == 2);
    CHECK(split.placement.window_steps == 3);
    CHECK(split.placement.device(*plan->network) == "cpu+cpu;" + name + "[0:64]=1;" + name + "[64:130]=0");
    const Network& first = *split.parts[0].plan->network;
    REQUIRE(first.populations().size() == 2);
    CHECK(first.population(0).size == 66);
    CHECK(first.population(0).first_neuron == 64);
    CHECK(first.population(1).size == 130);
    CHECK(first.population(1).is_input());
    CHECK(first.projection(0).source == 1);
    CHECK(first.projection(0).target == 0);
    CHECK(first.projection(0).delay_steps == 0);
    CHECK(first.projection(0).weights().size() == 130 * 66);
    CHECK(split.parts[0].late_at == std::vector<uint32_t>{1});
    // As deep as one device would keep it, though nothing here looks back.
    CHECK(split.parts[0].plan->populations[0].history_depth == 6);
}

TEST_CASE("synapses with delays of their own get shorter alike, in the same order") {
    auto index = std::make_shared<SparseIndex>();
    *index = {.row_offsets = {0, 2, 3}, .targets = {1, 0, 2}, .delays = {3, 5, 3}, .min_delay = 3, .max_delay = 5};
    const auto weights = std::make_shared<const std::vector<float>>(std::vector<float>{0.5f, 0.25f, 1.0f});
    const Synapses synapses(index, weights);
    const std::shared_ptr<const Synapses> earlier = synapses.earlier(2);
    CHECK(earlier->index().delays == std::vector<uint16_t>{1, 3, 1});
    CHECK(earlier->index().targets == index->targets);
    CHECK(earlier->min_delay() == 1);
    CHECK(earlier->max_delay() == 3);
    CHECK(earlier->weights() == weights);
    CHECK(synapses.index().delays == std::vector<uint16_t>{3, 5, 3});
    index->delays = {3, 3, 3};
    index->max_delay = 3;
    CHECK(Synapses(index, weights).earlier(3)->index().delays.empty());  // none
}

namespace {

// Two synapses for each of 2 sources, which all take 3 steps.
class LateRule final : public SynapseRule {
public:
    uint32_t source_size() const override { return 2; }
    uint64_t count() const override { return 4; }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        memory.targets = {source, 2};
        memory.delays = {3, 3};
        memory.weights = {0.5f, 0.25f};
        return {.targets = memory.targets, .delays = memory.delays, .weights = memory.weights};
    }
    uint16_t min_delay() const override { return 3; }
    uint16_t max_delay() const override { return 3; }
    float weight_bound() const override { return 0.5f; }
    std::vector<float> weight_quantiles() const override { return {0.25f, 0.5f}; }
    uint64_t in_degree_bound() const override { return 2; }
    uint64_t memory_bytes() const override { return 0; }
};

}  // namespace

TEST_CASE("a rule whose delays have all gone into the exchange makes arrays without delays") {
    const std::shared_ptr<const Synapses> earlier = Synapses(std::make_shared<const LateRule>()).earlier(3);
    CHECK(earlier->index().targets == std::vector<uint32_t>{0, 2, 1, 2});
    CHECK(earlier->index().delays.empty());
    CHECK(earlier->max_delay() == 0);
    CHECK(earlier->weights() != nullptr);
}

TEST_CASE("host threads are shared by those that compute on the host") {
    REQUIRE(devices_of("cpu*2+vulkan:1*3+reference*4") == std::vector<std::string>{"cpu", "vulkan:1", "reference"});
    const std::vector<std::string> host = devices_of("cpu*2+reference*4");
    CHECK(threads_of_part(host, 0, 8) == 4);
    CHECK(threads_of_part(host, 1, 1) == 1);
#if defined(SNN_VULKAN)
    const std::vector<std::string> devices = devices_of("cpu*2+vulkan:1*3+reference*4");
    CHECK(threads_of_part(devices, 0, 8) == 4);
    CHECK(threads_of_part(devices, 1, 8) == 1);
#endif
}

}  // namespace snn::test
