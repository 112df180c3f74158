// The form in which a network keeps synapses that were given as arrays for compact arithmetic: 5 bytes each in a population of
// up to 16 million neurons, if all have the same delay.
//
//     target   2 bytes; 1 byte more above 65,536 neurons, 2 bytes more above 16,777,216
//     delay    no bytes if all are equal, else 1 byte; 2 bytes if two differ by more than 255 steps
//     weight   2 bytes, in units of the receptor's scale. 4 bytes until the network is finished, which chooses the scale, and
//              also afterwards if the arithmetic has changed: by a plasticity rule, or because 16 bits would lose too much
//
// Rows are in canonical order.
//
// Thread-safety: const functions may be called from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "network/synapses.h"

namespace snn {

// Whole numbers, each in as few bytes as the largest one needs: none if that is 0, at most 2.
class NarrowNumbers {
public:
    NarrowNumbers(uint64_t count, uint32_t largest) {
        if (largest > UINT8_MAX) words_.resize(count);
        else if (largest > 0) bytes_.resize(count);
    }
    void set(uint64_t at, uint32_t number) {
        if (!words_.empty()) words_[at] = static_cast<uint16_t>(number);
        else if (!bytes_.empty()) bytes_[at] = static_cast<uint8_t>(number);
    }
    bool all_zero() const { return words_.empty() && bytes_.empty(); }
    // Calls use(k, number) for `count` numbers from `begin` on. Makes no calls if all are 0.
    template <class Use>
    void for_each(uint64_t begin, size_t count, Use&& use) const {
        if (!words_.empty()) for_each(words_.data() + begin, count, use);
        else if (!bytes_.empty()) for_each(bytes_.data() + begin, count, use);
    }
    uint64_t memory_bytes() const { return words_.size() * sizeof(uint16_t) + bytes_.size(); }

private:
    template <class Number, class Use>
    static void for_each(const Number* numbers, size_t count, Use&& use) {
        for (size_t k = 0; k < count; ++k) use(k, uint32_t{numbers[k]});
    }

    std::vector<uint16_t> words_;
    std::vector<uint8_t> bytes_;
};

// The targets and delays of packed synapses.
class PackedIndex {
public:
    // Makes room for these targets and delays. set_row() then stores them row by row.
    PackedIndex(std::vector<uint64_t> row_offsets, std::span<const uint32_t> targets, uint16_t min_delay, uint16_t max_delay);

    void set_row(uint32_t source, const SynapseRow& row);  // in canonical order

    uint32_t source_size() const { return static_cast<uint32_t>(row_offsets_.size() - 1); }
    uint64_t count() const { return row_offsets_.back(); }
    uint64_t row_begin(uint32_t source) const { return row_offsets_[source]; }
    uint16_t min_delay() const { return min_delay_; }
    uint16_t max_delay() const { return max_delay_; }
    SynapseRow row(uint32_t source, RowMemory& memory) const;  // without weights
    uint64_t memory_bytes() const;

private:
    std::vector<uint64_t> row_offsets_;  // [source size + 1]
    std::vector<uint16_t> low_targets_;  // bits 0-15
    NarrowNumbers high_targets_;         // the bits above
    NarrowNumbers delays_;               // minus the shortest
    uint16_t min_delay_, max_delay_;
};

class PackedSynapses final : public SynapseStore {
public:
    PackedSynapses(std::shared_ptr<const PackedIndex> index, std::shared_ptr<const std::vector<float>> weights)
        : index_(std::move(index)), weights_(std::move(weights)) {}
    // With weights in units of 2^-exponent.
    PackedSynapses(std::shared_ptr<const PackedIndex> index, std::vector<int16_t> units, int32_t exponent)
        : index_(std::move(index)), units_(std::move(units)), exponent_(exponent) {}

    const std::shared_ptr<const PackedIndex>& index() const { return index_; }
    const std::shared_ptr<const std::vector<float>>& weights() const { return weights_; }  // null: they are in units

    SynapseRow row(uint32_t source, RowMemory& memory) const override;
    uint64_t memory_bytes() const override;

private:
    std::shared_ptr<const PackedIndex> index_;
    std::shared_ptr<const std::vector<float>> weights_;
    std::vector<int16_t> units_;
    int32_t exponent_ = 0;
};

// Weights as multiples of 2^-exponent, rounded, ties to even. Empty if one of them does not fit in 16 bits.
std::vector<int16_t> weights_in_units(std::span<const float> weights, int32_t exponent);

}  // namespace snn
