// Runs plans on a Vulkan device. A step is recorded once, as a command buffer, and a run submits it once for each step, so
// nothing returns to the host between steps. The device holds two copies of the run's position: step number, position in the
// rings and frame of the inputs. A step reads one copy while its first dispatch writes the other, for the next step. So
// everything that reads the position is recorded twice, for even and for odd steps of a submission.
//
//   submission  =  begin, { step, or step that also copies spikes to the host, [states to the host] } x steps, end
//
// On a GPU, the number of barriers in a step limits small networks: on an H200 a barrier takes 2 us and a dispatch 0.2 us. So
// all deliveries with a delay run side by side, then all neurons step. If all projections have delays, that is two barriers.
//
// The steps of the smallest networks are a single dispatch, however many they are (brains.h). The text above is about others.
//
// executor.cpp opens and records, executor_step.cpp makes the dispatches of a step, and executor_run.cpp runs them.
// executor_brains.cpp records and runs brains. executor_host.cpp shares command buffers and memory with a host program,
// executor_variables.cpp reads and writes variables, and executor_training.cpp creates the training (training.h) on first use.
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

    // A frame that is copied to the host after each step (spikes, as bits) or each recorded step (states).
    struct Recorded {
        uint32_t population;
        uint32_t state;  // all_spikes: the population's spikes
        uint32_t words;  // of a frame
        VkDeviceSize begin;  // bytes, in the buffer of records
        bool operator==(const Recorded&) const = default;
    };
    static constexpr uint32_t all_spikes = UINT32_MAX;
    static constexpr uint32_t most_steps = 256;  // in a submission: some systems reset a device that is busy for seconds

    const Network& network() const { return *plan_->network; }
    // Kinds of resources that the dispatches of a step share; resource() numbers them for Use (steps.h).
    enum Shared : uint32_t { of_activity, of_sums, of_fixed_sums, of_spike_copy, of_spike_count, of_states, shared_count };
    static uint32_t resource(uint32_t population, Shared what) { return population * shared_count + what; }
    // Populations have separate parts of one buffer of integer sums. The validation layer treats the buffer as one resource.
    uint32_t fixed_sums_resource(uint32_t population) const {
        return resource(device_.is_strict() ? 0 : population, of_fixed_sums);
    }
    // Resources of plastic projections are numbered after those of the populations.
    uint32_t plastic_resource(uint32_t projection) const {
        return resource(static_cast<uint32_t>(populations_.size()), of_activity) + projection;
    }

    void load_weights(uint32_t projection, std::vector<float> weights);
    void write_weights(const Slot& slot, DType dtype, const void* data);  // and biases
    void write_values(const Slot& slot, DType dtype, const void* data);   // everything else
    void write_state(uint32_t population, uint32_t state, DType dtype, const void* data);
    Training& training();
    void run_taped(const RunRequest& request);
    // Copies weights and activity from training's memory to the session's own memory, where all other code reads them.
    void settle() const {
        if (training_) training_->settle(now_);
    }
    void check_supported() const;
    void check_not_on_paper() const;
    void check_whole() const;  // throws SNN_ERROR_DEVICE_LOST if the device is lost, SNN_ERROR_STATE if is_torn_
    void check_set() const;    // throws SNN_ERROR_STATE if parameters, weights or biases on the device are incomplete
    // Runs `change`, which changes the state. After an error the state is torn, unless nothing on the device has changed.
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
    void prepare_step();       // before steps: completes what an earlier error has interrupted, or throws
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
    // Runs with brains (executor_brains.cpp).
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
    Dispatch look_at_target(uint32_t projection);  // copies target states for plasticity events
    void add_arrivals(Steps& steps, uint32_t projection);
    void add_learning(Steps& steps, uint32_t projection);
    // How a delivery uses the activity of its source.
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
    // Each counter has its own aligned range, so that dispatches that run side by side share no memory.
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
    // Fills the words of `run` before the normal table: the run's position before its next step.
    void fill_control(const RunRequest& request, uint32_t done, uint32_t* out_control) const;
    void update(VkCommandBuffer commands, const Range& range, VkDeviceSize offset, const void* data, VkDeviceSize bytes);
    void update_frames(const RunRequest& request, VkCommandBuffer commands);
    // `repeats`: writes a held input again for each step.
    void fill_frame(const InputFrames& input, size_t step, float* out_frame) const;
    void load_frames(const RunRequest& request, uint32_t done, uint32_t steps, bool repeats);
    void take_records(const RunRequest& request, uint32_t done, uint32_t steps);

    std::shared_ptr<const Plan> plan_;
    uint32_t batch_size_;
    uint64_t seed_;
    uint32_t first_sample_;  // its number in random draws
    uint32_t thread_count_;  // of the host
    SNNJobSystem job_system_;
    mutable Device device_;  // mutable because reads use its staging buffer
    Pipelines pipelines_;
    std::vector<PopulationMemory> populations_;
    std::vector<ProjectionMemory> projections_;
    std::vector<std::unique_ptr<PlasticMemory>> plastic_;  // by projection; null if it is not plastic
    std::vector<SpikeBundle> bundles_;
    std::vector<uint32_t> bundle_of_;  // by projection; no_bundle: none
    static constexpr uint32_t no_bundle = UINT32_MAX;
    std::vector<Range> fixed_sums_;    // buffers of integer sums, which populations share
    std::vector<uint32_t> inputs_;  // indices of the input populations
    std::vector<HostBuffers> host_buffers_;  // by population

    Range run_[2], control_, frames_, records_, counters_;
    uint32_t parity_ = 0;  // of the step whose dispatches are being made: even 0, odd 1
    const Range& run() const { return run_[parity_]; }
    uint32_t normal_table_at_ = 0;  // offset in `run`, in words
    uint32_t frame_capacity_ = 0;                     // number of steps whose input frames fit
    std::vector<uint32_t> frames_begin_;              // by population, in words
    Steps dispatches_[2];  // of an even and an odd step; on paper, [0] serves every step
    VkCommandBuffer begin_ = VK_NULL_HANDLE, end_ = VK_NULL_HANDLE;
    // For runs with records: a step that also copies the spikes of the step before; the last step's spikes; states.
    VkCommandBuffer step_[2] = {}, recorded_step_[2] = {}, last_spikes_[2] = {}, states_[2] = {};
    std::vector<VkCommandBuffer> submission_;
    std::vector<Recorded> recorded_, wanted_;  // what the recorded commands copy; what the current run needs
    uint32_t record_capacity_ = 0;             // frames that fit for each of them
    // Populations whose spikes the device adds up, for records of kind activity_sum: in the current run, and in the recorded
    // commands.
    std::vector<uint32_t> summed_, summed_before_;
    std::vector<Range> activity_sums_;  // by population; made on first use

    std::unique_ptr<Brains> brains_;    // null if Brains::why_not() gives a reason
    bool flushes_denormals_ = false;
    bool uses_brains_ = false;          // whether the next steps run as brains
    VkCommandBuffer brain_commands_ = VK_NULL_HANDLE;
    VkCommandBuffer signal_ = VK_NULL_HANDLE;
    uint32_t brain_capacity_ = 0;       // number of steps whose spikes fit in records_
    uint32_t brain_record_words_ = 0;   // words of the spikes of those steps
    std::vector<uint32_t> brain_records_begin_;  // by population, in words of records_

    std::unique_ptr<Training> training_;  // null until training is first used

    // is_shared_: the host program may access our memory, or we use its buffers. is_copied_: a readback was ever requested.
    // Neither is ever reset. Without both, recorded steps need no barriers except those between steps.
    mutable bool is_shared_ = false;
    bool is_copied_ = false;
    std::unique_ptr<Readback> readback_;  // null: nothing is read back
    std::vector<Readable> readback_values_;
    std::vector<Range> readback_ranges_;  // scratch of record_readback()
    Range readback_memory_;               // reused by the next readback if it is large enough
    Range counts_;                        // likewise; spike counts of the populations in counted_, in that order
    std::vector<uint32_t> counted_;

    // The arrays that plan() returned.
    std::vector<SNNVulkanPlanShader> plan_shaders_;
    std::vector<SNNVulkanPlanBuffer> plan_buffers_;
    std::vector<SNNVulkanPlanDispatch> plan_dispatches_;

    // False while a step's parts change; stays false after an error, because the recorded commands are then out of date.
    bool step_is_ready_ = false;
    // Whether the device has complete values: parameters of each population, and those of each projection by Settable.
    std::vector<uint8_t> is_population_set_;
    enum Settable : uint8_t { of_rule, of_weights, of_bias, settable_count };
    std::array<std::vector<uint8_t>, settable_count> is_set_;  // by projection
    // True from the first submission of a run to its end, and during a reset. After an error, the state belongs to no step.
    bool is_torn_ = false;

    uint64_t now_ = 0;  // steps since the reset
    uint64_t now_before_submission_ = 0;  // now_ when the present submission began
    mutable std::vector<uint32_t> words_, active_;  // scratch, kept to avoid allocations
    mutable std::vector<float> values_;
};

}  // namespace snn::vulkan
