// Where the CPU backend's memory comes from, and that a run takes none.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "backend/trainable.h"
#include "common/error.h"
#include "common/thread_pool.h"
#include "cpu/instruction_set.h"
#include "cpu/kernel_table.h"
#include "cpu_cases.h"
#include "heap.h"
#include "schedule/memory.h"
#include "small_networks.h"

namespace snn::test {

namespace {

struct CountingAllocator {
    std::map<void*, size_t> live;
    uint64_t calls = 0;
    bool exhausted = false;
    bool sizes_match = true, aligned = true;

    SNNAllocator hooks() { return {sizeof(SNNAllocator), allocate, release, this}; }
    size_t live_bytes() const {
        size_t sum = 0;
        for (const auto& [memory, size] : live) sum += size;
        return sum;
    }
    static void* SNN_CALL allocate(void* user, size_t size, size_t alignment) {
        CountingAllocator& self = *static_cast<CountingAllocator*>(user);
        ++self.calls;
        if (self.exhausted) return nullptr;
        void* const memory = ::operator new(size, std::align_val_t{alignment}, std::nothrow);
        self.aligned &= reinterpret_cast<uintptr_t>(memory) % 64 == 0;
        self.live[memory] = size;
        return memory;
    }
    static void SNN_CALL release(void* user, void* memory, size_t size) {
        CountingAllocator& self = *static_cast<CountingAllocator*>(user);
        self.sizes_match &= self.live.count(memory) == 1 && self.live[memory] == size;
        self.live.erase(memory);
        ::operator delete(memory, std::align_val_t{64});
    }
};

struct Driver {
    std::vector<std::vector<float>> data;
    std::vector<InputFrames> frames;
    explicit Driver(const CpuCase& test_case) : data(case_inputs(test_case)) {
        const auto& populations = test_case.plan->network->populations();
        for (uint32_t p = 0; p < populations.size(); ++p)
            if (populations[p].is_input())
                frames.push_back({p, data[frames.size()].data(), size_t{test_case.batch} * populations[p].size});
    }
    RunRequest request(uint32_t steps, bool tape = false) const {
        RunRequest request;
        request.step_count = steps;
        request.inputs = frames;
        request.tape = tape;
        return request;
    }
};

}  // namespace

TEST_CASE("a run allocates nothing, with one thread or several") {
    std::vector<CpuCase> cases = cpu_cases();
    const cpu::KernelTable& kernels = cpu::kernels_for(SNN_ISA_BEST);
    for (uint32_t i = 0; i < kernels.model_count; ++i)
        if (kernels.models[i].specialised_count > 0 && kernels.models[i].specialised[0].step_span)
            cases.push_back(quiet_circuit(kernels.models[i].name, kernels.models[i].specialised[0].choices, 0));
    for (const CpuCase& test_case : cases)
        for (const uint32_t threads : {1u, 3u}) {
            INFO(test_case.name, ", ", threads, " threads");
            CountingAllocator memory;
            ExecutorOptions options;
            options.batch_size = test_case.batch;
            options.thread_count = threads;
            options.allocator = memory.hooks();
            const auto executor = find_backend("cpu").open(test_case.plan, options);
            executor->reset_state();
            const Driver driver(test_case);
            if (threads > 1) executor->run(driver.request(1));  // single-threaded: not even the first call
            const uint64_t calls = memory.calls, started = heap_calls();
            executor->run(driver.request(1));
            executor->run(driver.request(test_case.steps));
            executor->reset_state();
            executor->run(driver.request(test_case.steps));
            CHECK(heap_calls() == started);
            CHECK(memory.calls == calls);
        }
}

TEST_CASE("the estimate of a session is what opening it takes") {
    const auto dense = [](NetworkMaker& maker) {
        const uint32_t input = maker.spikes({512}), hidden = maker.neurons({2048}, "lif");
        maker.connect({.source = input, .target = hidden, .weights = std::vector<float>(512 * 2048)});
        maker.connect({.source = hidden, .target = hidden, .weights = std::vector<float>(2048 * 2048), .delay_steps = 3});
    };
    const auto conv = [](uint32_t channels, uint32_t delay) {
        return [channels, delay](NetworkMaker& maker) {
            const uint32_t input = maker.spikes({8, 64, 64}), cells = maker.neurons({channels, 64, 64}, "lif");
            maker.connect({.kind = SNN_CONNECT_CONV2D,
                           .source = input,
                           .target = cells,
                           .weights = std::vector<float>(channels * 8 * 9),
                           .delay_steps = delay,
                           .window = {.kernel = {3, 3}, .padding = {1, 1}}});
        };
    };
    const auto sparse_of = [](uint32_t arithmetic) {
        return [arithmetic](NetworkMaker& maker) {
            constexpr uint32_t sources = 1000, each = 200;
            const uint32_t input = maker.spikes({sources}), cells = maker.neurons({4000}, "lif");
            Sparse all;
            all.row_offsets = {0};
            for (uint32_t i = 0; i < sources; ++i) {
                for (uint32_t k = 0; k < each; ++k) all.targets.push_back((i * 7 + k * 20) % 4000);
                std::sort(all.targets.end() - each, all.targets.end());
                all.row_offsets.push_back(all.targets.size());
            }
            maker.connect({.kind = SNN_CONNECT_SPARSE,
                           .source = input,
                           .target = cells,
                           .weights = std::vector<float>(all.targets.size(), 0.5f),
                           .trainable = false,
                           .arithmetic = arithmetic,
                           .sparse = all});
        };
    };
    const std::pair<const char*, std::function<void(NetworkMaker&)>> networks[] = {
        {"dense", dense},
        {"convolution", conv(32, 0)},
        {"convolution with a delay", conv(32, 1)},
        {"convolution of few channels", conv(2, 0)},
        {"compact", sparse_of(SNN_ARITHMETIC_COMPACT)},
        {"fixed", sparse_of(SNN_ARITHMETIC_FIXED)},
        {"float", sparse_of(SNN_ARITHMETIC_FLOAT)},
    };
    for (const auto& [name, make] : networks)
        for (const uint32_t batch : {1u, 16u})
            for (const uint32_t threads : {1u, 3u}) {
                NetworkMaker maker;
                make(maker);
                const std::shared_ptr<const Plan> plan = maker.plan();
                CountingAllocator memory;
                ExecutorOptions options;
                options.batch_size = batch;
                options.thread_count = threads;
                options.allocator = memory.hooks();
                const Backend& backend = find_backend("cpu");
                const ExecutorMemory need = backend.memory(*plan, options);
                const auto executor = backend.open(plan, options);
                executor->reset_state();
                const double estimate = std::accumulate(need.projection_bytes.begin(), need.projection_bytes.end(),
                                                        static_cast<double>(need.state_bytes));
                // Without the allocator: the inputs that the session copies, and of convolutions the fan-out of each source.
                double taken = static_cast<double>(memory.live_bytes());
                for (const Population& population : plan->network->populations())
                    if (population.is_input()) taken += sizeof(float) * static_cast<double>(batch) * population.size;
                for (const Projection& projection : plan->network->projections())
                    if (projection.kind == SNN_CONNECT_CONV2D)
                        taken += sizeof(uint32_t) * static_cast<double>(plan->network->population(projection.source).size);
                INFO(std::string(name), ", batch ", batch, ", ", threads, " threads: estimate ", estimate, ", taken ", taken);
                CHECK(estimate > 0.9 * taken);  // these are small: a row more or less is some percent
                CHECK(estimate < 1.1 * taken);
            }
}

TEST_CASE("estimates count what the plan holds: values of each neuron, and tables of decay once for all traces") {
    constexpr uint32_t count = 20000;
    const auto vary = [](NetworkMaker& maker, uint32_t population, const char* parameter, double low, double high) {
        std::vector<double> values;
        for (uint32_t i = 0; i < count; ++i) values.push_back(low + (high - low) * i / count);
        maker.network().set_parameter(population, parameter, values.data(), count);
    };
    const std::pair<const char*, std::function<void(NetworkMaker&)>> networks[] = {
        {"two parameters", [&](NetworkMaker& maker) {
             const uint32_t cells = maker.neurons({count}, "lif");
             vary(maker, cells, "threshold", 1.0, 2.0);
             vary(maker, cells, "tau_membrane", 10.0, 20.0);
         }},
        {"four parameters", [&](NetworkMaker& maker) {
             const uint32_t cells = maker.neurons({count}, "lif");
             vary(maker, cells, "threshold", 1.0, 2.0);
             vary(maker, cells, "tau_membrane", 10.0, 20.0);
             vary(maker, cells, "v_reset", 0.0, 0.5);
             vary(maker, cells, "v_rest", 0.0, 0.1);
         }},
        {"draws", [&](NetworkMaker& maker) {
             vary(maker, maker.neurons({count}, "driven_lif"), "background_rate", 1e4, 1.5e5);
         }},
        {"long traces", [](NetworkMaker& maker) {
             constexpr uint32_t few = 10;
             const uint32_t input = maker.spikes({few}), cells = maker.neurons({few}, "lif");
             Sparse all;
             for (uint32_t i = 0; i <= few; ++i) all.row_offsets.push_back(i * few);
             for (uint32_t i = 0; i < few * few; ++i) all.targets.push_back(i % few);
             for (int i = 0; i < 5; ++i) {
                 const uint32_t made = maker.connect({.kind = SNN_CONNECT_SPARSE,
                                                      .source = input,
                                                      .target = cells,
                                                      .weights = std::vector<float>(few * few, 0.1f),
                                                      .delay_steps = 1,
                                                      .sparse = all});
                 maker.network().set_plasticity(made, builtin_plasticity("reward_stdp"));
                 maker.network().set_plasticity_parameter(made, "tau_eligibility", 10000.0);
             }
         }},
    };
    for (const auto& [name, make] : networks) {
        NetworkMaker maker(0.1);
        make(maker);
        CountingAllocator memory;
        ExecutorOptions options;
        options.allocator = memory.hooks();
        const uint64_t before = heap_bytes();
        const std::shared_ptr<const Plan> plan = maker.plan();
        const auto executor = find_backend("cpu").open(plan, options);
        executor->reset_state();
        const uint64_t on_heap = heap_bytes() - before;
        if (heap_bytes() == 0) return;
        const MemoryEstimate found = estimate_memory(*plan, "cpu", options);
        const auto taken = static_cast<double>(memory.live_bytes() + on_heap);
        const auto estimate = static_cast<double>(found.weight_bytes + found.state_bytes);
        INFO(std::string(name), ": estimate ", estimate, ", taken ", taken);
        CHECK(estimate > 0.95 * taken);
        CHECK(estimate < 1.05 * taken);
        CHECK(taken < 20e6);  // the longest table has 16.6 MB
    }
}

TEST_CASE("recording events allocates once, and running out of memory there is an error that leaves nothing behind") {
    for (const CpuCase& test_case : cpu_cases()) {
        if (test_case.name != "circuit in a team, mixed" && test_case.name != "three layers") continue;
        INFO(test_case.name);
        CountingAllocator memory;
        ExecutorOptions options;
        options.batch_size = test_case.batch;
        options.thread_count = 3;
        options.allocator = memory.hooks();
        const auto executor = find_backend("cpu").open(test_case.plan, options);
        executor->reset_state();
        const Driver driver(test_case);
        std::vector<std::vector<uint32_t>> room;
        std::vector<EventRecord> records;
        for (uint32_t p = 0; p < test_case.plan->network->populations().size(); ++p) {
            const Population& population = test_case.plan->network->population(p);
            if (!population.is_binary()) continue;
            room.emplace_back(size_t{test_case.steps} * test_case.batch * population.size);
            records.push_back({p, 0, room.back().data(), room.back().data(), nullptr, 0});
        }
        RunRequest request = driver.request(test_case.steps);
        request.events = records;
        const uint64_t before = memory.calls;
        memory.exhausted = true;
        CHECK_THROWS_AS(executor->run(request), Error);
        memory.exhausted = false;
        executor->run(driver.request(test_case.steps));  // adds nothing to what was begun
        executor->run(request);
        CHECK(memory.calls > before);
        const uint64_t calls = memory.calls, started = heap_calls();
        for (EventRecord& record : records) record.count = 0;
        executor->run(request);
        request.step_count = 1;
        for (EventRecord& record : records) record.count = 0;
        executor->run(request);
        CHECK(heap_calls() == started);
        CHECK(memory.calls == calls);
    }
}

TEST_CASE("a taped run and a backward pass of the same length allocate nothing the second time") {
    const CpuCase test_case = [] {
        for (const CpuCase& found : cpu_cases())
            if (found.name == "recurrent, delay 5") return found;
        return CpuCase{};
    }();
    REQUIRE(test_case.plan);
    CountingAllocator memory;
    ExecutorOptions options;
    options.batch_size = test_case.batch;
    options.allocator = memory.hooks();
    const auto executor = find_backend("cpu").open(test_case.plan, options);
    const Driver driver(test_case);
    const uint32_t p = test_case.loss_population;
    const std::vector<float> gradient(size_t{test_case.batch} * test_case.plan->network->population(p).size, 0.25f);
    const OutputGradient output{OutputGradient::activity, p, 0, DType::float32, gradient.data(), 0};
    const OptimizerStep update{SNN_OPTIMIZER_ADAM, 1, 1e-3, 0, 0.9, 0.999, 1e-8, 0, 0, 1};
    const auto moments = executor->trainable()->make_optimizer_memory(update.optimizer);
    uint64_t calls = 0, started = 0;
    for (int round = 0; round < 3; ++round) {
        executor->reset_state();
        executor->run(driver.request(test_case.steps, true));
        executor->trainable()->backward({&output, 1}, {});
        executor->trainable()->update(update, *moments);
        if (round > 0) {
            CHECK(memory.calls == calls);
            CHECK(heap_calls() == started);
        }
        calls = memory.calls;
        started = heap_calls();
    }
}

TEST_CASE("buffers come from the host's allocator, aligned, and go back to it with their sizes") {
    CountingAllocator memory;
    {
        ExecutorOptions options;
        options.batch_size = 3;
        options.allocator = memory.hooks();
        const CpuCase test_case = cpu_cases().front();
        options.batch_size = test_case.batch;
        const auto executor = find_backend("cpu").open(test_case.plan, options);
        CHECK(!memory.live.empty());
    }
    CHECK(memory.live.empty());
    CHECK(memory.sizes_match);
    CHECK(memory.aligned);
}

TEST_CASE("an allocator that gives nothing is an error, not a crash") {
    CountingAllocator memory;
    memory.exhausted = true;
    ExecutorOptions options;
    options.allocator = memory.hooks();
    CHECK_THROWS_AS(find_backend("cpu").open(cpu_cases().front().plan, options), Error);
    CHECK(memory.live.empty());
}

TEST_CASE("a pool that runs out of memory while it starts its threads stops those it has") {
    uint64_t failures = 0;
    for (bool failed = true; failed; ++failures) {
        failed = out_of_memory_after(failures, [] { ThreadPool(6, {}); });
        REQUIRE(failures < 100);
    }
    CHECK(failures > 5);  // the list and each thread ask for memory
}

}  // namespace snn::test
