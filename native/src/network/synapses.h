// The synapses of one sparse projection: as arrays, or as the rule that makes them whenever they are asked for. A rule costs
// no memory for each synapse, so a backend can build its own form of a large network without a second copy beside it.
//
// Thread-safety: everything here may be called from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/once.h"

namespace snn {

// Connections in canonical order: rows by source; within a row by (delay, target, order of creation).
struct SparseIndex {
    std::vector<uint64_t> row_offsets;  // [source size + 1]
    std::vector<uint32_t> targets;
    std::vector<uint16_t> delays;       // empty: none
    uint16_t min_delay = 0, max_delay = 0;
};

// The synapses of one source neuron, in order of creation (arrays: canonical order).
struct SynapseRow {
    std::span<const uint32_t> targets;
    std::span<const uint16_t> delays;  // steps; empty: none
    std::span<const float> weights;
};

// Room for a row that is made when it is asked for; used again for the next one. Of one thread.
struct RowMemory {
    std::vector<uint32_t> targets;
    std::vector<uint16_t> delays;
    std::vector<float> weights;
    // What rules keep from one row to the next: which targets a row has already (all 0 between rows), and rows that were made
    // together with the last one (rule_indegree.cpp), for each rule.
    struct Block {
        uint64_t rule = 0;    // number of the rule; 0: none
        uint32_t number = 0;  // of the block
        std::vector<uint64_t> offsets;
        std::vector<uint32_t> targets;
    };
    std::vector<uint32_t> moved_targets;  // of a rule that connects a part of the target population
    std::vector<uint64_t> marks;
    std::vector<Block> blocks;
    std::vector<uint32_t> block_sources;
};

struct ConnectionRule;

// Makes the same rows whenever and on whichever thread they are asked for. Cheapest in ascending order: some rules make many
// neighbouring rows together.
class SynapseRule {
public:
    virtual ~SynapseRule() = default;
    virtual uint32_t source_size() const = 0;
    virtual uint64_t count() const = 0;  // of all rows, exactly
    virtual SynapseRow row(uint32_t source, RowMemory& memory) const = 0;
    // Bounds that hold for every row, though no synapse need reach them.
    virtual uint16_t min_delay() const = 0;
    virtual uint16_t max_delay() const = 0;
    virtual float weight_bound() const = 0;       // of |weight|
    virtual uint64_t in_degree_bound() const = 0;  // synapses onto one target
    // Weights from the least to the largest that there may be, ascending, evenly spaced in probability.
    virtual std::vector<float> weight_quantiles() const { return {-weight_bound(), weight_bound()}; }
    // What a file needs to make the same rule again (rules.h); null: it cannot, and the synapses are saved.
    virtual const ConnectionRule* definition() const { return nullptr; }
    virtual uint64_t memory_bytes() const { return 0; }  // that the rule itself keeps, once rows have been asked for
};

class Synapses {
public:
    // `weights` belong to the index, one for each of its targets.
    Synapses(std::shared_ptr<const SparseIndex> index, std::shared_ptr<const std::vector<float>> weights);
    explicit Synapses(std::shared_ptr<const SynapseRule> rule) : rule_(std::move(rule)) {}

    std::shared_ptr<const Synapses> with_weights(std::shared_ptr<const std::vector<float>> weights) const;

    // The same with every weight rounded to a multiple of 2^-exponent, ties to even.
    std::shared_ptr<const Synapses> rounded(int32_t exponent) const;

    // Those onto the targets [first, first + count), which count from 0 then. Bounds on delays stay.
    std::shared_ptr<const Synapses> onto(uint32_t first, uint32_t count) const;

    // The same with every delay `steps` shorter; none is shorter than that, and a rule's bound on delays neither.
    std::shared_ptr<const Synapses> earlier(uint16_t steps) const;

    bool is_rule() const { return rule_ != nullptr; }
    const SynapseRule* rule() const { return rule_.get(); }  // null: arrays
    // No synapse at all; of a rule only when that is plain without making its rows.
    bool is_empty() const { return rule_ ? rule_->in_degree_bound() == 0 : index_->targets.empty(); }
    uint64_t count() const { return rule_ ? rule_->count() : index_->targets.size(); }
    uint16_t min_delay() const { return rule_ ? rule_->min_delay() : index_->min_delay; }
    uint16_t max_delay() const { return rule_ ? rule_->max_delay() : index_->max_delay; }
    // The weights of a rule are as it makes them: not rounded yet.
    SynapseRow row(uint32_t source, RowMemory& memory) const;

    // As arrays, in canonical order. Those of a rule are made at the first call and kept: 10 bytes a synapse.
    const SparseIndex& index() const { return arrays(), *index_; }
    const std::shared_ptr<const std::vector<float>>& weights() const { return arrays(), weights_; }

    // Largest |weight| and most synapses onto one of `target_size` neurons: exact for arrays, bounds for a rule.
    double largest_weight() const;
    uint64_t largest_in_degree(uint32_t target_size) const;

private:
    void arrays() const;

    std::shared_ptr<const SynapseRule> rule_;
    bool rounds_ = false;  // the weights of the rule
    int32_t exponent_ = 0;
    mutable Once made_;  // guards the two below while there is a rule
    mutable std::shared_ptr<const SparseIndex> index_;
    mutable std::shared_ptr<const std::vector<float>> weights_;
};

// One row in canonical order, in memory of its own.
struct CanonicalRow {
    std::vector<uint32_t> targets;
    std::vector<uint16_t> delays;  // empty: none
    std::vector<float> weights;
    void assign(const SynapseRow& row);

private:
    std::vector<uint32_t> order_;
};

void round_to_multiples(std::span<float> io_weights, int32_t exponent);  // of 2^-exponent, ties to even

float largest_magnitude(std::span<const float> weights);  // 0 for none

// The places of a row's synapses in canonical order: by (delay, target, place). `delays` may be empty.
void canonical_order(std::span<const uint32_t> targets, std::span<const uint16_t> delays, std::vector<uint32_t>& out_order);
// Brings rows into canonical order: io_index->targets, io_index->delays and io_weights move along; sets min_delay, max_delay.
void make_canonical(SparseIndex& io_index, std::vector<float>& io_weights);

}  // namespace snn
