// An executor that goes on on another device when its own is lost.
#include <doctest/doctest.h>

#include <vector>

#include "common/error.h"
#include "heap.h"
#include "schedule/lasting_executor.h"
#include "schedule/together.h"
#include "small_networks.h"

namespace snn::test {

namespace {

// A device that computes as another does until it has run so many times.
class Doomed final : public Executor {
public:
    Doomed(std::unique_ptr<Executor> executor, int runs_left, SNNStatus status)
        : executor_(std::move(executor)), runs_left_(runs_left), status_(status) {}
    void reset_state() override { executor_->reset_state(); }
    void run(const RunRequest& request) override {
        if (runs_left_-- == 0) throw Error(status_, "it was lost");
        executor_->run(request);
    }
    ExecutorCounters counters() const override { return executor_->counters(); }
    void set_constants(uint32_t population, const PopulationConstants& constants) override {
        executor_->set_constants(population, constants);
    }
    void set_seed(uint64_t seed) override { executor_->set_seed(seed); }
    size_t count(const Slot& slot) const override { return executor_->count(slot); }
    void read(const Slot& slot, DType dtype, void* out_data) const override { executor_->read(slot, dtype, out_data); }
    void write(const Slot& slot, DType dtype, const void* data) override { executor_->write(slot, dtype, data); }
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override {
        return executor_->active(population, sample);
    }

private:
    std::unique_ptr<Executor> executor_;
    int runs_left_;
    SNNStatus status_;
};

struct Lasting {
    NetworkMaker maker;
    uint32_t in, cells;
    std::shared_ptr<const Plan> plan;
    ExecutorOptions options;
    std::vector<std::string> told;

    Lasting() : in(maker.spikes({20})), cells(maker.neurons({30}, "lif")) {
        maker.connect({.source = in, .target = cells, .weights = std::vector<float>(600, 0.3f), .delay_steps = 2});
        plan = maker.plan();
    }
    std::unique_ptr<Executor> open(const std::string& device) const { return find_backend(device).open(plan, options); }
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
        std::vector<float> values(30);
        executor.read({Slot::state, cells}, DType::float32, values.data());
        return values;
    }
    LastingExecutor lasting(int runs_left, SNNStatus status, std::vector<std::string> others) {
        return LastingExecutor(plan, options, std::make_unique<Doomed>(open("reference"), runs_left, status),
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
                                 [&](Executor&) {
                                     on_cpu = ++asked % 2 == 1;
                                     return net.open(on_cpu ? "cpu" : "reference");
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
