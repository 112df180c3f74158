// What a run records of chosen neurons or synapses. An executor writes it where it belongs, or whole rows to room of its own,
// some at a time, from which it is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"

namespace snn {

class ChosenValues {
public:
    // Of rows [samples][size]; `indices` into a sample's, checked, with memory even where there are none; without: all. `out`:
    // room for `row_count` rows of what is chosen. `is_direct`: rows of what is chosen are written, by an executor that
    // records_chosen().
    ChosenValues(size_t samples, size_t size, std::span<const uint64_t> indices, DType dtype, size_t row_count, void* out,
                 bool is_direct);

    DType dtype() const { return dtype_; }
    size_t rows_at_once() const { return rows_at_once_; }
    // Where the next rows go, at most rows_at_once(); end() says how many have come.
    void* begin() { return has_room_ ? room_.data() : out_; }
    void end(size_t rows);
    // How an executor is told: kind, population and state are its own.
    RecordFrames frames(RecordFrames::Kind kind, const Slot& slot) const;

private:
    template <size_t value_bytes>
    void take(size_t rows);

    size_t samples_, size_;
    std::span<const uint64_t> indices_;
    DType dtype_;
    bool is_chosen_, has_room_;
    size_t rows_at_once_;
    std::byte* out_;
    std::vector<std::byte> room_;
    std::vector<ChosenNeuron> neurons_;
};

}  // namespace snn
