#include "vulkan/spike_bundle.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>

#include "common/error.h"
#include "common/math.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t sources_of_a_block = 128;  // one thread makes the rows of a block

}  // namespace

// The rows of consecutive sources. Synapses are sorted by source, delay and part; a run is those of one source, delay and part.
struct SpikeBundle::Block {
    struct Run {
        uint32_t list, end;  // list: (delay - least) * parts + part; end: index of a synapse in the block
    };
    uint32_t first = 0, last = 0;
    std::vector<uint32_t> synapses;
    std::vector<Run> runs;
    std::vector<uint32_t> runs_end;  // by source
};

// Memory that a thread reuses for its next block. Connection rules keep in RowMemory what their rows have in common.
struct SpikeBundle::Scratch {
    struct Synapse {
        uint32_t list;
        uint32_t words[2];
    };
    std::vector<RowMemory> memories;  // by member
    CanonicalRow canonical;
    std::vector<Synapse> row;
    std::vector<uint32_t> counts, next;  // by list
    std::vector<uint64_t> own_places;    // by member: index of the next row's weights in own_weights
};

// Finds the ranges of sums that a synapse can address: a single one, or for compact synapses ranges of at most 65536 sums.
void SpikeBundle::cut_into_parts(const Network& network, std::span<const Member> members) {
    parts.clear();
    if (!compact) return parts.push_back(0);
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
    for (const Member& member : members)
        ranges.emplace_back(member.first_sum,
                            member.first_sum + network.population(network.projection(member.projection).target).size);
    std::sort(ranges.begin(), ranges.end());
    for (const auto& [begin, end] : ranges) {
        if (parts.empty() || begin - parts.back() >= compact_sums) parts.push_back(begin);
        while (end - parts.back() > compact_sums) parts.push_back(parts.back() + compact_sums);
    }
}

void SpikeBundle::make_rows(const Network& network, std::span<const Member> members, Block& out_block, Scratch& scratch) const {
    const auto part_count = static_cast<uint32_t>(parts.size());
    const size_t words = words_of_synapse();
    std::vector<std::shared_ptr<const SynapseStore>> stores;
    for (const Member& member : members) stores.push_back(network.projection(member.projection).synapses->store());
    for (uint32_t i = out_block.first; i < out_block.last; ++i) {
        scratch.row.clear();
        scratch.counts.assign((most_delay_ - least_delay_ + 1) * part_count, 0);
        scratch.next.resize(scratch.counts.size());
        for (size_t m = 0; m < members.size(); ++m) {
            const Member& member = members[m];
            const Projection& projection = network.projection(member.projection);
            SynapseRow synapses = stores[m]->row(i, scratch.memories[m]);
            if (!member.own_weights.empty()) {
                scratch.canonical.assign(synapses);
                uint64_t& place = scratch.own_places[m];
                synapses = {scratch.canonical.targets, scratch.canonical.delays, member.own_weights.subspan(place)};
                place += synapses.targets.size();
            }
            const double scale = std::ldexp(1.0, projection.fixed_exponent);
            for (size_t k = 0; k < synapses.targets.size(); ++k) {
                const auto whole = static_cast<uint32_t>(to_int_nearest_even(static_cast<double>(synapses.weights[k]) * scale));
                const uint32_t sum = member.first_sum + synapses.targets[k];
                const auto part = static_cast<uint32_t>(std::upper_bound(parts.begin(), parts.end(), sum) - parts.begin()) - 1;
                const uint32_t delay = projection.delay_steps + (synapses.delays.empty() ? 0u : synapses.delays[k]);
                const uint32_t list = (delay - least_delay_) * part_count + part, target = sum - parts[part];
                if (compact) scratch.row.push_back({list, {whole << 16 | target, 0}});
                else scratch.row.push_back({list, {target, whole}});
                ++scratch.counts[list];
            }
        }
        auto end = static_cast<uint32_t>(out_block.synapses.size() / words);
        for (uint32_t list = 0; list < scratch.counts.size(); ++list) {
            if (scratch.counts[list] == 0) continue;
            scratch.next[list] = end;
            end += scratch.counts[list];
            out_block.runs.push_back({list, end});
        }
        out_block.runs_end.push_back(static_cast<uint32_t>(out_block.runs.size()));
        out_block.synapses.resize(size_t{end} * words);
        for (const Scratch::Synapse& synapse : scratch.row)
            std::copy(synapse.words, synapse.words + words, &out_block.synapses[size_t{scratch.next[synapse.list]++} * words]);
    }
}

