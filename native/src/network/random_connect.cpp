// Random connection rules. Each source (or target) has its own counter-based stream, so the result depends on the seed alone.
#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/math.h"
#include "common/random.h"
#include "network/network.h"

namespace snn {

namespace {

enum Purpose : uint32_t { drawing_pairs = 1, drawing_weights = 2, drawing_delays = 3 };
constexpr uint64_t max_synapses = uint64_t{1} << 34;

struct Rows {
    std::vector<uint64_t> offsets;
    std::vector<uint32_t> targets;
};

// From (source, target) pairs in any order to rows; within a row, order of drawing.
Rows to_rows(const std::vector<uint32_t>& sources, const std::vector<uint32_t>& targets, uint32_t source_size) {
    Rows rows;
    rows.offsets.assign(source_size + size_t{1}, 0);
    for (const uint32_t source : sources) ++rows.offsets[source + 1];
    for (uint32_t i = 0; i < source_size; ++i) rows.offsets[i + 1] += rows.offsets[i];
    std::vector<uint64_t> next(rows.offsets.begin(), rows.offsets.end() - 1);
    rows.targets.resize(targets.size());
    for (size_t k = 0; k < targets.size(); ++k) rows.targets[next[sources[k]]++] = targets[k];
    return rows;
}

// Pairs with a fixed probability: distances to the next connected target are geometric, so the work follows the synapses.
Rows fixed_probability(const SNNRandomConnectionDef& rule, uint32_t source_size, uint32_t target_size, bool skip_self) {
    Rows rows;
    rows.offsets.push_back(0);
    const double log_miss = rule.probability < 1.0 ? log1p_f64(-rule.probability) : 0.0;
    for (uint32_t source = 0; source < source_size; ++source) {
        RandomStream stream(rule.seed, drawing_pairs, source);
        double target = -1.0;
        while (rule.probability > 0.0) {
            if (rule.probability >= 1.0) target += 1.0;
            else target += 1.0 + std::floor(log_f64(1.0 - stream.uniform()) / log_miss);
            if (!(target < target_size)) break;
            const uint32_t chosen = static_cast<uint32_t>(target);
            if (!(skip_self && chosen == source)) rows.targets.push_back(chosen);
        }
        rows.offsets.push_back(rows.targets.size());
    }
    return rows;
}

Rows fixed_indegree(const SNNRandomConnectionDef& rule, uint32_t source_size, uint32_t target_size, bool skip_self) {
    std::vector<uint32_t> sources, targets;
    sources.reserve(rule.count * target_size);
    targets.reserve(rule.count * target_size);
    for (uint32_t target = 0; target < target_size; ++target) {
        RandomStream stream(rule.seed, drawing_pairs, target);
        for (uint64_t k = 0; k < rule.count; ++k) {
            uint64_t source = stream.below(source_size - (skip_self ? 1 : 0));
            if (skip_self && source >= target) ++source;
            sources.push_back(static_cast<uint32_t>(source));
            targets.push_back(target);
        }
    }
    return to_rows(sources, targets, source_size);
}

Rows fixed_total(const SNNRandomConnectionDef& rule, uint32_t source_size, uint32_t target_size, bool skip_self) {
    std::vector<uint32_t> sources, targets;
    sources.reserve(rule.count);
    targets.reserve(rule.count);
    RandomStream stream(rule.seed, drawing_pairs, 0);
    for (uint64_t k = 0; k < rule.count; ++k) {
        const uint64_t source = stream.below(source_size);
        uint64_t target = stream.below(target_size - (skip_self ? 1 : 0));
        if (skip_self && target >= source) ++target;
        sources.push_back(static_cast<uint32_t>(source));
        targets.push_back(static_cast<uint32_t>(target));
    }
    return to_rows(sources, targets, source_size);
}

void check_rule(const SNNRandomConnectionDef& rule, uint32_t source_size, uint32_t target_size, bool skip_self,
                uint32_t delay_steps, const std::string& what) {
    if (rule.rule > SNN_RULE_FIXED_TOTAL)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": rule is ", rule.rule,
                    "; expected SNN_RULE_FIXED_PROBABILITY, _FIXED_INDEGREE or _FIXED_TOTAL");
    if (rule.rule == SNN_RULE_FIXED_PROBABILITY && !(rule.probability >= 0.0 && rule.probability <= 1.0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": probability is ", rule.probability, "; expected 0 to 1");
    double expected = static_cast<double>(rule.count);
    if (rule.rule == SNN_RULE_FIXED_PROBABILITY) expected = rule.probability * source_size * target_size;
    if (rule.rule == SNN_RULE_FIXED_INDEGREE) expected *= target_size;
    if (expected > static_cast<double>(max_synapses))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " would have about ", expected, " synapses; at most ", max_synapses,
                    " are allowed");
    if (skip_self && rule.rule != SNN_RULE_FIXED_PROBABILITY && rule.count > 0 && source_size == 1)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": a population of one neuron has no one to connect to without autapses");
    if (!std::isfinite(rule.weight_mean) || !std::isfinite(rule.weight_std) || rule.weight_std < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": weight_mean is ", rule.weight_mean, ", weight_std is ",
                    rule.weight_std, "; expected a finite mean and a standard deviation of at least 0");
    if (rule.delay_min > rule.delay_max)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": delays go from ", rule.delay_min, " to ", rule.delay_max,
                    " steps; expected delay_min <= delay_max");
    if (!std::isfinite(rule.delay_mean) || !std::isfinite(rule.delay_std) || rule.delay_std < 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": delay_mean is ", rule.delay_mean, ", delay_std is ", rule.delay_std,
                    "; expected a finite mean and a standard deviation of at least 0");
    // Further away, a draw would hardly ever be inside.
    const double reach = 3.0 * rule.delay_std;
    if (rule.delay_std > 0 && (rule.delay_mean + reach < rule.delay_min || rule.delay_mean - reach > rule.delay_max))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": delays of ", rule.delay_mean, " +- ", rule.delay_std,
                    " steps do not fall between delay_min ", rule.delay_min, " and delay_max ", rule.delay_max,
                    "; the mean may be at most three standard deviations outside");
    const uint64_t largest_delay = uint64_t{delay_steps} + rule.delay_max;  // before any synapse is made
    if (largest_delay > max_total_delay)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its largest delay is ", largest_delay, " steps; at most ",
                    max_total_delay, " are allowed");
}

}  // namespace

