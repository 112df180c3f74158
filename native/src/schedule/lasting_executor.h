// An executor that outlives its devices: when one fails, another executor goes on without it, with the same bits.
//
// The state of a device that is lost is lost with it. So a *safe point* is kept, a copy of all that steps depend on, and a
// *log* of what was done since then: steps with their inputs, writes, signals, changed parameters.
//
//     safe point ---- steps ---- write ---- steps ---- X           a device fails in the middle of a run
//     safe point ==== steps ==== write ==== steps ==== goes on     another executor, from the safe point, does it all again
//
// A safe point is also where work may be moved from a device that has become slow: another executor goes on from there. Where
// no device can be lost, there is no log and a state is copied only when work moves.
//
// A new safe point is taken after `first_interval` steps - less often where that costs more than a part of the time -, in the
// middle of a long run too, or when the log has become large. A reset is one for nothing, unless weights are plastic.
//
// An error that is not a device's doing, as of a host program that has not submitted, comes out of the call, and what failed
// has not happened: the next call goes back to the safe point first and does the log again. Only a run without a log, or one
// that was long enough for a safe point in its middle, leaves a state that is lost.
//
// Training goes on as well where devices share a batch, whose weights and moments are in host memory: a taped run is logged
// like others, so a backward pass that fails is done again on a tape that was made again.
#pragma once

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend/trainable.h"

namespace snn {

class LastingExecutor final : public Executor, private Trainable {
public:
    // Ends the executor in `io_executor` and puts one in its place that works without what failed, in its initial state.
    // Throws, `failure` or an error of its own, when there is none.
    using Reopen = std::function<void(std::unique_ptr<Executor>& io_executor, std::exception_ptr failure)>;

    // Another executor that would do better, after `bring` has given it the present one's state; null, or an exception: it
    // stays. Asked after every so many steps.
    using Move =
        std::function<std::unique_ptr<Executor>(Executor& present, const std::function<void(Executor& better)>& bring)>;

    // `reopen` null: its devices cannot be lost, and errors come out as they are.
    LastingExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options, std::unique_ptr<Executor> executor,
                    Reopen reopen, Move move = {});

    std::string description() const override;
    std::string other_bits() const override;
    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override;
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) override;
    void signal(uint32_t projection, float value) override;

    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;
    // The one it drives, where training outlasts a device.
    Trainable* trainable() override {
        Trainable* const own = executor_ ? executor_->trainable() : nullptr;
        return own && own->outlasts_devices() ? this : nullptr;
    }
    bool device_trains() override { return executor_ && executor_->trainable(); }