void SpikeBundle::load(Device& device, const Network& network, std::span<const Member> members, ThreadPool& threads) {
    cut_into_parts(network, members);
    least_delay_ = UINT32_MAX;
    most_delay_ = 0;
    for (const Member& member : members) {
        const Projection& projection = network.projection(member.projection);
        least_delay_ = std::min(least_delay_, projection.delay_steps + uint32_t{projection.synapses->min_delay()});
        most_delay_ = std::max(most_delay_, projection.delay_steps + uint32_t{projection.synapses->max_delay()});
    }
    // Each thread makes neighbouring rows, because connection rules are fast at that. Written weights are found by counting
    // from the first row, so one thread makes all rows then.
    const bool has_own = std::any_of(members.begin(), members.end(), [](const Member& m) { return !m.own_weights.empty(); });
    const uint32_t sources = network.population(source).size, width = has_own ? 1 : threads.width();
    std::vector<Block> blocks((sources + sources_of_a_block - 1) / sources_of_a_block);
    std::vector<std::exception_ptr> failures(width);
    threads.run(width, [&](uint32_t worker) {
        try {
            Scratch scratch;
            scratch.memories.resize(members.size());
            scratch.own_places.resize(members.size());
            const size_t end = blocks.size() * (worker + 1) / width;
            for (size_t b = blocks.size() * worker / width; b < end; ++b) {
                blocks[b].first = static_cast<uint32_t>(b) * sources_of_a_block;
                blocks[b].last = std::min(blocks[b].first + sources_of_a_block, sources);
                make_rows(network, members, blocks[b], scratch);
            }
        } catch (...) {
            failures[worker] = std::current_exception();
        }
    });
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);

    std::vector<uint8_t> used(most_delay_ - least_delay_ + 1, 0);
    for (const Block& block : blocks)
        for (const Block::Run& run : block.runs) used[run.list / parts.size()] = 1;
    delays.clear();
    for (uint32_t k = 0; k < used.size(); ++k)
        if (used[k]) delays.push_back(least_delay_ + k);
    if (!delays.empty() && 2 * delays.size() > delays.back() - delays.front()) {
        const uint32_t first = delays.front();
        delays.resize(delays.back() - first + 1);
        std::iota(delays.begin(), delays.end(), first);
    }
    bring(device, network, blocks);
}

// A segment that is being filled with rows: the words that its shader reads, before they are uploaded.
struct SpikeBundle::Filling {
    struct Piece {
        const uint32_t* synapses;
        size_t count;  // words
    };
    uint32_t first;             // source
    std::vector<Piece> pieces;  // its synapses, in the memory of the blocks
    std::vector<uint32_t> rows;
    size_t synapse_words = 0;
};

SpikeBundle::Filling SpikeBundle::begin_segment(uint32_t first) const {
    Filling filling{.first = first, .pieces = {}, .rows = delays};
    filling.rows.insert(filling.rows.end(), parts.begin(), parts.end());
    return filling;
}

// Uploads a segment. `io_number`: its index, then that of the next segment. A segment that exists is overwritten.
void SpikeBundle::end_segment(Device& device, const Network& network, Filling& filling, uint32_t last, size_t& io_number) {
    if (filling.synapse_words == 0) return;
    const size_t synapses = filling.synapse_words / words_of_synapse();
    filling.rows.push_back(static_cast<uint32_t>(synapses));
    if (segments.size() <= io_number) {
        const std::string what = text("the synapses of population '", network.population(source).name, "'");
        Segment segment{{}, {}, filling.first, last};
        segment.synapses = device.allocate(filling.synapse_words * 4, Memory::device, what);
        segment.rows = device.allocate(filling.rows.size() * 4, Memory::device, what);
        device.upload(segment.rows, 0, filling.rows.data(), filling.rows.size() * 4);
        segments.push_back(segment);
    }
    VkDeviceSize done = 0;
    for (const Filling::Piece& piece : filling.pieces) {
        device.upload(segments[io_number].synapses, done, piece.synapses, piece.count * 4);
        done += piece.count * 4;
    }
    synapse_count += synapses;
    ++io_number;
}

// Cuts the rows into segments that a binding can reach, and uploads them. Segments that exist are overwritten.
void SpikeBundle::bring(Device& device, const Network& network, const std::vector<Block>& blocks) {
    const VkDeviceSize fitting = device.storage_range() / 4;
    const size_t words = words_of_synapse(), row_words = delays.size() * parts.size();
    synapse_count = 0;
    size_t number = 0;
    Filling filling = begin_segment(0);
    for (const Block& block : blocks) {
        size_t run = 0, at = 0;  // index of a run and of a synapse in the block
        for (uint32_t i = block.first; i < block.last; ++i) {
            const size_t runs_end = block.runs_end[i - block.first];
            const size_t row_end = runs_end == run ? at : block.runs[runs_end - 1].end;
            const size_t row_synapses = (row_end - at) * words;
            const auto fits = [&] {
                return filling.synapse_words + row_synapses <= fitting && filling.rows.size() + row_words + 1 <= fitting;
            };
            if (!fits()) {
                end_segment(device, network, filling, i, number);
                filling = begin_segment(i);
                if (!fits())
                    throw Error(SNN_ERROR_UNSUPPORTED, "population '", network.population(source).name,
                                "' has a neuron with more synapses than the ", device.storage_range(),
                                " bytes that a shader of this Vulkan device reaches");
            }
            const size_t shift = filling.synapse_words / words - at;  // may wrap below 0; the sum does not
            size_t reached = at;
            for (const uint32_t delay : delays)
                for (uint32_t part = 0; part < parts.size(); ++part) {
                    filling.rows.push_back(static_cast<uint32_t>(reached + shift));
                    if (run < runs_end && block.runs[run].list == (delay - least_delay_) * parts.size() + part)
                        reached = block.runs[run++].end;
                }
            if (row_synapses > 0) {
                const uint32_t* const data = block.synapses.data() + at * words;
                std::vector<Filling::Piece>& pieces = filling.pieces;
                if (!pieces.empty() && pieces.back().synapses + pieces.back().count == data)
                    pieces.back().count += row_synapses;
                else pieces.push_back({data, row_synapses});
                filling.synapse_words += row_synapses;
            }
            at = row_end;
        }
    }
    end_segment(device, network, filling, network.population(source).size, number);
}

}  // namespace snn::vulkan