uint32_t Network::connect_random(const SNNProjectionDef& def, const SNNRandomConnectionDef& given_rule) {
    check_unfinished();
    SNNRandomConnectionDef rule = given_rule;
    // An odd number times 1, 2, ...: different for every index, and far from the small numbers that people choose.
    if (rule.seed == SNN_SEED_BY_INDEX) rule.seed = 0x9E3779B97F4A7C15u * (uint64_t{projections_.size()} + 1);
    const Population& source = population(def.source);
    const Population& target = population(def.target);
    const std::string what = "projection '" + (def.name ? std::string(def.name) : source.name + "_to_" + target.name) + "'";
    if (def.kind != SNN_CONNECT_SPARSE)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": a connection rule makes sparse projections; kind is ", def.kind);
    if (def.weights || def.weight_count || def.row_offsets || def.row_offset_count || def.synapse_targets ||
        def.synapse_delays || def.synapse_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what,
                    ": a connection rule makes the synapses; the def's own arrays must be null and their counts 0");
    const bool skip_self = !rule.allow_autapses && def.source == def.target;
    check_rule(rule, source.size, target.size, skip_self, def.delay_steps, what);

    Rows rows;
    if (rule.rule == SNN_RULE_FIXED_PROBABILITY) rows = fixed_probability(rule, source.size, target.size, skip_self);
    else if (rule.rule == SNN_RULE_FIXED_INDEGREE) rows = fixed_indegree(rule, source.size, target.size, skip_self);
    else rows = fixed_total(rule, source.size, target.size, skip_self);

    std::vector<float> weights(rows.targets.size(), rule.weight_mean);
    std::vector<uint16_t> delays;
    if (rule.delay_max > 0) delays.assign(rows.targets.size(), static_cast<uint16_t>(rule.delay_min));
    for (uint32_t row = 0; row < source.size; ++row) {
        RandomStream weight_stream(rule.seed, drawing_weights, row), delay_stream(rule.seed, drawing_delays, row);
        for (uint64_t k = rows.offsets[row]; k < rows.offsets[row + 1]; ++k) {
            if (rule.weight_std > 0)
                weights[k] =
                    static_cast<float>(rule.weight_mean + static_cast<double>(rule.weight_std) * weight_stream.normal());
            if (rule.delay_std > 0 && !delays.empty()) {
                double steps;
                do steps = std::round(rule.delay_mean + rule.delay_std * delay_stream.normal());
                while (!(steps >= rule.delay_min && steps <= rule.delay_max));
                delays[k] = static_cast<uint16_t>(steps);
            } else if (rule.delay_max > rule.delay_min)
                delays[k] = static_cast<uint16_t>(rule.delay_min + delay_stream.below(rule.delay_max - rule.delay_min + 1));
        }
    }
    SNNProjectionDef complete = def;
    complete.weights = weights.data();
    complete.weight_count = weights.size();
    complete.row_offsets = rows.offsets.data();
    complete.row_offset_count = rows.offsets.size();
    complete.synapse_targets = rows.targets.data();
    complete.synapse_count = rows.targets.size();
    complete.synapse_delays = delays.empty() ? nullptr : delays.data();
    return connect(complete);
}

}  // namespace snn
