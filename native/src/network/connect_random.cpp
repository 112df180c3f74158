// Adding projections whose synapses a rule makes. The connected parts are checked here, the rest of the rule in make_rule().
#include "common/error.h"
#include "network/network.h"
#include "network/rules.h"

namespace snn {

namespace {

// The number of neurons of the population that a rule connects, after checking the part.
uint32_t part_size(uint32_t first, uint32_t count, const Population& population, const std::string& what, const char* end) {
    if (first < population.size && count <= population.size - first) return count ? count : population.size - first;
    throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": first_", end, " is ", first, " and ", end, "_count ", count, "; the ", end,
                " '", population.name, "' has ", population.size, " neurons");
}

std::vector<float> copied_positions(const SNNRandomConnectionDef& given, uint32_t size, const std::string& what,
                                    const char* end, const float* values, size_t count) {
    const size_t expected = size_t{size} * given.dimensions;
    if (!values || count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", end, "_positions has ", values ? count : size_t{0},
                    " values; expected ", expected, " (", size, " neurons x ", given.dimensions, " dimensions)");
    return std::vector<float>(values, values + count);
}

// Sets the neurons that the rule connects, and their positions.
void set_parts(ConnectionRule& io_rule, const SNNProjectionDef& def, const SNNRandomConnectionDef& given,
               const Population& source, const Population& target, const std::string& what) {
    io_rule.row_count = source.size;
    io_rule.source_size = part_size(given.first_source, given.source_count, source, what, "source");
    io_rule.target_size = part_size(given.first_target, given.target_count, target, what, "target");
    io_rule.def.source_count = io_rule.source_size == source.size ? 0 : io_rule.source_size;
    io_rule.def.target_count = io_rule.target_size == target.size ? 0 : io_rule.target_size;
    if (def.source == def.target) {
        io_rule.within_population = given.first_source == given.first_target && io_rule.source_size == io_rule.target_size;
        const bool apart = given.first_source + io_rule.source_size <= given.first_target ||
                           given.first_target + io_rule.target_size <= given.first_source;
        if (!io_rule.within_population && !apart && !given.allow_autapses)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": neurons ", given.first_source, " to ",
                        given.first_source + io_rule.source_size - 1, " onto ", given.first_target, " to ",
                        given.first_target + io_rule.target_size - 1, " of '", source.name,
                        "' share some; parts of one population are the same or apart, or autapses are allowed");
    }
    if (given.rule != SNN_RULE_SPATIAL) return;
    if (given.dimensions < 1 || given.dimensions > 3)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": dimensions is ", given.dimensions, "; expected 1 to 3");
    io_rule.source_positions = copied_positions(given, io_rule.source_size, what, "source", given.source_positions,
                                                given.source_position_count);
    io_rule.target_positions = copied_positions(given, io_rule.target_size, what, "target", given.target_positions,
                                                given.target_position_count);
}

// Clears the fields that the rule does not use, so that they are neither compared nor saved.
void clear_unused(SNNRandomConnectionDef& io_def) {
    if (io_def.rule != SNN_RULE_FIXED_PROBABILITY && io_def.rule != SNN_RULE_SPATIAL) io_def.probability = 0;
    const bool counts = io_def.rule == SNN_RULE_FIXED_INDEGREE || io_def.rule == SNN_RULE_FIXED_OUTDEGREE ||
                        io_def.rule == SNN_RULE_FIXED_TOTAL;
    if (!counts) io_def.count = 0;
    if (io_def.rule != SNN_RULE_SPATIAL) {
        io_def.kernel = io_def.dimensions = 0;
        io_def.kernel_width = io_def.cutoff = 0;
    }
    for (uint32_t axis = io_def.dimensions; axis < 3; ++axis) io_def.period[axis] = 0;
    io_def.source_positions = io_def.target_positions = nullptr;
    io_def.source_position_count = io_def.target_position_count = 0;
}

}  // namespace

uint32_t Network::connect_random(const SNNProjectionDef& def, const SNNRandomConnectionDef& given) {
    check_unfinished();
    const Population& source = population(def.source);
    const Population& target = population(def.target);
    const std::string what = "projection '" + (def.name ? std::string(def.name) : source.name + "_to_" + target.name) + "'";
    if (def.kind != SNN_CONNECT_SPARSE)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": a connection rule makes sparse projections; kind is ", def.kind);
    if (def.weights || def.weight_count || def.row_offsets || def.row_offset_count || def.synapse_targets ||
        def.synapse_delays || def.synapse_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what,
                    ": a connection rule makes the synapses; the def's own arrays must be null and their counts 0");
    check_flag(given.allow_autapses, what, "allow_autapses");
    check_flag(given.allow_multapses, what, "allow_multapses");
    ConnectionRule rule;
    rule.def = given;
    // An odd number times 1, 2, ...: different for every index, and far from the small numbers that users choose.
    if (given.seed == SNN_SEED_BY_INDEX) rule.def.seed = 0x9E3779B97F4A7C15u * (uint64_t{projections_.size()} + 1);
    rule.dt_ms = dt_ms_;
    set_parts(rule, def, given, source, target, what);
    clear_unused(rule.def);
    auto made = make_rule(std::move(rule), what);
    const uint64_t largest_delay = uint64_t{def.delay_steps} + made->max_delay();
    if (largest_delay > max_total_delay)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its largest delay is ", largest_delay, " steps; at most ",
                    max_total_delay, " are allowed");
    return connect(def, std::make_shared<const Synapses>(std::move(made)));
}

}  // namespace snn
