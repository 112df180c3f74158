#include "schedule/spike_link.h"

#include <algorithm>
#include <utility>

namespace snn {

SpikeLink::SpikeLink(uint32_t population, Slice neurons, uint32_t batch, uint32_t window_steps, uint32_t lag_steps)
    : population_(population),
      neurons_(neurons),
      batch_(batch),
      window_(window_steps),
      lag_(lag_steps),
      slots_(2 * (lag_steps / window_steps)) {
    const size_t room = size_t{window_} * batch_ * neurons_.count;
    for (Slot& slot : slots_) {
        slot.neurons = std::make_unique_for_overwrite<uint32_t[]>(room);
        slot.offsets.assign(size_t{window_} * batch_ + 1, 0);
    }
    steps_ = std::make_unique_for_overwrite<uint32_t[]>(room);
    if (batch_ > 1) samples_ = std::make_unique_for_overwrite<uint32_t[]>(room);
}

void SpikeLink::clear() {
    for (Slot& slot : slots_) std::fill(slot.offsets.begin(), slot.offsets.end(), 0);
}

EventRecord SpikeLink::begin_write(uint64_t step) {
    Slot& slot = slot_of(step);
    return {population_, 0, steps_.get(), slot.neurons.get() + slot.offsets[place_of(step)], samples_.get(), 0};
}

void SpikeLink::end_write(const EventRecord& written, uint64_t step, uint32_t steps) {
    uint32_t* const offsets = slot_of(step).offsets.data() + place_of(step);
    size_t event = 0;
    for (uint32_t place = 0; place < steps * batch_; ++place) {
        while (event < written.count && written.steps[event] * batch_ + (samples_ ? written.samples[event] : 0) == place)
            ++event;
        offsets[place + 1] = offsets[0] + static_cast<uint32_t>(event);
    }
}

void SpikeLink::copy_to(EventRecord& io_record, const EventRecord& written, uint32_t first_step) const {
    for (size_t i = 0; i < written.count; ++i) io_record.steps[io_record.count + i] = first_step + written.steps[i];
    std::copy_n(written.neurons, written.count, io_record.neurons + io_record.count);
    if (io_record.samples) {
        if (samples_) std::copy_n(written.samples, written.count, io_record.samples + io_record.count);
        else std::fill_n(io_record.samples + io_record.count, written.count, 0u);
    }
    io_record.count += written.count;
}

InputFrames SpikeLink::read(uint64_t step) const {
    const Slot& slot = slot_of(step - lag_);
    return {population_, nullptr, 1, slot.neurons.get(), slot.offsets.data() + place_of(step - lag_)};
}

void SpikeLink::read_frames(uint64_t step, uint32_t steps, uint32_t size, float* io_frames) const {
    const InputFrames lists = read(step);
    for (size_t row = 0; row < size_t{steps} * batch_; ++row)
        for (uint32_t i = lists.offsets[row]; i < lists.offsets[row + 1]; ++i)
            io_frames[row * size + neurons_.first + lists.neurons[i]] = 1.0f;
}

void SpikeLink::write_history(uint64_t now, uint32_t size, const float* rows) {
    clear();
    for (uint64_t step = now - lag_; step < now; ++step) {
        Slot& slot = slot_of(step);
        uint32_t* const offsets = slot.offsets.data() + place_of(step);
        const float* const row = rows + (now - 1 - step) * batch_ * size + neurons_.first;
        for (uint32_t sample = 0; sample < batch_; ++sample) {
            uint32_t end = offsets[sample];
            for (uint32_t i = 0; i < neurons_.count; ++i)
                if (row[size_t{sample} * size + i] != 0.0f) slot.neurons[end++] = i;
            // Of the steps to come in this window as well.
            std::fill(offsets + sample + 1, slot.offsets.data() + slot.offsets.size(), end);
        }
    }
}

GatheredSpikes::GatheredSpikes(std::vector<uint32_t> links, uint32_t size, uint32_t batch, uint32_t window_steps)
    : links_(std::move(links)),
      batch_(batch),
      neurons_(std::make_unique_for_overwrite<uint32_t[]>(size_t{window_steps} * batch * size)),
      offsets_(size_t{window_steps} * batch + 1, 0) {}

InputFrames GatheredSpikes::read(const std::vector<SpikeLink>& links, uint64_t step, uint32_t steps) {
    uint32_t end = 0;
    for (size_t row = 0; row < size_t{steps} * batch_; ++row) {
        for (const uint32_t l : links_) {
            const InputFrames lists = links[l].read(step);
            const uint32_t first = links[l].neurons().first;
            for (uint32_t i = lists.offsets[row]; i < lists.offsets[row + 1]; ++i) neurons_[end++] = first + lists.neurons[i];
        }
        offsets_[row + 1] = end;
    }
    return {links[links_.front()].population(), nullptr, 1, neurons_.get(), offsets_.data()};
}

}  // namespace snn
