// A batch on several devices: each has the whole network and some of the samples, one after the other.
//
//     "cpu*8+vulkan:0*24"       samples 0 to 7 on the CPU, 8 to 31 on the GPU
//     "cpu*+vulkan:0*"          as many as are expected to be done at the same time, by device_speed()
//
// Samples are independent of each other, so results are those of one device, bit for bit, whatever the shares. Weights are
// written to all devices.
//
// Training is data-parallel: each device goes forward and back with its samples, and gradients are added up in the order of the
// samples and applied in one place (shared_training.h). A sum of floats depends on its order, which is that of micro-batches:
//
//     "cpu*8+vulkan:0*24;microbatch=8"   each has an executor of its own on its device; their gradients are added in order
//
// so the sums are the same however the micro-batches are dealt to devices, to one as well ("cpu*;microbatch=8"). Without the
// word what a device has is its micro-batch.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "common/thread_pool.h"
#include "schedule/shared_training.h"
#include "schedule/together.h"

namespace snn {

struct Shares {
    std::vector<std::string> devices;
    std::vector<uint32_t> samples;  // of each device; perhaps 0
    uint32_t microbatch = 0;        // samples; 0: what each device has

    // What gives the same shares again: "cpu*8+vulkan:0*24", "cpu*2+cpu*5;microbatch=1".
    std::string device() const;
};

// Throws SNN_ERROR_NOT_FOUND for a device that is not there, SNN_ERROR_INVALID_ARGUMENT for words that are no shares and for
// shares that are not the batch or not whole micro-batches, SNN_ERROR_UNSUPPORTED for devices that do not give the same bits as
// others. `slowness`: how many times as long as measured each device takes; nothing: as measured.
Shares make_shares(const Network& network, std::string_view device, const ExecutorOptions& options,
                   const std::vector<double>& slowness = {});
MemoryEstimate estimate_memory(const Plan& plan, const Shares& shares, const ExecutorOptions& options);
// Seconds of a step, by device; 0 of one that has no samples.
std::vector<double> expected_step_s(const Network& network, const Shares& shares, const ExecutorOptions& options,
                                    const std::vector<struct DeviceSpeed>& speeds);

class BatchExecutor final : public TogetherExecutor, private Trainable {
public:
    BatchExecutor(std::shared_ptr<const Plan> plan, Shares shares, const ExecutorOptions& options);

    const std::vector<std::string>& devices() const override { return shares_.devices; }
    std::string device() const override { return shares_.device(); }
    std::string without(uint32_t place) const override;
    std::string better(std::string_view asked, const ExecutorOptions& options, std::vector<double>& io_slowness) override;
    std::string description() const override;
    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override;
    // where the batch is one sample
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) override;
    void signal(uint32_t projection, float value) override;

    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;
    Trainable* trainable() override;  // where all of its devices are

private:
    struct Running {            // a micro-batch, or all that a device has
        uint32_t place;         // of its device
        uint32_t first, count;  // samples
        std::unique_ptr<Executor> executor;
        std::vector<InputFrames> inputs;
        std::vector<RecordFrames> records;
        std::vector<EventRecord> events;
        std::vector<std::vector<uint32_t>> event_memory;  // steps, neurons, samples, by record
        std::vector<DropoutMask> dropout;
        std::vector<OutputGradient> output_gradients;
        std::vector<InputGradient> input_gradients;
        std::exception_ptr error;
    };

    bool can_normalize() const override { return false; }
    bool outlasts_devices() const override { return true; }
    uint64_t taped_run_count() const override { return taped_runs_; }
    void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) override;
    const Gradients* gradients() const override { return training_.get(); }
    std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) override;
    void update(const OptimizerStep& step, OptimizerMemory& memory) override;

    void check_whole() const {
        if (failed_) refuse_lost_state();
    }
    size_t size_of_population(uint32_t population) const { return plan_->network->population(population).size; }
    void run_part(Running& io_running, const RunRequest& request);
    void go_back(Running& io_running, std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) const;
    void merge_events(const RunRequest& request) const;
    template <class Use>
    decltype(auto) on_device(const Running& running, Use&& use) const;
    template <class Use>
    void on_all(Use&& use) const;
    template <class Use>
    void on_all_at_once(Use&& use);
    template <class Use>
    void give_trained(Use&& use);

    std::shared_ptr<const Plan> plan_;
    Shares shares_;
    uint32_t batch_;
    bool in_double_;
    std::vector<Running> running_;  // in order of their samples
    std::vector<std::vector<uint32_t>> lanes_;  // places in running_ of those that run one after the other
    ThreadPool pool_;  // a thread for each lane, the caller's among them
    bool failed_ = false;
    Observation observation_;
    uint64_t taped_runs_ = 0;
    std::unique_ptr<SharedTraining> training_;  // null before the first taped run
    std::exception_ptr lost_with_weights_;
};

}  // namespace snn
