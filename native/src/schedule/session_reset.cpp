// Beginning again, all samples or some.
#include <algorithm>

#include "common/error.h"
#include "schedule/checks.h"
#include "schedule/session.h"

namespace snn {

void Session::reset() {
    executor_->reset_state();
    clear_spike_inputs();
    steps_done_ = 0;
    remainder_s_ = 0;
    dropping_time_ = false;
    counted_before_ = {};
}

namespace {

// The values of a variable of all samples, [row][sample][neuron]: a row, or one for each step that delays look back to.
struct Kept {
    Slot slot;
    DType dtype;
    size_t size;  // neurons
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
    std::vector<Kept> kept;
    const auto keep = [&](const Slot& slot, DType dtype, size_t size) {
        kept.push_back({slot, dtype, size, std::vector<std::byte>(executor_->count(slot) * size_of(dtype))});
        executor_->read(slot, dtype, kept.back().values.data());
    };
    for (uint32_t p = 0; p < network_->populations().size(); ++p) {
        const Population& population = network_->population(p);
        if (population.is_input() || population.is_binary())
            keep(activity_slot(p), population.is_binary() ? DType::uint8 : DType::float32, population.size);
        // In double, which holds what a session of either precision has.
        for (uint32_t s = 0; population.model && s < population.model->states.size(); ++s)
            keep({Slot::state, p, s}, is_whole(population, s) ? DType::int32 : DType::float64, population.size);
    }
    std::vector<Kept> initial = kept;  // room for them, before anything changes
    const SNNCounters counted = counters();
    executor_->reset_state();
    counted_before_ = {counted.steps, counted.spikes, counted.input_spikes, counted.synaptic_events, counted.synaptic_operations};
    for (size_t k = 0; k < kept.size(); ++k) {
        Kept& present = kept[k];
        executor_->read(present.slot, present.dtype, initial[k].values.data());
        const size_t row = present.size * size_of(present.dtype);
        for (size_t r = 0; r * row < present.values.size(); ++r)
            if (begins[r % batch_size_]) std::copy_n(initial[k].values.begin() + r * row, row, present.values.begin() + r * row);
        executor_->write(present.slot, present.dtype, present.values.data());
    }
    for (Input& input : inputs_) {
        if (!input.clears || !input.filled) continue;
        for (uint32_t sample = 0; sample < batch_size_; ++sample)
            if (begins[sample]) std::fill_n(input.values.begin() + size_t{sample} * input.size, input.size, 0.0f);
        input.forget_list();
    }
}

}  // namespace snn
