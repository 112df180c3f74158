// The forms in which a network keeps synapses: each gives the same rows.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "common/error.h"
#include "file/file.h"
#include "network/packed_synapses.h"
#include "schedule/memory.h"
#include "schedule/session.h"
#include "small_networks.h"

namespace snn::test {

namespace {

constexpr int32_t exponent = 8;

// Rows of 0 to 12 synapses, in canonical order, the last one onto the last target.
SparseArrays made_arrays(uint32_t sources, uint32_t targets, uint16_t min_delay, uint16_t max_delay) {
    Numbers numbers(targets + max_delay);
    auto index = std::make_shared<SparseIndex>();
    std::vector<float> weights;
    index->row_offsets = {0};
    for (uint32_t source = 0; source < sources; ++source) {
        for (uint32_t k = 0; k < source % 13; ++k) {
            index->targets.push_back(static_cast<uint32_t>(numbers.uniform(0, targets)));
            weights.push_back(std::nearbyint(numbers.uniform_f(-32767, 32767)) / 256);
            if (max_delay > 0) index->delays.push_back(static_cast<uint16_t>(numbers.uniform(min_delay, max_delay + 1)));
        }
        index->row_offsets.push_back(index->targets.size());
    }
    index->targets.back() = targets - 1;
    if (max_delay > 0) {
        index->delays.back() = max_delay;
        index->delays.front() = min_delay;
    }
    weights.front() = -128.0f;  // the least that 16 bits hold
    weights.back() = 32767.0f / 256;
    make_canonical(*index, weights);
    return {index, std::make_shared<const std::vector<float>>(weights)};
}

std::shared_ptr<const PackedIndex> packed_index(const SparseArrays& arrays) {
    const SparseIndex& index = *arrays.index;
    auto packed = std::make_shared<PackedIndex>(index.row_offsets, index.targets, index.min_delay, index.max_delay);
    RowMemory memory;
    const Synapses rows(arrays.index, arrays.weights);
    for (uint32_t source = 0; source < packed->source_size(); ++source) packed->set_row(source, rows.row(source, memory));
    return packed;
}

void check_same(const Synapses& found, const SparseArrays& expected) {
    const SparseIndex& index = *expected.index;
    REQUIRE(found.count() == index.targets.size());
    CHECK(found.min_delay() == index.min_delay);
    CHECK(found.max_delay() == index.max_delay);
    RowMemory memory;
    for (uint32_t source = 0; source + 1 < index.row_offsets.size(); ++source) {
        const SynapseRow row = found.row(source, memory);
        const uint64_t begin = index.row_offsets[source], size = index.row_offsets[source + 1] - begin;
        REQUIRE(row.targets.size() == size);
        REQUIRE(row.weights.size() == size);
        REQUIRE(row.delays.size() == (index.delays.empty() ? 0 : size));
        CHECK(std::equal(row.targets.begin(), row.targets.end(), index.targets.data() + begin));
        CHECK(std::equal(row.weights.begin(), row.weights.end(), expected.weights->data() + begin));
        CHECK(std::equal(row.delays.begin(), row.delays.end(), index.delays.data() + (index.delays.empty() ? 0 : begin)));
    }
}

std::shared_ptr<const Synapses> packed_of(const SparseArrays& arrays) {
    return Synapses(std::make_shared<const PackedSynapses>(packed_index(arrays), arrays.weights)).rounded(exponent);
}

struct Case {
    uint32_t targets;
    uint16_t min_delay, max_delay;
    double bytes;  // a synapse
};
constexpr Case cases[] = {
    {1000, 0, 0, 4},        {65536, 3, 3, 4},          {65537, 0, 0, 5},      {1u << 24, 7, 262, 6},
    {(1u << 24) + 1, 0, 0, 6}, {(1u << 30), 1, 256, 7}, {1000, 1, 257, 6}, {70000, 0, 4096, 7},
};

}  // namespace

TEST_CASE("packed synapses give back every target, delay and weight in the bytes that they need") {
    constexpr uint32_t sources = 260;
    for (const Case& one : cases) {
        INFO(one.targets, " targets, delays ", one.min_delay, " to ", one.max_delay);
        const SparseArrays arrays = made_arrays(sources, one.targets, one.min_delay, one.max_delay);
        const auto index = packed_index(arrays);
        const Synapses as_given(std::make_shared<const PackedSynapses>(index, arrays.weights));
        check_same(as_given, arrays);
        const std::shared_ptr<const Synapses> rounded = as_given.rounded(exponent);
        check_same(*rounded, arrays);
        const double table = (sources + 1) * 8.0, count = static_cast<double>(arrays.weights->size());
        CHECK(static_cast<double>(rounded->memory_bytes()) == table + one.bytes * count);
        CHECK(static_cast<double>(as_given.memory_bytes()) == table + (one.bytes + 2) * count);
        CHECK(!rounded->has_arrays());
        CHECK(rounded->largest_weight() == 128.0);
        CHECK(*rounded->weights_alone() == *arrays.weights);
        std::vector<float> read(arrays.weights->size());
        rounded->read_weights(read.data());
        CHECK(read == *arrays.weights);
        CHECK(rounded->arrays().index->targets == arrays.index->targets);
        CHECK(!rounded->has_arrays());
        // Arrays that somebody points to stay, in the place of what was packed.
        const uint32_t* const targets = rounded->index().targets.data();
        CHECK(rounded->has_arrays());
        rounded->move_to(as_given.store());
        CHECK(rounded->index().targets.data() == targets);
        check_same(*rounded, arrays);
        CHECK(rounded->index().delays == arrays.index->delays);
        CHECK(*rounded->weights() == *arrays.weights);
    }
}

TEST_CASE("weights are rounded to the scale, and those beyond 16 bits stay arrays") {
    const SparseArrays arrays = made_arrays(30, 100, 0, 0);
    auto weights = std::make_shared<std::vector<float>>(*arrays.weights);
    (*weights)[0] = 1.5f / 256;   // ties go to even
    (*weights)[1] = -2.5f / 256;
    (*weights)[2] = 0.3f / 256;
    const auto packed = std::make_shared<const PackedSynapses>(packed_index(arrays), weights);
    const std::shared_ptr<const Synapses> rounded = Synapses(packed).rounded(exponent);
    CHECK(!rounded->has_arrays());
    const std::vector<float> found = *rounded->weights_alone();
    CHECK(found[0] == 2.0f / 256);
    CHECK(found[1] == -2.0f / 256);
    CHECK(found[2] == 0.0f);
    (*weights)[3] = 32768.0f / 256;
    const std::shared_ptr<const Synapses> too_large = Synapses(packed).rounded(exponent);
    CHECK(too_large->has_arrays());
    CHECK((*too_large->weights())[3] == 128.0f);
    CHECK((*too_large->weights())[0] == 2.0f / 256);
}

TEST_CASE("slices, shorter delays and other weights of packed synapses are those of arrays, and packed") {
    const SparseArrays arrays = made_arrays(100, 200, 3, 9);
    const std::shared_ptr<const Synapses> packed = packed_of(arrays);
    const Synapses kept(arrays.index, arrays.weights);
    const auto check = [](const std::shared_ptr<const Synapses>& found, const std::shared_ptr<const Synapses>& expected) {
        CHECK(!found->has_arrays());
        check_same(*found, expected->arrays());
    };
    check(packed->onto(64, 100), kept.onto(64, 100));
    check(packed->earlier(2), kept.earlier(2));
    auto weights = std::make_shared<std::vector<float>>(*arrays.weights);
    std::reverse(weights->begin(), weights->end());
    check(packed->with_weights(weights), kept.with_weights(weights));
    (*weights)[5] = 0.001f;  // no multiple
    const std::shared_ptr<const Synapses> other = packed->with_weights(weights);
    CHECK(other->has_arrays());
    CHECK((*other->weights())[5] == 0.001f);
}

namespace {

// A population of more neurons than a part has accumulators, and others around it; what each source reaches is of several
// projections and delays. `twice`: two of them onto the same receptor.
struct Mixture {
    NetworkMaker maker{};
    std::vector<SparseArrays> given{};  // by projection, with rounded weights

