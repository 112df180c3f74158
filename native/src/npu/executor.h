// Runs a network on a device of OpenVINO. One inference computes one step, or a block of steps if the run is long enough.
//
//   host memory                 graph                        host memory
//   states, side 0  ─────────►  the steps of lowering.cpp ──►  states, side 1      the next inference goes from 1 to 0
//   inputs, delayed activity ►                            ──►  spikes of each step ──► ring of past activity
//
// OpenVINO's own variables (ReadValue and Assign) are not used, because its C library has no functions to read or write them.
// Instead, a compiled graph has two requests, one for each direction, which needs no copy either (docs/decisions/0018).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "common/float_mode.h"
#include "npu/library.h"
#include "npu/lowering.h"

namespace snn::npu {

struct Target {
    std::string name;    // the user's name for it: "npu", "openvino:CPU"
    std::string device;  // OpenVINO's name for it: "NPU", "CPU"
    WeightFormat weights = WeightFormat::float32;
};

class OpenVinoExecutor final : public Executor {
public:
    OpenVinoExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options, Target target);

    std::string description() const override;
    void reset_state() override;
    void run(const RunRequest& request) override;
    ExecutorCounters counters() const override { return counters_; }
    void set_constants(uint32_t population, const PopulationConstants& constants) override;
    void set_seed(uint64_t) override {}  // models that draw random numbers are refused
    size_t count(const Slot& slot) const override;
    void read(const Slot& slot, DType dtype, void* out_data) const override;
    void write(const Slot& slot, DType dtype, const void* data) override;
    std::span<const uint32_t> active(uint32_t population, uint32_t sample) const override;

private:
    // Memory of an OpenVINO tensor, in whole pages so that a driver can use it without a copy.
    struct FreePages {
        void operator()(void* memory) const;
    };
    using Pages = std::unique_ptr<void, FreePages>;
    static Pages make_pages(size_t bytes);

    struct StateMemory {
        Pages sides[2];
        bool alternates = false;  // a step reads one side and writes the other; otherwise no step changes side 0
        std::optional<double> stays;  // the constant value that the graphs assume for all neurons
    };
    struct PopulationMemory {
        uint32_t size = 0, frame = 0;  // number of neurons; frame: size * samples
        std::vector<float> ring;       // [history_depth + 1][frame], activity of the steps that delays look back to
        std::vector<uint32_t> active_counts;  // [history_depth + 1], number of nonzero values in each frame of the ring
        std::vector<StateMemory> states;
        std::optional<PopulationConstants> own_constants;
        mutable std::vector<uint32_t> active;
    };
    struct ProjectionMemory {
        std::vector<uint32_t> fan_out;
        std::optional<std::vector<float>> own_weights, own_bias;
    };
    // A compiled graph with its memory.
    struct Block {
        struct Place {
            uint32_t population;
            int32_t step;
            Pages values;
        };
        uint32_t step_count = 1;
        std::vector<uint32_t> constants;  // kept because the compiled graph may still read them
        Owned<Compiled> compiled{nullptr, nullptr};
        std::vector<Place> inputs, spikes;
        std::vector<Owned<Request>> requests;  // by the side of the states that they read
    };

    const Network& network() const { return *plan_->network; }
    static uint32_t count_active(const float* values, size_t count);
    uint64_t place(uint32_t population, uint64_t lag) const;  // index of a frame in the ring
    float* past(uint32_t population, uint64_t lag);
    const float* past(uint32_t population, uint64_t lag) const;
    bool is_whole(uint32_t population, uint32_t state) const;
    void* present_state(uint32_t population, uint32_t state) const;

    void fill_initial_states();
    std::optional<double> uniform_state(uint32_t population, uint32_t state) const;
    void check_states_that_stay();
    void forget_graphs();
    std::unique_ptr<Block> build(uint32_t step_count);
    Lowered lower_steps(uint32_t step_count) const;
    Owned<Tensor> tensor_over(Type type, size_t rows, size_t columns, void* memory) const;
    Owned<Compiled> compile(const std::string& xml, std::vector<uint32_t>& io_constants) const;
    Owned<Request> bind(const Lowered& lowered, const Block& block, uint32_t side);
    void prepare();
    void infer(Block& block, const RunRequest& request, uint32_t done);
    void count_step();
    void record(const RunRequest& request, uint32_t step) const;

    const Library& library_;
    std::shared_ptr<const Plan> plan_;
    Target target_;
    uint32_t batch_size_, thread_count_;
    std::vector<PopulationMemory> populations_;
    std::vector<ProjectionMemory> projections_;
    std::unique_ptr<Block> single_, several_;
    FloatMode computing_ = FloatMode::standard();  // for inferences: the mode that OpenVINO set when it compiled a graph
    std::string precision_;  // in which the compiled graph computes, as OpenVINO names it
    uint32_t side_ = 0;      // of the states that the last step wrote
    uint64_t now_ = 0;       // steps since the reset: position in the rings
    ExecutorCounters counters_;
};

}  // namespace snn::npu
