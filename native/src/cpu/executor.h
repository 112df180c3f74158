// Runs a plan on the CPU. executor.cpp explains how a step works.
//
// Thread-safety: one thread at a time. The session's own threads take part in run() and backward().
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backend/trainable.h"
#include "backend/normalization.h"
#include "common/thread_pool.h"
#include "cpu/event_log.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/plastic_projection.h"
#include "cpu/population_data.h"
#include "cpu/projection_data.h"
#include "cpu/sharing.h"
#include "cpu/sparse_bundles.h"
#include "cpu/sparse_span.h"

namespace snn::cpu {

class Backpropagation;
class Checkpoints;
class SpikeTimes;
class Tape;
class Traces;

constexpr size_t state_bytes_together = 128 * 1024;  // state of the samples that a task steps together

// Counts of one task since the last reset, in cache lines of its own.
struct alignas(64) TaskCounters {
    uint64_t spikes = 0, input_spikes = 0;
    uint64_t events = 0, value_operations = 0;  // synapses that delivered a spike; synapses that delivered a value
};

// Working memory of one task.
struct TaskMemory {
    TaskCounters counters;
    Buffer<float> sums;            // [receptor][neuron] of the current population
    Buffer<int32_t> fixed_sums;    // the same as integers, for fixed-point projections; 0 between populations
    Buffer<float> scratch;         // some blocks of a convolution, channels last
    Buffer<float> image;           // the sources of a convolution, if many are active
    Buffer<uint16_t> pooled;       // maximum pooling: which windows have had their spike
    Buffer<uint32_t> interpreter;  // registers of interpreted models
    // For taped runs, see executor_layers.cpp.
    Buffer<uint32_t> active;                           // indices of the active neurons in one row of bits
    Buffer<float> tile_sums;                           // [receptor][sample][neuron of the tile]
    Buffer<float> panel, start;                        // weights of a tile and what its sums begin with, see DenseSamplesArgs
    uint32_t packed_group = UINT32_MAX, packed_begin;  // owner of the panel: the group and the tile's first neuron
    std::vector<uint8_t> packed;                       // which of its incoming projections the panel has
    Buffer<float> held_sums, unpacked;                 // sums of held inputs; spikes as floats
    Buffer<uint32_t> lists, list_ends;                 // active neurons of all samples, and where each sample's list ends
    // For EventProp: the tape of the current step, [tape entry][neuron], and the membrane before it.
    Buffer<uint32_t> step_tape;
    Buffer<float> membrane_before;
    Buffer<float> held_sums_of_samples;  // [sample stepped together][place], see CpuExecutor::held_places_
    // Integer sums of bundled projections (sparse_bundles.h), 0 between steps: [thread that owns them][accumulator]. A task
    // that steps whole populations has the accumulators of every thread, any other task only its own.
    std::vector<Buffer<int32_t>> accumulators;  // [step of the window][accumulator]
    WindowPlace window;                         // of the current step
};

constexpr uint32_t no_group = UINT32_MAX;
struct StepRange {
    uint32_t begin, end;  // steps of a request
};

struct RangeList {
    uint32_t begin, end;  // indices of ranges
};
constexpr uint32_t most_receptors = 16;  // limit of a model

constexpr uint32_t padded_panel(uint32_t width) { return (width + panel_columns - 1) / panel_columns * panel_columns; }

constexpr uint32_t whole_row = UINT32_MAX;  // in place of a range's index: all neurons

// The number of steps that threads run between two meetings: the shortest delay of a spike, or 0 if threads have to meet within
// a step. Delays from neurons without input do not count, because those neurons are stepped ahead of all others.
uint32_t span_steps(const Plan& plan);

constexpr uint32_t channels_of_task = 16;  // of a normalised projection

// A projection that the last taped run normalised.
struct NormalizedData {
    NormalizedRows<float> rows;
    Buffer<float> sums;                // [step][sample][row] x
    std::vector<float> center, scale;  // [channel]
};

// Everything that forward and backward passes share.
struct CpuContext {
    CpuContext(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);

