// The reference executor: canonical arrays and the kernels over them. executor.cpp runs forward, plasticity.cpp changes weights
// during the run, gradient.cpp and rules.cpp run backward, variables.cpp reads and writes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "backend/normalization.h"
#include "backend/trainable.h"
#include "network/evaluate.h"
#include "backend/reference/host_allocator.h"

namespace snn::reference {

template <class Real>
class ReferenceExecutor final : public Executor, private Trainable, private Gradients {
public:
    ReferenceExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);

    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override { return counters_; }
    void set_constants(uint32_t population, const PopulationConstants& constants) override {
        populations_[population].own_constants = constants;
    }
    void set_seed(uint64_t seed) override { seed_ = seed; }
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) override {
        plasticity_[projection] = std::move(plan);
    }
    void signal(uint32_t projection, float value) override;
    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;
    Trainable* trainable() override { return plan_->step_adjoint.empty() ? nullptr : this; }

private:
    bool can_normalize() const override { return true; }
    uint64_t taped_run_count() const override { return taped_runs_; }
    void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) override;
    const Gradients* gradients() const override { return this; }
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) override;
    void update(const OptimizerStep& step, OptimizerMemory& memory) override;

    double square_sum(uint32_t projection) const override;
    bool is_finite(uint32_t projection) const override;
    void read_constant(uint32_t population, uint32_t place, double* out_values) const override;
    void read_initial(uint32_t population, uint32_t state, double* out_values) const override;

    static constexpr DType real_type = sizeof(Real) == 8 ? DType::float64 : DType::float32;
    using Values = Array<Real>;
    using Wholes = Array<int32_t>;

    // One entry of the tape over the whole run: [step][batch * size], floats or whole numbers.
    struct TapeColumn {
        Values real;
        Wholes whole;
    };

    struct PopulationState {
        std::vector<Values> states;      // [state][batch * size]; empty for int states
        std::vector<Wholes> int_states;  // [state][batch * size]; empty for float states
        std::vector<Values> sums;        // [receptor][batch * size]
        std::vector<Wholes> fixed_sums;  // [receptor][batch * size]
        std::vector<Values> history;     // ring of history_depth + 1 activities, [batch * size]
        SurrogateInUse<Real> surrogate;
        std::optional<PopulationConstants> own_constants;  // instead of the plan's
        mutable std::vector<uint32_t> active;
        // training
        std::vector<uint8_t> kept;  // [batch * size] of the taped run; empty: no dropout
        Real kept_scale{1};
        std::vector<Values> before;           // [lag][batch * size] activities before the taped run, the last one first
        Values activities;                    // [step][batch * size] of the taped run
        std::vector<TapeColumn> tape;         // [tape entry]
        std::vector<Values> state_gradients;  // [state][batch * size], of the current step
        std::vector<Values> credit;           // rules other than bptt: dL/d(state) collected from later steps
        std::vector<Values> passed_gradients;  // [receptor][batch * size], OTTT and EventProp: what passes back to sources
        std::vector<Values> later_sum_gradients;  // EventProp: sum_gradients of the following step
        // EventProp: [step][batch * size], how much earlier the spike comes, in steps, for a higher membrane
        Values delays_of_spike;
        Values activity_gradients;            // [step][batch * size]
        std::vector<Values> sum_gradients;    // [receptor][batch * size], of the current step
        std::vector<Values> constant_gradients;  // [place in LearningPlan::constants][batch * size], summed over the steps
    };
    // The value of a trace right after its last event. It decays from then on (docs/semantics.md, "Plasticity").
    struct Trace {
        Real value{};
        uint64_t step = 0;  // step of the last event
    };
    struct ProjectionState {
        Values weights, bias;  // one copy, or one for each sample in turn if samples have weights of their own
        Values weight_gradient, bias_gradient;
        Real weight_limit{};  // update() keeps |w| within it
        // Of the taped run, if the projection leads from one stage to another (network/stages.h): rows [step][batch * size].
        std::optional<NormalizedRows<Real>> normalized;
        bool has_statistics = false;
        Values sums;           // x, if it is normalised
        Values sum_gradients;  // dL/d(what it delivered), then dL/dx
        std::vector<std::vector<Trace>> pre_traces;   // [trace][synapse]
        std::vector<std::vector<Trace>> post_traces;  // [trace][target neuron]
        std::vector<std::vector<Trace>> synapse_traces;  // [trace][synapse]
        std::vector<Values> target_states;               // [state][target neuron] that the rule reads, from before the step
        // Rules other than bptt: what arrivals have left in the states of a target that never spikes, now and before the taped
        // run, by [delay - delay_steps][state]: [batch * source]. The last entry is that of the bias, [1].
        std::vector<std::vector<Values>> eligibility, eligibility_before;
    };

    // First and second moments by projection; empty for projections that are not trained.
    struct Moments final : OptimizerMemory {
        struct OfProjection {
            Values weight[2], bias[2];
        };
        std::vector<OfProjection> projections;

        size_t count() const override;
        void read(std::span<double> out_values) const override { const_cast<Moments*>(this)->exchange(false, out_values); }
        void write(std::span<const double> values) override {
            exchange(true, {const_cast<double*>(values.data()), values.size()});
        }
        void for_squares(const std::function<void(size_t begin, size_t end)>& use) const override;

    private:
        void exchange(bool writing, std::span<double> values);
    };

    const Network& network() const { return *plan_->network; }
    size_t frame(uint32_t population) const { return size_t{batch_size_} * network().population(population).size; }
    // Activity `lag` steps before the current step. The ring's zeros stand for steps before the first.
    const Values& activity(uint32_t population, uint32_t lag) const;
    Values& present_activity(uint32_t population);

    void run_steps(const RunRequest& request);
    void begin_normalization(const RunRequest& request);
    void run_for_statistics(const RunRequest& request);
    void deliver_normalized(uint32_t projection);
    bool crosses_stages(const Projection& projection) const { return stages_[projection.source] > stages_[projection.target]; }
    size_t first_of(const Slot& slot) const;

    void load_inputs(const RunRequest& request, uint32_t step);
    void count_spikes();
    void record(const RunRequest& request, uint32_t step) const;
    void record_events(const RunRequest& request, uint32_t step) const;
    void deliver(uint32_t projection);
    void deliver_to(uint32_t projection, Values& io_sums, bool with_bias);
    void learn(uint32_t projection);
    static Real held(Real value, float minimum, float maximum);
    Real arrive(uint32_t projection, uint64_t synapse, uint32_t target);
    void look_at_target(uint32_t projection);
    void happen(uint32_t projection, const PlasticEvent& event, uint64_t synapse, uint32_t target, Real signal = Real{0});
    template <class State, class Use>
    void for_traces(const Slot& slot, State& state, Use&& use) const;
    Real now_of(const Trace& trace, const TracePlan& plan) const;
    void add_event(Trace& trace, const TracePlan& plan) const;
    void read_traces(const Slot& slot, DType dtype, void* out_data) const;
    void write_traces(const Slot& slot, DType dtype, const void* data);
    void finish_receptors(uint32_t population);
    void neuron_step(uint32_t population);
    void begin_tape(const RunRequest& request);
    void tape_activities();
    const PopulationConstants& constants_of(uint32_t population) const {
        const auto& own = populations_[population].own_constants;
        return own ? *own : plan_->populations[population];
    }
    void load_constants(uint32_t population, uint32_t neuron, Registers<Real>& registers) const;

    Values zeros(size_t count) const { return Values(count, Real{0}, HostAllocator<Real>(allocator_)); }
    Wholes whole_zeros(size_t count) const { return Wholes(count, 0, HostAllocator<int32_t>(allocator_)); }

    void forget_later_steps(uint32_t step);
    void begin_eligibility(const RunRequest& request);
    void advance_eligibility();
    void add_credit(uint32_t population, size_t neuron);
    void tape_crossing(uint32_t population, size_t neuron);
    void event_adjoint(uint32_t population, uint32_t step);
    void add_eligibility(uint32_t projection);
    bool passes_back(const Projection& projection, uint32_t delay) const;
    void add_output_gradients(std::span<const OutputGradient> gradients, uint32_t stage, uint32_t step);
    void normalize_adjoint(uint32_t stage);
    void neuron_adjoint(uint32_t population, uint32_t step);
    void deliver_adjoint(uint32_t projection, uint32_t step);
    void sum_over_samples(uint32_t population, const Values& values, double* out_values) const;
    void update_values(const OptimizerStep& step, Values& values, const Values& gradient, Values (&moments)[2],
                       Real limit);

    std::shared_ptr<const Plan> plan_;
    std::vector<std::shared_ptr<const PlasticityPlan>> plasticity_;  // by projection; the plan's until they are set
    uint32_t batch_size_;
    uint64_t seed_;
    uint32_t first_sample_;  // number of the first sample in the random draws
    bool smooth_;
    SNNAllocator allocator_;
    ExecutorCounters counters_;
    uint64_t now_ = 0;  // steps begun since the reset; gives the position in the rings
    uint64_t step_ = 0;  // number of the current step, as the session counts since the reset
    bool taping_ = false;
    uint32_t tape_step_ = 0;    // number of the current step on the tape
    uint32_t taped_steps_ = 0;  // of the last taped run
    uint32_t gradient_steps_ = 0;  // RunRequest::gradient_steps of that run
    LearningRule rule_ = LearningRule::bptt;
    std::span<const LinearStep> linear_;
    uint32_t readout_ = 0;
    bool traces_ = false;
    uint64_t taped_runs_ = 0;
    std::vector<uint32_t> stages_;  // of the last taped run, by population
    std::vector<PopulationState> populations_;
    std::vector<ProjectionState> projections_;
    Registers<Real> registers_;
    Values output_gradient_;  // one frame, converted
};

}  // namespace snn::reference
