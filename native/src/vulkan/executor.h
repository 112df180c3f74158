// Runs plans on a Vulkan device. A step is recorded once, as one command buffer; a run submits it as often as there are steps, so
// nothing comes back to the host between them. Where the run is - step, position in the rings, frame of the inputs - is in the
// buffer `run` on the device, which the first dispatch of each step raises.
//
//   submission  =  begin, { step, [spikes to the host], [states to the host] } x steps, end
//
// executor.cpp opens and records, executor_run.cpp runs, executor_host.cpp shares with a host program, executor_variables.cpp reads
// and writes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "vulkan/device.h"
#include "vulkan/pipelines.h"
#include "vulkan/plastic.h"
#include "vulkan/population.h"
#include "vulkan/projection.h"
#include "vulkan/steps.h"

namespace snn::vulkan {

class VulkanExecutor final : public Executor {
public:
    VulkanExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options);
    ~VulkanExecutor() override { device_.end_submissions(); }

    std::string description() const override { return device_.description().name; }
    void reset_state() override;
    void run(const RunRequest& request) override;
    void record(const RunRequest& request, void* commands) override;
    void* begin_submission() override;
    void submit(void* commands, const SNNVulkanSubmission& submission) override;
    DeviceBuffer state_buffer(uint32_t population, uint32_t state) const override;
    void bind_buffer(uint32_t population, Port port, const DeviceBuffer* buffer) override;
    void plan(const RunRequest& request, SNNVulkanPlan& out_plan) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override { seed_ = seed; }
    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;

private:
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
    enum Shared : uint32_t { of_activity, of_sums, of_fixed_sums, of_spike_copy, of_spike_count, shared_count };
    static uint32_t resource(uint32_t population, Shared what) { return 1 + population * shared_count + what; }
    static constexpr uint32_t run_resource = 0;
    // Of a projection: behind those of the populations.
    uint32_t groups_resource(uint32_t projection) const {
        return resource(static_cast<uint32_t>(populations_.size()), of_activity) + 2 * projection;
    }
    uint32_t plastic_resource(uint32_t projection) const { return groups_resource(projection) + 1; }

    void check_supported() const;
    void check_not_on_paper() const;
    void prepare_dispatches();
    void record_step();
    void change_step() { prepare_dispatches(), record_step(); }
    std::vector<uint8_t> early_deliveries() const;
    void add_input(Steps& steps, uint32_t input);
    void add_delivery(Steps& steps, uint32_t projection);
    void add_spike_delivery(Steps& steps, uint32_t projection);
    void add_arrivals(Steps& steps, uint32_t projection, const std::vector<Use>& uses);
    void add_learning(Steps& steps, uint32_t projection);
    std::span<const float> weights_of(uint32_t projection) const;
    void read_traces(const Slot& slot, DType dtype, void* out_data) const;
    void write_traces(const Slot& slot, DType dtype, const void* data);
    void add_neurons(Steps& steps, uint32_t population);
    void add_spike_copy(Steps& steps, uint32_t population, bool adds_up);
    // Counters lie apart, so that dispatches side by side have nothing in common.
    Range counter(size_t number) const { return counters_.part(number * device_.alignment(), 2 * sizeof(uint32_t)); }
    Range counter_of_population(uint32_t population) const { return counter(population); }
    Range counter_of_projection(uint32_t projection) const { return counter(populations_.size() + projection); }

    uint32_t prepare_records(const RunRequest& request, uint32_t steps);
    void record_copies(VkCommandBuffer commands, bool of_spikes);
    // Where the run is before its next step, for the words of `run` up to the normal table.
    void fill_control(const RunRequest& request, uint32_t done, uint32_t* out_control) const;
    void load_frames(const RunRequest& request, uint32_t done, uint32_t steps);
    void take_records(const RunRequest& request, uint32_t done, uint32_t steps);
    void record_inputs(const RunRequest& request, uint32_t step) const;

    std::shared_ptr<const Plan> plan_;
    uint32_t batch_size_;
    uint64_t seed_;
    uint32_t first_sample_;  // what the draws call it
    mutable Device device_;  // reading goes through its staging buffer
    Pipelines pipelines_;
    std::vector<PopulationMemory> populations_;
    std::vector<ProjectionMemory> projections_;
    std::vector<std::unique_ptr<PlasticMemory>> plastic_;  // by projection; null where it is not plastic
    std::vector<Range> groups_;  // by projection: of an indirect dispatch
    std::vector<uint32_t> inputs_;  // populations
    // By population: buffers of the host program; without a buffer where none is bound.
    struct HostBuffers {
        Range input, spikes, spike_count;
    };
    std::vector<HostBuffers> host_buffers_;

    Range run_, control_, frames_, records_, counters_;
    uint32_t normal_table_at_ = 0;  // in `run`
    uint32_t frame_capacity_ = 0;                     // steps whose input frames fit
    std::vector<uint32_t> frames_begin_;              // by input, in words
    Steps dispatches_;  // of a step
    VkCommandBuffer begin_ = VK_NULL_HANDLE, step_ = VK_NULL_HANDLE, spikes_ = VK_NULL_HANDLE, states_ = VK_NULL_HANDLE,
                    end_ = VK_NULL_HANDLE;
    std::vector<VkCommandBuffer> submission_;
    std::vector<Recorded> recorded_, wanted_;  // what `spikes_` and `states_` copy; what the run at hand needs
    uint32_t record_capacity_ = 0;             // frames of each

    // What plan() gave.
    std::vector<SNNVulkanPlanShader> plan_shaders_;
    std::vector<SNNVulkanPlanBuffer> plan_buffers_;
    std::vector<SNNVulkanPlanDispatch> plan_dispatches_;

    uint64_t now_ = 0;  // steps since the reset
    mutable std::vector<uint32_t> words_, active_;  // used again
    mutable std::vector<float> values_;
};

}  // namespace snn::vulkan
