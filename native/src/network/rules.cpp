#include "network/rules.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "common/binomial.h"
#include "common/error.h"
#include "common/fill.h"
#include "common/math.h"
#include "network/network.h"

namespace snn {

bool ConnectionRule::operator==(const ConnectionRule& other) const {
    const SNNRandomConnectionDef &a = def, &b = other.def;
    return a.rule == b.rule && a.probability == b.probability && a.count == b.count && a.seed == b.seed &&
           a.allow_autapses == b.allow_autapses && a.allow_multapses == b.allow_multapses && a.weight == b.weight &&
           a.delay == b.delay && a.kernel == b.kernel && a.kernel_width == b.kernel_width && a.cutoff == b.cutoff &&
           a.dimensions == b.dimensions && std::equal(a.period, a.period + 3, b.period) &&
           source_positions == other.source_positions && target_positions == other.target_positions &&
           source_size == other.source_size && target_size == other.target_size && row_count == other.row_count &&
           a.first_source == b.first_source && a.first_target == b.first_target &&
           within_population == other.within_population && dt_ms == other.dt_ms;
}

uint64_t bound_of_count(double expected, uint32_t targets) {
    const double l = 64.0 * 0x1.62e42fefa39efp-1 + log_f64(static_cast<double>(std::max(1u, targets)));
    return static_cast<uint64_t>(expected + l / 3.0 + std::sqrt(l * l / 9.0 + 2.0 * expected * l));
}

std::span<const uint32_t> Words::next(size_t wanted) {
    const size_t blocks = std::clamp<size_t>((wanted + 3) / 4, 1, std::size(words_) / 4);
    fill_table().words(seed_, static_cast<uint32_t>(purpose_), row_, block_, words_, blocks);
    block_ += static_cast<uint32_t>(blocks);
    return {words_, blocks * 4};
}

// ---- What rules have in common ----------------------------------------------------------------------------------------

RuleBase::RuleBase(ConnectionRule definition, const std::string& what)
    : rule_(std::move(definition)),
      weights_(rule_.def.weight, what + ": weight"),
      delays_(rule_.def.delay, rule_.dt_ms, what + ": delay") {}

std::vector<float> RuleBase::weight_quantiles() const {
    constexpr uint32_t count = 512;  // evenly spaced words give quantiles, because values increase with words
    std::vector<uint32_t> words(count);
    for (uint32_t i = 0; i < count; ++i) words[i] = static_cast<uint32_t>(uint64_t{i} * UINT32_MAX / (count - 1));
    std::vector<float> quantiles(count);
    weights_.fill(words.data(), quantiles.data(), count);
    return quantiles;
}

SynapseRow RuleBase::complete(uint32_t source, std::span<const uint32_t> targets, RowMemory& memory) const {
    SynapseRow row;
    const size_t count = targets.size();
    row.targets = targets;
    if (memory.weights.size() < count) memory.weights.resize(count);
    if (weights_.is_constant()) {
        weights_.fill(nullptr, memory.weights.data(), count);
    } else {
        Words words(rule_.def.seed, Purpose::weights, source);
        for (size_t done = 0; done < count;) {
            const std::span<const uint32_t> some = words.next(count - done);
            const size_t used = std::min(some.size(), count - done);
            weights_.fill(some.data(), memory.weights.data() + done, used);
            done += used;
        }
    }
    row.weights = {memory.weights.data(), count};
    if (max_delay() == 0) return row;
    if (memory.delays.size() < count) memory.delays.resize(count);
    if (min_delay() == max_delay()) {
        delays_.fill(nullptr, memory.delays.data(), count);
    } else {
        Words words(rule_.def.seed, Purpose::delays, source);
        for (size_t done = 0; done < count;) {
            const std::span<const uint32_t> some = words.next(count - done);
            const size_t used = std::min(some.size(), count - done);
            delays_.fill(some.data(), memory.delays.data() + done, used);
            done += used;
        }
    }
    row.delays = {memory.delays.data(), count};
    return row;
}

SynapseRow RuleBase::drawn(uint32_t source, size_t size, bool distinct, RowMemory& memory) const {
    if (memory.targets.size() < size) memory.targets.resize(size);
    Words words(rule_.def.seed, Purpose::targets, source);
    draw(words, size, rule_.target_size, rule_.skips_self() ? source : no_self, distinct, memory.marks, memory.targets.data());
    return complete(source, {memory.targets.data(), size}, memory);
}

void RuleBase::draw(Words& io_words, size_t count, uint32_t n, uint32_t self, bool distinct, std::vector<uint64_t>& io_marks,
                    uint32_t* out_numbers) {
    const bool skips = self < n;
    const uint32_t choices = n - (skips ? 1 : 0);
    const Below below(choices);
    // If most numbers are chosen, draw those that are not.
    const bool leaves_out = distinct && count > choices / 2;
    const size_t draws = leaves_out ? choices - count : count;
    if (distinct && io_marks.size() * 64 < n) io_marks.resize((size_t{n} + 63) / 64, 0);
    size_t done = 0;
    while (done < draws) {
        const std::span<const uint32_t> words = io_words.next(draws - done);
        for (size_t i = 0; i < words.size() && done < draws; ++i) {
            uint32_t number;
            const bool kept = below.draw(words[i], number);
            number += skips && number >= self;
            bool is_new = true;
            if (distinct && kept) {
                uint64_t& mark = io_marks[number / 64];
                const uint64_t bit = uint64_t{1} << (number % 64);
                is_new = !(mark & bit);
                mark |= bit;
            }
            out_numbers[done] = number;  // overwritten by the next one unless it counts
            done += kept && is_new;
        }
    }
    if (!distinct) return;
    if (!leaves_out) {
        for (size_t k = 0; k < count; ++k) io_marks[out_numbers[k] / 64] = 0;
        return;
    }
    size_t kept = 0;
    for (uint32_t number = 0; number < n; ++number) {
        if (number == self || (io_marks[number / 64] >> (number % 64) & 1)) continue;
        out_numbers[kept++] = number;
    }
    std::fill_n(io_marks.begin(), (size_t{n} + 63) / 64, uint64_t{0});
}

namespace {

// ---- Rows of drawn targets --------------------------------------------------------------------------------------------

// Rules that draw the size of each row first. The sizes are drawn on first use and take 8 bytes a row.
class DrawnRows : public RuleBase {
public:
    using RuleBase::RuleBase;

