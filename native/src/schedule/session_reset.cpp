// Beginning again, all samples or some.
#include <algorithm>

#include "backend/slots.h"
#include "common/error.h"
#include "schedule/session.h"

namespace snn {

void Session::fail_change() {
    try {
        throw;
    } catch (const Error& error) {
        if (error.status() == SNN_ERROR_DEVICE_LOST) state_is_lost_ = false;
        throw;
    }
}

void Session::reset() {
    change_state([&] {
        executor_->reset_state();
        clear_spike_inputs();
        steps_done_ = 0;
        remainder_s_ = 0;
        dropping_time_ = false;
        counted_before_ = {};
    });
}

void Session::begin_training_run(bool anew) {
    if (anew) reset();
    check_state();
    state_is_lost_ = true;
}

void Session::fail_training_run() noexcept {
    try {
        reset();
    } catch (...) {  // which the next call says
    }
}

namespace {

// The values of a variable of all samples, [row][sample][neuron]: a row, or one for each step that delays look back to.
struct Kept {
    Slot slot;
    DType dtype;
    std::vector<std::byte> values;
};

}  // namespace

// An executor begins again with all samples, so what the others had is put back, as restore() does it.
void Session::reset_samples(std::span<const uint32_t> samples) {
    std::vector<uint8_t> begins(batch_size_, 0);
    for (size_t i = 0; i < samples.size(); ++i) {
        if (samples[i] >= batch_size_)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "samples[", i, "] is ", samples[i], "; batch_size is ", batch_size_);
        begins[samples[i]] = 1;
    }
    if (samples.empty()) return;
    check_state();
    std::vector<Kept> kept;
    size_t largest = 0;
    for_population_slots(*plan_, [&](const Slot& slot, DType dtype) {
        // In double, which holds what a session of either precision has.
        if (slot.kind == Slot::state && dtype == DType::float32) dtype = DType::float64;
        kept.push_back({slot, dtype, std::vector<std::byte>(executor_->count(slot) * size_of(dtype))});
        executor_->read(slot, dtype, kept.back().values.data());
        largest = std::max(largest, kept.back().values.size());
    });
    std::vector<std::byte> initial(largest);  // room for it before anything changes
    const SNNCounters counted = counters();
    change_state([&] {
        executor_->reset_state();
        counted_before_ = {counted.steps, counted.spikes, counted.input_spikes, counted.synaptic_events,
                           counted.synaptic_operations};
        for (Kept& present : kept) {
            executor_->read(present.slot, present.dtype, initial.data());
            const size_t row = network_->population(present.slot.index).size * size_of(present.dtype);
            for (size_t r = 0; r * row < present.values.size(); ++r)
                if (begins[r % batch_size_]) std::copy_n(initial.begin() + r * row, row, present.values.begin() + r * row);
            executor_->write(present.slot, present.dtype, present.values.data());
        }
    });
    for (Input& input : inputs_) {
        if (!input.is_pending()) continue;
        for (uint32_t sample = 0; sample < batch_size_; ++sample)
            if (begins[sample]) std::fill_n(input.values.begin() + size_t{sample} * input.size, input.size, 0.0f);
        input.forget_list();
    }
}

}  // namespace snn
