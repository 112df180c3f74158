// Training on a Vulkan device. A taped run is one submission for all steps, its backward pass another one, and an update a
// third. In between, only what a loss needs is copied to the host.
//
// Populations form groups: no projection leads from a group back to an earlier one. A group computes all steps before the next
// group begins. If it has no feedback, one dispatch computes all steps of all samples; otherwise it computes windows of as many
// steps as its shortest feedback delay. The backward pass runs in the opposite order. training_memory.h describes the memory
// on the device, training_dispatches.cpp makes the dispatches, and training.cpp handles inputs and outputs.
//
// Sums of normalised projections are copied to the host, which finds their statistics, and in the backward pass their
// gradients. A pass is then several submissions (training_normalization.cpp).
//
// Other runs of a session store weights and activity in another form (projection.h, population.h). settle() converts the
// weights of the last update and the activity of the last run to that form, when code outside of training needs them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "backend/normalization.h"
#include "backend/trainable.h"
#include "common/thread_pool.h"
#include "vulkan/population.h"
#include "vulkan/projection.h"
#include "vulkan/training_memory.h"
#include "vulkan/training_recorder.h"

namespace snn::vulkan {

// What the executor shares with Training.
struct TrainingPlace {
    Device& device;
    Pipelines& pipelines;
    const Plan& plan;
    uint32_t batch_size;
    uint32_t first_sample;  // its number in random draws
    std::vector<PopulationMemory>& populations;
    std::vector<ProjectionMemory>& projections;
    Range run;  // contains the table for normal draws
    uint32_t normal_table;
    std::vector<Range> projection_counters;
    uint32_t thread_count;  // of the host
    SNNJobSystem job_system;
    std::function<void(uint32_t projection, std::vector<float> weights)> load_weights;
};

// What batch normalisation through time keeps for a projection. A row is a step of a sample.
struct NormalizedSums {
    GrowingRange sums;     // [row][target] on the device: the projection's own sums; in the backward pass, their gradient
    GrowingRange factors;  // [channel] means, [channel] scales; uploaded
    GrowingRange x, gradient;  // [row][target] for the host: the sums and their gradient
    NormalizedRows<float> rows;
};

// An optimiser's memory: for each trained projection its first moments, then its second moments if the optimiser has them.
class Moments final : public OptimizerMemory {
public:
    using Free = std::multimap<VkDeviceSize, Range>;  // unused ranges by size
    Moments(Device& device, const std::vector<TapedProjection>& projections, uint32_t optimizer, std::shared_ptr<Free> free);
    ~Moments() override;

    size_t count() const override { return count_; }
    void read(std::span<double> out_values) const override;
    void write(std::span<const double> values) override;
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const override;

    std::vector<Range> ranges;  // by projection; without a buffer if it is not trained

private:
    Device& device_;
    void give_back();

    std::vector<size_t> counts_;  // of values, by projection
    size_t count_ = 0;
    bool has_squares_;
    std::shared_ptr<Free> free_;
};

class Training final : private Gradients {
public:
    explicit Training(TrainingPlace place);

    void run(const RunRequest& request, uint64_t seed);
    void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs);
    const Gradients* gradients() const { return has_gradients_ ? this : nullptr; }
    // An update has two parts. Only run_update() changes weights and moments.
    void record_update(const OptimizerStep& step, Moments& io_moments);
    void run_update();
    bool is_trained(uint32_t projection) const {
        return projections_[projection].is_trained && projections_[projection].parameter_count() > 0;
    }
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer);

    uint64_t run_count() const { return run_count_; }
    uint64_t input_spikes() const { return input_spikes_; }
    uint64_t spikes() const { return spikes_; }
    // Gradients of the last backward pass, in canonical order.
    std::span<const float> weight_gradient(uint32_t projection) const;
    std::span<const float> bias_gradient(uint32_t projection) const;

    // Called when the session has new weights for a projection.
    void weights_changed(uint32_t projection) { projections_[projection].is_stale = true; }
    // Called when constants of a population or bindings of its states have changed.
    void populations_changed();

    void settle(uint64_t now);
    bool is_ahead() const { return is_ahead_; }
    void forget_activity() { is_ahead_ = false, input_spikes_ = spikes_ = 0; }  // for a reset

