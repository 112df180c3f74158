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

RowTable RowTable::chosen(uint64_t synapses, uint64_t sources, uint64_t delays, uint64_t parts) {
    // A byte for each synapse, or a list more for each part after the first. An entry has one to four bytes, say two.
    return {.has_part_bytes = parts > 1 && parts <= 256 && synapses < 2 * sources * delays * (parts - 1)};
}

void RowTable::choose_entries(uint64_t synapses, uint64_t sources, uint64_t lists, uint64_t longest_row) {
    entry_bits = 32;
    const uint64_t long_words = words(sources, lists);
    // Entries of 32 bits take one look-up less. They stay as long as they take less than a byte for each synapse.
    if (4 * long_words <= synapses || longest_row > UINT16_MAX) return;
    entry_bits = longest_row > UINT8_MAX ? 16 : 8;
    if (words(sources, lists) >= long_words) entry_bits = 32;
}

uint64_t RowTable::words(uint64_t sources, uint64_t lists) const {
    return (entry_bits < 32 ? sources : 1) + (sources * lists * entry_bits + 31) / 32;
}

// The rows of consecutive sources. Synapses are sorted by source and list; a run is those of one source and list.
struct SpikeBundle::Block {
    struct Run {
        uint32_t list, end;  // list: (delay - least) * lists_of_delay() + part, or without part; end: a synapse of the block
    };
    uint32_t first = 0, last = 0;
    std::vector<uint32_t> synapses;
    std::vector<uint8_t> parts;  // by synapse, if they have no lists
    std::vector<Run> runs;
    std::vector<uint32_t> runs_end;  // by source

    uint32_t row_end(uint32_t row) const { return runs_end[row] == 0 ? 0 : runs[runs_end[row] - 1].end; }
};

