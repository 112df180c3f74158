#include "train/windowed_run.h"

#include <cmath>

namespace snn {

uint32_t WindowedRun::window_end(uint32_t window) const {
    return window + 1 == window_count() ? step_count_ : (window + 1) * window_steps_;
}

// If windows are trained one by one, a run over all of them takes no more memory than one window.
uint32_t WindowedRun::tape_steps(uint32_t count) const {
    if (checkpoint_steps_ == UINT32_MAX) return static_cast<uint32_t>(std::ceil(std::sqrt(count)));
    if (checkpoint_steps_ == 0 && window_count() > 1) return window_steps_;
    return checkpoint_steps_;
}

void WindowedRun::begin_whole(std::span<const InputFrames> inputs) { begin(0, true, {0, step_count_}, kept(inputs)); }

// Inputs are not copied, because each window's backward pass happens within the call that passes the inputs.
void WindowedRun::begin_window(uint32_t window, std::span<const InputFrames> inputs) {
    const uint32_t first = window == 0 ? 0 : window_end(window - 1);
    begin(window, window + 1 == window_count(), {first, window_end(window) - first}, inputs);
}

void WindowedRun::begin(uint32_t window, bool ends_batch, Steps steps, std::span<const InputFrames> inputs) {
    window_ = window;
    ends_batch_ = ends_batch;
    steps_ = steps;
    inputs_.clear();
    for (const InputFrames& input : inputs) inputs_.push_back(input.from(steps.begin, batch_size_));
}

std::span<const InputFrames> WindowedRun::kept(std::span<const InputFrames> inputs) {
    if (keeps_all_steps()) return inputs;
    kept_inputs_.assign(inputs.begin(), inputs.end());
    value_copies_.resize(inputs.size());
    spike_copies_.resize(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].offsets) {
            const uint32_t* const offsets = inputs[i].offsets;
            const size_t rows = size_t{batch_size_} * step_count_;
            SpikeCopy& copy = spike_copies_[i];
            copy.offsets.assign(offsets, offsets + rows + 1);
            copy.neurons.assign(inputs[i].neurons, inputs[i].neurons + offsets[rows]);
            kept_inputs_[i].offsets = copy.offsets.data();
            kept_inputs_[i].neurons = copy.neurons.data();
            continue;
        }
        const size_t frame = size_t{batch_size_} * network_.population(inputs[i].population).size;
        const size_t count = inputs[i].step_stride == 0 ? frame : frame * step_count_;
        value_copies_[i].assign(inputs[i].data, inputs[i].data + count);
        kept_inputs_[i].data = value_copies_[i].data();
    }
    return kept_inputs_;
}

}  // namespace snn
