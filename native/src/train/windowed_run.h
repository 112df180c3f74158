// The steps that a trainer runs forward at once, how many of them are on the tape, and their inputs.
//
// A batch is one run, or consecutive windows of `window_steps`, each with its own backward pass and update (truncated
// back-propagation through time, docs/decisions/0026-long-runs.md). If the tape holds fewer steps than a run, the executor
// recomputes the others in the backward pass, from states kept on the way, and reads the inputs again. They are copied here,
// because the caller's arrays may be gone by then.
//
// Thread-safety: one thread at a time, with its trainer.
#pragma once

#include <snn/snn.h>

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "network/network.h"

namespace snn {

class WindowedRun {
public:
    struct Steps {
        uint32_t begin, count;
    };

    WindowedRun(const Network& network, uint32_t batch_size, const SNNTrainerDef& def)
        : network_(network),
          batch_size_(batch_size),
          step_count_(def.step_count),
          window_steps_(def.window_steps),
          checkpoint_steps_(def.checkpoint_steps),
          has_windows_(def.window_steps > 0 && def.window_updates != 0) {}

    uint32_t step_count() const { return step_count_; }  // of a batch
    uint32_t window_count() const { return has_windows_ ? (step_count_ - 1) / window_steps_ + 1 : 1; }
    uint32_t window_end(uint32_t window) const;  // in steps
    // Whether all steps of a batch are on the tape at once: no checkpoints, and no windows that are trained one by one.
    bool keeps_all_steps() const { return tape_steps(step_count_) == 0; }

    // Begins a run of all steps, or of one window. `inputs` are those of the whole batch.
    void begin_whole(std::span<const InputFrames> inputs);
    void begin_window(uint32_t window, std::span<const InputFrames> inputs);
    // These describe the run that was begun.
    Steps steps() const { return steps_; }
    std::span<const InputFrames> inputs() const { return inputs_; }
    uint32_t tape_steps() const { return tape_steps(steps_.count); }  // see RunRequest::tape_steps
    uint32_t runs_of_batch() const { return window_ + 1; }            // including this one
    bool begins_batch() const { return window_ == 0; }
    bool ends_batch() const { return ends_batch_; }

private:
    uint32_t tape_steps(uint32_t count) const;
    void begin(uint32_t window, bool ends_batch, Steps steps, std::span<const InputFrames> inputs);
    std::span<const InputFrames> kept(std::span<const InputFrames> inputs);

    const Network& network_;
    uint32_t batch_size_, step_count_, window_steps_, checkpoint_steps_;
    bool has_windows_;
    uint32_t window_ = 0;
    bool ends_batch_ = true;
    Steps steps_{};
    std::vector<InputFrames> inputs_, kept_inputs_;
    struct SpikeCopy {
        std::vector<uint32_t> neurons, offsets;
    };
    std::vector<std::vector<float>> value_copies_;  // of kept_inputs_
    std::vector<SpikeCopy> spike_copies_;           // of kept_inputs_ that are spike lists
};

}  // namespace snn