private:
    using Bytes = std::vector<std::byte>;

    // ---- What was done, in a form in which it can be done again.
    struct Steps {
        uint64_t first_step;
        uint32_t count;
        std::vector<size_t> strides;             // by input, as InputFrames has it
        std::vector<std::vector<float>> values;  // by input: of one step where the stride is 0
    };
    struct Taped {  // with all that its request points to
        RunRequest request;
        std::vector<InputFrames> inputs;
        std::vector<std::vector<float>> values;  // by input
        std::vector<LinearStep> linear;
        std::vector<DropoutMask> dropout;
        std::vector<std::vector<uint8_t>> kept;  // by mask
    };
    struct Written {
        Slot slot;
        DType dtype;
        std::shared_ptr<const Bytes> data;  // null: as the executor has it
    };
    struct Signal {
        uint32_t projection;
        float value;
    };
    struct NewConstants {
        uint32_t population;
        std::shared_ptr<const PopulationConstants> constants;
    };
    struct NewRule {
        uint32_t projection;
        std::shared_ptr<const PlasticityPlan> plan;
    };
    struct NewSeed {
        uint64_t seed;
    };
    struct Reset {};
    using Act = std::variant<std::shared_ptr<Steps>, std::shared_ptr<const Taped>, Written, Signal, NewConstants, NewRule,
                             NewSeed, Reset>;

    // What a reset keeps: seed, parameters, and weights and biases that were written, but for those that a rule changes, which
    // are part of the state. Each with the act that makes it so, in the order in which they are done again.
    enum Setting : uint32_t { no_setting, of_seed, of_constants, of_rule, of_weights, of_bias };
    // With the index of the population or projection; of a sample (its number + 1) or, before them, all samples (0).
    using Key = std::array<uint32_t, 3>;
    using Settings = std::map<Key, Act>;
    struct SafePoint {
        Settings settings;
        std::vector<Act> state;  // nothing: the initial one
        ExecutorCounters counters;
    };

    // Where a request stands that is being run: what the executor adds to, as it was after `done` of its steps.
    struct Mark {
        uint32_t done;
        std::vector<size_t> event_counts;
        std::vector<Bytes> sums;  // by record, empty where it is none
    };

    bool can_normalize() const override { return driven().can_normalize(); }
    uint64_t taped_run_count() const override { return taped_runs_; }
    void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) override;
    // These are in host memory after the backward pass, and no device can fail in them.
    const Gradients* gradients() const override { return driven().gradients(); }
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) override {
        return driven().make_optimizer_memory(optimizer);
    }
    void update(const OptimizerStep& step, OptimizerMemory& memory) override;

    Executor& present() const;  // throws where nothing is left
    Trainable& driven() const { return *present().trainable(); }
    size_t frame_of(uint32_t population) const { return size_t{batch_} * plan_->network->population(population).size; }
    template <class Use>
    decltype(auto) lasting(Use&& use);
    template <class Use>
    decltype(auto) reading(Use&& use) const;
    void recover(std::exception_ptr failure);
    std::exception_ptr go_back();
    void go_back_whole();
    void check_state() const {
        if (is_lost_) refuse_lost_state();
    }
    void restore(const SafePoint& point, Executor& executor);
    void apply(const Act& act, Executor& executor);
    void act(Act act, size_t bytes);
    void log(Act act, size_t bytes);
    void clear_log() noexcept;
    void keep(const Act& act, Settings& io_settings) const;  // where it is a setting
    void keep_first(const Act& act);
    Key key_of(const Act& act) const;
    Settings present_settings() const;
    std::shared_ptr<Steps> spare_steps();  // with the memory of some that were logged before, so that a step allocates nothing
    size_t bytes_to_log(const RunRequest& request, uint32_t begin) const;
    void log_steps(const RunRequest& request, uint32_t begin);
    void log_taped(const RunRequest& request);
    void run_taped(const RunRequest& request);
    SafePoint made_point() const;
    void take_safe_point();
    void consider_a_move() noexcept;
    void run_unlogged(const RunRequest& request);
    Mark mark(const RunRequest& request, uint32_t done) const;
    void rewind(const RunRequest& request, const Mark& mark);
    void run_stretch(const RunRequest& request, uint32_t done, uint32_t steps);

    std::shared_ptr<const Plan> plan_;
    uint32_t batch_;
    std::unique_ptr<Executor> executor_;
    Reopen reopen_;  // null: nothing is logged
    Move move_;
    bool is_plastic_;
    SafePoint point_;  // without a log, its settings are those of now
    std::vector<Act> log_;
    std::vector<std::shared_ptr<Steps>> spare_steps_;
    size_t log_bytes_ = 0;
    uint64_t steps_since_point_ = 0;
    // Perhaps of the log, or some devices of others: something is under way, or has failed. It goes back before anything else.
    bool is_ahead_ = false;
    // A run is under way, or has failed, of which some steps cannot be undone: without a log, or before the last safe point.
    bool is_lost_ = false;
    uint64_t steps_since_question_ = 0, question_interval_;  // of a move
    std::chrono::steady_clock::time_point question_time_;
    uint64_t interval_;  // steps from one safe point to the next
    std::chrono::steady_clock::time_point point_time_;
    uint64_t taped_runs_ = 0;
    ExecutorCounters counted_before_;  // by executors that are gone, up to the safe point that the present one began at
};

// For an executor on one device: when that is lost or out of memory, the next of `devices` goes on. `told` hears which it is
// and what failed; an error of another kind, and one when none is left, comes out of the executor.
LastingExecutor::Reopen reopen_on_next(std::vector<std::string> devices,
                                       std::function<std::unique_ptr<Executor>(const std::string& device)> open,
                                       std::function<void(const std::string& device, const std::string& failure)> told);

}  // namespace snn
