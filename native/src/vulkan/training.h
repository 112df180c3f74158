// Training on a Vulkan device. A taped run is one submission through all steps, its backward pass another one, an update a
// third; in between only what a loss needs comes to the host.
//
// Populations go in groups that have no way back from a later one: a group takes all steps before the next group begins, with
// one dispatch for all steps of all samples where nothing in the group waits for itself, else in windows of as many steps as
// its shortest way back is long. The backward pass is the mirror. training_memory.h has what lies on the device,
// training_dispatches.cpp the dispatches, training.cpp what goes in and comes out.
//
// Sums of projections that are normalised come to the host for their statistics, and in the backward pass for their gradients:
// a pass is then several submissions (training_normalization.cpp).
//
// A session's own runs have their forms of weights and activity (projection.h, population.h). Weights that an update has
// changed and what neurons did last go there when somebody other than the trainer asks: settle().
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

// What the executor shares with its training.
struct TrainingPlace {
    Device& device;
    Pipelines& pipelines;
    const Plan& plan;
    uint32_t batch_size;
    uint32_t first_sample;  // what the first one is called in random draws
    std::vector<PopulationMemory>& populations;
    std::vector<ProjectionMemory>& projections;
    Range run;  // with the table of normal draws
    uint32_t normal_table;
    std::vector<Range> projection_counters;
    uint32_t thread_count;  // of the host
    SNNJobSystem job_system;
    std::function<void(uint32_t projection, std::vector<float> weights)> load_weights;
};

// What batch normalisation through time keeps of a projection. Rows are steps of samples.
struct NormalizedSums {
    GrowingRange sums;     // [row][target] on the device: the projection's own, in the backward pass their gradient
    GrowingRange factors;  // [channel] means, [channel] scales; uploaded
    GrowingRange x, gradient;  // [row][target] where the host computes: the sums, and what goes back
    NormalizedRows<float> rows;
};

// An optimiser's memory: of each trained projection the first moments, then the second ones where the optimiser has them.
class Moments final : public OptimizerMemory {
public:
    using Free = std::multimap<VkDeviceSize, Range>;  // by size, to be used again
    Moments(Device& device, const std::vector<TapedProjection>& projections, uint32_t optimizer, std::shared_ptr<Free> free);
    ~Moments() override;

    size_t count() const override { return count_; }
    void read(std::span<double> out_values) const override;
    void write(std::span<const double> values) override;
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const override;

    std::vector<Range> ranges;  // by projection; without a buffer where nothing is trained

private:
    Device& device_;
    void give_back();

    std::vector<size_t> counts_;  // by projection
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
    // An update in two parts: only the second changes weights and moments.
    void record_update(const OptimizerStep& step, Moments& io_moments);
    void run_update();
    bool is_trained(uint32_t projection) const {
        return projections_[projection].is_trained && projections_[projection].parameter_count() > 0;
    }
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer);

    uint64_t run_count() const { return run_count_; }
    uint64_t input_spikes() const { return input_spikes_; }  // of the last run
    uint64_t spikes() const { return spikes_; }
    // Of the last backward pass, in canonical order.
    std::span<const float> weight_gradient(uint32_t projection) const;
    std::span<const float> bias_gradient(uint32_t projection) const;

    // The session has other weights now; constants of a population or bindings of its states have changed.
    void weights_changed(uint32_t projection) { projections_[projection].is_stale = true; }
    void populations_changed();

    void settle(uint64_t now);
    bool is_ahead() const { return is_ahead_; }
    void forget_activity() { is_ahead_ = false, input_spikes_ = spikes_ = 0; }  // of the last run

