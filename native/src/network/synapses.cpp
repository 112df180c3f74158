#include "network/synapses.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace snn {

namespace {

// Makes the rows of another rule, with shorter delays. It is of a running network only and has no definition.
class EarlierRule final : public SynapseRule {
public:
    EarlierRule(std::shared_ptr<const SynapseRule> rule, uint16_t steps) : rule_(std::move(rule)), steps_(steps) {}

    uint32_t source_size() const override { return rule_->source_size(); }
    uint64_t count() const override { return rule_->count(); }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        SynapseRow row = rule_->row(source, memory);
        if (row.delays.data() != memory.delays.data()) memory.delays.assign(row.delays.begin(), row.delays.end());
        for (size_t k = 0; k < row.delays.size(); ++k) memory.delays[k] = static_cast<uint16_t>(memory.delays[k] - steps_);
        row.delays = {memory.delays.data(), row.delays.size()};
        return row;
    }
    uint16_t min_delay() const override { return static_cast<uint16_t>(rule_->min_delay() - steps_); }
    uint16_t max_delay() const override { return static_cast<uint16_t>(rule_->max_delay() - steps_); }
    float weight_bound() const override { return rule_->weight_bound(); }
    std::vector<float> weight_quantiles() const override { return rule_->weight_quantiles(); }
    uint64_t in_degree_bound() const override { return rule_->in_degree_bound(); }
    uint64_t memory_bytes() const override { return rule_->memory_bytes(); }

private:
    std::shared_ptr<const SynapseRule> rule_;
    uint16_t steps_;
};

// Makes the rows of another rule and leaves out the targets that are elsewhere. Of a running network only, as well.
class SliceRule final : public SynapseRule {
public:
    SliceRule(std::shared_ptr<const SynapseRule> rule, uint32_t first, uint32_t count)
        : rule_(std::move(rule)), first_(first), count_(count) {}

    uint32_t source_size() const override { return rule_->source_size(); }
    uint64_t count() const override {
        counted_.call([&] {
            RowMemory memory;
            uint64_t synapses = 0;
            for (uint32_t source = 0; source < source_size(); ++source) {
                const std::span<const uint32_t> targets = rule_->row(source, memory).targets;
                for (const uint32_t target : targets) synapses += is_here(target);
            }
            synapses_ = synapses;
        });
        return synapses_;
    }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        SynapseRow row = rule_->row(source, memory);
        // A row may lie in this memory already: what is kept moves to its front.
        const size_t size = row.targets.size();
        if (memory.targets.size() < size) memory.targets.resize(size);
        if (memory.weights.size() < size) memory.weights.resize(size);
        if (memory.delays.size() < row.delays.size()) memory.delays.resize(row.delays.size());
        size_t kept = 0;
        for (size_t k = 0; k < size; ++k) {
            const uint32_t target = row.targets[k];
            if (!is_here(target)) continue;
            memory.targets[kept] = target - first_;
            memory.weights[kept] = row.weights[k];
            if (!row.delays.empty()) memory.delays[kept] = row.delays[k];
            ++kept;
        }
        const bool has_delays = !row.delays.empty();
        row.targets = {memory.targets.data(), kept};
        row.weights = {memory.weights.data(), kept};
        if (has_delays) row.delays = {memory.delays.data(), kept};
        return row;
    }
    uint16_t min_delay() const override { return rule_->min_delay(); }
    uint16_t max_delay() const override { return rule_->max_delay(); }
    float weight_bound() const override { return rule_->weight_bound(); }
    std::vector<float> weight_quantiles() const override { return rule_->weight_quantiles(); }
    uint64_t in_degree_bound() const override { return rule_->in_degree_bound(); }
    uint64_t memory_bytes() const override { return rule_->memory_bytes(); }

private:
    bool is_here(uint32_t target) const { return target - first_ < count_; }

    std::shared_ptr<const SynapseRule> rule_;
    uint32_t first_, count_;
    mutable Once counted_;
    mutable uint64_t synapses_ = 0;
};

}  // namespace

Synapses::Synapses(std::shared_ptr<const SparseIndex> index, std::shared_ptr<const std::vector<float>> weights)
    : index_(std::move(index)), weights_(std::move(weights)) {}

std::shared_ptr<const Synapses> Synapses::with_weights(std::shared_ptr<const std::vector<float>> weights) const {
    arrays();
    return std::make_shared<const Synapses>(index_, std::move(weights));
}

std::shared_ptr<const Synapses> Synapses::rounded(int32_t exponent) const {
    if (rule_) {
        auto result = std::make_shared<Synapses>(rule_);
        result->rounds_ = true;
        result->exponent_ = exponent;
        return result;
    }
    auto weights = std::make_shared<std::vector<float>>(*weights_);
    round_to_multiples(*weights, exponent);
    return std::make_shared<const Synapses>(index_, *weights == *weights_ ? weights_ : std::move(weights));
}

