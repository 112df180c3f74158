// Several devices on one network, and going on when one of them fails: with the executors themselves, cut into runs at random.
#include <doctest/doctest.h>

#include <algorithm>

#include "common/error.h"
#include "schedule/lasting_executor.h"
#include "schedule/split_executor.h"
#include "small_networks.h"

namespace snn::test {

namespace {

constexpr uint32_t sizes[] = {20, 40, 50, 30};
constexpr uint32_t input = 0, first = 1, last = 3;

// in -> a => b => c => a, b => a; "=>" has a delay, and some synapses are sparse with delays of their own.
std::shared_ptr<const Plan> ring(uint32_t delay) {
    NetworkMaker maker;
    Numbers numbers(7 + delay);
    maker.spikes({sizes[0]});
    for (uint32_t p = first; p <= last; ++p) maker.neurons({sizes[p]}, "lif");
    const auto dense = [&](uint32_t source, uint32_t target, double low, double high, uint32_t delay_steps) {
        maker.connect({.source = source,
                       .target = target,
                       .weights = numbers.list(size_t{sizes[source]} * sizes[target], low, high),
                       .delay_steps = delay_steps});
    };
    dense(0, 1, 0, 0.5, 0);
    dense(1, 2, -0.05, 0.2, delay);
    dense(2, 3, 0, 0.15, delay + 2);
    dense(2, 1, -0.1, 0.05, delay + 1);
    Sparse sparse;
    for (uint32_t source = 0; source < sizes[3]; ++source) {
        sparse.row_offsets.push_back(sparse.targets.size());
        for (uint32_t k = 0; k < 4; ++k) {
            sparse.targets.push_back((source * 7 + k * 9) % sizes[1]);
            sparse.delays.push_back(static_cast<uint16_t>(k));
        }
    }
    sparse.row_offsets.push_back(sparse.targets.size());
    maker.connect({.kind = SNN_CONNECT_SPARSE,
                   .source = 3,
                   .target = 1,
                   .weights = numbers.list(sparse.targets.size(), 0, 0.4),
                   .delay_steps = delay,
                   .trainable = false,
                   .arithmetic = SNN_ARITHMETIC_COMPACT,
                   .sparse = sparse});
    return maker.plan();
}

struct Outcome {
    std::vector<uint32_t> events;  // step, sample, neuron, of one population after the other
    std::vector<float> v, sums;
    ExecutorCounters counters;
};

// Runs of 1 to 9 steps. Between them a reset, a state that is written, and another seed.
Outcome drive(Executor& executor, const Plan& plan, uint32_t batch) {
    Numbers numbers(3);
    Outcome found;
    executor.reset_state();
    uint64_t step = 0;
    for (uint32_t round = 0; round < 24; ++round) {
        if (round == 9) {
            executor.reset_state();
            executor.set_seed(5);
            step = 0;
        }
        if (round == 14) {
            const std::vector<float> v = numbers.list(size_t{batch} * sizes[2], 0, 0.9);
            executor.write({Slot::state, 2, 0}, DType::float32, v.data());
        }
        if (round == 17) {
            const std::vector<float> weights = numbers.list(size_t{sizes[1]} * sizes[2], -0.05, 0.25);
            executor.write({Slot::weight, 1}, DType::float32, weights.data());
        }
        const uint32_t steps = static_cast<uint32_t>(numbers.uniform(1, 10));
        const std::vector<float> frames = numbers.spikes(size_t{steps} * batch * sizes[0], 0.3);
        const InputFrames inputs[] = {{input, frames.data(), round % 3 == 0 ? 0u : size_t{batch} * sizes[0]}};
        std::vector<EventRecord> events;
        std::vector<std::vector<uint32_t>> memory;
        for (uint32_t p = first; p <= last; ++p) {
            const size_t room = size_t{steps} * batch * sizes[p];
            for (int i = 0; i < 3; ++i) memory.emplace_back(room);
            events.push_back({p, static_cast<uint32_t>(step), memory[memory.size() - 3].data(),
                              memory[memory.size() - 2].data(), memory.back().data(), 0});
        }
        std::vector<float> v(size_t{steps} * batch * sizes[2]), sums(size_t{batch} * sizes[3], 0.0f);
        const RecordFrames records[] = {{RecordFrames::state, 2, 0, DType::float32, v.data(), size_t{batch} * sizes[2]},
                                        {RecordFrames::activity_sum, 3, 0, DType::float32, sums.data(), 0}};
        RunRequest request;
        request.first_step = step;
        request.step_count = steps;
        request.inputs = inputs;
        request.records = records;
        request.events = events;
        executor.run(request);
        step += steps;
        for (const EventRecord& record : events)
            for (size_t i = 0; i < record.count; ++i)
                found.events.insert(found.events.end(), {record.steps[i], record.samples[i], record.neurons[i]});
        found.v.insert(found.v.end(), v.begin(), v.end());
        found.sums.insert(found.sums.end(), sums.begin(), sums.end());
    }
    for (uint32_t p = first; p <= last; ++p) {
        std::vector<float> history(size_t{plan.populations[p].history_depth} * batch * sizes[p]);
        executor.read({Slot::history, p}, DType::float32, history.data());
        found.v.insert(found.v.end(), history.begin(), history.end());
    }
    found.counters = executor.counters();
    return found;
}

void check_equal(const Outcome& expected, const Outcome& found) {
    CHECK(expected.events == found.events);
    CHECK(expected.v == found.v);
    CHECK(expected.sums == found.sums);
    CHECK(expected.counters.spikes == found.counters.spikes);
    CHECK(expected.counters.input_spikes == found.counters.input_spikes);
    CHECK(expected.counters.synaptic_events == found.counters.synaptic_events);
    CHECK(expected.counters.steps == found.counters.steps);
}

ExecutorOptions options_for(uint32_t batch, uint32_t threads) {
    ExecutorOptions options;
    options.batch_size = batch;
    options.thread_count = threads;
    return options;
}

std::unique_ptr<Executor> together(const std::shared_ptr<const Plan>& plan, const std::string& devices,
                                   const ExecutorOptions& options) {
    return std::make_unique<SplitExecutor>(plan, make_split(*plan, devices, options), options);
}

// Fails, for good, at its call of that number.
class Failing final : public Executor {
public:
    Failing(std::unique_ptr<Executor> inner, uint32_t& io_calls, uint32_t fails_at)
        : inner_(std::move(inner)), calls_(io_calls), fails_at_(fails_at) {}