// Memory that a thread reuses for its next block. Connection rules keep in RowMemory what their rows have in common.
struct SpikeBundle::Scratch {
    struct Synapse {
        uint32_t list, part;
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
    const uint32_t lists = lists_of_delay();
    const size_t words = words_of_synapse();
    std::vector<std::shared_ptr<const SynapseStore>> stores;
    for (const Member& member : members) stores.push_back(network.projection(member.projection).synapses->store());
    for (uint32_t i = out_block.first; i < out_block.last; ++i) {
        scratch.row.clear();
        scratch.counts.assign((most_delay_ - least_delay_ + 1) * lists, 0);
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
                const uint32_t list = (delay - least_delay_) * lists + (table.has_part_bytes ? 0 : part);
                const uint32_t target = sum - parts[part];
                if (compact) scratch.row.push_back({list, part, {whole << 16 | target, 0}});
                else scratch.row.push_back({list, part, {target, whole}});
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
        if (table.has_part_bytes) out_block.parts.resize(end);
        for (const Scratch::Synapse& synapse : scratch.row) {
            const size_t place = scratch.next[synapse.list]++;
            std::copy(synapse.words, synapse.words + words, &out_block.synapses[place * words]);
            if (table.has_part_bytes) out_block.parts[place] = static_cast<uint8_t>(synapse.part);
        }
    }
}

void SpikeBundle::load(Device& device, const Network& network, std::span<const Member> members, ThreadPool& threads) {
    cut_into_parts(network, members);
    least_delay_ = UINT32_MAX;
    most_delay_ = 0;
    synapse_count = 0;
    for (const Member& member : members) {
        const Projection& projection = network.projection(member.projection);
        synapse_count += projection.weight_count();
        least_delay_ = std::min(least_delay_, projection.delay_steps + uint32_t{projection.synapses->min_delay()});
        most_delay_ = std::max(most_delay_, projection.delay_steps + uint32_t{projection.synapses->max_delay()});
    }
    // Each thread makes neighbouring rows, because connection rules are fast at that. Written weights are found by counting
    // from the first row, so one thread makes all rows then.
    const bool has_own = std::any_of(members.begin(), members.end(), [](const Member& m) { return !m.own_weights.empty(); });
    const uint32_t sources = network.population(source).size;
    table = RowTable::chosen(synapse_count, sources, most_delay_ - least_delay_ + 1, parts.size());
    const uint32_t width = has_own ? 1 : threads.width();
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
        for (const Block::Run& run : block.runs) used[run.list / lists_of_delay()] = 1;
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

// A segment that is being filled with rows.
struct SpikeBundle::Filling {
    // Parts of arrays, which are in the memory of the blocks.
    template <class T>
    struct Pieces {
        std::vector<std::span<const T>> all;
        void add(std::span<const T> piece) {
            if (!all.empty() && all.back().data() + all.back().size() == piece.data())
                all.back() = {all.back().data(), all.back().size() + piece.size()};
            else if (!piece.empty()) all.push_back(piece);
        }
    };
    uint32_t first = 0;  // source
    uint64_t synapse_count = 0;
    Pieces<uint32_t> synapses;
    Pieces<uint8_t> parts;
    std::vector<uint32_t> begins, entries;  // of the table; `begins` only for short entries
};

// What a segment's `rows` hold: deliver_spikes.comp.
std::vector<uint32_t> SpikeBundle::rows_of(const Filling& filling, uint32_t& out_ends) const {
    std::vector<uint32_t> rows = delays;
    rows.insert(rows.end(), parts.begin(), parts.end());
    if (table.entry_bits == 32) {
        rows.insert(rows.end(), filling.entries.begin(), filling.entries.end());
        rows.push_back(static_cast<uint32_t>(filling.synapse_count));
        return rows;
    }
    rows.insert(rows.end(), filling.begins.begin(), filling.begins.end());
    out_ends = static_cast<uint32_t>(rows.size());
    const size_t in_a_word = 32 / table.entry_bits;
    rows.resize(out_ends + (filling.entries.size() + in_a_word - 1) / in_a_word, 0);
    for (size_t e = 0; e < filling.entries.size(); ++e)
        rows[out_ends + e / in_a_word] |= filling.entries[e] << (e % in_a_word * table.entry_bits);
    return rows;
}

// Uploads a segment. `io_number`: its index, then that of the next segment. A segment that exists is overwritten.
void SpikeBundle::end_segment(Device& device, const Network& network, const Filling& filling, uint32_t last,
                              size_t& io_number) {
    if (filling.synapse_count == 0) return;
    const uint64_t words = filling.synapse_count * words_of_synapse();
    if (segments.size() <= io_number) {
        const std::string what = text("the synapses of population '", network.population(source).name, "'");
        Segment segment{{}, {}, filling.first, last, 0, static_cast<uint32_t>(words)};
        const std::vector<uint32_t> rows = rows_of(filling, segment.ends);
        segment.synapses = device.allocate((words + part_words(filling.synapse_count)) * 4, Memory::device, what);
        segment.rows = device.allocate(rows.size() * 4, Memory::device, what);
        device.upload(segment.rows, 0, rows.data(), rows.size() * 4);
        segments.push_back(segment);
    }
    VkDeviceSize done = 0;
    const auto upload = [&](const auto& pieces) {
        for (const auto& piece : pieces.all) {
            device.upload(segments[io_number].synapses, done, piece.data(), piece.size_bytes());
            done += piece.size_bytes();
        }
    };
    upload(filling.synapses);
    upload(filling.parts);
    ++io_number;
}

// Cuts the rows into segments that a binding can reach, and uploads them. Segments that exist are overwritten.
void SpikeBundle::bring(Device& device, const Network& network, const std::vector<Block>& blocks) {
    const size_t words = words_of_synapse();
    const uint64_t fitting = device.storage_range() / 4, lists = uint64_t{delays.size()} * lists_of_delay();
    uint64_t longest_row = 0;
    for (const Block& block : blocks)
        for (uint32_t row = 0, begin = 0; row < block.runs_end.size(); ++row) {
            const uint32_t end = block.row_end(row);
            longest_row = std::max<uint64_t>(longest_row, end - begin);
            begin = end;
        }
    table.choose_entries(synapse_count, network.population(source).size, lists, longest_row);
    size_t number = 0;
    Filling filling;
    for (const Block& block : blocks) {
        size_t run = 0;
        uint32_t at = 0;  // index of a synapse in the block
        for (uint32_t i = block.first; i < block.last; ++i) {
            const size_t runs_end = block.runs_end[i - block.first];
            const uint32_t row_end = block.row_end(i - block.first), count = row_end - at;
            const auto fits = [&] {
                const uint64_t synapses = filling.synapse_count + count;
                return synapses * words + part_words(synapses) <= fitting &&
                       delays.size() + parts.size() + table.words(i + 1 - filling.first, lists) <= fitting;
            };
            if (!fits()) {
                end_segment(device, network, filling, i, number);
                filling = {};
                filling.first = i;
                if (!fits())
                    throw Error(SNN_ERROR_UNSUPPORTED, "population '", network.population(source).name,
                                "' has a neuron with more synapses than the ", device.storage_range(),
                                " bytes that a shader of this Vulkan device reaches");
            }
            const auto begin = static_cast<uint32_t>(filling.synapse_count);
            if (table.entry_bits < 32) filling.begins.push_back(begin);
            uint32_t reached = at;
            for (const uint32_t delay : delays)
                for (uint32_t list = 0; list < lists_of_delay(); ++list) {
                    if (table.entry_bits == 32) filling.entries.push_back(begin + reached - at);
                    if (run < runs_end && block.runs[run].list == (delay - least_delay_) * lists_of_delay() + list)
                        reached = block.runs[run++].end;
                    if (table.entry_bits < 32) filling.entries.push_back(reached - at);
                }
            filling.synapses.add(std::span(block.synapses).subspan(at * words, count * words));
            if (table.has_part_bytes) filling.parts.add(std::span(block.parts).subspan(at, count));
            filling.synapse_count += count;
            at = row_end;
        }
    }
    end_segment(device, network, filling, network.population(source).size, number);
}

}  // namespace snn::vulkan
