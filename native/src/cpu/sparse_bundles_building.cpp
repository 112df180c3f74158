// How bundles are made: which projections are in them, where their accumulators lie, and how the rows are sorted.
// sparse_bundles.cpp delivers them.
#include "cpu/sparse_bundles.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "common/machine.h"
#include "network/projections_by_source.h"

namespace snn::cpu {

namespace {

constexpr uint64_t chunk_synapses = 1u << 22;  // synapses that one thread builds at a time
constexpr uint32_t most_parts = 1u << 16;
constexpr uint64_t short_stretch = 256;  // synapses; longer ones gain nothing from a window

uint32_t word_of(uint32_t place, int32_t weight) { return place | static_cast<uint32_t>(weight) << 16; }
int32_t weight_of(uint32_t word) { return static_cast<int32_t>(word) >> 16; }

}  // namespace

// ---- What goes in, and where it lies ----------------------------------------------------------------------------------

SparseBundles::SparseBundles(const Plan& plan, const std::vector<std::unique_ptr<PopulationData>>& populations,
                             ThreadPool& pool, const SNNAllocator& allocator)
    : network_(*plan.network), populations_(populations), pool_(pool), allocator_(allocator) {
    places_.resize(populations.size());
    targets_.resize(populations.size());
    for (size_t p = 0; p < populations.size(); ++p) {
        places_[p].resize(populations[p]->receptor_count);
        targets_[p].resize(populations[p]->receptor_count);
    }
    choose_members(plan);
    if (groups_.empty()) return;
    place_accumulators();
    window_steps_ = cpu::window_steps(plan, populations.front()->batch, threads_.size());
    uint64_t synapses = 0;
    for (Group& group : groups_) {
        build(group);
        if (gives_rows_back(group.members, network_, allocator_)) share_rows(group);
        synapses += synapses_of(group);
    }
    if (synapses >= many_synapses) return_free_memory();  // the memory that building needed is a large part of what stays
}

std::vector<BundleGroup> bundle_groups(const Plan& plan) {
    const Network& network = *plan.network;
    std::vector<BundleGroup> groups;
    if (plan.sample_weights) return groups;  // a bundle has one weight for all samples
    const ProjectionsBySource projections(network);
    for (uint32_t p = 0; p < network.populations().size(); ++p) {
        if (!network.populations()[p].is_binary() || plan.populations[p].needs_activity_gradient) continue;
        BundleGroup group{.source = p, .members = {}, .min_delay = UINT32_MAX, .delays = 0, .synapses = 0};
        uint32_t max_delay = 0;
        for (const uint32_t q : projections[p]) {
            const Projection& projection = network.projections()[q];
            if (projection.arithmetic != SNN_ARITHMETIC_COMPACT || projection.synapses->count() == 0) continue;
            // Bundles are delivered at the beginning of a step, so the spikes must be known by then. A run by layers (training)
            // has no bundles.
            if (projection.min_delay() == 0 && (!network.populations()[p].is_input() || !plan.step_adjoint.empty())) continue;
            group.members.push_back(q);
            group.min_delay = std::min(group.min_delay, projection.min_delay());
            max_delay = std::max(max_delay, projection.max_delay());
            group.synapses += projection.synapses->count();
        }
        if (group.members.empty()) continue;
        group.delays = max_delay - group.min_delay + 1;
        // With long delays and few synapses, the tables would outweigh what they find.
        const uint64_t table = uint64_t{network.populations()[p].size} * (group.delays + 1);
        if (table > 2 * group.synapses + bundle_part_size) continue;
        groups.push_back(std::move(group));
    }
    return groups;
}

bool gives_rows_back(std::span<const uint32_t> members, const Network& network, const SNNAllocator& allocator) {
    if (allocator.allocate) return false;
    std::vector<std::pair<uint32_t, uint32_t>> reached;  // populations and receptors
    for (const uint32_t q : members) {
        const Projection& projection = network.projections()[q];
        reached.emplace_back(projection.target, projection.receptor);
    }
    std::sort(reached.begin(), reached.end());
    return std::adjacent_find(reached.begin(), reached.end()) == reached.end();
}

uint32_t window_steps(const Plan& plan, uint32_t batch, size_t threads) {
    const std::vector<BundleGroup> groups = bundle_groups(plan);
    if (groups.empty() || batch > 1) return 1;
    const BundleGroup& group = *std::max_element(
        groups.begin(), groups.end(), [](const BundleGroup& a, const BundleGroup& b) { return a.synapses < b.synapses; });
    const uint64_t stretches = uint64_t{plan.network->populations()[group.source].size} * group.delays * threads;
    return group.delays >= most_window_steps && group.synapses <= short_stretch * stretches ? most_window_steps : 1;
}

void SparseBundles::choose_members(const Plan& plan) {
    member_.assign(network_.projections().size(), 0);
    for (BundleGroup& chosen : bundle_groups(plan)) {
        for (const uint32_t q : chosen.members) {
            member_[q] = 1;
            const Projection& projection = network_.projections()[q];
            places_[projection.target][projection.receptor].push_back(0);  // place_accumulators() fills in
        }
        groups_.push_back({.source = chosen.source,
                           .members = std::move(chosen.members),
                           .min_delay = chosen.min_delay,
                           .delays = chosen.delays,
                           .rows = {}});
    }
}

void SparseBundles::place_accumulators() {
    uint32_t thread_count = 0;
    for (size_t p = 0; p < places_.size(); ++p)
        for (std::vector<size_t>& places : places_[p]) {
            if (places.empty()) continue;
            places.assign(populations_[p]->ranges.size(), 0);
            thread_count = std::max(thread_count, static_cast<uint32_t>(places.size()));
        }
    size_t receptor_count = 0;
    for (const auto& places : places_) receptor_count = std::max(receptor_count, places.size());
    for (uint32_t thread = 0; thread < thread_count; ++thread) {
        // The first receptors of all populations come first, then the second ones. A source mostly reaches the same receptor
        // everywhere, and stretches are longest if one part has all its targets.
        size_t count = 0;
        for (size_t r = 0; r < receptor_count; ++r) {
            size_t size = 0;
            const auto for_places = [&](auto&& use) {
                for (size_t p = 0; p < places_.size(); ++p)
                    if (r < places_[p].size() && thread < places_[p][r].size())
                        use(places_[p][r][thread], populations_[p]->ranges[thread]);
            };
            for_places([&](size_t, const NeuronRange& range) { size += range.end - range.begin; });
            if (size <= bundle_part_size && count % bundle_part_size + size > bundle_part_size)
                count = (count / bundle_part_size + 1) * bundle_part_size;
            for_places([&](size_t& place, const NeuronRange& range) {
                place = count;
                count += range.end - range.begin;
            });
        }
        const uint32_t parts = static_cast<uint32_t>((count + bundle_part_size - 1) / bundle_part_size);
        threads_.push_back({part_count_, parts, count});
        part_count_ += parts;
        if (part_count_ >= most_parts) throw Error(SNN_ERROR_INVALID_ARGUMENT, "the network has too many neurons");
    }
    for (size_t p = 0; p < places_.size(); ++p)
        for (size_t r = 0; r < places_[p].size(); ++r) {
            const std::vector<size_t>& places = places_[p][r];
            std::vector<uint32_t>& targets = targets_[p][r];
            if (places.empty()) continue;
            targets.resize(populations_[p]->row);
            for (uint32_t range = 0; range < places.size(); ++range) {
                const NeuronRange& owned = populations_[p]->ranges[range];
                for (uint32_t j = owned.begin; j < owned.end; ++j) {
                    const size_t place = places[range] + (j - owned.begin);
                    const uint32_t part = threads_[range].first_part + static_cast<uint32_t>(place / bundle_part_size);
                    targets[j] = part << 16 | static_cast<uint32_t>(place % bundle_part_size);
                }
            }
        }
}

// ---- Building ---------------------------------------------------------------------------------------------------------

struct SparseBundles::RowScratch {
    const Stores* stores = nullptr;
    RowMemory memory;
    std::vector<uint32_t> keys, words;  // of each synapse of the row: part * delays + delay; the word itself
    std::vector<uint32_t> counts;       // per key, then where it begins
    std::vector<size_t> begins;         // per member: where its synapses begin in the two lists
};

// Fills keys, words and counts with one row of every member, one member after the other, in order of creation.
void SparseBundles::scatter_row(const Group& group, uint32_t source, RowScratch& scratch) const {
    std::fill(scratch.counts.begin(), scratch.counts.end(), 0);
    scratch.keys.clear();
    scratch.words.clear();
    scratch.begins.clear();
    for (size_t m = 0; m < group.members.size(); ++m) {
        const Projection& projection = network_.projections()[group.members[m]];
        const SynapseRow row = (*scratch.stores)[m]->row(source, scratch.memory);
        const size_t before = scratch.keys.size(), size = row.targets.size();
        scratch.begins.push_back(before);
        scratch.keys.resize(before + size);
        scratch.words.resize(before + size);
        const uint32_t* const targets = targets_[projection.target][projection.receptor].data();
        const float scale = std::ldexp(1.0f, projection.fixed_exponent);
        const uint32_t first_delay = projection.delay_steps - group.min_delay;  // wraps: the sum does not
        uint32_t* const keys = scratch.keys.data() + before;
        uint32_t* const words = scratch.words.data() + before;
        for (size_t k = 0; k < size; ++k) {
            const uint32_t target = targets[row.targets[k]];
            const uint32_t delay = first_delay + (row.delays.empty() ? 0u : row.delays[k]);
            const uint32_t key = (target >> 16) * group.delays + delay;
            keys[k] = key;
            words[k] = word_of(target & 0xffff, static_cast<int32_t>(std::lrint(row.weights[k] * scale)));
            ++scratch.counts[key];
        }
    }
}

// One chunk of sources. A task sorts it, then it is copied to memory that stays. Only the calling thread allocates
// (SNNAllocator).
struct SparseBundles::ChunkScratch {
    RowScratch row;
    std::vector<std::vector<uint32_t>> sorted;  // per part: the rows of the chunk, one after the other
    std::vector<uint32_t> places;               // [part][source]: where a row begins
    bool too_long = false;
    std::exception_ptr failure;  // tasks must not throw
};

template <class Offset>
void SparseBundles::sort_chunk(Group& group, SourceRange chunk, ChunkScratch& scratch) {
    const size_t entries = group.delays + size_t{1}, size = chunk.end - chunk.begin;
    scratch.sorted.resize(part_count_);
    for (std::vector<uint32_t>& part : scratch.sorted) part.clear();
    scratch.places.resize(part_count_ * size);
    RowScratch& row = scratch.row;
    for (uint32_t source = chunk.begin; source < chunk.end; ++source) {
        scatter_row(group, source, row);
        for (uint32_t part = 0; part < part_count_; ++part) {
            uint32_t* const counts = row.counts.data() + size_t{part} * group.delays;
            Offset* const offsets = group.parts[part].template offsets<Offset>() + source * entries;
            std::vector<uint32_t>& sorted = scratch.sorted[part];
            const uint32_t begin = static_cast<uint32_t>(sorted.size());
            scratch.places[part * size + (source - chunk.begin)] = begin;
            uint32_t offset = 0;
            for (uint32_t delay = 0; delay < group.delays; ++delay) {
                offsets[delay] = static_cast<Offset>(offset);
                offset += std::exchange(counts[delay], begin + offset);
            }
            offsets[group.delays] = static_cast<Offset>(offset);
            scratch.too_long |= offset > std::numeric_limits<Offset>::max();
            sorted.resize(begin + offset);
        }
        for (size_t k = 0; k < row.keys.size(); ++k) {
            const uint32_t key = row.keys[k];
            const uint32_t part = part_count_ == 1 ? 0 : key / group.delays;
            scratch.sorted[part][row.counts[key]++] = row.words[k];
        }
    }
}

void SparseBundles::build(Group& group) {
    if (!build<uint16_t>(group)) build<uint32_t>(group);
}

SparseBundles::Stores SparseBundles::stores_of(const Group& group) const {
    Stores stores;
    for (const uint32_t q : group.members) stores.push_back(network_.projections()[q].synapses->store());
    return stores;
}

uint64_t SparseBundles::synapses_of(const Group& group) const {
    uint64_t synapses = 0;
    for (const uint32_t q : group.members) synapses += network_.projections()[q].synapses->count();
    return synapses;
}

template <class Offset>
bool SparseBundles::build(Group& group) {
    const uint32_t sources = network_.populations()[group.source].size;
    const uint64_t per_source = synapses_of(group) / sources + 1;
    const uint32_t chunk = static_cast<uint32_t>(std::clamp<uint64_t>(chunk_synapses / per_source, 1, sources));
    const uint32_t chunk_count = (sources + chunk - 1) / chunk, width = std::min(pool_.width(), chunk_count);
    group.rows = std::make_shared<BundleRows>();
    BundleRows& rows = *group.rows;
    rows.is_wide = sizeof(Offset) > sizeof(uint16_t);
    rows.parts.resize(part_count_);
    group.parts = rows.parts.data();
    for (BundlePart& part : rows.parts) {
        part.rows.allocate(allocator_, sources);
        part.allocate_offsets<Offset>(allocator_, sources * (group.delays + size_t{1}));
    }
    rows.memory.resize(size_t{chunk_count} * part_count_);
    const Stores stores = stores_of(group);
    std::vector<ChunkScratch> scratches(width);
    for (ChunkScratch& scratch : scratches) {
        scratch.row.stores = &stores;
        scratch.row.counts.resize(size_t{part_count_} * group.delays);
    }
    for (uint32_t first = 0; first < chunk_count; first += width) {
        const uint32_t count = std::min(width, chunk_count - first);
        const auto range_of = [&](uint32_t task) {
            return SourceRange{(first + task) * chunk, std::min(sources, (first + task + 1) * chunk)};
        };
        pool_.run(count, [&](uint32_t task) {
            try {
                sort_chunk<Offset>(group, range_of(task), scratches[task]);
            } catch (...) {
                scratches[task].failure = std::current_exception();
            }
        });
        for (uint32_t task = 0; task < count; ++task) {
            if (scratches[task].failure) std::rethrow_exception(scratches[task].failure);
            if (scratches[task].too_long) return false;
            for (uint32_t part = 0; part < part_count_; ++part) {
                Buffer<uint32_t>& memory = rows.memory[size_t{first + task} * part_count_ + part];
                memory.allocate(allocator_, scratches[task].sorted[part].size(), false);
                use_large_pages(memory.data(), memory.size() * sizeof(uint32_t));
            }
        }
        pool_.run(count, [&](uint32_t task) {
            const SourceRange range = range_of(task);
            const ChunkScratch& scratch = scratches[task];
            for (uint32_t part = 0; part < part_count_; ++part) {
                Buffer<uint32_t>& memory = rows.memory[size_t{first + task} * part_count_ + part];
                std::copy(scratch.sorted[part].begin(), scratch.sorted[part].end(), memory.data());
                for (uint32_t source = range.begin; source < range.end; ++source)
                    group.parts[part].rows[source] =
                        memory.data() + scratch.places[part * size_t{range.end - range.begin} + (source - range.begin)];
            }
        });
    }
    for (uint32_t part = 0; part < part_count_; ++part) {
        size_t words = 0;
        for (size_t k = part; k < rows.memory.size(); k += part_count_) words += rows.memory[k].size();
        if (words == 0) group.parts[part] = {};
    }
    return true;
}

// Lets the network read its synapses from the rows of the group from now on.
void SparseBundles::share_rows(Group& group) {
    auto places = std::make_shared<BundlePlaces>();
    places->parts.resize(part_count_);
    const uint64_t synapses = synapses_of(group);
    uint32_t receptor_count = 0;
    for (const uint32_t q : group.members) receptor_count = std::max(receptor_count, network_.projections()[q].receptor + 1);
    // In the order of place_accumulators(), so that places ascend.
    constexpr uint32_t none = UINT32_MAX;
    for (uint32_t r = 0; r < receptor_count; ++r) {
        std::vector<uint32_t> member_of(populations_.size(), none);
        for (uint32_t m = 0; m < group.members.size(); ++m)
            if (const Projection& projection = network_.projections()[group.members[m]]; projection.receptor == r)
                member_of[projection.target] = m;
        for (uint32_t p = 0; p < populations_.size(); ++p) {
            if (member_of[p] == none) continue;
            for (uint32_t range = 0; range < places_[p][r].size(); ++range) {
                const NeuronRange& owned = populations_[p]->ranges[range];
                for (uint32_t j = owned.begin; j < owned.end;) {
                    const size_t place = places_[p][r][range] + (j - owned.begin), within = place % bundle_part_size;
                    places->parts[threads_[range].first_part + place / bundle_part_size].push_back(
                        {static_cast<uint32_t>(within), member_of[p], j});
                    j += static_cast<uint32_t>(std::min<size_t>(owned.end - j, bundle_part_size - within));
                }
            }
        }
    }
    for (uint32_t m = 0; m < group.members.size(); ++m) {
        const Projection& projection = network_.projections()[group.members[m]];
        const Synapses& given = *projection.synapses;
        if (!given.has_rows_only()) continue;
        const auto first_delay = static_cast<int32_t>(group.min_delay) - static_cast<int32_t>(projection.delay_steps);
        given.move_to(std::make_shared<const BundledSynapses>(
            group.rows, places, m, group.delays, first_delay, given.max_delay() > 0, projection.fixed_exponent,
            static_cast<double>(given.count()) / static_cast<double>(synapses)));
        group.is_shared = true;
    }
}

// ---- Weights ----------------------------------------------------------------------------------------------------------

// Reads the weights of a projection or, if `weights` is not null, writes them. The rows are scattered again to see how they
// were sorted.
void SparseBundles::visit_weights(const Group& group, uint32_t projection, const float* weights, float* out_weights) const {
    const int32_t exponent = network_.projections()[projection].fixed_exponent;
    const float scale = std::ldexp(1.0f, exponent), unit = std::ldexp(1.0f, -exponent);
    const auto member =
        static_cast<size_t>(std::find(group.members.begin(), group.members.end(), projection) - group.members.begin());
    const Stores stores = stores_of(group);
    RowScratch scratch;
    scratch.stores = &stores;
    scratch.counts.resize(size_t{part_count_} * group.delays);
    std::vector<uint32_t> order, rank;
    const size_t entries = group.delays + size_t{1};
    uint64_t row_begin = 0;
    for (uint32_t source = 0; source < network_.populations()[group.source].size; ++source) {
        scatter_row(group, source, scratch);
        const size_t before = scratch.begins[member];
        const SynapseRow row = stores[member]->row(source, scratch.memory);
        const size_t size = row.targets.size();
        canonical_order(row.targets, row.delays, order);
        rank.resize(size);
        for (uint32_t k = 0; k < size; ++k) rank[order[k]] = k;
        std::fill(scratch.counts.begin(), scratch.counts.end(), 0);
        for (size_t k = 0; k < before + size; ++k) {
            const uint32_t key = scratch.keys[k], part = key / group.delays, delay = key % group.delays;
            const uint32_t place = scratch.counts[key]++;
            if (k < before) continue;
            const BundlePart& rows = group.parts[part];
            uint32_t& word = rows.rows[source][rows.offset(source * entries + delay) + place];
            const uint64_t at = row_begin + rank[k - before];
            if (weights) word = word_of(word & 0xffff, static_cast<int32_t>(std::lrint(weights[at] * scale)));
            else out_weights[at] = static_cast<float>(weight_of(word)) * unit;
        }
        row_begin += size;
    }
}

SparseBundles::Group& SparseBundles::group_of(uint32_t projection) {
    const uint32_t source = network_.projections()[projection].source;
    return *std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) { return group.source == source; });
}

void SparseBundles::read_weights(uint32_t projection, float* out_weights) {
    visit_weights(group_of(projection), projection, nullptr, out_weights);
}

void SparseBundles::write_weights(uint32_t projection, const float* weights) {
    Group& group = group_of(projection);
    if (group.is_shared) {  // built again, from what the network reads there
        Group own{.source = group.source,
                  .members = group.members,
                  .min_delay = group.min_delay,
                  .delays = group.delays,
                  .rows = {}};
        build(own);
        group = std::move(own);
    }
    visit_weights(group, projection, weights, nullptr);
}

}  // namespace snn::cpu
