// The synapses of one sparse projection, in one of these forms:
//
//     a rule    makes them on demand: no memory for each synapse
//     packed    as few bytes as possible (packed_synapses.h): synapses given as arrays, static and with 16-bit weights
//     moved     an executor's own form, which can return the rows: packed synapses take it when an executor is opened
//     arrays    10 bytes a synapse: all other synapses, and any form of which pointers to arrays are needed
//
// So a large network is not in memory twice while it runs.
//
// Thread-safety: everything here may be called from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
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

// The synapses of one source neuron: from a rule in order of creation, from all other forms in canonical order.
struct SynapseRow {
    std::span<const uint32_t> targets;
    std::span<const uint16_t> delays;  // steps; empty: none
    std::span<const float> weights;
};

// Memory for a row that is made on demand; it is reused for the next row. Used by one thread.
struct RowMemory {
    std::vector<uint32_t> targets;
    std::vector<uint16_t> delays;
    std::vector<float> weights;
    // What rules keep from one row to the next. marks: the targets that a row already has (all 0 between rows). blocks: for
    // each rule, the rows that were made together with the last one (rule_indegree.cpp).
    struct Block {
        uint64_t rule = 0;    // number of the rule; 0: none
        uint32_t number = 0;  // number of the block
        std::vector<uint64_t> offsets;
        std::vector<uint32_t> targets;
    };
    std::vector<uint32_t> moved_targets;  // for a rule that connects a part of the target population
    std::vector<uint64_t> marks;
    std::vector<Block> blocks;
    std::vector<uint32_t> block_sources;
};

struct ConnectionRule;

// Returns the same rows at any time and on any thread. A row lies in `memory` or in arrays of the store.
class SynapseStore {
public:
    virtual ~SynapseStore() = default;
    virtual SynapseRow row(uint32_t source, RowMemory& memory) const = 0;
    virtual uint64_t memory_bytes() const { return 0; }  // memory that the store keeps
};

// A store that makes rows. Ascending order is cheapest, because some rules make many neighbouring rows together.
class SynapseRule : public SynapseStore {
public:
    virtual uint32_t source_size() const = 0;
    virtual uint64_t count() const = 0;  // synapses in all rows, exact
    // Bounds that hold for every row, although no synapse need attain them.
    virtual uint16_t min_delay() const = 0;
    virtual uint16_t max_delay() const = 0;
    virtual float weight_bound() const = 0;       // of |weight|
    virtual uint64_t in_degree_bound() const = 0;  // synapses onto one target
    // Weights from the smallest to the largest possible one, ascending, evenly spaced in probability.
    virtual std::vector<float> weight_quantiles() const { return {-weight_bound(), weight_bound()}; }
    // What a file needs to make the same rule again (rules.h). Null: the rule cannot be saved, so its synapses are.
    virtual const ConnectionRule* definition() const { return nullptr; }
};

class PackedSynapses;

// From this many synapses on, the memory that making them needed is returned to the system: return_free_memory().
constexpr uint64_t many_synapses = 1u << 22;

// `weights` belong to the index, one for each of its targets.
struct SparseArrays {
    std::shared_ptr<const SparseIndex> index;
    std::shared_ptr<const std::vector<float>> weights;
};

class Synapses {
public:
    Synapses(std::shared_ptr<const SparseIndex> index, std::shared_ptr<const std::vector<float>> weights);
    explicit Synapses(std::shared_ptr<const PackedSynapses> packed);
    explicit Synapses(std::shared_ptr<const SynapseRule> rule) : rule_(std::move(rule)) {}

    std::shared_ptr<const Synapses> with_weights(std::shared_ptr<const std::vector<float>> weights) const;

    // The same with every weight rounded to a multiple of 2^-exponent, ties to even.
    std::shared_ptr<const Synapses> rounded(int32_t exponent) const;

    // The synapses onto targets [first, first + count), numbered from 0. Bounds on delays stay.
    std::shared_ptr<const Synapses> onto(uint32_t first, uint32_t count) const;

    // The same with every delay shorter by `steps`. All delays, and a rule's bound on them, must be at least `steps`.
    std::shared_ptr<const Synapses> earlier(uint16_t steps) const;