    uint64_t count() const override { return offsets().back(); }
    uint64_t memory_bytes() const override { return (uint64_t{rule_.source_size} + 1) * sizeof(uint64_t); }

    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        const std::vector<uint64_t>& all = offsets();
        return drawn(source, all[source + 1] - all[source], distinct(), memory);
    }

protected:
    virtual bool distinct() const = 0;
    virtual void draw_sizes(std::span<uint64_t> out_sizes) const = 0;

    const std::vector<uint64_t>& offsets() const {
        drawn_.call([&] {
            std::vector<uint64_t> sizes(size_t{rule_.source_size} + 1, 0);
            draw_sizes({sizes.data() + 1, rule_.source_size});
            for (size_t i = 1; i < sizes.size(); ++i) sizes[i] += sizes[i - 1];
            offsets_ = std::move(sizes);
        });
        return offsets_;
    }

private:
    mutable Once drawn_;
    mutable std::vector<uint64_t> offsets_;
};

class FixedProbability final : public DrawnRows {
public:
    using DrawnRows::DrawnRows;

    // With many rows, adds up their sizes without keeping offsets: a count alone does not justify the memory.
    uint64_t count() const override {
        if (rule_.source_size <= most_rows_kept_for_count) return DrawnRows::count();
        count_made_.call([&] {
            for (uint32_t i = 0; i < rule_.source_size; ++i) count_ += size_of_row(i);
        });
        return count_;
    }
    uint64_t in_degree_bound() const override {
        if (rule_.def.probability <= 0.0 || choices() == 0) return 0;
        const uint64_t sources = rule_.source_size - (rule_.skips_self() ? 1 : 0);
        return std::min(sources, bound_of_count(rule_.def.probability * static_cast<double>(sources), rule_.target_size));
    }

private:
    bool distinct() const override { return true; }
    void draw_sizes(std::span<uint64_t> out_sizes) const override {
        for (uint32_t i = 0; i < out_sizes.size(); ++i) out_sizes[i] = size_of_row(i);
    }
    uint64_t size_of_row(uint32_t source) const {
        RandomStream stream(rule_.def.seed, static_cast<uint32_t>(Purpose::row_sizes), source);
        return draw_binomial(stream, choices(), rule_.def.probability);
    }