    explicit Mixture(bool twice = false) {
        constexpr uint32_t sizes[] = {400, 70'000, 500};
        const uint32_t input = maker.spikes({sizes[0]});
        for (const uint32_t size : {sizes[1], sizes[2]}) maker.neurons({size}, two_receptor_model());
        add(input, 1, 0, 1, 4, 0);
        add(input, 1, 1, 0, 0, 2);
        add(input, 2, 0, 2, 2, 1);
        add(input, 2, 1, 0, 7, 1);
        if (twice) add(input, 1, 0, 0, 0, 3);
    }
    void add(uint32_t source, uint32_t target, uint32_t receptor, uint16_t min_delay, uint16_t max_delay,
             uint32_t delay_steps) {
        const Population& reached = maker.network().population(target);
        const uint32_t sources = maker.network().population(source).size;
        const SparseArrays arrays = made_arrays(sources, reached.size, min_delay, max_delay);
        given.push_back(arrays);
        maker.connect({.kind = SNN_CONNECT_SPARSE,
                       .source = source,
                       .target = target,
                       .weights = *arrays.weights,
                       .delay_steps = delay_steps,
                       .trainable = false,
                       .arithmetic = SNN_ARITHMETIC_COMPACT,
                       .receptor = reached.model->receptors[receptor].c_str(),
                       .sparse = {arrays.index->row_offsets, arrays.index->targets, arrays.index->delays}});
    }
    // Finished; what is given has the weights that the network rounded to.
    std::shared_ptr<const Plan> plan() {
        std::shared_ptr<const Plan> made = maker.plan();
        for (size_t q = 0; q < given.size(); ++q) {
            auto weights = std::make_shared<std::vector<float>>(*given[q].weights);
            round_to_multiples(*weights, made->network->projections()[q].fixed_exponent);
            given[q].weights = std::move(weights);
        }
        return made;
    }
    SessionOptions options(uint32_t threads) const {
        SessionOptions options;
        options.device = "cpu";
        options.executor.thread_count = threads;
        return options;
    }
};

std::vector<float> weights_in(const Session& session, const Projection& projection) {
    std::vector<float> weights(projection.weight_count());
    session.variables().read(projection.name + ".weight", SNN_FLOAT32, weights.data(), weights.size());
    return weights;
}

}  // namespace

TEST_CASE("a network reads its synapses back from the session that was opened last") {
    for (const uint32_t threads : {1u, 3u}) {
        Mixture mixture;
        const std::shared_ptr<const Network> network = mixture.plan()->network;
        const auto check_all = [&] {
            for (size_t q = 0; q < mixture.given.size(); ++q) {
                INFO("projection ", q, ", ", threads, " threads");
                CHECK(!network->projections()[q].synapses->has_arrays());
                check_same(*network->projections()[q].synapses, mixture.given[q]);
            }
        };
        check_all();
        const std::shared_ptr<const SynapseStore> packed = network->projections()[0].synapses->store();
        {
            const Session first(network, mixture.options(threads));
            CHECK(network->projections()[0].synapses->store() != packed);
            check_all();
            const std::shared_ptr<const SynapseStore> of_first = network->projections()[0].synapses->store();
            const Session second(network, mixture.options(4 - threads));
            CHECK(network->projections()[0].synapses->store() != of_first);
            check_all();
            for (size_t q = 0; q < mixture.given.size(); ++q) {
                CHECK(weights_in(first, network->projections()[q]) == *mixture.given[q].weights);
                CHECK(weights_in(second, network->projections()[q]) == *mixture.given[q].weights);
            }
        }
        check_all();  // the sessions are gone
        const Session third(network, mixture.options(threads));
        check_all();
    }
}

TEST_CASE("weights that a session writes are its own") {
    Mixture mixture;
    const std::shared_ptr<const Network> network = mixture.plan()->network;
    const Projection& projection = network->projections()[0];
    Session first(network, mixture.options(2)), second(network, mixture.options(2));
    const float unit = std::ldexp(1.0f, -projection.fixed_exponent);
    std::vector<float> written(projection.weight_count());
    for (Session* const session : {&first, &second}) {  // one shares with the network, the other does not any more
        for (size_t k = 0; k < written.size(); ++k)
            written[k] = static_cast<float>(k % 1000) * unit * (session == &first ? 1.0f : -1.0f);
        session->variables().write(projection.name + ".weight", SNN_FLOAT32, written.data(), written.size());
        CHECK(weights_in(*session, projection) == written);
    }
    CHECK(weights_in(first, projection)[999] == 999 * unit);
    for (size_t q = 0; q < mixture.given.size(); ++q) check_same(*network->projections()[q].synapses, mixture.given[q]);
    const Session third(network, mixture.options(1));
    CHECK(weights_in(third, projection) == *mixture.given[0].weights);
    CHECK(weights_in(second, projection) == written);
    for (size_t q = 1; q < mixture.given.size(); ++q)
        CHECK(weights_in(second, network->projections()[q]) == *mixture.given[q].weights);
    const std::shared_ptr<const Network> changed = second.variables().to_network();
    CHECK(!changed->projections()[0].synapses->has_arrays());
    CHECK(*changed->projections()[0].weights_alone() == written);
}

TEST_CASE("a network keeps its own synapses where it could not read them back") {
    const auto stays = [](Mixture& mixture, const SessionOptions& options, bool arrays) {
        const std::shared_ptr<const Network> network = mixture.plan()->network;
        if (arrays) network->projections()[0].synapses->index();
        const std::shared_ptr<const SynapseStore> store = network->projections()[0].synapses->store();
        const Session session(network, options);
        return network->projections()[0].synapses->store() == store;
    };
    Mixture alone, pointed_to, twice(true), hosted;
    CHECK(!stays(alone, alone.options(2), false));
    CHECK(stays(pointed_to, pointed_to.options(2), true));
    CHECK(stays(twice, twice.options(2), false));
    SessionOptions options = hosted.options(2);
    options.executor.allocator.allocate = [](void*, size_t size, size_t alignment) {
        return ::operator new(size, std::align_val_t{alignment}, std::nothrow);
    };
    options.executor.allocator.release = [](void*, void* memory, size_t) { ::operator delete(memory, std::align_val_t{64}); };
    CHECK(stays(hosted, options, false));
}

TEST_CASE("packed weights that are not finite are not saved") {
    NetworkMaker maker;
    const uint32_t input = maker.spikes({100}), cells = maker.neurons({300}, "lif");
    const SparseArrays arrays = made_arrays(100, 300, 0, 0);
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = input,
                   .target = cells,
                   .weights = *arrays.weights,
                   .trainable = false,
                   .sparse = {arrays.index->row_offsets, arrays.index->targets, {}}});
    maker.network().set_plasticity(0, builtin_plasticity("pair_stdp"));
    maker.network().set_plasticity_parameter(0, "w_min", -128);
    maker.network().set_plasticity_parameter(0, "w_max", 128);
    const std::shared_ptr<const Network> network = maker.plan()->network;
    auto learned = std::make_shared<std::vector<float>>(*arrays.weights);
    learned->at(70) = std::numeric_limits<float>::infinity();
    const std::shared_ptr<const Network> changed = network->with_values({learned}, {nullptr}, {{}, {}}, {nullptr});
    CHECK(changed->projections()[0].synapses->has_rows_only());
    const std::string file = "snn_unit_packed_infinity.snn";
    std::filesystem::remove(file);
    const std::string sentence = "projection 'w0': weight[70] is inf";
    try {
        save_network(*changed, file);
        FAIL("saved");
    } catch (const Error& error) {
        CHECK(error.status() == SNN_ERROR_INVALID_ARGUMENT);
        CHECK(std::string(error.what()).find(sentence) == 0);
    }
    CHECK(!std::filesystem::exists(file));
    CHECK_NOTHROW(save_network(*network, file));
    CHECK(std::filesystem::remove(file));
}

