#include "network/synapses.h"

#include <algorithm>
#include <cmath>

#include "network/packed_synapses.h"

namespace snn {

namespace {

// Makes the rows of another rule with shorter delays. It exists only in parts of running networks and has no definition.
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

// Makes the rows of another rule without the targets outside a slice. It, too, exists only in parts of running networks.
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
        // The row may already lie in this memory, so the synapses that are kept move to its front.
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

class ArrayStore final : public SynapseStore {
public:
    explicit ArrayStore(SparseArrays arrays) : arrays_(std::move(arrays)) {}

    SynapseRow row(uint32_t source, RowMemory&) const override {
        const SparseIndex& index = *arrays_.index;
        const uint64_t begin = index.row_offsets[source], size = index.row_offsets[source + 1] - begin;
        SynapseRow row;
        row.targets = {index.targets.data() + begin, size};
        if (!index.delays.empty()) row.delays = {index.delays.data() + begin, size};
        row.weights = {arrays_.weights->data() + begin, size};
        return row;
    }
    uint64_t memory_bytes() const override {
        const SparseIndex& index = *arrays_.index;
        return index.row_offsets.size() * sizeof(uint64_t) + index.targets.size() * sizeof(uint32_t) +
               index.delays.size() * sizeof(uint16_t) + arrays_.weights->size() * sizeof(float);
    }

private:
    SparseArrays arrays_;
};

}  // namespace

Synapses::Synapses(std::shared_ptr<const SparseIndex> index, std::shared_ptr<const std::vector<float>> weights)
    : starts_as_arrays_(true),
      source_size_(static_cast<uint32_t>(index->row_offsets.size() - 1)),
      count_(index->targets.size()),
      min_delay_(index->min_delay),
      max_delay_(index->max_delay),
      store_(std::make_shared<ArrayStore>(SparseArrays{index, weights})),
      may_move_(false),
      index_(std::move(index)),
      weights_(std::move(weights)) {}

Synapses::Synapses(std::shared_ptr<const PackedSynapses> packed)
    : source_size_(packed->index()->source_size()),
      count_(packed->index()->count()),
      min_delay_(packed->index()->min_delay()),
      max_delay_(packed->index()->max_delay()),
      store_(packed),
      packed_(std::move(packed)) {}

std::shared_ptr<const SynapseStore> Synapses::store() const {
    if (rule_) return rule_;
    const std::scoped_lock lock(mutex_);
    return store_;
}

SynapseRow Synapses::row(uint32_t source, RowMemory& memory) const { return store()->row(source, memory); }

std::shared_ptr<const PackedSynapses> Synapses::packed() const {
    const std::scoped_lock lock(mutex_);
    return packed_;
}

void Synapses::move_to(std::shared_ptr<const SynapseStore> store) const {
    if (rule_) return;
    std::shared_ptr<const PackedSynapses> packed;  // destroyed after the lock is released
    const std::scoped_lock lock(mutex_);
    if (!may_move_) return;
    store_.swap(store);
    packed_.swap(packed);
}

std::shared_ptr<const Synapses> Synapses::like_these(std::shared_ptr<const SparseIndex> index,
                                                     std::shared_ptr<const std::vector<float>> weights) const {
    bool packs = has_rows_only();
    std::vector<int16_t> units;
    if (packs && rounds_) units = weights_in_units(*weights, exponent_);
    packs &= units.size() == (rounds_ ? weights->size() : 0);
    const float unit = std::ldexp(1.0f, -exponent_);
    for (size_t k = 0; packs && k < units.size(); ++k) packs = static_cast<float>(units[k]) * unit == (*weights)[k];
    if (!packs) return std::make_shared<Synapses>(std::move(index), std::move(weights));
    auto packed = std::make_shared<PackedIndex>(index->row_offsets, index->targets, index->min_delay, index->max_delay);
    const ArrayStore rows({index, weights});
    RowMemory memory;
    for (uint32_t source = 0; source < packed->source_size(); ++source) packed->set_row(source, rows.row(source, memory));
    auto result = std::make_shared<Synapses>(
        rounds_ ? std::make_shared<PackedSynapses>(std::move(packed), std::move(units), exponent_)
                : std::make_shared<PackedSynapses>(std::move(packed), std::move(weights)));
    result->rounds_ = rounds_;
    result->exponent_ = exponent_;
    return result;
}

std::shared_ptr<const Synapses> Synapses::with_weights(std::shared_ptr<const std::vector<float>> weights) const {
    return like_these(arrays().index, std::move(weights));
}

std::shared_ptr<const Synapses> Synapses::rounded(int32_t exponent) const {
    std::shared_ptr<Synapses> result;
    if (rule_) {
        result = std::make_shared<Synapses>(rule_);
    } else if (const std::shared_ptr<const PackedSynapses> mine = packed(); mine && rounds_ && exponent_ == exponent) {
        result = std::make_shared<Synapses>(mine);  // already rounded
    } else if (mine && mine->weights()) {
        std::vector<int16_t> units = weights_in_units(*mine->weights(), exponent);
        if (units.size() == count_)
            result = std::make_shared<Synapses>(
                std::make_shared<PackedSynapses>(mine->index(), std::move(units), exponent));
    }
    if (result) {
        result->rounds_ = true;
        result->exponent_ = exponent;
        return result;
    }
    const SparseArrays mine = arrays();
    auto weights = std::make_shared<std::vector<float>>(*mine.weights);
    round_to_multiples(*weights, exponent);
    if (*weights == *mine.weights) return std::make_shared<Synapses>(mine.index, mine.weights);
    return std::make_shared<Synapses>(mine.index, std::move(weights));
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
    index->min_delay = min_delay_;
    index->max_delay = max_delay_;
    index->row_offsets.push_back(0);
    for_rows([&](uint32_t, const SynapseRow& row) {
        for (size_t k = 0; k < row.targets.size(); ++k) {
            if (row.targets[k] - first >= count) continue;
            index->targets.push_back(row.targets[k] - first);
            weights->push_back(row.weights[k]);
            if (!row.delays.empty()) index->delays.push_back(row.delays[k]);
        }
        index->row_offsets.push_back(index->targets.size());
    });
    return like_these(std::move(index), std::move(weights));
}

std::shared_ptr<const Synapses> Synapses::earlier(uint16_t steps) const {
    if (rule_) {
        auto result = std::make_shared<Synapses>(std::make_shared<const EarlierRule>(rule_, steps));
        result->rounds_ = rounds_;
        result->exponent_ = exponent_;
        return result;
    }
    const SparseArrays mine = arrays();
    auto index = std::make_shared<SparseIndex>(*mine.index);
    for (uint16_t& delay : index->delays) delay = static_cast<uint16_t>(delay - steps);
    index->min_delay = static_cast<uint16_t>(index->min_delay - steps);
    index->max_delay = static_cast<uint16_t>(index->max_delay - steps);
    if (index->max_delay == 0) index->delays = {};
    return like_these(std::move(index), mine.weights);
}

SparseArrays Synapses::arrays_of_rows() const {
    auto index = std::make_shared<SparseIndex>();
    auto weights = std::make_shared<std::vector<float>>(count());
    index->targets.resize(count());
    if (max_delay() > 0) index->delays.resize(count());
    index->row_offsets.resize(size_t{source_size()} + 1);
    uint64_t begin = 0;
    for_rows([&](uint32_t source, const SynapseRow& row) {
        std::copy(row.targets.begin(), row.targets.end(), index->targets.data() + begin);
        if (!index->delays.empty())  // otherwise all delays are 0, even if the row lists them
            std::copy(row.delays.begin(), row.delays.end(), index->delays.data() + begin);
        std::copy(row.weights.begin(), row.weights.end(), weights->data() + begin);
        index->row_offsets[source + 1] = begin += row.targets.size();
    });
    if (rule_) {
        make_canonical(*index, *weights);
        if (rounds_) round_to_multiples(*weights, exponent_);
    } else {
        index->min_delay = min_delay_;
        index->max_delay = max_delay_;
    }
    return {std::move(index), std::move(weights)};
}

void Synapses::make_arrays() const {
    if (starts_as_arrays_) return;
    made_.call([&] {
        SparseArrays made = arrays_of_rows();
        index_ = made.index;
        weights_ = made.weights;
        if (rule_) return;
        std::shared_ptr<const SynapseStore> store = std::make_shared<ArrayStore>(std::move(made));
        std::shared_ptr<const PackedSynapses> packed;
        const std::scoped_lock lock(mutex_);
        store_.swap(store);
        packed_.swap(packed);
        may_move_ = false;
    });
}

SparseArrays Synapses::arrays() const {
    if (has_rows_only()) return arrays_of_rows();
    make_arrays();
    return {index_, weights_};
}

std::shared_ptr<const std::vector<float>> Synapses::weights_alone() const {
    if (!has_rows_only()) return weights();
    if (const std::shared_ptr<const PackedSynapses> mine = packed(); mine && mine->weights()) return mine->weights();
    auto alone = std::make_shared<std::vector<float>>(count());
    read_weights(alone->data());
    return alone;
}

void Synapses::read_weights(float* out_weights) const {
    CanonicalRow canonical;
    float* end = out_weights;
    for_rows([&](uint32_t, const SynapseRow& row) {
        if (rule_) canonical.assign(row);
        const std::span<const float> weights = rule_ ? canonical.weights : row.weights;
        end = std::copy(weights.begin(), weights.end(), end);
    });
    if (rule_ && rounds_) round_to_multiples({out_weights, end}, exponent_);
}

double Synapses::largest_weight() const {
    if (rule_) return static_cast<double>(rule_->weight_bound());
    float largest = 0;
    for_rows([&](uint32_t, const SynapseRow& row) { largest = std::max(largest, largest_magnitude(row.weights)); });
    return static_cast<double>(largest);
}

}  // namespace snn