    static constexpr uint32_t most_rows_kept_for_count = 1u << 20;  // 8 MiB
    mutable Once count_made_;
    mutable uint64_t count_ = 0;
};

class FixedTotal final : public DrawnRows {
public:
    using DrawnRows::DrawnRows;

    uint64_t count() const override { return rule_.def.count; }
    uint64_t in_degree_bound() const override {
        const double expected = static_cast<double>(rule_.def.count) / rule_.target_size;
        const uint64_t most = std::min(rule_.def.count, bound_of_count(expected, rule_.target_size));
        return distinct() ? std::min<uint64_t>(most, rule_.source_size - (rule_.skips_self() ? 1 : 0)) : most;
    }

private:
    bool distinct() const override { return !rule_.def.allow_multapses; }

    void draw_sizes(std::span<uint64_t> out_sizes) const override {
        if (distinct()) {
            draw_distinct_sizes(out_sizes);
            return;
        }
        // Multinomial: each row in turn gets its share of the synapses that are left.
        RandomStream stream(rule_.def.seed, static_cast<uint32_t>(Purpose::row_sizes), 0);
        uint64_t left = rule_.def.count;
        for (size_t i = 0; i < out_sizes.size(); ++i) {
            out_sizes[i] = draw_binomial(stream, left, 1.0 / static_cast<double>(out_sizes.size() - i));
            left -= out_sizes[i];
        }
    }

    // Draws how many of `count` distinct pairs lie in each row, where every set of `count` pairs is equally likely. First,
    // every pair is taken with probability count / pairs. Given the number taken, every set of that size is equally likely.
    // Then single pairs are added or removed at random until the number is right, which preserves this. They are about as many
    // as the standard deviation of a binomial.
    void draw_distinct_sizes(std::span<uint64_t> out_sizes) const {
        const uint64_t pairs = uint64_t{choices()} * out_sizes.size();
        const bool leaves_out = rule_.def.count > pairs / 2;  // then draw the pairs that are left out
        const uint64_t wanted = leaves_out ? pairs - rule_.def.count : rule_.def.count;
        const double p = pairs ? static_cast<double>(wanted) / static_cast<double>(pairs) : 0.0;
        uint64_t total = 0;
        for (uint32_t i = 0; i < out_sizes.size(); ++i) {
            RandomStream stream(rule_.def.seed, static_cast<uint32_t>(Purpose::row_sizes), i);
            total += out_sizes[i] = draw_binomial(stream, choices(), p);
        }
        RandomStream stream(rule_.def.seed, static_cast<uint32_t>(Purpose::corrections), 0);
        for (; total < wanted; ++total)
            for (;;) {  // find a free pair: the row of a random pair, accepted with the probability that the pair is free
                uint64_t& size = out_sizes[stream.below(out_sizes.size())];
                if (stream.below(choices()) < size) continue;
                ++size;
                break;
            }
        if (total > wanted) {
            std::vector<uint64_t> ends(out_sizes.begin(), out_sizes.end());
            for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
            std::unordered_set<uint64_t> taken;
            for (uint64_t left = total; left > wanted;) {
                const uint64_t pair = stream.below(total);
                if (!taken.insert(pair).second) continue;
                const auto row = std::upper_bound(ends.begin(), ends.end(), pair) - ends.begin();
                --out_sizes[static_cast<size_t>(row)];
                --left;
            }
        }
        if (leaves_out)
            for (uint64_t& size : out_sizes) size = choices() - size;
    }
};

class FixedOutdegree final : public RuleBase {
public:
    using RuleBase::RuleBase;