std::shared_ptr<const Synapses> Synapses::onto(uint32_t first, uint32_t count) const {
    if (rule_) {
        auto result = std::make_shared<Synapses>(std::make_shared<const SliceRule>(rule_, first, count));
        result->rounds_ = rounds_;
        result->exponent_ = exponent_;
        return result;
    }
    auto index = std::make_shared<SparseIndex>();
    auto weights = std::make_shared<std::vector<float>>();
    index->min_delay = index_->min_delay;
    index->max_delay = index_->max_delay;
    index->row_offsets.push_back(0);
    for (size_t source = 0; source + 1 < index_->row_offsets.size(); ++source) {
        for (uint64_t k = index_->row_offsets[source]; k < index_->row_offsets[source + 1]; ++k) {
            if (index_->targets[k] - first >= count) continue;
            index->targets.push_back(index_->targets[k] - first);
            weights->push_back((*weights_)[k]);
            if (!index_->delays.empty()) index->delays.push_back(index_->delays[k]);
        }
        index->row_offsets.push_back(index->targets.size());
    }
    return std::make_shared<const Synapses>(std::move(index), std::move(weights));
}

std::shared_ptr<const Synapses> Synapses::earlier(uint16_t steps) const {
    if (rule_) {
        auto result = std::make_shared<Synapses>(std::make_shared<const EarlierRule>(rule_, steps));
        result->rounds_ = rounds_;
        result->exponent_ = exponent_;
        return result;
    }
    auto index = std::make_shared<SparseIndex>(*index_);
    for (uint16_t& delay : index->delays) delay = static_cast<uint16_t>(delay - steps);
    index->min_delay = static_cast<uint16_t>(index->min_delay - steps);
    index->max_delay = static_cast<uint16_t>(index->max_delay - steps);
    if (index->max_delay == 0) index->delays = {};
    return std::make_shared<const Synapses>(std::move(index), weights_);
}

SynapseRow Synapses::row(uint32_t source, RowMemory& memory) const {
    if (rule_) return rule_->row(source, memory);
    const uint64_t begin = index_->row_offsets[source], size = index_->row_offsets[source + 1] - begin;
    SynapseRow row;
    row.targets = {index_->targets.data() + begin, size};
    if (!index_->delays.empty()) row.delays = {index_->delays.data() + begin, size};
    row.weights = {weights_->data() + begin, size};
    return row;
}

void Synapses::arrays() const {
    if (!rule_) return;
    made_.call([&] {
        auto index = std::make_shared<SparseIndex>();
        auto weights = std::make_shared<std::vector<float>>();
        index->targets.reserve(rule_->count());
        weights->reserve(rule_->count());
        if (rule_->max_delay() > 0) index->delays.reserve(rule_->count());
        index->row_offsets.push_back(0);
        RowMemory memory;
        for (uint32_t source = 0; source < rule_->source_size(); ++source) {
            const SynapseRow row = rule_->row(source, memory);
            index->targets.insert(index->targets.end(), row.targets.begin(), row.targets.end());
            index->delays.insert(index->delays.end(), row.delays.begin(), row.delays.end());
            weights->insert(weights->end(), row.weights.begin(), row.weights.end());
            index->row_offsets.push_back(index->targets.size());
        }
        make_canonical(*index, *weights);
        if (rounds_) round_to_multiples(*weights, exponent_);
        index_ = std::move(index);
        weights_ = std::move(weights);
    });
}

double Synapses::largest_weight() const {
    if (rule_) return static_cast<double>(rule_->weight_bound());
    return static_cast<double>(largest_magnitude(*weights_));
}

uint64_t Synapses::largest_in_degree(uint32_t target_size) const {
    if (rule_) return rule_->in_degree_bound();
    std::vector<uint32_t> degrees(target_size, 0);
    for (const uint32_t target : index_->targets) ++degrees[target];
    return *std::max_element(degrees.begin(), degrees.end());
}

void round_to_multiples(std::span<float> io_weights, int32_t exponent) {
    // Both scales are ordinary floats (fixed_exponent_limit), so only the rounding itself is inexact.
    const float scale = std::ldexp(1.0f, exponent), unit = std::ldexp(1.0f, -exponent);
    for (float& weight : io_weights) weight = std::nearbyint(weight * scale) * unit;
}

float largest_magnitude(std::span<const float> weights) {
    float largest = 0.0f;
    for (const float weight : weights) largest = std::max(largest, std::abs(weight));
    return largest;
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
    // Row by row, so that little is needed beside the arrays themselves.
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
