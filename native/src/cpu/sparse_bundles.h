// The static sparse synapses of a network, stored for event-driven simulation: 4 bytes each, in the order in which they fall
// due.
//
// Every thread owns one range of each population, so it delivers to its neurons without atomics. What bundled projections bring
// to a receptor of a neuron in a step is one int32, its *accumulator*. The accumulators of a thread lie side by side (16
// neurons to a cache line) and are cut into *parts* of 65,536, so that a synapse is one word:
//
//     bits 0-15   place of the accumulator within its part          bits 16-31   weight, in units of the receptor's scale
//
// All bundled projections from one population form one *group*. For each part, the group has a row of synapses for each source
// neuron, sorted by delay, and a table of where each delay begins:
//
//     row of source i, part k:  | delay 1 ........ | delay 2 ... | delay 3 ............ |
//                               ^ offsets[i][0]    ^ [1]         ^ [2]                  ^ [3]
//
// A step delivers the synapses that fall due in it. Nothing is kept for later steps, and only past spikes need to be saved.
// Which stretches are due is known before any of them is read. They are listed first, and prefetched while earlier ones are
// added.
//
// If there are many delays, stretches are short: looking them up and waiting for their first line takes longer than adding
// them. The synapses of a source for successive delays lie side by side. A few steps that are sure to follow each other
// therefore form a *window*. Its first step delivers what the spikes so far bring to all steps of the window, each with its own
// accumulators. A later step only delivers what the spikes since then bring to the rest of the window.
//
// A row loses nothing in this form. The network therefore gives up its own copy of synapses that were given as arrays, and
// reads them back from here (bundled_synapses.h). Both share the rows of a group; a session that writes weights first gets rows
// of its own.
//
// Thread-safety: deliver() and list_span() may run at once for different threads; one thread calls everything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/thread_pool.h"
#include "cpu/bundled_synapses.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/population_data.h"
#include "network/plan.h"

namespace snn::cpu {

constexpr size_t bundle_part_size = 1u << 16;  // accumulators
constexpr uint32_t most_window_steps = 2;      // longer windows save little and push accumulators out of the L2 cache

// What is bundled together: projections from one population.
struct BundleGroup {
    uint32_t source;
    std::vector<uint32_t> members;  // projections
    uint32_t min_delay, delays;     // delays may be min_delay to min_delay + delays - 1
    uint64_t synapses;
};
std::vector<BundleGroup> bundle_groups(const Plan& plan);
// Whether the network reads the synapses of a group back from the session's memory. Each word must belong to one member only,
// and the memory must not come from a host's allocator, because the host may want it back.
bool gives_rows_back(std::span<const uint32_t> members, const Network& network, const SNNAllocator& allocator);
// The number of steps in a window, see above. The group with most synapses decides.
uint32_t window_steps(const Plan& plan, uint32_t batch, size_t threads);

// Synapses of one source that fall due together, within a span of steps.
struct DueStretch {
    const uint32_t* words;
    uint32_t count;
    uint32_t first_place;  // start of the part: where the places in the words count from
    uint32_t step;         // steps since the span began
};

// The current step of a window and the number of its steps, see above.
struct WindowPlace {
    uint32_t step = 0, steps = 1;
};

class SparseBundles {
public:
    // `populations` must have their ranges. Builds on the pool's threads.
    SparseBundles(const Plan& plan, const std::vector<std::unique_ptr<PopulationData>>& populations, ThreadPool& pool,
                  const SNNAllocator& allocator);

    // Whether a projection is bundled; the others are delivered one by one.
    bool has(uint32_t projection) const { return member_[projection]; }
    bool empty() const { return groups_.empty(); }

    // ---- Accumulators of a thread, one after the other. Range `range` of a population belongs to thread `range`.
    bool has_accumulators(uint32_t population, uint32_t receptor) const { return !places_[population][receptor].empty(); }
    size_t accumulator_count(uint32_t thread) const { return thread < threads_.size() ? threads_[thread].accumulators : 0; }
    // A window has at most window_steps() steps. Each has its own accumulators, window_stride() apart.
    uint32_t window_steps() const { return window_steps_; }
    size_t window_stride(uint32_t thread) const { return padded_apart(accumulator_count(thread)); }
    // Where the accumulators of (population, receptor) begin among those of the thread that owns the range.
    size_t accumulator_place(uint32_t population, uint32_t receptor, uint32_t range) const {
        return places_[population][receptor][range];
    }

    // Adds everything that falls due for the neurons of one thread in step `clock` of a window and, for the later steps of the
    // window, what is not in `accumulators` yet: [step of the window][accumulator]. Returns the number of synapses.
    uint64_t deliver(const KernelTable& kernels, uint32_t thread, uint64_t clock, uint32_t sample, WindowPlace window,
                     int32_t* accumulators) const;
    // Lists what falls due for the neurons of one thread within `steps` steps from `clock` on, the last step first. Returns the
    // number of stretches, or `capacity` + 1 if there are more or if they have more than `most` synapses.
    uint32_t list_span(uint32_t thread, uint64_t clock, uint32_t steps, uint64_t most, DueStretch* out_stretches,
                       uint32_t capacity) const;
    uint32_t thread_count() const { return static_cast<uint32_t>(threads_.size()); }

    // Weights of one projection, in canonical order.
    void read_weights(uint32_t projection, float* out_weights);
    void write_weights(uint32_t projection, const float* weights);  // multiples of the scale that fit 16 bits

private:
    struct Thread {
        uint32_t first_part, part_count;
        size_t accumulators;
    };
    struct Group {
        uint32_t source;                // population
        std::vector<uint32_t> members;  // projections, ascending
        uint32_t min_delay, delays;     // total delays: min_delay to min_delay + delays - 1
        std::shared_ptr<BundleRows> rows;
        BundlePart* parts = nullptr;  // parts of `rows`
        bool is_shared = false;       // the network reads the rows: they must not change

        bool is_wide() const { return rows->is_wide; }
    };
    struct SourceRange {
        uint32_t begin, end;
    };
    using Stores = std::vector<std::shared_ptr<const SynapseStore>>;  // per member
    struct RowScratch;
    struct ChunkScratch;

    void choose_members(const Plan& plan);
    void place_accumulators();
    void build(Group& group);
    template <class Offset>
    bool build(Group& group);  // false: a row is too long for its offsets
    template <class Offset>
    void sort_chunk(Group& group, SourceRange chunk, ChunkScratch& scratch);
    void scatter_row(const Group& group, uint32_t source, RowScratch& scratch) const;
    Stores stores_of(const Group& group) const;
    uint64_t synapses_of(const Group& group) const;
    void share_rows(Group& group);
    Group& group_of(uint32_t projection);
    template <class Offset>
    void list_due(const Group& group, const BundlePart& rows, uint64_t clock, uint32_t sample, WindowPlace window,
                  class DueList& due) const;
    void visit_weights(const Group& group, uint32_t projection, const float* weights, float* out_weights) const;

    const Network& network_;
    const std::vector<std::unique_ptr<PopulationData>>& populations_;
    ThreadPool& pool_;
    SNNAllocator allocator_;
    std::vector<uint8_t> member_;  // per projection
    std::vector<Thread> threads_;
    uint32_t part_count_ = 0, window_steps_ = 1;
    std::vector<std::vector<std::vector<size_t>>> places_;     // [population][receptor][range]
    std::vector<std::vector<std::vector<uint32_t>>> targets_;  // [population][receptor][neuron]: part << 16 | place
    std::vector<Group> groups_;
};

}  // namespace snn::cpu