    uint64_t count() const override { return rule_.def.count * rule_.source_size; }
    // Each source that may connect to a target does so count / choices times on average.
    uint64_t in_degree_bound() const override {
        const uint64_t sources = rule_.source_size - (rule_.skips_self() ? 1 : 0);
        if (rule_.def.count == 0 || choices() == 0) return 0;
        const double expected = static_cast<double>(rule_.def.count) * static_cast<double>(sources) / choices();
        const uint64_t most = rule_.def.allow_multapses ? sources * rule_.def.count : sources;
        return std::min(most, bound_of_count(expected, rule_.target_size));
    }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        return drawn(source, rule_.def.count, !rule_.def.allow_multapses, memory);
    }
};

// ---- Rules without chance ---------------------------------------------------------------------------------------------

class AllToAll final : public RuleBase {
public:
    using RuleBase::RuleBase;

    uint64_t count() const override {
        return uint64_t{rule_.source_size} * rule_.target_size - (rule_.skips_self() ? rule_.source_size : 0);
    }
    uint64_t in_degree_bound() const override { return rule_.source_size - (rule_.skips_self() ? 1 : 0); }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        const size_t size = rule_.target_size - (rule_.skips_self() ? 1 : 0);
        if (memory.targets.size() < size) memory.targets.resize(size);
        for (uint32_t k = 0; k < size; ++k) memory.targets[k] = k + (rule_.skips_self() && k >= source);
        return complete(source, {memory.targets.data(), size}, memory);
    }
};

class OneToOne final : public RuleBase {
public:
    using RuleBase::RuleBase;

    uint64_t count() const override { return rule_.skips_self() ? 0 : rule_.source_size; }
    uint64_t in_degree_bound() const override { return rule_.skips_self() ? 0 : 1; }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        if (memory.targets.empty()) memory.targets.resize(1);
        memory.targets[0] = source;
        return complete(source, {memory.targets.data(), rule_.skips_self() ? size_t{0} : size_t{1}}, memory);
    }
};

// ---- Parts of populations ----------------------------------------------------------------------------------------------

// Presents a rule for parts of populations as a rule for the whole populations.
class RuleOfParts final : public SynapseRule {
public:
    explicit RuleOfParts(std::shared_ptr<const SynapseRule> rule)
        : rule_(std::move(rule)),
          first_source_(rule_->definition()->def.first_source),
          first_target_(rule_->definition()->def.first_target) {}

    uint32_t source_size() const override { return rule_->definition()->row_count; }
    uint64_t count() const override { return rule_->count(); }
    SynapseRow row(uint32_t source, RowMemory& memory) const override {
        if (source - first_source_ >= rule_->source_size()) return {};
        SynapseRow row = rule_->row(source - first_source_, memory);
        if (first_target_ == 0) return row;
        if (memory.moved_targets.size() < row.targets.size()) memory.moved_targets.resize(row.targets.size());
        for (size_t k = 0; k < row.targets.size(); ++k) memory.moved_targets[k] = row.targets[k] + first_target_;
        row.targets = {memory.moved_targets.data(), row.targets.size()};
        return row;
    }
    uint16_t min_delay() const override { return rule_->min_delay(); }
    uint16_t max_delay() const override { return rule_->max_delay(); }
    float weight_bound() const override { return rule_->weight_bound(); }
    std::vector<float> weight_quantiles() const override { return rule_->weight_quantiles(); }
    uint64_t in_degree_bound() const override { return rule_->in_degree_bound(); }
    const ConnectionRule* definition() const override { return rule_->definition(); }
    uint64_t memory_bytes() const override { return rule_->memory_bytes(); }

private:
    std::shared_ptr<const SynapseRule> rule_;
    uint32_t first_source_, first_target_;
};

// ---- Checks -----------------------------------------------------------------------------------------------------------