TEST_CASE("the estimate counts synapses of a network and its session once") {
    NetworkMaker maker;
    const uint32_t input = maker.spikes({1000}), cells = maker.neurons({4000}, "lif");
    const SparseArrays arrays = made_arrays(1000, 4000, 0, 0);
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = input,
                   .target = cells,
                   .weights = *arrays.weights,
                   .delay_steps = 1,
                   .trainable = false,
                   .arithmetic = SNN_ARITHMETIC_COMPACT,
                   .sparse = {arrays.index->row_offsets, arrays.index->targets, {}}});
    const std::shared_ptr<const Plan> plan = maker.plan();
    const Synapses& synapses = *plan->network->projections()[0].synapses;
    const auto estimated = [&](const char* device) {
        ExecutorOptions options;
        options.thread_count = 2;
        return estimate_memory(*plan, device, options);
    };
    const uint64_t array_size = array_bytes(*plan->network, plan->network->projections()[0]);
    uint64_t others = 0;
    for (const Population& population : plan->network->populations())
        for (const auto* lists : {&population.parameters, &population.initial_states})
            for (const std::vector<double>& values : *lists) others += values.size() * sizeof(double);
    const MemoryEstimate before = estimated("cpu");
    CHECK(before.network_bytes == others);
    CHECK(before.weight_bytes > 4 * synapses.count());
    CHECK(before.new_bytes == before.weight_bytes + before.state_bytes);
    const MemoryEstimate reference = estimated("reference");
    CHECK(reference.network_bytes == others + array_size);
    CHECK(reference.new_bytes == reference.weight_bytes + reference.state_bytes + array_size);
    CHECK(synapses.memory_bytes() < array_size * 6 / 10);
    SessionOptions options;
    options.device = "cpu";
    options.executor.thread_count = 2;
    const Session session(plan->network, options);
    // What the network reads now is what the session was said to take.
    CHECK(synapses.memory_bytes() == before.weight_bytes);
    synapses.index();
    const MemoryEstimate after = estimated("cpu");
    CHECK(after.network_bytes == others + array_size);
    CHECK(after.new_bytes == after.weight_bytes + after.state_bytes);
}

}  // namespace snn::test
