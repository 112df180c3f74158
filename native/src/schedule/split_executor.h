// One network on several devices at once: an executor over executors.
//
// Each device runs a part of the network (Network::part): its populations, and as inputs the spikes of populations elsewhere
// that its projections read. These come `lag` steps late, on projections whose delays are shorter by as much, so a spike
// arrives in the step in which it would arrive on one device. Spikes are handed over a window of steps at a time
// (spike_link.h); with a lag of two windows nobody waits for the window at hand of another:
//
//     device 0       | 0 .. w-1   | w .. 2w-1  | 2w .. 3w-1 |
//                              \___________________
//     device 1          | 0 .. w-1   | w .. 2w-1  | 2w .. 3w-1 |
//
// A device begins a window when all others have done the window two before it: one, where a window is a step and that is the
// smallest delay.
//
// Sums are added in the same order and random draws have the same names, since populations keep their places. So results are
// those of one device, bit for bit.
//
// A device that fails in the middle of a run leaves the others ahead of it: the executor then refuses to go on until the state
// is reset (lasting_executor.h goes on without the device). Training is not done here.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <vector>

#include "common/thread_pool.h"
#include "schedule/placement.h"
#include "schedule/spike_link.h"
#include "schedule/together.h"

namespace snn {

// What one device runs. Populations have the same index in its plan as in the network's.
struct SplitPart {
    std::string device;
    uint32_t place;  // of the device among Placement::devices
    uint32_t thread_count;
    std::vector<uint8_t> is_there;      // by population: it is here or its activity is read; of others there is only the place
    std::vector<uint8_t> here;          // by population: this device has it; of inputs: they are read from here
    std::vector<uint32_t> projections;  // those of its plan, by their index in the network
    std::shared_ptr<const Plan> plan;
};

// Devices on which nothing is placed have no part.
struct Split {
    Placement placement;
    std::vector<SplitPart> parts;
};

// Throws what place() throws.
Split make_split(const Plan& plan, std::string_view device, const ExecutorOptions& options);
MemoryEstimate estimate_memory(const Plan& plan, const Split& split, const ExecutorOptions& options);

class SplitExecutor final : public TogetherExecutor {
public:
    SplitExecutor(std::shared_ptr<const Plan> plan, Split split, const ExecutorOptions& options);

    const std::vector<std::string>& devices() const override { return placement_.devices; }
    std::string without(uint32_t place) const override;
    std::string description() const override;
    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override;
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t seed) override;
    void set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) override;
    void signal(uint32_t projection, float value) override;

    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;

private:
    static constexpr uint32_t none = UINT32_MAX;

    struct Running {
        SplitPart part;
        std::unique_ptr<Executor> executor;
        std::vector<uint32_t> links;  // of its own populations
        bool takes_lists = false;
        std::vector<std::vector<float>> frames;  // by link, where it takes no lists: [window][batch][size]
        // Of the window at hand.
        std::vector<InputFrames> inputs;
        std::vector<RecordFrames> records;
        std::vector<EventRecord> events;                // first those of its links
        std::exception_ptr error;                       // of the run at hand
        alignas(64) std::atomic<uint64_t> finished{0};  // the step after the last that is done
    };
    struct Place {  // of a projection
        uint32_t part, index;
    };

    uint32_t frame_of(uint32_t population) const { return batch_ * plan_->network->population(population).size; }
    Running& part_of(uint32_t population) { return *running_[part_of_[population]]; }
    uint32_t steps_to_exchange(uint64_t step, uint32_t most) const;
    bool wait_for_others(const Running& running, uint64_t step) const;
    void run_part(Running& io_running, const RunRequest& request);
    void run_window(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    void prepare(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    void take_events(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    void count_inputs(const RunRequest& request);
    void write_history(uint32_t population, DType dtype, const void* data);
    Slot on_part(const Slot& slot, uint32_t& out_part) const;
    template <class Use>
    decltype(auto) on_device(const Running& running, Use&& use) const;

    std::shared_ptr<const Plan> plan_;
    Placement placement_;
    uint32_t batch_;
    std::vector<std::unique_ptr<Running>> running_;
    std::vector<uint32_t> part_of_;         // by population
    std::vector<Place> place_of_;           // by projection
    std::vector<uint32_t> link_of_;         // by population: its place in links_, none where no other device reads it
    std::vector<uint32_t> frame_place_of_;  // by population: its place among the inputs of a request
    std::vector<SpikeLink> links_;
    std::vector<float> silence_;  // what an input of one neuron reads
    ThreadPool pool_;             // a thread for each part, the caller's among them
    uint64_t now_;                // steps since the state was reset, and the lag of links
    uint64_t input_spikes_ = 0;
    std::atomic<bool> failed_{false};
};

}  // namespace snn