void check_rule(const ConnectionRule& rule, const std::string& what) {
    const SNNRandomConnectionDef& def = rule.def;
    if (def.rule > SNN_RULE_FIXED_OUTDEGREE)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": rule is ", def.rule, "; expected 0 to 6 (SNN_RULE_*)");
    const bool by_probability = def.rule == SNN_RULE_FIXED_PROBABILITY || def.rule == SNN_RULE_SPATIAL;
    if (by_probability && !(def.probability >= 0.0 && def.probability <= 1.0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": probability is ", def.probability, "; expected 0 to 1");
    const uint64_t self = rule.skips_self() ? 1 : 0;
    const double pairs = static_cast<double>(rule.source_size) * static_cast<double>(rule.target_size);
    double expected = 0;
    if (def.rule == SNN_RULE_FIXED_PROBABILITY) expected = def.probability * pairs;
    if (def.rule == SNN_RULE_FIXED_TOTAL) expected = static_cast<double>(def.count);
    if (def.rule == SNN_RULE_FIXED_INDEGREE) expected = static_cast<double>(def.count) * rule.target_size;
    if (def.rule == SNN_RULE_FIXED_OUTDEGREE) expected = static_cast<double>(def.count) * rule.source_size;
    if (def.rule == SNN_RULE_ALL_TO_ALL) expected = pairs;
    if (expected > static_cast<double>(max_rule_synapses))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " would have about ", expected, " synapses; at most ", max_rule_synapses,
                    " are allowed");
    if (def.rule == SNN_RULE_ONE_TO_ONE && rule.source_size != rule.target_size)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": one-to-one needs equal sizes, source has ", rule.source_size,
                    " and target ", rule.target_size);
    if (def.count == 0) return;  // rules that do not use it have none (clear_unused)
    if (rule.source_size == self)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": a population of one neuron has no one to connect to without autapses");
    if (def.allow_multapses) return;
    const bool by_target = def.rule == SNN_RULE_FIXED_INDEGREE;
    const uint64_t others = (by_target ? rule.source_size : rule.target_size) - self;
    if ((by_target || def.rule == SNN_RULE_FIXED_OUTDEGREE) && def.count > others)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", def.count,
                    by_target ? " sources for each target" : " targets for each source", " without multapses; there are ",
                    others, self ? " besides itself" : "");
    const uint64_t available = uint64_t{rule.source_size} * (rule.target_size - self);
    if (def.rule == SNN_RULE_FIXED_TOTAL && def.count > available)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", def.count, " synapses without multapses; there are ", available,
                    " pairs of neurons", self ? " without autapses" : "");
}

std::shared_ptr<const SynapseRule> make_whole_rule(ConnectionRule definition, const std::string& what) {
    switch (definition.def.rule) {
        case SNN_RULE_FIXED_PROBABILITY: return std::make_shared<const FixedProbability>(std::move(definition), what);
        case SNN_RULE_FIXED_INDEGREE: return make_indegree_rule(std::move(definition), what);
        case SNN_RULE_FIXED_TOTAL: return std::make_shared<const FixedTotal>(std::move(definition), what);
        case SNN_RULE_ONE_TO_ONE: return std::make_shared<const OneToOne>(std::move(definition), what);
        case SNN_RULE_ALL_TO_ALL: return std::make_shared<const AllToAll>(std::move(definition), what);
        case SNN_RULE_FIXED_OUTDEGREE: return std::make_shared<const FixedOutdegree>(std::move(definition), what);
        default: return make_spatial_rule(std::move(definition), what);
    }
}

}  // namespace

std::shared_ptr<const SynapseRule> make_rule(ConnectionRule definition, const std::string& what) {
    check_rule(definition, what);
    const bool of_parts = definition.def.source_count != 0 || definition.def.target_count != 0;
    std::shared_ptr<const SynapseRule> rule = make_whole_rule(std::move(definition), what);
    return of_parts ? std::make_shared<const RuleOfParts>(std::move(rule)) : rule;
}

}  // namespace snn