    void reset_state() override { used().reset_state(); }
    void run(const RunRequest& request) override {
        // A device may have written some of what it was asked for.
        if (++calls_ >= fails_at_) {
            RunRequest some = request;
            some.step_count = (request.step_count + 1) / 2;
            inner_->run(some);
            throw Error(SNN_ERROR_DEVICE_LOST, "lost");
        }
        inner_->run(request);
    }
    ExecutorCounters counters() const override { return used().counters(); }
    void set_constants(uint32_t population, const PopulationConstants& constants) override {
        used().set_constants(population, constants);
    }
    void set_seed(uint64_t seed) override { used().set_seed(seed); }
    size_t count(const Slot& slot) const override { return inner_->count(slot); }
    void read(const Slot& slot, DType dtype, void* out_data) const override { used().read(slot, dtype, out_data); }
    void write(const Slot& slot, DType dtype, const void* data) override { used().write(slot, dtype, data); }
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override {
        return used().active(population, sample);
    }

private:
    Executor& used() const {
        if (++calls_ >= fails_at_) throw Error(SNN_ERROR_DEVICE_LOST, "lost");
        return *inner_;
    }

    std::unique_ptr<Executor> inner_;
    uint32_t& calls_;
    uint32_t fails_at_;
};

}  // namespace

TEST_CASE("devices beside each other do what one does, however a run is cut into windows") {
    for (const uint32_t delay : {1u, 2u, 5u, 8u})
        for (const uint32_t batch : {1u, 3u}) {
            CAPTURE(delay);
            CAPTURE(batch);
            const std::shared_ptr<const Plan> plan = ring(delay);
            const ExecutorOptions options = options_for(batch, 6);
            const std::unique_ptr<Executor> one = find_backend("reference").open(plan, options);
            const Outcome expected = drive(*one, *plan, batch);
            const Outcome expected_again = drive(*one, *plan, batch);  // with the weights that the first one wrote
            REQUIRE(expected.events.size() > 1000);
            for (const char* const devices : {"cpu+cpu+cpu", "cpu+reference+cpu"}) {
                std::string placed = devices;
                for (uint32_t p = first; p <= last; ++p) placed += text(";", plan->network->population(p).name, "=", p - first);
                const std::unique_ptr<Executor> several = together(plan, placed, options);
                check_equal(expected, drive(*several, *plan, batch));
                check_equal(expected_again, drive(*several, *plan, batch));
            }
        }
}

TEST_CASE("a run goes on with the same results wherever a device fails") {
    const uint32_t batch = 2;
    const std::shared_ptr<const Plan> plan = ring(3);
    const ExecutorOptions options = options_for(batch, 1);
    const std::unique_ptr<Executor> one = find_backend("cpu").open(plan, options);
    const Outcome expected = drive(*one, *plan, batch);
    uint32_t fails_at = 0, reopened = 1;
    while (reopened > 0) {
        ++fails_at;
        CAPTURE(fails_at);
        uint32_t calls = 0, later_calls = 0;
        reopened = 0;
        // The second one fails as well, twice as late; then there is one that does not.
        const auto reopen = [&](std::unique_ptr<Executor>& io_executor, std::exception_ptr) {
            io_executor = find_backend("reference").open(plan, options);
            if (++reopened == 1) io_executor = std::make_unique<Failing>(std::move(io_executor), later_calls, 2 * fails_at);
        };
        LastingExecutor lasting(plan, options,
                                std::make_unique<Failing>(find_backend("cpu").open(plan, options), calls, fails_at), reopen);
        check_equal(expected, drive(lasting, *plan, batch));
    }
    CHECK(fails_at > 30);  // there are so many calls
}

TEST_CASE("when nothing is left to go on with, the last error is what the caller gets") {
    const std::shared_ptr<const Plan> plan = ring(2);
    const ExecutorOptions options = options_for(1, 1);
    uint32_t calls = 0;
    LastingExecutor lasting(plan, options, std::make_unique<Failing>(find_backend("cpu").open(plan, options), calls, 4),
                            [](std::unique_ptr<Executor>&, std::exception_ptr failure) { std::rethrow_exception(failure); });
    CHECK_THROWS_WITH(drive(lasting, *plan, 1), "lost");
    CHECK_THROWS_WITH(lasting.counters(), "lost");
}

}  // namespace snn::test
