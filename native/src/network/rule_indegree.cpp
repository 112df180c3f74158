// A fixed number of sources for each target, made by source.
//
// The rule is defined by target, but rows are by source: to make one row, every target must be examined. So the sources are
// divided into blocks of a power of two, and rows are made one block at a time:
//
//                 sources  0 ... 511 | 512 ... 1023 | 1024 ... 1535 | ...
//     target 0                66     |      59      |      71       |        block sizes: how many of the target's synapses
//     target 1                58     |      70      |      62       |        come from the block; 2 bytes for each
//     ...                     :             :              :
//                             v
//     block 0: for each target in turn, that many sources of the block are drawn; sorted by source, they are 512 rows
//
// Block sizes are kept: 2 bytes for 32 synapses or more. They are found by drawing all sources of a target and counting them by
// block, which works with and without multapses. Given the sizes, the sources within a block are drawn again: they have the
// same distribution as in the first draw, and do not depend on the other blocks. The rows of the last block that a thread
// asked for stay in its RowMemory, so making rows in ascending order draws each block once, even if several rules take turns.
#include <algorithm>

#include "common/error.h"
#include "network/rules.h"

namespace snn {

namespace {

constexpr uint64_t block_synapses = uint64_t{1} << 21;   // the most in a block, unless one source has more: 16 MiB of RowMemory
constexpr uint64_t synapses_of_target = 64;              // about as many in a block: fewer would make the table large
constexpr uint64_t fewest_in_block = uint64_t{1} << 16;  // below this, a larger block costs nothing

std::atomic<uint64_t> rules_made{0};

class FixedIndegree final : public RuleBase {
public:
    FixedIndegree(ConnectionRule definition, const std::string& what)
        : RuleBase(std::move(definition), what), number_(rules_made.fetch_add(1) + 1) {
        const uint64_t synapses = count();
        // Chooses the largest block without too many synapses.
        while (block_bits_ < 31 && (uint64_t{1} << block_bits_) < rule_.source_size) {
            const double share = static_cast<double>(uint64_t{2} << block_bits_) / rule_.source_size;
            const double in_block = share * static_cast<double>(synapses);
            const double of_target = share * static_cast<double>(rule_.def.count);
            if (in_block > static_cast<double>(block_synapses)) break;
            if (of_target > static_cast<double>(synapses_of_target) && in_block > static_cast<double>(fewest_in_block)) break;
            ++block_bits_;
        }
        block_count_ = static_cast<uint32_t>((uint64_t{rule_.source_size} + (uint64_t{1} << block_bits_) - 1) >> block_bits_);
    }

    uint64_t count() const override { return rule_.def.count * rule_.target_size; }
    uint64_t in_degree_bound() const override { return rule_.def.count; }
    uint64_t memory_bytes() const override {
        return block_count_ > 1 ? uint64_t{block_count_} * rule_.target_size * sizeof(uint16_t) : 0;
    }

    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        const uint32_t number = source >> block_bits_;
        RowMemory::Block& block = block_of(memory);
        if (block.rule != number_ || block.number != number) make_block(number, block, memory);
        const uint32_t at = source - (number << block_bits_);
        const uint64_t begin = block.offsets[at], end = block.offsets[at + 1];
        return complete(source, {block.targets.data() + begin, static_cast<size_t>(end - begin)}, memory);
    }

private:
    uint32_t self_of(uint32_t target) const { return rule_.skips_self() ? target : no_self; }