    std::shared_ptr<const Plan> plan;
    SNNAllocator allocator;
    const KernelTable& kernels;
    uint32_t batch;
    ThreadPool pool;
    std::vector<std::unique_ptr<PopulationData>> populations;
    std::vector<std::unique_ptr<ProjectionData>> projections;
    std::unique_ptr<SparseBundles> bundles;
    std::vector<std::unique_ptr<PlasticProjection>> plastic;  // by projection; null if it is not plastic
    std::vector<std::unique_ptr<NormalizedData>> normalized;  // by projection; null if it is not normalised
    std::vector<uint32_t> stages;                             // by population, for the last taped run (network/stages.h)
    std::vector<TaskMemory> tasks;                            // one for each task that can run at once
    mutable Buffer<uint32_t> joined_list;                     // result of active() for a population with several lists
    Buffer<float> no_input;                                   // zeros: the sums of a receptor that no projection reaches
    uint32_t row_capacity = 0;                                // length of a row of sums: the largest population
    uint32_t span_steps = 0;  // the activity has frames for threads that are this many steps apart, see PopulationData
};

class CpuExecutor final : public Executor, private Trainable {
public:
    CpuExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);
    ~CpuExecutor() override;

    std::string description() const override;
    void reset_state() override;
    void run(const RunRequest& request) override;
    bool takes_spike_lists() const override { return true; }
    bool records_chosen() const override { return true; }
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override {
        context_.populations[population]->set_constants(constants, context_.allocator);
    }
    void set_seed(uint64_t seed) override { seed_ = seed; }
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) override {
        context_.plastic[projection]->set_plan(std::move(plan));
    }
    void signal(uint32_t projection, float value) override;

    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;
    Trainable* trainable() override { return this; }

    // Steps in which neurons at rest were left out, summed over all ranges. For tests.
    uint64_t steps_without_resting() const;

