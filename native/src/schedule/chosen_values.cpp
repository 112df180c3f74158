#include "schedule/chosen_values.h"

#include <algorithm>
#include <cstring>

namespace snn {

namespace {

constexpr size_t most_values = size_t{1} << 20;  // in the room, or one row: they stay in a cache

}  // namespace

ChosenValues::ChosenValues(size_t samples, size_t size, std::span<const uint64_t> indices, size_t value_bytes, size_t row_count,
                           void* out)
    : samples_(samples),
      size_(size),
      indices_(indices),
      value_bytes_(value_bytes),
      rows_at_once_(std::max<size_t>(row_count, 1)),
      out_(static_cast<std::byte*>(out)) {
    if (!is_chosen()) return;
    rows_at_once_ = std::min(rows_at_once_, std::max<size_t>(most_values / std::max<size_t>(row_size(), 1), 1));
    room_.resize(rows_at_once_ * row_size() * value_bytes_);
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
    if (is_chosen()) {
        switch (value_bytes_) {
            case 1: take<1>(rows); break;
            case 4: take<4>(rows); break;
            default: take<8>(rows); break;
        }
    }
    out_ += rows * samples_ * (is_chosen() ? indices_.size() : size_) * value_bytes_;
}

}  // namespace snn
