#include "vulkan/spike_bundle.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "common/error.h"
#include "common/math.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t sources_of_a_block = 128;  // whose rows one thread makes together

}  // namespace

// The rows of consecutive sources: for each part its synapses by source and delay, and where those of a delay end.
struct SpikeBundle::Block {
    struct Run {
        uint32_t delay, end;  // in synapses of the part
    };
    struct Part {
        std::vector<uint32_t> synapses;
        std::vector<Run> runs;
        std::vector<uint32_t> runs_end;  // by source
    };
    uint32_t first, last;
    std::vector<Part> parts;
};

// Where the parts begin: ranges of sums that a synapse's word reaches.
std::vector<uint32_t> SpikeBundle::cut_into_parts(const Network& network, std::span<const Member> members) const {
    if (!compact) return {0};
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
    for (const Member& member : members)
        ranges.emplace_back(member.first_sum,
                            member.first_sum + network.population(network.projection(member.projection).target).size);
    std::sort(ranges.begin(), ranges.end());
    std::vector<uint32_t> parts;
    for (const auto& [begin, end] : ranges) {
        if (parts.empty() || begin - parts.back() >= compact_sums) parts.push_back(begin);
        while (end - parts.back() > compact_sums) parts.push_back(parts.back() + compact_sums);
    }
    return parts;
}

void SpikeBundle::make_rows(const Network& network, std::span<const Member> members, std::span<const uint32_t> parts,
                            Block& out_block) const {
    struct Synapse {
        uint32_t list;  // part and delay
        uint32_t words[2];
    };
    uint32_t least = UINT32_MAX, most = 0;  // delays
    for (const Member& member : members) {
        const Projection& projection = network.projection(member.projection);
        least = std::min(least, projection.delay_steps + uint32_t{projection.synapses->min_delay()});
        most = std::max(most, projection.delay_steps + uint32_t{projection.synapses->max_delay()});
    }
    const uint32_t lists_of_part = most - least + 1;
    const size_t words = words_of_synapse();
    std::vector<uint32_t> counts(parts.size() * lists_of_part), next(counts.size());
    std::vector<RowMemory> memories(members.size());
    std::vector<Synapse> row;
    CanonicalRow canonical;
    std::vector<uint64_t> own_places(members.size(), 0);  // where the row's weights begin, of those that were written
    for (size_t m = 0; m < members.size(); ++m)
        if (!members[m].own_weights.empty())
            own_places[m] = network.projection(members[m].projection).synapses->index().row_offsets[out_block.first];
    out_block.parts.resize(parts.size());
    for (uint32_t i = out_block.first; i < out_block.last; ++i) {
        row.clear();
        std::fill(counts.begin(), counts.end(), 0);
        for (size_t m = 0; m < members.size(); ++m) {
            const Member& member = members[m];
            const Projection& projection = network.projection(member.projection);
            SynapseRow synapses = projection.synapses->row(i, memories[m]);
            if (!member.own_weights.empty()) {
                canonical.assign(synapses);
                synapses = {canonical.targets, canonical.delays, member.own_weights.subspan(own_places[m])};
                own_places[m] += synapses.targets.size();
            }
            const double scale = std::ldexp(1.0, projection.fixed_exponent);
            for (size_t k = 0; k < synapses.targets.size(); ++k) {
                const auto whole = static_cast<uint32_t>(to_int_nearest_even(static_cast<double>(synapses.weights[k]) * scale));
                const uint32_t sum = member.first_sum + synapses.targets[k];
                const auto part = static_cast<uint32_t>(std::upper_bound(parts.begin(), parts.end(), sum) - parts.begin()) - 1;
                const uint32_t delay = projection.delay_steps + (synapses.delays.empty() ? 0u : synapses.delays[k]);
                const uint32_t list = part * lists_of_part + (delay - least), target = sum - parts[part];
                if (compact) row.push_back({list, {whole << 16 | target, 0}});
                else row.push_back({list, {target, whole}});
                ++counts[list];
            }
        }
        for (uint32_t p = 0; p < parts.size(); ++p) {
            Block::Part& part = out_block.parts[p];
            auto end = static_cast<uint32_t>(part.synapses.size() / words);
            for (uint32_t list = p * lists_of_part, last = list + lists_of_part; list < last; ++list) {
                if (counts[list] == 0) continue;
                next[list] = end;
                end += counts[list];
                part.runs.push_back({least + list - p * lists_of_part, end});
            }
            part.synapses.resize(size_t{end} * words);
            part.runs_end.push_back(static_cast<uint32_t>(part.runs.size()));
        }
        for (const Synapse& synapse : row) {
            const size_t at = size_t{next[synapse.list]++} * words;
            std::copy(synapse.words, synapse.words + words, &out_block.parts[synapse.list / lists_of_part].synapses[at]);
        }
    }
}

