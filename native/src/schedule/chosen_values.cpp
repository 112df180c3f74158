#include "schedule/chosen_values.h"

#include <algorithm>
#include <cstring>

namespace snn {

namespace {

constexpr size_t most_values = size_t{1} << 20;  // in the room, or one row: they stay in a cache

}  // namespace

ChosenValues::ChosenValues(size_t samples, size_t size, std::span<const uint64_t> indices, DType dtype, size_t row_count,
                           void* out, bool is_direct)
    : samples_(samples),
      size_(size),
      indices_(indices),
      dtype_(dtype),
      is_chosen_(indices.data() != nullptr),
      has_room_(is_chosen_ && (!is_direct || indices.empty())),
      rows_at_once_(std::max<size_t>(row_count, 1)),
      out_(static_cast<std::byte*>(out)) {
    if (has_room_) {
        const size_t row = samples_ * size_;
        rows_at_once_ = std::min(rows_at_once_, std::max<size_t>(most_values / std::max<size_t>(row, 1), 1));
        room_.resize(rows_at_once_ * row * size_of(dtype_));
    } else if (is_chosen_) {
        for (size_t i = 0; i < indices_.size(); ++i)
            neurons_.push_back({static_cast<uint32_t>(indices_[i]), static_cast<uint32_t>(i)});
        std::sort(neurons_.begin(), neurons_.end(),
                  [](const ChosenNeuron& a, const ChosenNeuron& b) { return a.neuron < b.neuron; });
    }
}

RecordFrames ChosenValues::frames(RecordFrames::Kind kind, const Slot& slot) const {
    const size_t width = has_room_ || !is_chosen_ ? size_ : indices_.size();
    return {
        kind,           slot.index, slot.sub, dtype_, nullptr, samples_ * width, neurons_.empty() ? nullptr : neurons_.data(),
        neurons_.size()};
}

template <size_t value_bytes>
void ChosenValues::take(size_t rows) {
    const std::byte* from = room_.data();
    std::byte* to = out_;
    for (size_t row = 0; row < rows * samples_; ++row, from += size_ * value_bytes)
        for (const uint64_t index : indices_) {
            std::memcpy(to, from + index * value_bytes, value_bytes);
            to += value_bytes;
        }
}

void ChosenValues::end(size_t rows) {
    if (has_room_) {
        switch (size_of(dtype_)) {
            case 1: take<1>(rows); break;
            case 4: take<4>(rows); break;
            default: take<8>(rows); break;
        }
    }
    out_ += rows * samples_ * (is_chosen_ ? indices_.size() : size_) * size_of(dtype_);
}

}  // namespace snn
