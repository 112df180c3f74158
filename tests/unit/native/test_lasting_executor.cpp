// An executor that goes on on another device when its own is lost.
#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "common/error.h"
#include "heap.h"
#include "schedule/lasting_executor.h"
#include "schedule/together.h"
#include "small_networks.h"

namespace snn::test {

namespace {

// When a device fails, and with what; -1: never.
struct Fate {
    int runs_left = -1, reads_left = -1;
    SNNStatus status = SNN_ERROR_DEVICE_LOST;

    void meet(int& io_left) const {
        if (io_left >= 0 && io_left-- == 0) throw Error(status, "it was lost");
    }
};

// A device that computes as another does until it meets its fate.
class Doomed final : public Executor {
public:
    Doomed(std::unique_ptr<Executor> executor, Fate& fate) : executor_(std::move(executor)), fate_(fate) {}
    void reset_state() override { executor_->reset_state(); }
    void run(const RunRequest& request) override {
        fate_.meet(fate_.runs_left);
        executor_->run(request);
    }
    ExecutorCounters counters() const override { return executor_->counters(); }
    void set_constants(uint32_t population, const PopulationConstants& constants) override {
        executor_->set_constants(population, constants);
    }
    void set_seed(uint64_t seed) override { executor_->set_seed(seed); }
    size_t count(const Slot& slot) const override { return executor_->count(slot); }
    void read(const Slot& slot, DType dtype, void* out_data) const override {
        fate_.meet(fate_.reads_left);
        executor_->read(slot, dtype, out_data);
    }
    void write(const Slot& slot, DType dtype, const void* data) override { executor_->write(slot, dtype, data); }
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override {
        return executor_->active(population, sample);
    }

private:
    std::unique_ptr<Executor> executor_;
    Fate& fate_;
};

struct Lasting {
    NetworkMaker maker;
    uint32_t in, cells;
    std::shared_ptr<const Plan> plan;
    ExecutorOptions options;
    std::vector<std::string> told;
    Fate fate;

