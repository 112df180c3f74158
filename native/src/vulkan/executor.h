// Runs plans on a Vulkan device. A step is recorded once, as one command buffer; a run submits it as often as there are steps,
// so nothing comes back to the host between them. Where the run is - step, position in the rings, frame of the inputs - lies
// twice on the device: a step reads one copy while its first dispatch makes the other, for the next step. So there are two
// recordings of everything that reads it, for even and odd steps of a submission.
//
//   submission  =  begin, { step or step with its spikes to the host, [states to the host] } x steps, end
//
// What limits small networks on a GPU is the number of barriers in a step (2 us each on an H200, where a dispatch takes 0.2
// us): what looks back is delivered all together, then all neurons step, so a network with delays takes two.
//
// A small network's steps are one dispatch, however many: brains.h; what is said here of steps is of the others then.
//
// executor.cpp opens and records, executor_step.cpp makes the dispatches of a step, executor_run.cpp runs, executor_brains.cpp
// does both with brains, executor_host.cpp shares with a host program, executor_variables.cpp reads and writes,
// executor_training.cpp makes what trains (training.h) when it is first needed.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "backend/shared_device.h"
#include "vulkan/brains.h"
#include "vulkan/device.h"
#include "vulkan/pipelines.h"
#include "vulkan/plastic.h"
#include "vulkan/population.h"
#include "vulkan/probe.h"
#include "vulkan/projection.h"
#include "vulkan/readback.h"
#include "vulkan/spike_bundle.h"
#include "vulkan/steps.h"
#include "vulkan/training.h"

namespace snn::vulkan {

class VulkanExecutor final : public Executor, private Trainable, private SharedDevice {
public:
    VulkanExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);

    std::string description() const override {
        return device_.description().name + (flushes_denormals_ ? ", denormals are flushed" : "") +
               (uses_brains_ ? ", a workgroup for each sample" : "");
    }
    std::string other_bits() const override { return flushes_denormals_ ? bits_without_denormals : std::string(); }
    void reset_state() override;
    bool takes_spike_lists() const override { return true; }
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override { seed_ = seed; }
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) override;
    void signal(uint32_t projection, float value) override;
    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;
    Trainable* trainable() override { return device_.is_on_paper() ? nullptr : this; }
    SharedDevice* shared_device() override { return this; }

