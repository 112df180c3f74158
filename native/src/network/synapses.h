// The synapses of one sparse projection, in one of these forms:
//
//     a rule    makes them whenever they are asked for: no memory for each synapse
//     packed    as few bytes as they need (packed_synapses.h): those given as arrays for static synapses with 16-bit weights
//     moved     an executor's own form, which gives them back: what the packed ones become when an executor has been opened
//     arrays    10 bytes a synapse: all others, and what the other forms become where somebody needs pointers to arrays
//
// So a large network that runs is not in memory twice.
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

// Gives the same rows whenever and on whichever thread they are asked for. A row lies in `memory`, or in arrays of the store.
class SynapseStore {
public:
    virtual ~SynapseStore() = default;
    virtual SynapseRow row(uint32_t source, RowMemory& memory) const = 0;
    virtual uint64_t memory_bytes() const { return 0; }  // that it keeps
};

// Makes rows. Cheapest in ascending order: some rules make many neighbouring rows together.
class SynapseRule : public SynapseStore {
public:
    virtual uint32_t source_size() const = 0;
    virtual uint64_t count() const = 0;  // of all rows, exactly
    // Bounds that hold for every row, though no synapse need reach them.
    virtual uint16_t min_delay() const = 0;
    virtual uint16_t max_delay() const = 0;
    virtual float weight_bound() const = 0;       // of |weight|
    virtual uint64_t in_degree_bound() const = 0;  // synapses onto one target
    // Weights from the least to the largest that there may be, ascending, evenly spaced in probability.
    virtual std::vector<float> weight_quantiles() const { return {-weight_bound(), weight_bound()}; }
    // What a file needs to make the same rule again (rules.h); null: it cannot, and the synapses are saved.
    virtual const ConnectionRule* definition() const { return nullptr; }
};

class PackedSynapses;

// From so many synapses on, what making them needed is worth giving back to the system: return_free_memory.
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

    // Those onto the targets [first, first + count), which count from 0 then. Bounds on delays stay.
    std::shared_ptr<const Synapses> onto(uint32_t first, uint32_t count) const;

    // The same with every delay `steps` shorter; none is shorter than that, and a rule's bound on delays neither.
    std::shared_ptr<const Synapses> earlier(uint16_t steps) const;

    bool is_rule() const { return rule_ != nullptr; }
    const SynapseRule* rule() const { return rule_.get(); }  // null: none
    // No synapse at all; of a rule only when that is plain without making its rows.
    bool is_empty() const { return rule_ ? rule_->in_degree_bound() == 0 : count_ == 0; }
    uint64_t count() const { return rule_ ? rule_->count() : count_; }
    uint16_t min_delay() const { return rule_ ? rule_->min_delay() : min_delay_; }
    uint16_t max_delay() const { return rule_ ? rule_->max_delay() : max_delay_; }
    // The weights of a rule are as it makes them: not rounded yet. Rows of anything else are in canonical order.
    SynapseRow row(uint32_t source, RowMemory& memory) const;
    // Where the rows are now. Whoever reads many of them asks for that once; it stays valid when they are moved.
    std::shared_ptr<const SynapseStore> store() const;
    uint32_t source_size() const { return rule_ ? rule_->source_size() : source_size_; }
    // Calls use(source, row) for every source in turn.
    template <class Use>
    void for_rows(Use&& use) const {
        const std::shared_ptr<const SynapseStore> rows = store();
        RowMemory memory;
        for (uint32_t source = 0; source < source_size(); ++source) use(source, rows->row(source, memory));
    }
    // From now on the rows are in `store`, which gives the same ones bit for bit, and what was kept of them here is freed.
    // Rules and arrays stay: the first keep nothing, and of the second somebody may have pointers.
    void move_to(std::shared_ptr<const SynapseStore> store) const;
    uint64_t memory_bytes() const { return store()->memory_bytes(); }  // without arrays made of a rule

    // As arrays, in canonical order. Where there are none they are made at the first call and kept: 10 bytes a synapse.
    const SparseIndex& index() const { return make_arrays(), *index_; }
    const std::shared_ptr<const std::vector<float>>& weights() const { return make_arrays(), weights_; }
    bool has_arrays() const { return starts_as_arrays_ || made_.is_made(); }
    // Packed, or read from a session: neither a rule nor arrays.
    bool has_rows_only() const { return !rule_ && !has_arrays(); }
    // The same for the caller alone; those of a rule are kept.
    SparseArrays arrays() const;
    std::shared_ptr<const std::vector<float>> weights_alone() const;
    // The weights in canonical order, row by row: no array is made that stays, of a rule neither.
    void read_weights(float* out_weights) const;  // [count()]

    double largest_weight() const;  // largest |weight|; of a rule a bound

private:
    void make_arrays() const;
    SparseArrays arrays_of_rows() const;
    // Packed as these are, or arrays.
    std::shared_ptr<const Synapses> like_these(std::shared_ptr<const SparseIndex> index,
                                               std::shared_ptr<const std::vector<float>> weights) const;
    std::shared_ptr<const PackedSynapses> packed() const;  // null: not packed, or not any more

    std::shared_ptr<const SynapseRule> rule_;
    bool starts_as_arrays_ = false;
    bool rounds_ = false;  // the weights, to multiples of 2^-exponent
    int32_t exponent_ = 0;
    // Of all but rules:
    uint32_t source_size_ = 0;
    uint64_t count_ = 0;
    uint16_t min_delay_ = 0, max_delay_ = 0;
    mutable std::mutex mutex_;  // guards the three below
    mutable std::shared_ptr<const SynapseStore> store_;
    mutable std::shared_ptr<const PackedSynapses> packed_;  // the store, while it is packed
    mutable bool may_move_ = true;
    mutable Once made_;  // guards the two below, unless they are there from the start
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

bool is_canonical(const SynapseRow& row);  // in that order
// The places of a row's synapses in canonical order: by (delay, target, place). `delays` may be empty.
void canonical_order(std::span<const uint32_t> targets, std::span<const uint16_t> delays, std::vector<uint32_t>& out_order);
// Brings rows into canonical order: io_index->targets, io_index->delays and io_weights move along; sets min_delay, max_delay.
void make_canonical(SparseIndex& io_index, std::vector<float>& io_weights);

}  // namespace snn
