// Back-propagation through time over a taped run, and the optimiser. backpropagation.cpp explains how the work is shared by
// threads.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "cpu/executor.h"
#include "cpu/tape.h"

namespace snn::cpu {

constexpr uint32_t sources_of_task = 64;  // sources whose weight gradients one task of the second half sums up
// The same for analog sources. Each task gathers the gradients for itself, so few large tasks are best: two for each thread, if
// they fit.
constexpr uint32_t fewest_value_sources = 128, most_value_sources = 512;
constexpr uint32_t rows_of_outer = 256;  // rows of values and gradients that stay in the L2 cache

// Words from one source's list of events to the next. The extra cache line keeps the ends of 64 lists that grow together from
// falling on the same sets of the cache when `rows` is a power of two.
constexpr size_t event_stride(size_t rows) { return rows + 16; }

// Floats from one row of source values to the next: an odd number of cache lines, for the same reason.
constexpr size_t values_stride(uint32_t sources) { return (sources + 15) / 16 * 16 | 16; }

// The moments of an optimiser, per projection. Empty for projections that are not trained.
struct Moments final : OptimizerMemory {
    Moments(const CpuContext& context, bool two_moments);

    struct Pair {
        Buffer<float> first, second;  // the second is empty for SGD
    };
    std::vector<Pair> weights, bias;

    size_t count() const override;
    void read(std::span<double> out_values) const override;
    void write(std::span<const double> values) override;
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const override;

private:
    template <class Use>
    void for_each(Use&& use) const;
};

class SpikeTimes;

// What a pass computes. For rules other than bptt, see RunRequest.
struct PassRule {
    LearningRule rule = LearningRule::bptt;
    std::span<const LinearStep> linear;
    uint32_t readout = 0;
    const Traces* traces = nullptr;     // from before the run; null: there are none
    SpikeTimes* spike_times = nullptr;  // EventProp: of the segment on the tape
};

class Backpropagation final : public Gradients {
public:
    Backpropagation(CpuContext& context, Tape& tape);

    // The number of steps in a chunk of a run. The chunks fix the order in which gradients are added up.
    static uint32_t steps_of_chunk(const CpuContext& context, uint32_t step_count);

    // A pass over a taped run: begin(), then take_back() for every segment from the last to the first, then end(). `window`: no
    // gradient passes from a step that is a multiple of it to the step before; 0: no limit.
    void begin(uint32_t step_count, uint32_t window, const PassRule& rule);
    void take_back(uint32_t begin_step, uint32_t end_step, std::span<const OutputGradient> outputs,
                   std::span<const InputGradient> inputs);
    void end();
    void update(const OptimizerStep& step, Moments& io_moments);

    // Null when the projection is not trained or has no bias.
    const float* gradient(uint32_t projection, bool of_bias) const;
    double square_sum(uint32_t projection) const override;
    bool is_finite(uint32_t projection) const override;
    void read_constant(uint32_t population, uint32_t place, double* out_values) const override;
    void read_initial(uint32_t population, uint32_t state, double* out_values) const override;

private:
    struct PopulationGradient {
        bool runs = false;         // its adjoint is part of the backward step
        uint32_t frame_count = 1;  // ring of activity gradients by step, a power of two
        Buffer<float> activity;    // [frame][sample][row] dL/d(activity)
        Buffer<float> states;      // [state][sample][row] dL/d(state after the current step)
        Buffer<float> sums;        // [receptor][step of the chunk][sample][row] dL/d(receptor sum)
        // rules other than bptt: [state][sample][row] dL/d(state after the current step) from later steps
        Buffer<float> credit;
        // What goes back to sources, [receptor][sample][row]. OTTT: dL/d(receptor sum) of the current step alone. EventProp:
        // dL/d(receptor sum) of the next step, which is `later`, minus that of the current step.
        Buffer<float> instant, later;
        std::vector<uint32_t> event_states;  // EventProp: see prepare_events()
        Buffer<float> constants;       // [place in LearningPlan::constants][sample][row], summed over the steps
    };
    struct ProjectionGradient {
        bool runs = false, to_source = false;
        Buffer<float> weights, bias;  // dL/dw, dL/db
        Buffer<float> packed;         // convolution: [part of the samples] gradient in the order of the packed weights
        uint32_t parts = 1;           // parts of the samples, whatever the number of threads
        // dense, convolution, taps (one delay after the other): transposed weights, fixed during this pass
        Buffer<float> panels;
        Buffer<float> tap;   // taps: the weights of one delay
        Buffer<float> rows;  // if it crosses stages: [step][sample][row of the target] dL/d(what it delivered)
    };
    // A piece of the weights whose gradients one thread sums up over the steps of a chunk.
    struct WeightTask {
        // A dense projection from spikes has tasks of both `dense` (rows of the active) and `values` (products); a chunk uses
        // one kind.
        enum Kind : uint8_t { dense, values, one_to_one, sparse, conv, narrow, bias } kind;
        uint32_t projection;
        uint32_t begin, end;              // sources, neurons, block, channels or targets
        uint32_t input_begin, input_end;  // conv: inputs of the group
        uint32_t part;                    // conv: part of the samples
    };
    struct TaskScratch {
        Buffer<uint32_t> events;                     // [source of 64][row]: rows of the chunk in which the source was active
        Buffer<float> column;                        // one source's values, by row
        Buffer<float> panel;                         // [rows_of_outer][outer_columns] dL/d(sum) of some targets
        Buffer<float> values;                        // [rows_of_outer][values_stride] of some sources
        Buffer<float> channels_last, image, padded;  // for a convolution, see ConvAdjointArgs
        Buffer<ConvTerm> terms;
        Buffer<uint32_t> term_begins, offsets, row_begins;
        Buffer<uint32_t> active;  // active sources of a convolution or pooling in one step of one sample
        Buffer<uint32_t> owners;  // of each window, see max_pool_adjoint()
        // For sparse projections: dL/d(sum) and sums of sources, [neuron][16], with 16 samples side by side; the synapses of
        // one delay.
        Buffer<float> turned, turned_sums;
        Buffer<uint64_t> segment_begins;
        Buffer<uint32_t> segment_counts;
    };
    struct Ends {  // gradients that come in at the outputs and those that go out at the inputs
        std::span<const OutputGradient> outputs;
        std::span<const InputGradient> inputs;
    };
    struct Chunk {
        uint32_t begin, end;  // steps
        uint32_t stage = 0;   // stage of the populations (network/stages.h), and of projections from them
        uint32_t count() const { return end - begin; }
    };

