// A batch on several devices: each has the whole network and some of the samples, one after the other.
//
//     "cpu*8+vulkan:0*24"       samples 0 to 7 on the CPU, 8 to 31 on the GPU
//     "cpu*+vulkan:0*"          as many as are expected to be done at the same time, by device_speed()
//
// Samples are independent of each other, so results are those of one device, bit for bit, whatever the shares. Weights are
// written to all devices. Training is not done here: its sums over the samples would be added in another order.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "common/thread_pool.h"
#include "schedule/together.h"

namespace snn {

struct Shares {
    std::vector<std::string> devices;
    std::vector<uint32_t> samples;  // of each device; perhaps 0

    // What gives the same shares again: "cpu*8+vulkan:0*24".
    std::string device() const;
};

// Throws SNN_ERROR_NOT_FOUND for a device that is not there, SNN_ERROR_INVALID_ARGUMENT for words that are no shares and for
// shares that are not the batch, SNN_ERROR_UNSUPPORTED for devices that do not give the same bits as others.
Shares make_shares(const Network& network, std::string_view device, const ExecutorOptions& options);
MemoryEstimate estimate_memory(const Plan& plan, const Shares& shares, const ExecutorOptions& options);

class BatchExecutor final : public TogetherExecutor {
public:
    BatchExecutor(std::shared_ptr<const Plan> plan, Shares shares, const ExecutorOptions& options);

    const std::vector<std::string>& devices() const override { return shares_.devices; }
    std::string device() const override { return shares_.device(); }
    std::string without(uint32_t place) const override;
    std::string description() const override;
    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override;
    void set_plasticity(uint32_t projection,
                        std::shared_ptr<const PlasticityPlan> plan) override;  // where the batch is one sample
    void signal(uint32_t projection, float value) override;

    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;

private:
    struct Running {
        uint32_t place;         // of its device
        uint32_t first, count;  // samples
        std::unique_ptr<Executor> executor;
        std::vector<InputFrames> inputs;
        std::vector<RecordFrames> records;
        std::vector<EventRecord> events;
        std::vector<std::vector<uint32_t>> event_memory;  // steps, neurons, samples, by record
        std::exception_ptr error;
    };

    size_t size_of_population(uint32_t population) const { return plan_->network->population(population).size; }
    void run_part(Running& io_running, const RunRequest& request) const;
    void merge_events(const RunRequest& request) const;
    template <class Use>
    decltype(auto) on_device(const Running& running, Use&& use) const;
    template <class Use>
    void on_all(Use&& use) const;

    std::shared_ptr<const Plan> plan_;
    Shares shares_;
    uint32_t batch_;
    std::vector<Running> running_;
    ThreadPool pool_;
    bool failed_ = false;
};

}  // namespace snn
