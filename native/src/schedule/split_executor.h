// One network on several devices at once: an executor over executors.
//
// Each device runs a part of the network (Network::part): its populations, and as inputs the spikes of populations elsewhere that
// its projections read. Devices run `window` steps beside each other, then spikes change places:
//
//     steps          0 .. w-1        w .. 2w-1       2w .. 3w-1
//     device 0       A runs          A runs          A runs
//                        \ spikes of A in these w steps
//     device 1       B runs          B runs, with them as inputs w steps late, on projections whose delays are w shorter
//
// A spike arrives in the step in which it would arrive on one device, as w is at most every delay between devices. Sums
// are added in the same order and random draws have the same names, since populations keep their places. So results are those
// of one device, bit for bit.
//
// A device that fails in the middle of a run leaves the others ahead of it: the executor then refuses to go on until the state is
// reset. Training is not done here.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "common/thread_pool.h"
#include "schedule/memory.h"
#include "schedule/placement.h"

namespace snn {

// What one device runs. Populations have the same index in its plan as in the network's.
struct SplitPart {
    std::string device;
    uint32_t thread_count;
    std::vector<uint8_t> here;          // by population: this device has it; of inputs: they are read from here
    std::vector<uint32_t> projections;  // those of its plan, by their index in the network
    std::shared_ptr<const Plan> plan;
};

// Devices on which nothing is placed have no part.
struct Split {
    Placement placement;
    std::vector<SplitPart> parts;
};

// Throws what place() throws, and SNN_ERROR_UNSUPPORTED for flags of training.
Split make_split(const Plan& plan, std::string_view device, const ExecutorOptions& options);
MemoryEstimate estimate_memory(const Plan& plan, const Split& split, const ExecutorOptions& options);

class SplitExecutor final : public Executor {
public:
    SplitExecutor(std::shared_ptr<const Plan> plan, Split split, const ExecutorOptions& options);

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

    // Spikes of one population that other devices read.
    struct Link {
        uint32_t population, frame;     // values of a step, of all samples
        std::vector<float> late;        // [window][batch][size]: its spikes of the last `window` steps, step s at s % window
        std::vector<uint32_t> steps, neurons, samples;  // of the window at hand
        size_t count = 0;
    };
    struct Running {
        SplitPart part;
        std::unique_ptr<Executor> executor;
        std::vector<InputFrames> inputs;
        std::vector<RecordFrames> records;
        std::vector<EventRecord> events;
        std::exception_ptr error;  // of the run at hand
    };
    struct Place {  // of a projection
        uint32_t part, index;
    };

    uint32_t frame_of(uint32_t population) const;
    Running& part_of(uint32_t population) { return running_[part_of_[population]]; }
    void prepare(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    void run_parts(const RunRequest& request, uint32_t done, uint32_t steps);
    void take_spikes(const RunRequest& request, uint32_t done, uint32_t steps);
    void count_inputs(const RunRequest& request);
    void write_history(uint32_t population, DType dtype, const void* data);
    Slot on_part(const Slot& slot, uint32_t& out_part) const;

    std::shared_ptr<const Plan> plan_;
    Placement placement_;
    uint32_t batch_;
    std::vector<Running> running_;
    std::vector<uint32_t> part_of_;        // by population
    std::vector<Place> place_of_;          // by projection
    std::vector<uint32_t> link_of_;        // by population: its place in links_, none where no other device reads it
    std::vector<uint32_t> frame_place_of_;  // by population: its place among the inputs of a request
    std::vector<Link> links_;
    std::vector<float> silence_;           // what an input of one neuron reads
    ThreadPool pool_;                      // a thread for each part, the caller's among them
    uint64_t now_ = 0;                     // steps since the state was reset
    uint64_t input_spikes_ = 0;
    bool failed_ = false;
};

}  // namespace snn