    const std::vector<uint16_t>& sizes() const {
        drawn_.call([&] {
            const uint64_t synapses = rule_.def.count;
            std::vector<uint16_t> sizes(static_cast<size_t>(block_count_) * rule_.target_size);
            std::vector<uint32_t> sources(synapses), counts(block_count_);
            std::vector<uint64_t> marks;
            for (uint32_t target = 0; target < rule_.target_size; ++target) {
                Words words(rule_.def.seed, Purpose::block_sizes, target);
                draw(words, synapses, rule_.source_size, self_of(target), !rule_.def.allow_multapses, marks, sources.data());
                std::fill(counts.begin(), counts.end(), 0u);
                for (const uint32_t source : sources) ++counts[source >> block_bits_];
                for (uint32_t block = 0; block < block_count_; ++block) {
                    if (counts[block] > UINT16_MAX)
                        throw Error(SNN_ERROR_UNSUPPORTED, "a fixed in-degree of ", synapses, " is too large for ",
                                    rule_.source_size, " sources");
                    sizes[static_cast<size_t>(block) * rule_.target_size + target] = static_cast<uint16_t>(counts[block]);
                }
            }
            sizes_ = std::move(sizes);
        });
        return sizes_;
    }

    // The block that this rule used last, or a new one.
    RowMemory::Block& block_of(RowMemory& memory) const {
        for (RowMemory::Block& block : memory.blocks)
            if (block.rule == number_) return block;
        return memory.blocks.emplace_back();
    }

    void make_block(uint32_t number, RowMemory::Block& block, RowMemory& memory) const {
        block.rule = 0;  // if an exception interrupts this, the block is invalid
        const uint32_t first = number << block_bits_;
        const uint32_t sources =
            static_cast<uint32_t>(std::min<uint64_t>(uint64_t{1} << block_bits_, rule_.source_size - uint64_t{first}));
        const uint16_t* const sizes_here =
            block_count_ > 1 ? sizes().data() + static_cast<size_t>(number) * rule_.target_size : nullptr;
        uint64_t synapses = rule_.def.count * rule_.target_size;
        if (sizes_here) {
            synapses = 0;
            for (uint32_t target = 0; target < rule_.target_size; ++target) synapses += sizes_here[target];
        }
        if (memory.block_sources.size() < synapses) memory.block_sources.resize(synapses);
        if (block.targets.size() < synapses) block.targets.resize(synapses);
        block.offsets.assign(size_t{sources} + 2, 0);

        Words words(rule_.def.seed, Purpose::targets, number);
        draw_block(words, first, sources, sizes_here, memory);

        // Sorts by source; within a row, targets ascend. Offsets are shifted by one, so that filling the rows puts them in
        // place.
        uint64_t* const next = block.offsets.data() + 1;
        for (uint64_t k = 0; k < synapses; ++k) ++next[memory.block_sources[k] + 1];
        for (uint32_t i = 0; i < sources; ++i) next[i + 1] += next[i];
        uint64_t k = 0;
        for (uint32_t target = 0; target < rule_.target_size; ++target) {
            const uint64_t end = k + (sizes_here ? sizes_here[target] : rule_.def.count);
            for (; k < end; ++k) block.targets[next[memory.block_sources[k]]++] = target;
        }
        block.number = number;
        block.rule = number_;
    }

    // Draws the sources within the block, for each target in turn, into memory.block_sources.
    void draw_block(Words& io_words, uint32_t first, uint32_t sources, const uint16_t* sizes_here, RowMemory& memory) const {
        uint32_t* out = memory.block_sources.data();
        const bool distinct = !rule_.def.allow_multapses;
        for (uint32_t target = 0; target < rule_.target_size; ++target) {
            const uint64_t size = sizes_here ? sizes_here[target] : rule_.def.count;
            const uint32_t self = rule_.skips_self() && target >= first && target - first < sources ? target - first : no_self;
            draw(io_words, size, sources, self, distinct, memory.marks, out);
            out += size;
        }
    }

    const uint64_t number_;
    uint32_t block_bits_ = 0, block_count_ = 0;
    mutable Once drawn_;
    mutable std::vector<uint16_t> sizes_;
};

}  // namespace

std::shared_ptr<const SynapseRule> make_indegree_rule(ConnectionRule definition, const std::string& what) {
    return std::make_shared<const FixedIndegree>(std::move(definition), what);
}

}  // namespace snn