private:
    // SharedDevice
    void record(const RunRequest& request, void* commands) override;
    void* begin_submission() override;
    void submit(void* commands, const SNNVulkanSubmission& submission) override;
    void cancel_submission() override;
    void handles(SNNVulkanDevice& out_device) override;
    DeviceBuffer state_buffer(uint32_t population, uint32_t state) const override;
    std::string bind_buffer(uint32_t population, Port port, const DeviceBuffer* buffer) override;
    std::string set_readback(std::span<const Readable> values, uint32_t frame_count) override;
    void record_readback(uint64_t frame, void* commands) override;
    bool read_back(size_t place, uint64_t finished_frame, DType dtype, void* out_data, uint64_t& out_frame) const override;
    void plan(const RunRequest& request, SNNVulkanPlan& out_plan) override;

    // Trainable
    bool can_normalize() const override { return true; }
    uint64_t taped_run_count() const override { return training_ ? training_->run_count() : 0; }
    void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) override {
        training().backward(gradients, inputs);
    }
    const Gradients* gradients() const override { return training_ ? training_->gradients() : nullptr; }
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) override {
        return training().make_optimizer_memory(optimizer);
    }
    void update(const OptimizerStep& step, OptimizerMemory& memory) override;

    // A frame that comes to the host with each step (spikes, as bits) or each recorded step (states).
    struct Recorded {
        uint32_t population;
        uint32_t state;  // all_spikes: the population's spikes
        uint32_t words;  // of a frame
        VkDeviceSize begin;  // in the buffer of records
        bool operator==(const Recorded&) const = default;
    };
    static constexpr uint32_t all_spikes = UINT32_MAX;
    static constexpr uint32_t most_steps = 256;  // of a submission: some systems reset a device that is busy for seconds

    const Network& network() const { return *plan_->network; }
    // Numbers of what dispatches of a step share (steps.h).
    enum Shared : uint32_t { of_activity, of_sums, of_fixed_sums, of_spike_copy, of_spike_count, of_states, shared_count };
    static uint32_t resource(uint32_t population, Shared what) { return population * shared_count + what; }
    // Populations share a buffer of integer sums, each its own part; the validation layer takes it for one.
    uint32_t fixed_sums_resource(uint32_t population) const {
        return resource(device_.is_strict() ? 0 : population, of_fixed_sums);
    }
    // Of a projection: behind those of the populations.
    uint32_t plastic_resource(uint32_t projection) const {
        return resource(static_cast<uint32_t>(populations_.size()), of_activity) + projection;
    }

    void load_weights(uint32_t projection, std::vector<float> weights);
    void write_weights(const Slot& slot, DType dtype, const void* data);  // and biases
    void write_values(const Slot& slot, DType dtype, const void* data);   // all else
    void write_state(uint32_t population, uint32_t state, DType dtype, const void* data);
    Training& training();
    void run_taped(const RunRequest& request);
    // What training has computed goes to where everything else looks for it.
    void settle() const {
        if (training_) training_->settle(now_);
    }
    void check_supported() const;
    void check_not_on_paper() const;
    void check_whole() const;  // throws SNN_ERROR_STATE when is_torn_, and when the device is lost says that
    void check_set() const;    // throws SNN_ERROR_STATE where the device has not got all that a step reads
    // What changes the state: an error leaves it whole, where nothing on the device has changed, or torn.
    template <class Change>
    void change_state(const Change& change) {
        const uint64_t before = device_.change_count();
        try {
            change();
        } catch (...) {
            is_torn_ |= device_.change_count() != before;
            throw;
        }
    }
    void run_on_state(const std::vector<VkCommandBuffer>& commands);
    void prepare_step();       // before steps: what an error has left out is made up for, or steps are refused
    template <class Change>
    static void set(uint8_t& io_is_set, const Change& change) {
        io_is_set = 0;
        change();
        io_is_set = 1;
    }
    void place_fixed_sums();
    void make_bundles();
    void load_bundle(SpikeBundle& bundle, ThreadPool& threads);
    void prepare_dispatches();
    void prepare_dispatches(uint32_t parity);
    void record_step();
    void record_ends();
    void record_last_barrier(VkCommandBuffer commands) const;
    std::string why_several_dispatches(bool were_one) const;
    std::string count_spikes(std::span<const Readable> values);
    void change_step();
    template <class Change>
    void change_parameters(uint8_t& io_is_set, const Change& change);
    // What brains need of the executor.
    void open_brains(BrainLayout layout, const Range& memory, const Range& weights);
    bool load_brains();
    void run_brains(const RunRequest& request);
    void record_brains(const RunRequest& request, VkCommandBuffer commands);
    void record_brains_run(const RunRequest& request, uint32_t done, uint32_t steps, uint32_t flags);
    uint32_t prepare_brain_records(const RunRequest& request);
    void plan_brains(const RunRequest& request);
    std::vector<uint8_t> early_deliveries() const;
    void add_input(Steps& steps, uint32_t input);
    void add_delivery(Steps& steps, uint32_t projection);
    void add_bundle(Steps& steps, const SpikeBundle& bundle);
    Dispatch look_at_target(uint32_t projection);  // for the events of a step
    void add_arrivals(Steps& steps, uint32_t projection);
    void add_learning(Steps& steps, uint32_t projection);
    // How a delivery uses the activity of a projection's source.
    Use use_of_source(const Projection& projection) const {
        return {resource(projection.source, of_activity), projection.min_delay() > 0 ? Use::look_back : Use::read};
    }
    void read_weights(const Slot& slot, DType dtype, void* out_data) const;
    Range copies_of(const Slot& slot) const;
    void read_copies(const Slot& slot, DType dtype, void* out_data) const;
    void read_traces(const Slot& slot, DType dtype, void* out_data) const;
    void write_traces(const Slot& slot, DType dtype, const void* data);
    void add_neurons(Steps& steps, uint32_t population);
    void add_spike_copy(Steps& steps, uint32_t population, bool adds_up);
    Dispatch spike_copy(const Range& run, uint32_t population, const Range& to, bool adds_up, uint32_t lag);
    // Counters lie apart, so that dispatches side by side have nothing in common.
    Range counter(size_t number) const { return counters_.part(number * device_.alignment(), 2 * sizeof(uint32_t)); }
    Range counter_of_population(uint32_t population) const { return counter(population); }
    Range counter_of_projection(uint32_t projection) const { return counter(populations_.size() + projection); }

    uint32_t prepare_records(const RunRequest& request, uint32_t steps);
    void prepare_sums(const RunRequest& request);
    bool sums_up(uint32_t population) const;
    void take_sums(const RunRequest& request);
    void record_copies(uint32_t parity);
    Dispatch copy_of(const Recorded& recorded, uint32_t parity);
    void add_spike_records(Steps& steps, uint32_t parity);
    // Where the run is before its next step, for the words of `run` up to the normal table.
    void fill_control(const RunRequest& request, uint32_t done, uint32_t* out_control) const;
    void update(VkCommandBuffer commands, const Range& range, VkDeviceSize offset, const void* data, VkDeviceSize bytes);
    void update_frames(const RunRequest& request, VkCommandBuffer commands);
    // `repeats`: an input that is held is there for each step too.
    void fill_frame(const InputFrames& input, size_t step, float* out_frame) const;
    void load_frames(const RunRequest& request, uint32_t done, uint32_t steps, bool repeats);
    void take_records(const RunRequest& request, uint32_t done, uint32_t steps);

    std::shared_ptr<const Plan> plan_;
    uint32_t batch_size_;
    uint64_t seed_;
    uint32_t first_sample_;  // what the draws call it
    uint32_t thread_count_;  // of the host
    SNNJobSystem job_system_;
    mutable Device device_;  // reading goes through its staging buffer
    Pipelines pipelines_;
    std::vector<PopulationMemory> populations_;
    std::vector<ProjectionMemory> projections_;
    std::vector<std::unique_ptr<PlasticMemory>> plastic_;  // by projection; null where it is not plastic
    std::vector<SpikeBundle> bundles_;
    std::vector<uint32_t> bundle_of_;  // by projection; no_bundle: none
    static constexpr uint32_t no_bundle = UINT32_MAX;
    std::vector<Range> fixed_sums_;    // all of them; populations have parts
    std::vector<uint32_t> inputs_;  // populations
    std::vector<HostBuffers> host_buffers_;  // by population

    Range run_[2], control_, frames_, records_, counters_;
    uint32_t parity_ = 0;  // of the step whose dispatches are being made
    const Range& run() const { return run_[parity_]; }
    uint32_t normal_table_at_ = 0;  // in `run`
    uint32_t frame_capacity_ = 0;                     // steps whose input frames fit
    std::vector<uint32_t> frames_begin_;              // by population, in words
    Steps dispatches_[2];  // of an even and an odd step; on paper of any step
    VkCommandBuffer begin_ = VK_NULL_HANDLE, end_ = VK_NULL_HANDLE;
    // Of a run that records: a step that copies the spikes of the one before besides; the spikes of the last one; states.
    VkCommandBuffer step_[2] = {}, recorded_step_[2] = {}, last_spikes_[2] = {}, states_[2] = {};
    std::vector<VkCommandBuffer> submission_;
    std::vector<Recorded> recorded_, wanted_;  // what these copy; what the run at hand needs
    uint32_t record_capacity_ = 0;             // frames of each
    // Populations whose spikes are added up on the device, for records of kind activity_sum: those of the run at hand, and what
    // they are added to, once it was needed.
    std::vector<uint32_t> summed_, summed_before_;
    std::vector<Range> activity_sums_;  // by population

    std::unique_ptr<Brains> brains_;    // null where they are not possible
    bool flushes_denormals_ = false;
    bool uses_brains_ = false;          // for all steps from now on
    VkCommandBuffer brain_commands_ = VK_NULL_HANDLE;
    VkCommandBuffer signal_ = VK_NULL_HANDLE;
    uint32_t brain_capacity_ = 0;       // steps whose spikes fit
    uint32_t brain_record_words_ = 0;   // of these
    std::vector<uint32_t> brain_records_begin_;  // by population, in words of records_

    std::unique_ptr<Training> training_;  // null until somebody trains

    // Whether the host program may read or write memory of ours, or what we write lies in its own; and whether something was
    // ever to be read back. Both stay. Without them, recorded steps need no barrier but the one between each other.
    mutable bool is_shared_ = false;
    bool is_copied_ = false;
    std::unique_ptr<Readback> readback_;  // null: nothing is read back
    std::vector<Readable> readback_values_;
    std::vector<Range> readback_ranges_;  // used again
    Range readback_memory_;               // likewise
    Range counts_;                        // likewise; of the populations in counted_, one after the other
    std::vector<uint32_t> counted_;

    // What plan() gave.
    std::vector<SNNVulkanPlanShader> plan_shaders_;
    std::vector<SNNVulkanPlanBuffer> plan_buffers_;
    std::vector<SNNVulkanPlanDispatch> plan_dispatches_;

    // False from the beginning of a change to its end: after an error, what is recorded is not what a step is made of.
    bool step_is_ready_ = false;
    // Whether the device has them whole: the parameters of each population, and what each projection has.
    std::vector<uint8_t> is_population_set_;
    enum Settable : uint8_t { of_rule, of_weights, of_bias, settable_count };
    std::array<std::vector<uint8_t>, settable_count> is_set_;  // by projection
    // From the first submission of a run to its end, and in a reset: after an error, the state is that of no step.
    bool is_torn_ = false;

    uint64_t now_ = 0;  // steps since the reset
    uint64_t now_before_submission_ = 0;  // of the one that is being recorded
    mutable std::vector<uint32_t> words_, active_;  // used again
    mutable std::vector<float> values_;
};

}  // namespace snn::vulkan