private:
    static constexpr uint64_t first_clock = uint64_t{1} << 32;  // above any delay, so that looking back never goes below zero

    bool can_normalize() const override { return context_.bundles->empty(); }
    bool takes_taped_spike_lists() const override { return true; }
    std::optional<size_t> first_wrong(InputFrames& io_input, uint32_t step_count, bool packs) override;
    uint64_t taped_run_count() const override { return taped_runs_; }
    void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) override;
    const Gradients* gradients() const override;
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) override;
    void update(const OptimizerStep& step, OptimizerMemory& memory) override;

    // The step and sample that a kernel works on.
    struct Moment {
        uint64_t clock;
        uint32_t sample;
        uint32_t run_step;  // steps since the run began; in a taped run, over all its segments
        uint64_t step;  // since the last reset
        bool taped;
        uint32_t group = no_group;     // the current group of a run by layers
        float* held_sums = nullptr;    // of this sample; null: none are kept
        bool fills_held_sums = false;  // this step computes the held sums
    };
    // The activity of a source in one step.
    struct Activity {
        const uint32_t* list;  // indices of the active neurons, ascending
        uint32_t count;
        const uint16_t* bits;
        const float* values;   // null: 0 or 1
    };
    // Populations that a taped run takes through all steps together.
    struct Group {
        std::vector<uint32_t> populations;
        bool by_tiles = false;
        bool is_loop = false;        // by tiles: the population projects onto itself, so one tile has all of it
        uint32_t tile = 0;           // neurons
        std::vector<size_t> panels;  // where TaskMemory::panel has the weights of each incoming projection
        bool was_dense = false;      // loop: in some step of the last segment, so many neurons spiked that products are faster
    };
    // Populations that do not feed each other within a step, so that they can be updated side by side.
    struct Stage {
        std::vector<uint32_t> populations;
        bool joins_lists = false;  // some of them are cut into ranges, and their activity is needed in one list
    };

    void make_stages();
    void place_held_sums();
    bool holds_sums(const RunRequest& request);
    void run_samples(const RunRequest& request, StepRange steps, uint32_t begin, uint32_t end, TaskMemory& memory);
    void run_shared(const RunRequest& request);
    struct Team;
    uint32_t run_team(const RunRequest& request, StepRange steps, double limit_ns);
    void run_thread(const RunRequest& request, uint32_t first_step, uint32_t thread, Team& team);
    void run_phases(const RunRequest& request);
    // Runs by spans, see executor_spans.cpp.
    void make_spans(const SNNAllocator& allocator);
    bool leaves_out_resting(const RunRequest& request) const;
    void run_spans(const RunRequest& request, uint32_t first_step, RangeList ranges, TaskMemory& memory, Team& team);
    void run_span(const RunRequest& request, StepRange span, StepRange sure, uint32_t range, TaskMemory& memory);
    void settle();
    void update_range(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory);
    void load_inputs(const RunRequest& request, const Moment& at, uint32_t step);
    void update_neurons(uint32_t population, const Moment& at, TaskMemory& memory);
    void update_part(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory);
    void deliver(uint32_t projection, const Moment& at, NeuronRange part, uint32_t range, TaskMemory& memory);
    void deliver_now(uint32_t projection, const Moment& at, NeuronRange part, uint32_t range, TaskMemory& memory);
    void deliver_window(const ProjectionData& projection, const SampleWeights& own, const Activity& activity, NeuronRange part,
                        bool from_zero, float* sums, TaskMemory& memory);
    void deliver_sparse(const ProjectionData& projection, const PopulationData& source, const Moment& at, uint32_t range,
                        float* sums, int32_t* fixed_sums, TaskMemory& memory);
    int32_t* fixed_sums_of(uint32_t population, uint32_t receptor, uint32_t range, TaskMemory& memory) const;
    void learn(const PopulationData& population, const Moment& at, uint32_t range);
    Moment moment(const RunRequest& request, uint32_t step, uint32_t sample) const {
        return {clock_ + step, sample, (request.tape ? taped_.segment_begin : 0) + step, request.first_step + step,
                request.tape};
    }
    void deliver_bundles(const Moment& at, uint32_t thread, TaskMemory& memory);
    // The place of a step in its window. All steps of `sure` will be made, and the first window begins with the first of them.
    WindowPlace window_place(uint32_t step, StepRange sure) const {
        const uint32_t behind = (step - sure.begin) % window_steps_;
        return {behind, std::min(window_steps_, sure.end - (step - behind))};
    }
    void count_delivered(const ProjectionData& projection, const PopulationData& source, const Activity& activity,
                         TaskMemory& memory) const;
    void count_inputs(const RunRequest& request, const Moment& at, TaskMemory& memory);
    bool loads_inputs(const RunRequest& request, uint32_t step) const;
    void begin_events(const RunRequest& request);
    void end_events(const RunRequest& request);
    void log_events(uint32_t population, const Moment& at, uint32_t list_index, const uint32_t* list, uint32_t count) {
        if (!event_logs_.empty()) event_logs_[population].add(at.run_step, at.sample, list_index, list, count);
    }
    bool joins_list(uint32_t population) const;
    void step_neurons(const PopulationData& data, const NeuronStepArgs& args, NeuronRange part, TaskMemory& memory) const;
    Activity activity_of(uint32_t source, uint32_t delay, const Moment& at, TaskMemory& memory) const;
    void finish_population(uint32_t population, const Moment& at, TaskMemory& memory);
    void list_range(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory);
    void list_updated(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory);
    void record(const RunRequest& request, const Moment& at, uint32_t step, uint32_t range) const;
    void record_range(const RunRequest& request, const Moment& at, uint32_t step, uint32_t population, uint32_t range) const;
    void record_population(const RunRequest& request, const Moment& at, uint32_t step, uint32_t population,
                           NeuronRange part) const;
    void record_chosen(const RunRequest& request, const RecordFrames& frames, const Moment& at, uint32_t step,
                       NeuronRange part) const;
    void record_frames(const RunRequest& request, const RecordFrames& frames, const Moment& at, uint32_t step,
                       NeuronRange part) const;
    void read_states(const Slot& slot, DType dtype, void* out_data) const;
    void read_history(const Slot& slot, DType dtype, void* out_data) const;  // or the activity of the last step
    void read_weights(const Slot& slot, DType dtype, void* out_data) const;  // or a bias
    void read_traces(const Slot& slot, DType dtype, void* out_data) const;   // or their ages
    void read_gradient(const Slot& slot, DType dtype, void* out_data) const;
    void write_states(const Slot& slot, DType dtype, const void* source);
    void write_history(const Slot& slot, DType dtype, const void* source);
    void write_weights(const Slot& slot, DType dtype, const void* source);
    void write_traces(const Slot& slot, DType dtype, const void* source);

    // The last taped run. The tape holds one segment of it at a time. Segments begin and end with chunks of the backward pass.
    // Chunks are counted from the last step or, if gradients stop at windows, from the end of each window. So gradients do not
    // depend on segments.
    struct TapedRun {
        uint64_t first_step = 0, clock = 0, steps = 0, seed = 0;  // at its beginning
        uint32_t step_count = 0, segment_steps = 0, gradient_steps = 0;
        uint32_t segment_begin = 0;  // first step of the current segment
        uint32_t on_tape = 0;        // the segment whose entries the tape has
        LearningRule rule = LearningRule::bptt;
        std::span<const LinearStep> linear;
        uint32_t readout = 0;
        bool traces = false;
        bool keeps_spike_times = false;  // EventProp: whether the current segment keeps them
        std::vector<InputFrames> inputs, segment_inputs;
        std::vector<RecordFrames> segment_records;
        std::vector<uint64_t> active;        // per input: number of values other than 0
        std::vector<TaskCounters> counters;  // at its end

        uint32_t segment_count() const { return (step_count + segment_steps - 1) / segment_steps; }
        uint32_t begin_of(uint32_t segment) const {
            if (gradient_steps > 0)
                return static_cast<uint32_t>(std::min<uint64_t>(uint64_t{segment} * segment_steps, step_count));
            return segment == 0 ? 0 : step_count - (segment_count() - segment) * segment_steps;
        }
    };

    void run_steps(const RunRequest& request);
    void run_taped(const RunRequest& request);
    void run_segment(uint32_t segment, const RunRequest& request);
    void begin_spike_times(const RunRequest& request);
    void make_room_for_spikes(uint32_t segment);
    bool keeps_spike_times(uint32_t population) const;
    RunRequest taped_request() const;
    void restore(uint32_t checkpoint, uint32_t step);

    // Taped runs, layer by layer.
    struct TileRoom;
    void make_groups();
    void cut_into_tiles(Group& group, TileRoom& room) const;
    void allocate_tiles(const TileRoom& room);
    bool runs_by_layers(const RunRequest& request) const;
    void run_layers(const RunRequest& request);
    void tape_inputs(const RunRequest& request);
    void make_room_for_products(const Group& group);
    void run_group(const RunRequest& request, uint32_t group, uint32_t sample, TaskMemory& memory);
    void run_tile(const RunRequest& request, uint32_t group, NeuronRange neurons, uint32_t begin, uint32_t end,
                  TaskMemory& memory);
    struct Tile;
    void deliver_to_tile(Tile& tile, size_t incoming, Moment at);
    void deliver_samples(const Tile& tile, size_t incoming, Moment at, float* sums);
    void deliver_products(const Tile& tile, size_t incoming, Moment at, float* sums);
    void step_tile(Tile& tile, Moment at);
    void make_panel(const Tile& tile, size_t incoming);
    void pack_panel(const ProjectionData& projection, NeuronRange targets, uint32_t width, float* out_panel,
                    float* out_start) const;
    void keep_last_steps(uint32_t step_count);
    void begin_normalization(const RunRequest& request);
    void find_normalized_sums(const RunRequest& request, uint32_t group);
    void deliver_taps(const ProjectionData& projection, const PopulationData& source, const Moment& at, NeuronRange part,
                      uint32_t range, float* sums, TaskMemory& memory);
    void deliver_normalized(uint32_t projection, const Moment& at, NeuronRange part, float* sums);

    CpuContext context_;
    std::vector<uint32_t> inputs_, neurons_;  // populations: inputs in index order, neurons in evaluation order
    std::vector<Stage> stages_;
    std::vector<uint8_t> from_zero_;  // per projection: its kernel starts the sums of its receptor from 0
    // Sums that only held inputs have reached so far are the same in every step of a run. Per projection: where these sums are
    // kept, and whether they are the same throughout the current run. Only used if a thread has its samples to itself.
    std::vector<uint32_t> held_places_;  // no_place: they are never the same
    std::vector<uint8_t> holds_;
    uint32_t held_words_ = 0;
    bool holds_sums_ = false;  // whether any are, in the current run
    static constexpr uint32_t no_place = UINT32_MAX;
    Sharing sharing_;
    double work_ns_ = 0;  // estimate for a step of one sample, which decides whether to wake threads and share
    // For runs by spans: populations without and with input, and one SparseSpan for each range in which neurons at rest can be
    // left out.
    std::vector<uint32_t> leading_, following_;
    std::vector<std::unique_ptr<SparseSpan>> sparse_spans_;
    bool leaves_out_resting_ = false;  // in the current run
    uint32_t window_steps_ = 1;        // in the current run, see sparse_bundles.h
    uint32_t samples_together_ = 1;
    uint64_t steps_ = 0;  // since the last reset
    uint64_t clock_;      // of the next step
    uint64_t seed_;
    uint32_t first_sample_;  // index of sample 0 in random draws
    uint64_t taped_runs_ = 0;
    std::vector<EventLog> event_logs_;  // per population, made at the first run that records events
    std::unique_ptr<Tape> tape_;
    std::vector<Buffer<uint16_t>> packed_inputs_;  // per population: bits from first_wrong()
    std::vector<Group> groups_;         // made at the first taped run, and again when other projections are normalised
    std::vector<uint32_t> normalized_;  // projections of the last taped run
    std::vector<uint32_t> group_of_;    // per population; inputs: no_group
    TapedRun taped_;                    // the last one
    std::unique_ptr<Checkpoints> checkpoints_;
    std::unique_ptr<Traces> traces_;
    std::unique_ptr<SpikeTimes> spike_times_;
    std::unique_ptr<Backpropagation> backpropagation_;
};

}  // namespace snn::cpu