private:
    double square_sum(uint32_t projection) const override;
    bool is_finite(uint32_t projection) const override;
    void read_constant(uint32_t population, uint32_t place, double* out_values) const override;
    void read_initial(uint32_t population, uint32_t state, double* out_values) const override;

    // Populations in the order of evaluation. `window`: the most steps that one dispatch can compute.
    struct Group {
        std::vector<uint32_t> populations;
        uint32_t window;
    };
    // What is copied to the host after a run.
    struct Wanted {
        uint32_t population;
        uint32_t state;  // all_spikes: the bits of all steps
        bool operator==(const Wanted&) const = default;
    };
    static constexpr uint32_t all_spikes = UINT32_MAX;
    // What a recorded run or backward pass depends on. Both are recorded again if it has changed.
    struct RunShape {
        uint32_t steps = 0, gradient_steps = 0;
        bool goes_on = false;               // continues the previous run
        uint64_t seed = 0, first_step = 0;  // for random draws
        std::vector<uint8_t> held;          // by input of the request
        std::vector<uint32_t> normalized;   // projections
        LearningRule rule = LearningRule::bptt;
        uint32_t readout = 0;               // the output population, for e-prop
        bool traces = false;                // the run is one of a sequence, so OTTT and e-prop need traces
        std::vector<Wanted> wanted;
        bool operator==(const RunShape&) const = default;
    };
    // A gradient from the loss; these are sorted by population.
    struct OutputShape {
        uint32_t population, what;
        bool in_time;
        bool operator==(const OutputShape&) const = default;
    };
    // Kinds of resources that dispatches share; resource() numbers them for Use (steps.h).
    enum Shared : uint32_t { of_activity, of_sums, of_neurons, of_activity_gradient, shared_count };
    static uint32_t resource(uint32_t population, Shared what) { return population * shared_count + what; }
    uint32_t normalized_resource(uint32_t projection) const {
        return gradient_resource(static_cast<uint32_t>(projections_.size())) + projection;
    }
    uint32_t trace_resource(uint32_t projection) const {
        return normalized_resource(static_cast<uint32_t>(projections_.size())) + projection;
    }
    uint32_t gradient_resource(uint32_t projection) const {
        return resource(static_cast<uint32_t>(populations_.size()), of_activity) + 1 + projection;
    }
    uint32_t parts_resource() const { return gradient_resource(0) - 1; }

    const Network& network() const { return *place_.plan.network; }
    void make_groups();
    bool is_inside(const Group& group, uint32_t population) const;

    void reserve(const RunRequest& request);
    VkDeviceSize frames_words(const Wanted& wanted) const;
    void upload_inputs(const RunRequest& request);
    void upload_dropout(const RunRequest& request);
    void upload_parameters();
    void take_records(const RunRequest& request);

    // A part of a pass: commands, after which the host computes with the sums of the normalised projections.
    struct Part {
        Commands commands;
        std::vector<uint32_t> normalized;
    };
    struct Pass {
        std::vector<Part> parts;  // reused if the pass is recorded again
        size_t used = 0;
        Commands& next();
    };
    void run_commands(const Commands& commands);
    std::span<const float> gradient(uint32_t projection) const;
    void sum_over_samples(uint32_t population, uint32_t row, double* out_values) const;

    void record_run(const RunRequest& request);
    void record_backward();
    void add_group(Recorder& recorder, const Group& group);
    void add_delivery(Recorder& recorder, uint32_t projection, uint32_t first, uint32_t count);
    // Where the sums of a projection are, or their gradient: its receptor's sums, or if it is normalised its own.
    struct OwnSums {
        Range range;
        uint32_t begin;
        uint32_t resource;
    };
    OwnSums sums_of_receptor(uint32_t projection) const;
    OwnSums own_sums(uint32_t projection) const;
    OwnSums sums_for_source(uint32_t projection) const;  // the gradient that goes back to the source
    void add_sums(Recorder& recorder, uint32_t projection, uint32_t first, uint32_t count, const OwnSums& sums, bool with_bias);
    void add_neurons(Recorder& recorder, uint32_t population, uint32_t first, uint32_t count);
    void add_group_adjoint(Recorder& recorder, const Group& group);
    void add_adjoint(Recorder& recorder, uint32_t population, uint32_t first, uint32_t count);
    void add_source_gradient(Recorder& recorder, uint32_t projection, uint32_t first, uint32_t count);
    void add_weight_gradient(Recorder& recorder, uint32_t projection);
    // What arrived at a projection: the activity of the source, or its traces.
    struct Arrivals {
        Range range;
        uint32_t resource;
        bool is_binary, are_traces;
    };
    void add_gradient_parts(Recorder& recorder, uint32_t projection, shader::TrainProjection arguments,
                            const Arrivals& arrivals, const OwnSums& of_weights, const OwnSums& of_bias, uint32_t slices);
    shader::TrainProjection arguments_of(uint32_t projection, uint32_t first, uint32_t count) const;
    Dispatch dispatch_of(std::string_view shader, const Bindings& bindings, const std::vector<uint32_t>& constants = {});
    bool goes_to_source(uint32_t projection) const;

    // Learning rules (training_rules.cpp).
    bool has_rule() const { return shape_.rule != LearningRule::bptt; }
    uint32_t linear_words(uint32_t population) const;
    void write_linear(uint32_t population, uint32_t* out_words) const;
    void set_rule(uint32_t population, shader::TrainAdjoint& io_arguments) const;
    // Whether a source receives something other than the gradient of its projection's sums.
    bool keeps_instant() const { return shape_.rule == LearningRule::ottt || shape_.rule == LearningRule::eventprop; }
    // The layout of a projection's traces: J[after][before], B[after], then two blocks, from before the run and from now. A
    // block has the traces of the bias [state] and of sources [state][delay, the largest first][sample][source].
    struct TraceLayout {
        uint32_t states, slots;
        VkDeviceSize state_words, words, before;
    };
    bool is_traced(uint32_t projection) const;
    TraceLayout trace_layout(uint32_t projection) const;
    void reserve_traces();
    void upload_traces();
    void begin_traces(Recorder& recorder);
    void add_traces(Recorder& recorder);
    uint32_t add_trace_gradient(Recorder& recorder, uint32_t projection, uint32_t slices);

    // Normalisation. If a group has normalised projections, `recorder` continues with the next part of the pass.
    void begin_normalization(const RunRequest& request);
    VkDeviceSize bytes_of_rows(uint32_t population) const {
        return VkDeviceSize{populations_[population].steps} * populations_[population].frame * 4;
    }
    std::vector<uint32_t> normalized_onto(const Group& group) const;
    void add_own_sums(Recorder& recorder, const std::vector<uint32_t>& normalized);
    void add_normalized(Recorder& recorder, uint32_t projection, uint32_t first, uint32_t count);
    void take_own_gradients(Recorder& recorder, const std::vector<uint32_t>& normalized);
    void find_statistics(const RunRequest& request, const std::vector<uint32_t>& normalized);
    void go_back(const std::vector<uint32_t>& normalized);
    template <class Function>
    void for_channels(const NormalizedRows<float>& rows, const Function& function);

    TrainingPlace place_;
    std::vector<TapedPopulation> populations_;
    std::vector<TapedProjection> projections_;
    std::vector<std::vector<uint32_t>> incoming_;  // by population: projections in the order of delivery
    std::vector<uint8_t> has_adjoint_;             // by projection: the plan delivers gradients backwards through it
    std::vector<float> weight_limits_;
    std::vector<Group> groups_;
    bool draws_ = false;  // some model draws random numbers

    uint64_t run_count_ = 0, input_spikes_ = 0, spikes_ = 0;
    uint32_t steps_ = 0;     // in the last run
    bool is_ahead_ = false;  // the last run's activity is not in the session's rings yet
    RunShape shape_;
    bool has_run_ = false;  // a run with shape_ is recorded
    std::vector<GrowingRange> traces_;    // by projection
    std::span<const LinearStep> linear_;  // for learning rules, by population; the trainer owns them
    std::vector<OutputShape> outputs_;
    bool has_backward_ = false;   // a backward pass for shape_ and outputs_ is recorded
    bool has_gradients_ = false;  // a backward pass has run
    Pass run_pass_, backward_pass_;
    Commands update_commands_;

    GrowingRange inputs_;            // uploaded: inputs in the order of the request, in the device's format
    GrowingRange readback_;          // spike counts of all spiking populations, then RunShape::wanted
    GrowingRange output_gradients_;  // uploaded
    GrowingRange parts_;
    std::vector<std::unique_ptr<NormalizedSums>> normalized_;  // by projection; null if the last run did not normalise it
    std::unique_ptr<ThreadPool> threads_;                      // null until something is normalised
    Range not_finite_;                                       // by projection: not 0 if a gradient is not finite
    std::vector<VkDeviceSize> counts_begin_, wanted_begin_;  // in readback_, by population and by place in `wanted`
    std::shared_ptr<Moments::Free> free_moments_ = std::make_shared<Moments::Free>();
    mutable std::vector<std::vector<float>> host_gradients_;  // by projection; empty until needed
    std::vector<float> values_;
};

}  // namespace snn::vulkan
