#include "cpu/event_log.h"

#include <algorithm>

namespace snn::cpu {

void EventLog::begin(const PopulationData& population, const SNNAllocator& allocator, uint32_t step_count) {
    population_ = &population;
    batch_ = population.batch;
    list_count_ = population.one_list ? 1 : static_cast<uint32_t>(population.ranges.size());
    step_count_ = step_count;
    const size_t places = size_t{list_count_} * batch_;
    const auto make_room = [&](auto& buffer, size_t count) {
        if (buffer.size() < count) buffer.allocate(allocator, count, false);
    };
    make_room(neurons_, size_t{step_count} * batch_ * population.size);
    make_room(counts_, places * step_count);
    make_room(ends_, places * spacing);
    for (uint32_t list = 0; list < list_count_; ++list)
        for (uint32_t sample = 0; sample < batch_; ++sample)
            ends_[(size_t{list} * batch_ + sample) * spacing] = area_of(list, sample);
}

size_t EventLog::area_of(uint32_t list_index, uint32_t sample) const {
    if (population_->one_list) return size_t{sample} * population_->size * step_count_;
    const NeuronRange range = population_->ranges[list_index];
    const size_t length = std::min(range.end, population_->size) - range.begin;
    return (size_t{range.begin} * batch_ + sample * length) * step_count_;
}

void EventLog::end(EventRecord& io_record) {
    for (uint32_t list = 0; list < list_count_; ++list)  // from here on, ends_ is where the next events begin
        for (uint32_t sample = 0; sample < batch_; ++sample)
            ends_[(size_t{list} * batch_ + sample) * spacing] = area_of(list, sample);
    size_t total = io_record.count;
    for (uint32_t step = 0; step < step_count_; ++step)
        for (uint32_t sample = 0; sample < batch_; ++sample) {
            const size_t first = total;
            for (uint32_t list = 0; list < list_count_; ++list) {
                const size_t place = size_t{list} * batch_ + sample;
                const uint32_t count = counts_[place * step_count_ + step];
                size_t& begin = ends_[place * spacing];
                std::copy_n(neurons_.data() + begin, count, io_record.neurons + total);
                begin += count;
                total += count;
            }
            std::fill(io_record.steps + first, io_record.steps + total, io_record.first_step + step);
            if (io_record.samples) std::fill(io_record.samples + first, io_record.samples + total, sample);
        }
    io_record.count = total;
    step_count_ = 0;
}

}  // namespace snn::cpu