    void sum_over_samples(uint32_t population, const float* values, double* out_values) const;
    void prepare(uint32_t step_count);
    void make_weight_tasks();
    void make_conv_tasks(uint32_t projection);
    void forget_later_steps();  // clears the gradients that came from them
    float* activity_row(uint32_t population, uint32_t step, uint32_t sample);
    float* sums_row(uint32_t population, uint32_t receptor, uint32_t chunk_step, uint32_t sample);
    bool crosses_stages(uint32_t projection) const {
        const Projection& info = context_.projections[projection]->info;
        return context_.stages[info.source] > context_.stages[info.target];
    }
    // dL/d(sum) in a step of a chunk: what a projection's weights use, and what is passed on to its source.
    const float* given_row(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t sample);
    const float* row_for_source(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t sample);
    void normalize_adjoint(uint32_t stage);
    float* passed_row(uint32_t population, uint32_t receptor, uint32_t chunk_step, uint32_t sample);
    bool passes_back(uint32_t projection) const;
    void prepare_rule();
    void add_credit(uint32_t population, uint32_t chunk_step, uint32_t sample);
    void add_traces();
    void prepare_events(uint32_t population);
    void event_adjoint(uint32_t population, uint32_t step, uint32_t chunk_step, uint32_t sample);
    void event_source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t sample, uint32_t task);
    void trace_of_bias(const WeightTask& task);

    // First half of a chunk: gradients of sums and activity, for some samples.
    void adjoint_steps(const Chunk& chunk, uint32_t begin, uint32_t end, const Ends& ends, uint32_t task);
    void adjoint_steps_of_few(const Chunk& chunk, uint32_t begin, uint32_t end, const Ends& ends, uint32_t task);
    void add_outputs(uint32_t population, uint32_t step, uint32_t sample, std::span<const OutputGradient> outputs);
    void input_gradient(uint32_t population, uint32_t step, uint32_t sample, std::span<const InputGradient> inputs);
    void neuron_adjoint(uint32_t population, uint32_t step, uint32_t chunk_step, uint32_t sample, uint32_t task);
    void source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t begin, uint32_t end, uint32_t task);
    void sparse_source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t begin, uint32_t end,
                                TaskScratch& scratch);
    void tap_source_gradient(uint32_t projection, uint32_t step, uint32_t chunk_begin, uint32_t begin, uint32_t end);
    void transpose_weights(uint32_t projection);
    size_t panel_size(const ProjectionData& data) const { return static_cast<size_t>(padded(data.source_size)) * data.target_size; }

    // What arrived from the sources of a projection in a step of the run; while add_traces() works, the traces from before the
    // run.
    struct Arrivals {
        const uint16_t* bits;
        const float* values;  // null: the activity is 0 or 1
    };
    Arrivals arrivals(uint32_t projection, uint32_t slot, uint32_t step, uint32_t delay, uint32_t sample) const;

    // Second half: gradients of weights.
    bool by_products(uint32_t projection, const Chunk& chunk) const;
    void make_room_for_products(const WeightTask& task);
    void make_room_for_products(const Chunk& chunk);
    void weight_gradient(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch);
    void dense_weights(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch, uint32_t slot = 0);
    void value_weights(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch);
    void sparse_weights(const WeightTask& task, const Chunk& chunk);
    void window_weights(const WeightTask& task, const Chunk& chunk, TaskScratch& scratch);
    void bias_gradient(const WeightTask& task, const Chunk& chunk);

    CpuContext& context_;
    Tape& tape_;
    uint32_t chunk_steps_ = 0;
    uint32_t samples_together_ = 1;  // samples that a thread takes back at a time
    uint32_t window_ = 0;            // of the current pass
    PassRule rule_;
    int32_t trace_state_ = -1;  // the state whose traces add_traces() adds; -1: it is not at work
    std::vector<PopulationGradient> populations_;
    std::vector<ProjectionGradient> projections_;
    std::vector<float> weight_limits_;  // per projection: update() keeps |w| within it
    std::vector<WeightTask> weight_tasks_;
    std::vector<TaskScratch> scratch_;
    Buffer<float> zeros_;  // dL/d(activity) of populations that do not spike
};

}  // namespace snn::cpu
