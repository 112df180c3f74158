// One network on several devices at once: an executor over executors.
//
// Each device runs a part of the network (Network::part): its populations, and as inputs the spikes of populations elsewhere
// that its projections read. These come `lag` steps late, on projections whose delays are shorter by as much, so a spike
// arrives in the step in which it would arrive on one device. Of a population that is cut each device has a slice, and reads
// the spikes of all slices so, those of its own as well. Spikes are handed over a window of steps at a time
// (spike_link.h); with a lag of two windows nobody waits for the window at hand of another:
//
//     device 0       | 0 .. w-1   | w .. 2w-1  | 2w .. 3w-1 |
//                              \___________________
//     device 1          | 0 .. w-1   | w .. 2w-1  | 2w .. 3w-1 |
//
// A device begins a window when all others have done the window two before it: one, where a window is a step and that is the
// smallest delay.
//
// Sums are added in the same order and random draws have the same names, since populations keep their places and slices know
// which neurons they are. So results are those of one device, bit for bit.
//
// A device that fails in the middle of a run leaves the others ahead of it: the executor then refuses to go on until the state
// is reset (lasting_executor.h does so and goes on, without the device where that is lost). Training is not done here.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
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
    std::vector<Slice> here;            // by population: what this device has; of inputs: they are read from here
    // By population: the input of the plan that brings its spikes from this and other devices, `nowhere` where there is none.
    std::vector<uint32_t> late_at;
    std::vector<uint32_t> projections;  // those of its plan, by their index in the network
    std::shared_ptr<const Plan> plan;

    static constexpr uint32_t nowhere = UINT32_MAX;
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
    std::string device() const override { return placement_.device(*plan_->network); }
    std::string without(uint32_t place) const override;
    std::string better(std::string_view asked, const ExecutorOptions& options, std::vector<double>& io_slowness) override;
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

    // Spikes of a population that the plan of a part reads late.
    struct LateSpikes {
        uint32_t population;
        std::vector<uint32_t> links;            // in order of their neurons
        std::optional<GatheredSpikes> gathered;  // where there are several, for a device that takes lists
        std::vector<float> frames;               // where it takes none: [window][batch][size]
    };
    // What of a record belongs to a slice, where rows of several samples do not lie together.
    struct SliceRecord {
        RecordFrames whole;
        Slice neurons;
        size_t rows;
        std::vector<std::byte> memory;  // [row][batch][neuron]
    };
    struct SliceEvents {
        std::vector<uint64_t> rows;     // step of the request * batch + sample
        std::vector<uint32_t> neurons;  // of the slice
    };
    struct Running {
        SplitPart part;
        std::unique_ptr<Executor> executor;
        std::vector<uint32_t> links;  // of its own populations
        bool takes_lists = false;
        std::vector<std::optional<LateSpikes>> late;  // by population of its plan
        // Of the window at hand.
        std::vector<InputFrames> inputs;
        std::vector<RecordFrames> records;
        std::vector<SliceRecord> slice_records;
        std::vector<EventRecord> events;                // first those of its links
        std::vector<SliceEvents> slice_events;          // of the run at hand, by record of the request
        std::exception_ptr error;                       // of the run at hand
        alignas(64) std::atomic<uint64_t> finished{0};  // the step after the last that is done
    };
    // A population, or the part of a projection onto it, on one device.
    struct Piece {
        uint32_t part;
        uint32_t index;  // in its plan
        Slice neurons;
    };
    using Pieces = std::vector<Piece>;

    void check_whole() const {
        if (failed_) refuse_lost_state();
    }
    uint32_t size_of_population(uint32_t population) const { return plan_->network->population(population).size; }
    size_t frame_of(uint32_t population) const { return size_t{batch_} * size_of_population(population); }
    bool is_cut(uint32_t population) const { return pieces_of_[population].size() > 1; }
    uint32_t steps_to_exchange(uint64_t step, uint32_t most) const;
    bool wait_for_others(const Running& running, uint64_t step) const;
    void run_part(Running& io_running, const RunRequest& request);
    void run_window(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    void prepare(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    InputFrames late_spikes(LateSpikes& io_late, uint32_t at, uint32_t done, uint32_t steps) const;
    void add_record(Running& io_running, const RunRequest& request, RecordFrames frames, uint32_t done, uint32_t steps);
    void copy_slice(SliceRecord& io_slice, bool to_whole) const;
    void take_results(Running& io_running, const RunRequest& request, uint32_t done, uint32_t steps);
    void merge_events(const RunRequest& request) const;
    void count_inputs(const RunRequest& request);
    void write_history(uint32_t population, DType dtype, const void* data);
    const Pieces& pieces_of(const Slot& slot) const;
    size_t count_of(const Piece& piece, const Slot& slot) const;
    template <class Use>
    void for_values_of(const Slot& slot, Use&& use) const;
    template <class Use>
    decltype(auto) on_device(const Running& running, Use&& use) const {
        try {
            return use(*running.executor);
        } catch (...) {
            rethrow_as_failure(running.part.device, running.part.place);
        }
    }

    std::shared_ptr<const Plan> plan_;
    Placement placement_;
    uint32_t batch_;
    std::vector<std::unique_ptr<Running>> running_;
    std::vector<Pieces> pieces_of_;         // by population, in order of their neurons
    std::vector<Pieces> projection_pieces_;  // by projection, the same of its targets
    // by population: its places in links_, one for each piece where it is read late
    std::vector<std::vector<uint32_t>> links_of_;
    std::vector<uint32_t> frame_place_of_;  // by population: its place among the inputs of a request
    std::vector<SpikeLink> links_;
    std::vector<float> silence_;  // what an input of one neuron reads
    ThreadPool pool_;             // a thread for each part, the caller's among them
    uint64_t now_;                // steps since the state was reset, and the lag of links
    uint64_t input_spikes_ = 0;
    Observation observation_;
    std::optional<DeviceFigures> measured_;  // before work was first considered to be moved
    std::atomic<bool> failed_{false};
    mutable std::vector<uint32_t> active_;  // what active() gathered
};

}  // namespace snn