    explicit Lasting(bool is_plastic = false) : in(maker.spikes({20})), cells(maker.neurons({30}, "lif")) {
        Connection connection{.source = in, .target = cells, .weights = std::vector<float>(600, 0.3f), .delay_steps = 2};
        if (is_plastic) {
            connection.kind = SNN_CONNECT_SPARSE;
            connection.trainable = false;
            for (uint32_t source = 0; source <= 20; ++source) connection.sparse.row_offsets.push_back(30 * source);
            for (uint32_t synapse = 0; synapse < 600; ++synapse) connection.sparse.targets.push_back(synapse % 30);
        }
        const uint32_t projection = maker.connect(connection);
        if (is_plastic) maker.network().set_plasticity(projection, builtin_plasticity("pair_stdp"));
        plan = maker.plan();
    }
    std::unique_ptr<Executor> open(const std::string& device) const { return find_backend(device).open(plan, options); }
    // So many steps in one run, each with an input of its own.
    void run(Executor& executor, uint64_t first, uint32_t steps) const {
        std::vector<float> input(size_t{20} * steps);
        for (size_t i = 0; i < input.size(); ++i) input[i] = (i % 20 + i / 20 + first) % 4 == 0;
        const InputFrames frames{in, input.data(), 20};
        RunRequest request;
        request.first_step = first;
        request.step_count = steps;
        request.inputs = {&frames, 1};
        executor.run(request);
    }
    std::vector<float> weights(const Executor& executor) const {
        std::vector<float> values(600);
        executor.read({Slot::weight, 0}, DType::float32, values.data());
        return values;
    }
    std::vector<float> voltages(const Executor& executor) const {
        std::vector<float> values(30);
        executor.read({Slot::state, cells}, DType::float32, values.data());
        return values;
    }
    std::vector<float> voltages(Executor& executor, int steps) const {
        std::vector<float> input(20);
        for (int step = 0; step < steps; ++step) {
            for (size_t i = 0; i < input.size(); ++i) input[i] = (i + static_cast<size_t>(step)) % 4 == 0;
            const InputFrames frames{in, input.data(), 0};
            RunRequest request;
            request.first_step = static_cast<uint64_t>(step);
            request.step_count = 1;
            request.inputs = {&frames, 1};
            executor.run(request);
        }
        return voltages(executor);
    }
    LastingExecutor lasting(int runs_left, SNNStatus status, std::vector<std::string> others) {
        fate = {.runs_left = runs_left, .reads_left = -1, .status = status};
        return LastingExecutor(plan, options, std::make_unique<Doomed>(open("reference"), fate),
                               reopen_on_next(std::move(others), [this](const std::string& device) { return open(device); },
                                              [this](const std::string& device, const std::string& failure) {
                                                  told.push_back(device + ": " + failure);
                                              }));
    }
};

}  // namespace

TEST_CASE("the next device goes on with the same bits") {
    Lasting net;
    const std::unique_ptr<Executor> single = net.open("cpu");
    single->reset_state();
    const std::vector<float> expected = net.voltages(*single, 40);
    for (const int lost_at : {0, 17, 39}) {
        net.told.clear();
        LastingExecutor executor = net.lasting(lost_at, SNN_ERROR_DEVICE_LOST, {"quantum", "cpu"});
        executor.reset_state();
        CHECK(net.voltages(executor, 40) == expected);
        REQUIRE(net.told.size() == 2);
        CHECK(net.told[0] == "quantum: it was lost");
        CHECK(net.told[1].starts_with("cpu: there is no device 'quantum'"));
        CHECK(executor.counters().steps == 40);
    }
}

TEST_CASE("what is kept for another device takes memory that an earlier log had") {
    Lasting net;
    const auto never = [](std::unique_ptr<Executor>&, std::exception_ptr failure) { std::rethrow_exception(failure); };
    LastingExecutor executor(net.plan, net.options, net.open("cpu"), never);
    executor.reset_state();
    net.voltages(executor, 2500);  // every step has other inputs; there is a safe point after 1,024 of them
    executor.reset_state();        // one for nothing
    std::vector<float> input(20);
    const InputFrames frames{net.in, input.data(), 0};
    RunRequest request;
    request.step_count = 1;
    request.inputs = {&frames, 1};
    const uint64_t started = heap_calls();
    for (uint64_t step = 0; step < 1000; ++step) {
        input[step % 20] = input[step % 20] == 0;
        request.first_step = step;
        executor.run(request);
    }
    CHECK(heap_calls() == started);
}

TEST_CASE("an error that is not of the device, and one that leaves none, comes out") {
    Lasting net;
    LastingExecutor wrong = net.lasting(3, SNN_ERROR_UNSUPPORTED, {"cpu"});
    wrong.reset_state();
    CHECK_THROWS_WITH_AS(net.voltages(wrong, 5), "it was lost", Error);
    LastingExecutor last = net.lasting(3, SNN_ERROR_DEVICE_LOST, {});
    last.reset_state();
    CHECK_THROWS_WITH_AS(net.voltages(last, 5), "it was lost", Error);
    CHECK(net.told.empty());
}

TEST_CASE("a run has not happened where the safe point in its middle is refused") {
    bool is_plastic = false;
    SUBCASE("fixed weights") {}
    SUBCASE("weights that learn") { is_plastic = true; }
    Lasting net(is_plastic);
    const std::unique_ptr<Executor> single = net.open("cpu");
    single->reset_state();
    const std::vector<float> before = net.weights(*single);
    net.run(*single, 0, 2000);
    LastingExecutor executor = net.lasting(-1, SNN_ERROR_INVALID_ARGUMENT, {"cpu"});
    executor.reset_state();
    for (const int reads : {0, 1, 0}) {
        net.fate.reads_left = reads;
        CHECK_THROWS_WITH_AS(net.run(executor, 0, 2000), "it was lost", Error);
    }
    net.run(executor, 0, 2000);
    CHECK(net.voltages(executor) == net.voltages(*single));
    CHECK(net.weights(executor) == net.weights(*single));
    CHECK((net.weights(executor) != before) == is_plastic);
    CHECK(executor.counters().spikes == single->counters().spikes);
    CHECK(executor.counters().spikes > 0);
}

TEST_CASE("a run that is stopped after its safe point leaves a lost state") {
    Lasting net;
    LastingExecutor executor = net.lasting(2, SNN_ERROR_INVALID_ARGUMENT, {"cpu"});
    executor.reset_state();
    CHECK_THROWS_WITH_AS(net.run(executor, 0, 5000), "it was lost", Error);
    for (int again = 0; again < 2; ++again) {
        CHECK_THROWS_WITH(net.run(executor, 0, 10), doctest::Contains("reset the session or load a state"));
        CHECK_THROWS_WITH(net.voltages(executor), doctest::Contains("reset the session or load a state"));
        CHECK_THROWS_WITH(executor.active(net.cells, 0), doctest::Contains("reset the session or load a state"));
        executor.set_seed(7);  // which changes that for nobody
    }
    executor.reset_state();
    const std::unique_ptr<Executor> single = net.open("cpu");
    single->reset_state();
    net.run(executor, 0, 50);
    net.run(*single, 0, 50);
    CHECK(net.voltages(executor) == net.voltages(*single));
}

TEST_CASE("nothing has happened that memory ran out for, on this device and on the next") {
    Lasting net;
    const std::unique_ptr<Executor> single = net.open("cpu");
    LastingExecutor executor = net.lasting(-1, SNN_ERROR_DEVICE_LOST, {"cpu"});
    const std::vector<float> states(30, 0.5f), weights(600, 0.35f);
    Parameters parameters = net.plan->network->population(net.cells).parameters;
    for (double& value : parameters.front()) value *= 0.75;
    const PopulationConstants constants =
        make_population_constants(net.plan->network->population(net.cells), parameters, net.plan->network->dt_ms());
    const std::function<void(Executor&)> acts[] = {
        [](Executor& it) { it.reset_state(); },
        [&](Executor& it) { net.run(it, 0, 20); },
        [&](Executor& it) { it.write({Slot::state, net.cells}, DType::float32, states.data()); },
        [&](Executor& it) { net.run(it, 20, 5); },
        [&](Executor& it) { it.write({Slot::weight, 0}, DType::float32, weights.data()); },
        [&](Executor& it) { it.set_constants(net.cells, constants); },
        [&](Executor& it) { it.set_seed(5); },
        [&](Executor& it) { net.run(it, 25, 7); },
    };
    int failures = 0;
    for (const auto& act : acts) {
        act(*single);
        for (uint64_t given = 0; out_of_memory_after(given, [&] { act(executor); }); ++given) ++failures;
        CAPTURE(&act - acts);
        CHECK(net.voltages(executor) == net.voltages(*single));
        CHECK(executor.counters().spikes == single->counters().spikes);
    }
    CHECK(failures > 20);
    net.fate.runs_left = 0;
    net.run(executor, 32, 10);
    net.run(*single, 32, 10);
    CHECK(net.told.size() == 1);
    CHECK(net.voltages(executor) == net.voltages(*single));
    CHECK(executor.counters().spikes == single->counters().spikes);
    CHECK(executor.counters().spikes > 0);
}

TEST_CASE("work stays where it is when there is no room to move it") {
    Lasting net;
    const std::unique_ptr<Executor> single = net.open("cpu");
    single->reset_state();
    net.run(*single, 0, 70000);
    const LastingExecutor::Reopen reopen = [](std::unique_ptr<Executor>&, std::exception_ptr failure) {
        std::rethrow_exception(failure);
    };
    for (const bool can_be_lost : {true, false}) {
        int asked = 0;
        const auto move = [&](Executor&, const std::function<void(Executor&)>& bring) {
            std::unique_ptr<Executor> better = net.open("cpu");
            // Before it has the state, in the middle of it, and after.
            if (++asked == 1 || (asked == 2 && out_of_memory_after(0, [&] { bring(*better); }))) throw std::bad_alloc();
            bring(*better);
            if (asked == 3) throw std::bad_alloc();
            return better;
        };
        LastingExecutor executor(net.plan, net.options, net.open("reference"),
                                 can_be_lost ? reopen : LastingExecutor::Reopen(), move);
        executor.reset_state();
        net.run(executor, 0, 70000);
        CHECK(asked > 3);  // how often depends on the time that it takes
        CHECK(net.voltages(executor) == net.voltages(*single));
        CHECK(executor.counters().steps == 70000);
        CHECK(executor.counters().spikes == single->counters().spikes);
    }
}

TEST_CASE("training says so when no device is left") {
    NetworkMaker maker;
    maker.connect({.source = maker.spikes({20}), .target = maker.neurons({30}, "lif"), .weights = std::vector<float>(600, 0.3f)});
    const std::shared_ptr<const Plan> plan = maker.plan();
    ExecutorOptions options;
    options.batch_size = 2;
    LastingExecutor executor(plan, options, open_together(plan, "cpu*1+cpu*1", options),
                             [](std::unique_ptr<Executor>& io_executor, std::exception_ptr failure) {
                                 io_executor.reset();
                                 std::rethrow_exception(failure);
                             });
    executor.reset_state();
    Trainable* const training = executor.trainable();
    REQUIRE(training);
    const auto memory = training->make_optimizer_memory(SNN_OPTIMIZER_SGD);
    CHECK_THROWS_AS(training->backward({}, {}), Error);  // there was no run: whatever failed, nothing is left to go on with
    const char* const sentence = "all devices of this session have failed; open a new one";
    CHECK_THROWS_WITH_AS(training->gradients(), sentence, Error);
    CHECK_THROWS_WITH_AS(training->update({}, *memory), sentence, Error);
    CHECK_THROWS_WITH_AS(executor.counters(), sentence, Error);
}

TEST_CASE("work moves at a safe point, and the bits stay, with a log and without one") {
    Lasting net;
    const std::unique_ptr<Executor> single = net.open("cpu");
    single->reset_state();
    const std::vector<float> expected = net.voltages(*single, 3000);
    const LastingExecutor::Reopen reopen = [](std::unique_ptr<Executor>&, std::exception_ptr failure) { std::rethrow_exception(failure); };
    for (const bool can_be_lost : {true, false}) {
        int asked = 0;
        bool on_cpu = false;
        LastingExecutor executor(net.plan, net.options, net.open("reference"), can_be_lost ? reopen : LastingExecutor::Reopen(),
                                 [&](Executor&, const std::function<void(Executor&)>& bring) {
                                     on_cpu = ++asked % 2 == 1;
                                     std::unique_ptr<Executor> other = net.open(on_cpu ? "cpu" : "reference");
                                     bring(*other);
                                     return other;
                                 });
        executor.reset_state();
        CHECK(asked == 0);  // nothing was seen of it yet
        CHECK(net.voltages(executor, 3000) == expected);
        CHECK(asked >= 1);
        CHECK(executor.counters().steps == 3000);
        // What was written stays, on whatever device, and a reset after many steps is a safe point as well.
        const std::vector<float> weights(600, 0.2f);
        const Slot slot{Slot::weight, 0};
        executor.write(slot, DType::float32, weights.data());
        const int before = asked;
        net.voltages(executor, 9000);
        executor.reset_state();
        CHECK(asked > before);
        std::vector<float> read(600);
        executor.read(slot, DType::float32, read.data());
        CHECK(read == weights);
        const std::unique_ptr<Executor> other = net.open("cpu");
        other->reset_state();
        other->write(slot, DType::float32, weights.data());
        CHECK(net.voltages(executor, 50) == net.voltages(*other, 50));
    }
}

}  // namespace snn::test