private:
    double square_sum(uint32_t projection) const override;
    bool is_finite(uint32_t projection) const override;
    void read_constant(uint32_t population, uint32_t place, double* out_values) const override;
    void read_initial(uint32_t population, uint32_t state, double* out_values) const override;

    // Populations in the order of evaluation; `window`: the most steps that they can take at once.
    struct Group {
        std::vector<uint32_t> populations;
        uint32_t window;
    };
    // What comes to the host after a run.
    struct Wanted {
        uint32_t population;
        uint32_t state;  // all_spikes: bits of every step
        bool operator==(const Wanted&) const = default;
    };
    static constexpr uint32_t all_spikes = UINT32_MAX;
    // What a recorded run or backward pass depends on; recorded anew when that has changed.
    struct RunShape {
        uint32_t steps = 0, gradient_steps = 0;
        bool goes_on = false;               // from the run before
        uint64_t seed = 0, first_step = 0;  // of random draws
        std::vector<uint8_t> held;          // by input of the request
        std::vector<uint32_t> normalized;   // projections
        LearningRule rule = LearningRule::bptt;
        uint32_t readout = 0;               // of e-prop
        bool traces = false;                // the run is one of several that follow each other
        std::vector<Wanted> wanted;
        bool operator==(const RunShape&) const = default;
    };
    // A gradient that the loss gives, by population.
    struct OutputShape {
        uint32_t population, what;
        bool in_time;
        bool operator==(const OutputShape&) const = default;
    };
    // Numbers of what dispatches share (steps.h).
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

    // A pass: commands, after each of which the host computes with the sums of some projections.
    struct Part {
        Commands commands;
        std::vector<uint32_t> normalized;
    };
    struct Pass {
        std::vector<Part> parts;  // used again when it is recorded anew
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
    // Where the sums of a projection lie, or their gradient: those of its receptor, or its own.
    struct OwnSums {
        Range range;
        uint32_t begin;
        uint32_t resource;
    };
    OwnSums sums_of_receptor(uint32_t projection) const;
    OwnSums own_sums(uint32_t projection) const;
    OwnSums sums_for_source(uint32_t projection) const;  // what goes back to it
    void add_sums(Recorder& recorder, uint32_t projection, uint32_t first, uint32_t count, const OwnSums& sums, bool with_bias);
    void add_neurons(Recorder& recorder, uint32_t population, uint32_t first, uint32_t count);
    void add_group_adjoint(Recorder& recorder, const Group& group);
    void add_adjoint(Recorder& recorder, uint32_t population, uint32_t first, uint32_t count);
    void add_source_gradient(Recorder& recorder, uint32_t projection, uint32_t first, uint32_t count);
    void add_weight_gradient(Recorder& recorder, uint32_t projection);
    // What arrived at a projection: activity of the source, or traces of it.
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
    // Another thing than the gradient of its sums goes back to a projection's source.
    bool keeps_instant() const { return shape_.rule == LearningRule::ottt || shape_.rule == LearningRule::eventprop; }
    // The traces of a projection: J[after][before], B[after], then twice, before the run and now: of the bias [state], of
    // sources [state][delay, the largest first][sample][source].
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

    // Normalisation. `recorder` goes on with the next part of the pass where a group has normalised projections.
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
    std::vector<uint8_t> has_adjoint_;             // by projection
    std::vector<float> weight_limits_;
    std::vector<Group> groups_;
    bool draws_ = false;  // some model does

    uint64_t run_count_ = 0, input_spikes_ = 0, spikes_ = 0;
    uint32_t steps_ = 0;     // of the last run
    bool is_ahead_ = false;  // the last run's activity is not in the session's rings yet
    RunShape shape_;
    bool has_run_ = false;  // is recorded
    std::vector<GrowingRange> traces_;    // by projection
    std::span<const LinearStep> linear_;  // of a learning rule, by population; the trainer's
    std::vector<OutputShape> outputs_;
    bool has_backward_ = false;   // is recorded
    bool has_gradients_ = false;  // of some run
    Pass run_pass_, backward_pass_;
    Commands update_commands_;

    GrowingRange inputs_;            // uploaded: inputs in the order of the request, as they lie on the device
    GrowingRange readback_;          // counts of all that spike, then what is wanted
    GrowingRange output_gradients_;  // uploaded
    GrowingRange parts_;
    std::vector<std::unique_ptr<NormalizedSums>> normalized_;  // by projection; null where the last run did not normalise it
    std::unique_ptr<ThreadPool> threads_;                      // null until something is normalised
    Range not_finite_;                                       // by projection
    std::vector<VkDeviceSize> counts_begin_, wanted_begin_;  // in readback_, by population and by place in `wanted`
    std::shared_ptr<Moments::Free> free_moments_ = std::make_shared<Moments::Free>();
    mutable std::vector<std::vector<float>> host_gradients_;  // by projection, empty until asked for
    std::vector<float> values_;
};

}  // namespace snn::vulkan
