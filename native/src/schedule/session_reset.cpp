// Beginning again, all samples or some.
#include <algorithm>

#include "backend/slots.h"
#include "common/error.h"
#include "schedule/session_state.h"

namespace snn {

void SessionState::reset() {
    open_.change_state([&] {
        open_.executor().reset_state();
        inputs_.clear_spikes();
        progress_ = {};
    });
}

void SessionState::begin_training_run(bool anew) {
    if (anew) reset();
    open_.check_state();
    open_.lose_state();
}

void SessionState::end_training_run(uint64_t steps_since_reset) {
    progress_.steps = steps_since_reset;
    open_.have_state();
}

void SessionState::fail_training_run() noexcept {
    try {
        reset();
    } catch (...) {  // the next call reports it
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
void SessionState::reset_samples(std::span<const uint32_t> samples) {
    std::vector<uint8_t> begins(open_.batch_size(), 0);
    for (size_t i = 0; i < samples.size(); ++i) {
        if (samples[i] >= open_.batch_size())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "samples[", i, "] is ", samples[i], "; batch_size is ", open_.batch_size());
        begins[samples[i]] = 1;
    }
    if (samples.empty()) return;
    open_.check_state();
    std::vector<Kept> kept;
    size_t largest = 0;
    for_population_slots(open_.plan(), [&](const Slot& slot, DType dtype) {
        // In double, which holds what a session of either precision has.
        if (slot.kind == Slot::state && dtype == DType::float32) dtype = DType::float64;
        kept.push_back({slot, dtype, std::vector<std::byte>(open_.executor().count(slot) * size_of(dtype))});
        open_.executor().read(slot, dtype, kept.back().values.data());
        largest = std::max(largest, kept.back().values.size());
    });
    std::vector<std::byte> initial(largest);  // room for it before anything changes
    const SNNCounters counted = counters();
    open_.change_state([&] {
        open_.executor().reset_state();
        progress_.counted_before = {counted.steps, counted.spikes, counted.input_spikes, counted.synaptic_events,
                                    counted.synaptic_operations};
        for (Kept& present : kept) {
            open_.executor().read(present.slot, present.dtype, initial.data());
            const size_t row = network_.population(present.slot.index).size * size_of(present.dtype);
            for (size_t r = 0; r * row < present.values.size(); ++r)
                if (begins[r % open_.batch_size()])
                    std::copy_n(initial.begin() + r * row, row, present.values.begin() + r * row);
            open_.executor().write(present.slot, present.dtype, present.values.data());
        }
    });
    inputs_.forget_spikes(begins);
}

}  // namespace snn