void SpikeBundle::load(Device& device, const Network& network, std::span<const Member> members, ThreadPool& threads) {
    const uint32_t sources = network.population(source).size;
    const std::vector<uint32_t> parts = cut_into_parts(network, members);
    std::vector<Block> blocks((sources + sources_of_a_block - 1) / sources_of_a_block);
    std::vector<std::exception_ptr> failures(blocks.size());
    threads.deal(static_cast<uint32_t>(blocks.size()), [&](uint32_t b, uint32_t) {
        blocks[b].first = b * sources_of_a_block;
        blocks[b].last = std::min(blocks[b].first + sources_of_a_block, sources);
        try {
            make_rows(network, members, parts, blocks[b]);
        } catch (...) {
            failures[b] = std::current_exception();
        }
    });
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);

    std::vector<uint8_t> used(UINT16_MAX + 1, 0);
    for (const Block& block : blocks)
        for (const Block::Part& part : block.parts)
            for (const Block::Run& run : part.runs) used[run.delay] = 1;
    delays.clear();
    for (uint32_t delay = 0; delay < used.size(); ++delay)
        if (used[delay]) delays.push_back(static_cast<uint16_t>(delay));

    synapse_count = 0;
    size_t number = 0;
    for (size_t p = 0; p < parts.size(); ++p) number = load_part(device, network, blocks, p, parts[p], number);
}

// Cuts a part into segments that a binding reaches, from segments[number] on, and brings them to the device; gives the number of
// the next.
size_t SpikeBundle::load_part(Device& device, const Network& network, std::vector<Block>& blocks, size_t p, uint32_t first_sum,
                              size_t number) {
    const VkDeviceSize fitting = device.storage_range() / 4;
    const size_t words = words_of_synapse();
    struct Piece {
        const uint32_t* synapses;
        size_t count;  // words
    };
    std::vector<Piece> pieces;
    std::vector<uint32_t> rows;
    VkDeviceSize synapse_words = 0;
    uint32_t first = 0;
    const auto begin = [&](uint32_t source_index) {
        pieces.clear();
        rows.assign(delays.begin(), delays.end());
        synapse_words = 0;
        first = source_index;
    };
    const auto end = [&](uint32_t last) {
        if (synapse_words == 0) return;
        rows.push_back(static_cast<uint32_t>(synapse_words / words));
        if (segments.size() <= number) {
            const std::string what = text("the synapses of population '", network.population(source).name, "'");
            Segment segment{{}, {}, first, last, first_sum};
            segment.synapses = device.allocate(synapse_words * 4, Memory::device, what);
            segment.rows = device.allocate(rows.size() * 4, Memory::device, what);
            device.upload(segment.rows, 0, rows.data(), rows.size() * 4);
            segments.push_back(segment);
        }
        VkDeviceSize done = 0;
        for (const Piece& piece : pieces) {
            device.upload(segments[number].synapses, done, piece.synapses, piece.count * 4);
            done += piece.count * 4;
        }
        synapse_count += synapse_words / words;
        ++number;
    };
    begin(0);
    for (Block& block : blocks) {
        const Block::Part& part = block.parts[p];
        size_t run = 0, at = 0;  // in runs and in words of the block
        for (uint32_t i = block.first; i < block.last; ++i) {
            const size_t runs_end = part.runs_end[i - block.first];
            const size_t row_end = runs_end == run ? at : part.runs[runs_end - 1].end * words;
            const auto fits = [&] {
                return synapse_words + (row_end - at) <= fitting && rows.size() + delays.size() + 1 <= fitting;
            };
            if (!fits()) {
                end(i);
                begin(i);
                if (!fits())
                    throw Error(SNN_ERROR_UNSUPPORTED, "population '", network.population(source).name,
                                "' has a neuron with more synapses than the ", device.storage_range(),
                                " bytes that a shader of this Vulkan device reaches");
            }
            const size_t shift = synapse_words / words - at / words;  // wraps where the segment is the shorter one
            size_t reached = at / words;
            for (const uint16_t delay : delays) {
                rows.push_back(static_cast<uint32_t>(reached + shift));
                if (run < runs_end && part.runs[run].delay == delay) reached = part.runs[run++].end;
            }
            if (row_end > at) {
                const uint32_t* const data = part.synapses.data() + at;
                if (!pieces.empty() && pieces.back().synapses + pieces.back().count == data) pieces.back().count += row_end - at;
                else pieces.push_back({data, row_end - at});
                synapse_words += row_end - at;
            }
            at = row_end;
        }
    }
    end(network.population(source).size);
    for (Block& block : blocks) block.parts[p] = {};
    return number;
}

}  // namespace snn::vulkan
