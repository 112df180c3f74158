// What a run records of chosen neurons or synapses: whole rows are written to room of its own, some at a time, and what was
// chosen is taken from there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace snn {

class ChosenValues {
public:
    // Of rows [samples][size] of values of `value_bytes`; `indices` into a sample's, checked, without memory: all, whose rows
    // are written to their place directly. `out`: room for `row_count` rows of what is chosen.
    ChosenValues(size_t samples, size_t size, std::span<const uint64_t> indices, size_t value_bytes, size_t row_count,
                 void* out);

    size_t row_size() const { return samples_ * size_; }
    size_t rows_at_once() const { return rows_at_once_; }
    // Where the next rows go, at most rows_at_once(); end() says how many have come.
    void* begin() { return is_chosen() ? room_.data() : out_; }
    void end(size_t rows);

private:
    bool is_chosen() const { return indices_.data() != nullptr; }
    template <size_t value_bytes>
    void take(size_t rows);

    size_t samples_, size_;
    std::span<const uint64_t> indices_;
    size_t value_bytes_, rows_at_once_;
    std::byte* out_;
    std::vector<std::byte> room_;
};

}  // namespace snn