    bool is_rule() const { return rule_ != nullptr; }
    const SynapseRule* rule() const { return rule_.get(); }  // null: none
    // There is no synapse at all. For a rule, only if this is obvious without making rows.
    bool is_empty() const { return rule_ ? rule_->in_degree_bound() == 0 : count_ == 0; }
    uint64_t count() const { return rule_ ? rule_->count() : count_; }
    uint16_t min_delay() const { return rule_ ? rule_->min_delay() : min_delay_; }
    uint16_t max_delay() const { return rule_ ? rule_->max_delay() : max_delay_; }
    // A rule's weights are not rounded yet. Rows of all other forms are in canonical order.
    SynapseRow row(uint32_t source, RowMemory& memory) const;
    // The present store of the rows. To read many rows, ask for it once; it stays valid when the rows are moved.
    std::shared_ptr<const SynapseStore> store() const;
    uint32_t source_size() const { return rule_ ? rule_->source_size() : source_size_; }
    // Calls use(source, row) for every source in turn.
    template <class Use>
    void for_rows(Use&& use) const {
        const std::shared_ptr<const SynapseStore> rows = store();
        RowMemory memory;
        for (uint32_t source = 0; source < source_size(); ++source) use(source, rows->row(source, memory));
    }
    // From now on the rows come from `store`, which returns the same rows bit for bit, and the memory of the packed rows is
    // freed. Does nothing for rules, which keep no rows, and for arrays, because pointers to them may be in use.
    void move_to(std::shared_ptr<const SynapseStore> store) const;
    uint64_t memory_bytes() const { return store()->memory_bytes(); }  // without arrays made from a rule

    // The synapses as arrays, in canonical order. If there are none, the first call makes and keeps them: 10 bytes a synapse.
    const SparseIndex& index() const { return make_arrays(), *index_; }
    const std::shared_ptr<const std::vector<float>>& weights() const { return make_arrays(), weights_; }
    bool has_arrays() const { return starts_as_arrays_ || made_.is_made(); }
    // Packed or moved: neither a rule nor arrays.
    bool has_rows_only() const { return !rule_ && !has_arrays(); }
    // The same without keeping the arrays; those made from a rule are kept.
    SparseArrays arrays() const;
    std::shared_ptr<const std::vector<float>> weights_alone() const;
    // Reads the weights in canonical order, row by row, without making arrays.
    void read_weights(float* out_weights) const;  // [count()]

    double largest_weight() const;  // largest |weight|; for a rule, a bound

private:
    void make_arrays() const;
    SparseArrays arrays_of_rows() const;
    // Makes packed synapses if these are packed, else arrays.
    std::shared_ptr<const Synapses> like_these(std::shared_ptr<const SparseIndex> index,
                                               std::shared_ptr<const std::vector<float>> weights) const;
    std::shared_ptr<const PackedSynapses> packed() const;  // null: not packed, or no longer packed

    std::shared_ptr<const SynapseRule> rule_;
    bool starts_as_arrays_ = false;
    bool rounds_ = false;  // whether weights are rounded to multiples of 2^-exponent
    int32_t exponent_ = 0;
    // For all forms but rules:
    uint32_t source_size_ = 0;
    uint64_t count_ = 0;
    uint16_t min_delay_ = 0, max_delay_ = 0;
    mutable std::mutex mutex_;  // guards the next three
    mutable std::shared_ptr<const SynapseStore> store_;
    mutable std::shared_ptr<const PackedSynapses> packed_;  // same as store_, while packed
    mutable bool may_move_ = true;
    mutable Once made_;  // guards the next two, unless they exist from the start
    mutable std::shared_ptr<const SparseIndex> index_;
    mutable std::shared_ptr<const std::vector<float>> weights_;
};

// One row in canonical order, in its own memory.
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

bool is_canonical(const SynapseRow& row);
// The indices of a row's synapses in canonical order: by (delay, target, index). `delays` may be empty.
void canonical_order(std::span<const uint32_t> targets, std::span<const uint16_t> delays, std::vector<uint32_t>& out_order);
// Brings rows into canonical order. Permutes io_index->targets, io_index->delays and io_weights; sets min_delay and max_delay.
void make_canonical(SparseIndex& io_index, std::vector<float>& io_weights);

}  // namespace snn
