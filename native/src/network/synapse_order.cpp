// Loops over all synapses of a network: their canonical order, and the rounding of their weights.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "network/synapses.h"

namespace snn {

void round_to_multiples(std::span<float> io_weights, int32_t exponent) {
    // Both scales are normal floats (fixed_exponent_limit), so only the rounding itself is inexact.
    const float scale = std::ldexp(1.0f, exponent), unit = std::ldexp(1.0f, -exponent);
    for (float& weight : io_weights) weight = std::nearbyint(weight * scale) * unit;
}

float largest_magnitude(std::span<const float> weights) {
    float largest = 0.0f;
    for (const float weight : weights) largest = std::max(largest, std::abs(weight));
    return largest;
}

bool is_canonical(const SynapseRow& row) {
    for (size_t k = 1; k < row.targets.size(); ++k) {
        const bool is_later = !row.delays.empty() && row.delays[k] > row.delays[k - 1];
        const bool is_as_late = row.delays.empty() || row.delays[k] == row.delays[k - 1];
        if (!is_later && !(is_as_late && row.targets[k] >= row.targets[k - 1])) return false;
    }
    return true;
}

void canonical_order(std::span<const uint32_t> targets, std::span<const uint16_t> delays, std::vector<uint32_t>& out_order) {
    out_order.resize(targets.size());
    std::iota(out_order.begin(), out_order.end(), 0u);
    const auto before = [&](uint32_t a, uint32_t b) {
        if (!delays.empty() && delays[a] != delays[b]) return delays[a] < delays[b];
        return targets[a] < targets[b];
    };
    if (!std::is_sorted(out_order.begin(), out_order.end(), before))
        std::stable_sort(out_order.begin(), out_order.end(), before);
}

void CanonicalRow::assign(const SynapseRow& row) {
    const size_t size = row.targets.size();
    canonical_order(row.targets, row.delays, order_);
    targets.resize(size);
    weights.resize(size);
    delays.resize(row.delays.size());
    for (size_t k = 0; k < size; ++k) {
        targets[k] = row.targets[order_[k]];
        weights[k] = row.weights[order_[k]];
        if (!delays.empty()) delays[k] = row.delays[order_[k]];
    }
}

void make_canonical(SparseIndex& io_index, std::vector<float>& io_weights) {
    std::vector<uint32_t>& targets = io_index.targets;
    std::vector<uint16_t>& delays = io_index.delays;
    if (!delays.empty()) {
        const auto [least, most] = std::minmax_element(delays.begin(), delays.end());
        io_index.min_delay = *least;
        io_index.max_delay = *most;
        if (io_index.max_delay == 0) delays = {};
    }
    // Works row by row, which needs little memory besides the arrays themselves.
    std::vector<uint32_t> order, row_targets;
    std::vector<uint16_t> row_delays;
    std::vector<float> row_weights;
    for (size_t row = 0; row + 1 < io_index.row_offsets.size(); ++row) {
        const uint64_t begin = io_index.row_offsets[row], size = io_index.row_offsets[row + 1] - begin;
        canonical_order(std::span(targets).subspan(begin, size),
                        delays.empty() ? std::span<const uint16_t>() : std::span(delays).subspan(begin, size), order);
        if (std::is_sorted(order.begin(), order.end())) continue;
        const auto move = [&](auto& values, auto& copies) {
            copies.assign(values.begin() + static_cast<std::ptrdiff_t>(begin),
                          values.begin() + static_cast<std::ptrdiff_t>(begin + size));
            for (uint64_t k = 0; k < size; ++k) values[begin + k] = copies[order[k]];
        };
        move(targets, row_targets);
        move(io_weights, row_weights);
        if (!delays.empty()) move(delays, row_delays);
    }
}

}  // namespace snn
