// Many small networks at once: a workgroup takes one sample through all steps of a run, with states and activity in shared memory
// (shaders/brains.comp). For networks of dense and one-to-one projections whose samples fit there; the samples may have weights of
// their own. A run is one dispatch, or one for each recorded row where states are recorded. Other networks go the way of
// executor.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "vulkan/brain_layout.h"
#include "vulkan/device.h"
#include "vulkan/pipelines.h"

namespace snn::vulkan {

// Null: the network goes the other way. Throws SNN_ERROR_UNSUPPORTED where samples have weights of their own and it may not.
std::unique_ptr<Executor> open_brains(const std::shared_ptr<const Plan>& plan, const ExecutorOptions& options);
// What it takes, as Backend::memory tells; none where no device would be asked.
std::optional<ExecutorMemory> brains_memory(const Plan& plan, const ExecutorOptions& options);

class BrainsExecutor final : public Executor {
public:
    BrainsExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options, BrainLayout layout,
                   std::unique_ptr<Device> device);

    std::string description() const override { return device_->description().name + ", a workgroup for each sample"; }
    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override { seed_ = seed; }
    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;
    bool gives_way_to_training() const override { return !plan_->sample_weights; }

private:
    // What comes to the host after every recorded step: a state, at `place` among the words of that step.
    struct RecordedState {
        uint32_t population, state, place;
    };

    const Network& network() const { return *plan_->network; }
    const Population& population(uint32_t index) const { return network().population(index); }
    uint32_t frame(uint32_t index) const { return samples_ * population(index).size; }
    uint32_t slot_words(uint32_t index) const { return 1 + layout_.populations[index].width; }
    bool has_activity(uint32_t index) const { return layout_.populations[index].slots > 0; }
    DType type_of(uint32_t population, uint32_t state) const;
    Range state_range(uint32_t population, uint32_t state) const;
    Range slot_range(uint32_t population, uint32_t lag) const;
    Range weight_range(const Slot& slot, uint32_t copy) const;
    void load_shader();
    void load_table();
    void load_weights();

    uint32_t prepare_records(const RunRequest& request);
    void load_frames(const RunRequest& request, uint32_t done, uint32_t steps);
    void record_steps(const RunRequest& request, uint32_t done, uint32_t steps);
    void take_records(const RunRequest& request, uint32_t done, uint32_t steps) const;
    template <class Use>
    void for_active(const RunRequest& request, uint32_t population, uint32_t done, uint32_t step, Use&& use) const;

    std::shared_ptr<const Plan> plan_;
    uint32_t samples_, first_sample_;
    uint64_t seed_;
    BrainLayout layout_;
    std::unique_ptr<Device> device_;
    Pipelines pipelines_;
    std::vector<PopulationConstants> constants_;  // by population
    std::vector<uint32_t> program_of_;            // by population
    std::vector<uint8_t> held_;  // by population: an input that is the same in all steps, as the table has it
    Range table_, memory_, weights_, frames_, counters_, records_, state_records_;
    uint32_t capacity_;                            // steps whose inputs and spikes fit
    std::vector<RecordedState> recorded_states_;   // of the run at hand
    uint32_t state_row_words_ = 0;
    bool records_spikes_ = false;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
    VkDescriptorSet set_ = VK_NULL_HANDLE;
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    std::vector<VkCommandBuffer> submission_;      // of commands_
    uint64_t now_ = 0;                             // steps since the reset
    mutable std::vector<uint32_t> words_, active_;  // used again
    mutable std::vector<float> values_;
};

}  // namespace snn::vulkan
