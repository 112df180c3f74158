// Adding projections: shapes, counts and values are checked here, once.
#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "network/network.h"
#include "network/rules.h"

namespace snn {

namespace {

// Of a window along one axis: kernel, stride, padding, dilation. A file of a few bytes can name any number, and a kernel costs
// memory and time for each of its places, also for those that never meet the image.
constexpr uint32_t max_window_extent = 1u << 16;
constexpr uint64_t max_window_area = 1u << 20;
constexpr uint64_t max_window_places = 1u << 24;  // extent of the image times kernel, along one axis

// Null stands for an array that is not given, so its count must be 0.
void check_given(const void* values, size_t count, const std::string& what, const char* name) {
    if (!values && count > 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", name, " is null, but its count is ", count);
}

std::shared_ptr<std::vector<float>> copied(const float* values, size_t given, size_t expected,
                                                 const std::string& what, const std::string& formula) {
    if (values && given != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " takes ", expected, " values (", formula, "), got ", given);
    auto result = std::make_shared<std::vector<float>>(expected, 0.0f);
    if (!values) return result;
    for (size_t i = 0; i < expected; ++i) {
        if (!std::isfinite(values[i]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": value [", i, "] is ", values[i], "; values must be finite");
        (*result)[i] = values[i];
    }
    return result;
}

uint64_t checked_product(std::initializer_list<uint64_t> factors, const std::string& what) {
    uint64_t product = 1;
    for (const uint64_t factor : factors) {
        if (factor != 0 && product > (uint64_t{1} << 40) / factor)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " would need more than 2^40 values");
        product *= factor;
    }
    return product;
}

// The target's extent that a window gives: floor((n + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
void check_window(const SNNProjectionDef& def, const Population& source, const Population& target, const std::string& what) {
    if (source.shape.rank != 3 || target.shape.rank != 3)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": source and target need shapes (channels, height, width), they have ",
                    "rank ", source.shape.rank, " and ", target.shape.rank);
    if (uint64_t{def.kernel[0]} * def.kernel[1] > max_window_area)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": a kernel of ", def.kernel[0], " x ", def.kernel[1],
                    " is too large; at most ", max_window_area, " places are allowed");
    constexpr const char* axes[] = {"height", "width"};
    for (int axis = 0; axis < 2; ++axis) {
        if (def.kernel[axis] == 0 || def.stride[axis] == 0 || def.dilation[axis] == 0)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": kernel, stride and dilation must be at least 1, they are ",
                        def.kernel[axis], ", ", def.stride[axis], ", ", def.dilation[axis], " along the ", axes[axis]);
        constexpr const char* words[] = {"kernel", "stride", "padding", "dilation"};
        const uint32_t values[] = {def.kernel[axis], def.stride[axis], def.padding[axis], def.dilation[axis]};
        for (int i = 0; i < 4; ++i)
            if (values[i] > max_window_extent)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", words[i], " ", values[i], " along the ", axes[axis],
                            " is too large; at most ", max_window_extent, " is allowed");
        const int64_t extent = source.shape.dims[axis + 1];
        if (uint64_t{source.shape.dims[axis + 1]} * def.kernel[axis] > max_window_places)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": kernel ", def.kernel[axis], " on ", extent, " along the ",
                        axes[axis], " is too large; at most ", max_window_places, " pairs of places are allowed");
        const int64_t span = int64_t{def.dilation[axis]} * (int64_t{def.kernel[axis]} - 1) + 1;
        const int64_t room = extent + 2 * int64_t{def.padding[axis]} - span;
        const int64_t expected = room < 0 ? 0 : room / def.stride[axis] + 1;
        if (def.padding[axis] >= span)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": padding ", def.padding[axis], " along the ", axes[axis],
                        " is not smaller than the window's span of ", span);
        if (expected != target.shape.dims[axis + 1])
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": the target's ", axes[axis], " is ", target.shape.dims[axis + 1],
                        "; kernel ", def.kernel[axis], ", stride ", def.stride[axis], ", padding ", def.padding[axis],
                        ", dilation ", def.dilation[axis], " on ", extent, " give ", expected);
    }
    const uint32_t in_channels = source.shape.dims[0], out_channels = target.shape.dims[0];
    if (def.kind == SNN_CONNECT_POOL2D) {
        if (in_channels != out_channels)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": pooling keeps the channels, source has ", in_channels,
                        " and target ", out_channels);
        if (def.pool_mode > SNN_POOL_MAX)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": pool_mode is ", def.pool_mode, "; expected 0, 1 or 2");
        return;
    }
    if (def.groups == 0 || in_channels % def.groups || out_channels % def.groups)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": groups is ", def.groups, "; it must divide ", in_channels,
                    " source channels and ", out_channels, " target channels");
}

// Copies the rows into canonical order: within a row by (delay, target, order of creation). Weights move along.
std::shared_ptr<const SparseIndex> canonical(const SNNProjectionDef& def, uint32_t source_size, uint32_t target_size,
                                             const std::string& what, std::vector<float>& io_weights) {
    if (!def.row_offsets) throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets is null");
    if (def.row_offset_count != size_t{source_size} + 1)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets has ", def.row_offset_count, " values; the source has ",
                    source_size, " neurons, so it must have ", size_t{source_size} + 1);
    if (def.synapse_count > 0 && !def.synapse_targets)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": synapse_targets is null");
    auto index = std::make_shared<SparseIndex>();
    index->row_offsets.assign(def.row_offsets, def.row_offsets + source_size + 1);
    if (index->row_offsets.front() != 0 || index->row_offsets.back() != def.synapse_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets go from ", index->row_offsets.front(), " to ",
                    index->row_offsets.back(), "; expected 0 to synapse_count ", def.synapse_count);
    for (uint32_t row = 0; row < source_size; ++row)
        if (index->row_offsets[row] > index->row_offsets[row + 1])
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets[", row + 1, "] is ", index->row_offsets[row + 1],
                        ", smaller than the one before it");
    for (size_t k = 0; k < def.synapse_count; ++k)
        if (def.synapse_targets[k] >= target_size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": synapse_targets[", k, "] is ", def.synapse_targets[k],
                        "; the target has ", target_size, " neurons");
    index->targets.assign(def.synapse_targets, def.synapse_targets + def.synapse_count);
    if (def.synapse_delays) index->delays.assign(def.synapse_delays, def.synapse_delays + def.synapse_count);
    make_canonical(*index, io_weights);
    return index;
}

}  // namespace

const char* name_of_kind(uint32_t connection_kind) {
    constexpr const char* names[] = {"dense", "one-to-one", "sparse", "conv2d", "pool2d"};
    return names[connection_kind];
}

SNNProjectionDef default_projection_def() {
    SNNProjectionDef def{};
    def.struct_size = sizeof def;
    def.kind = SNN_CONNECT_DENSE;
    def.trainable = 1;
    def.groups = 1;
    for (int axis = 0; axis < 2; ++axis) def.kernel[axis] = def.stride[axis] = def.dilation[axis] = 1;
    return def;
}

uint32_t Network::connect(const SNNProjectionDef& def) { return connect(def, nullptr); }

namespace {

// How many neurons of the population a rule connects. Checked.
uint32_t part_size(uint32_t first, uint32_t count, const Population& population, const std::string& what, const char* end) {
    if (first < population.size && count <= population.size - first) return count ? count : population.size - first;
    throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": first_", end, " is ", first, " and ", end, "_count ", count, "; the ", end,
                " '", population.name, "' has ", population.size, " neurons");
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
    ConnectionRule rule;
    rule.def = given;
    // An odd number times 1, 2, ...: different for every index, and far from the small numbers that people choose.
    if (given.seed == SNN_SEED_BY_INDEX) rule.def.seed = 0x9E3779B97F4A7C15u * (uint64_t{projections_.size()} + 1);
    rule.row_count = source.size;
    rule.source_size = part_size(given.first_source, given.source_count, source, what, "source");
    rule.target_size = part_size(given.first_target, given.target_count, target, what, "target");
    rule.def.source_count = rule.source_size == source.size ? 0 : rule.source_size;
    rule.def.target_count = rule.target_size == target.size ? 0 : rule.target_size;
    if (def.source == def.target) {
        rule.within_population = given.first_source == given.first_target && rule.source_size == rule.target_size;
        const bool apart = given.first_source + rule.source_size <= given.first_target ||
                           given.first_target + rule.target_size <= given.first_source;
        if (!rule.within_population && !apart && !given.allow_autapses)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": neurons ", given.first_source, " to ",
                        given.first_source + rule.source_size - 1, " onto ", given.first_target, " to ",
                        given.first_target + rule.target_size - 1, " of '", source.name,
                        "' share some; parts of one population are the same or apart, or autapses are allowed");
    }
    rule.dt_ms = dt_ms_;
    if (given.rule == SNN_RULE_SPATIAL) {
        const auto copied_positions = [&](const float* values, size_t count, uint32_t size, const char* end) {
            const size_t expected = size_t{size} * given.dimensions;
            if (!values || count != expected)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": ", end, "_positions has ", values ? count : size_t{0},
                            " values; expected ", expected, " (", size, " neurons x ", given.dimensions, " dimensions)");
            return std::vector<float>(values, values + count);
        };
        if (given.dimensions < 1 || given.dimensions > 3)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": dimensions is ", given.dimensions, "; expected 1 to 3");
        rule.source_positions =
            copied_positions(given.source_positions, given.source_position_count, rule.source_size, "source");
        rule.target_positions =
            copied_positions(given.target_positions, given.target_position_count, rule.target_size, "target");
    }
    // What the rule does not look at is nothing to compare or to save.
    if (given.rule != SNN_RULE_FIXED_PROBABILITY && given.rule != SNN_RULE_SPATIAL) rule.def.probability = 0;
    if (given.rule != SNN_RULE_FIXED_INDEGREE && given.rule != SNN_RULE_FIXED_TOTAL) rule.def.count = 0;
    if (given.rule != SNN_RULE_SPATIAL) {
        rule.def.kernel = rule.def.dimensions = 0;
        rule.def.kernel_width = rule.def.cutoff = 0;
    }
    for (uint32_t axis = rule.def.dimensions; axis < 3; ++axis) rule.def.period[axis] = 0;
    rule.def.allow_autapses = given.allow_autapses != 0;
    rule.def.allow_multapses = given.allow_multapses != 0;
    rule.def.source_positions = rule.def.target_positions = nullptr;
    rule.def.source_position_count = rule.def.target_position_count = 0;
    auto made = make_rule(std::move(rule), what);
    const uint64_t largest_delay = uint64_t{def.delay_steps} + made->max_delay();
    if (largest_delay > max_total_delay)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its largest delay is ", largest_delay, " steps; at most ",
                    max_total_delay, " are allowed");
    return connect(def, std::make_shared<const Synapses>(std::move(made)));
}

uint32_t Network::connect(const SNNProjectionDef& def, std::shared_ptr<const Synapses> synapses) {
    check_unfinished();
    const Population& source = population(def.source);
    const Population& target = population(def.target);
    const std::string name = def.name ? def.name : source.name + "_to_" + target.name;
    if (!def.name && name.size() > max_name_size)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "the projection's default name '", name, "' has ", name.size(),
                    " bytes; at most ", max_name_size, " are allowed: give it a shorter one in def->name");
    check_new_name(name, "projection");
    const std::string what = "projection '" + name + "'";
    if (projections_.size() >= max_projections)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " is one too many; a network has at most ", max_projections);
    if (def.kind > SNN_CONNECT_POOL2D)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": kind is ", def.kind, "; expected 0 to 4");
    if (target.is_input())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its target '", target.name, "' is an input");
    if (!source.is_input() && !source.is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its source '", source.name, "' has model '", source.model->name,
                    "', which does not spike");
    Projection projection;
    projection.kind = def.kind;
    projection.name = name;
    projection.source = def.source;
    projection.target = def.target;
    projection.delay_steps = def.delay_steps;
    projection.trainable = def.trainable != 0 && def.kind != SNN_CONNECT_POOL2D;
    projection.detached = def.detached != 0;
    const std::vector<std::string>& receptors = target.model->receptors;
    if (receptors.empty())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its target '", target.name, "' has model '", target.model->name,
                    "', which has no receptors");
    if (def.receptor) {
        const auto found = std::find(receptors.begin(), receptors.end(), def.receptor);
        if (found == receptors.end()) {
            std::string known;
            for (const std::string& receptor : receptors) known += (known.empty() ? "" : ", ") + receptor;
            throw Error(SNN_ERROR_NOT_FOUND, what, ": model '", target.model->name, "' has no receptor '", def.receptor,
                        "'; it has: ", known);
        }
        projection.receptor = static_cast<uint32_t>(found - receptors.begin());
    }

    if (def.arithmetic > SNN_ARITHMETIC_COMPACT)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": arithmetic is ", def.arithmetic, "; expected 0 to 3");
    projection.arithmetic = def.arithmetic;
    projection.arithmetic_is_default = def.arithmetic == SNN_ARITHMETIC_DEFAULT;
    const bool can_fix = def.kind == SNN_CONNECT_SPARSE && source.is_binary();
    if (def.arithmetic == SNN_ARITHMETIC_DEFAULT)
        projection.arithmetic = can_fix && !projection.trainable ? SNN_ARITHMETIC_COMPACT : SNN_ARITHMETIC_FLOAT;
    if (projection.arithmetic == SNN_ARITHMETIC_COMPACT && projection.trainable)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": compact arithmetic keeps 16 bits of a weight and cannot be trained; ",
                    "use fixed, or make it not trainable");
    if (projection.is_fixed() && !can_fix)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": fixed-point sums need a sparse projection from a population that ",
                    "spikes; it is ", name_of_kind(def.kind), " from '", source.name, "'");

    if (def.kind == SNN_CONNECT_CONV2D || def.kind == SNN_CONNECT_POOL2D) {
        check_window(def, source, target, what);
        for (int axis = 0; axis < 2; ++axis) {
            projection.window.kernel[axis] = def.kernel[axis];
            projection.window.stride[axis] = def.stride[axis];
            projection.window.padding[axis] = def.padding[axis];
            projection.window.dilation[axis] = def.dilation[axis];
        }
        projection.window.groups = def.kind == SNN_CONNECT_CONV2D ? def.groups : 1;
    }
    if (def.kind == SNN_CONNECT_POOL2D) projection.pool_mode = def.pool_mode;

    uint64_t expected = 0;
    std::string formula;
    switch (def.kind) {
        case SNN_CONNECT_DENSE:
            expected = checked_product({source.size, target.size}, what);
            formula = text("source size ", source.size, " x target size ", target.size);
            break;
        case SNN_CONNECT_ONE_TO_ONE:
            if (source.size != target.size)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": one-to-one needs equal sizes, source has ", source.size,
                            " and target ", target.size);
            expected = source.size;
            formula = "one for each neuron";
            break;
        case SNN_CONNECT_SPARSE:
            expected = def.synapse_count;
            formula = "synapse_count";
            break;
        case SNN_CONNECT_CONV2D: {
            const uint32_t channels = source.shape.dims[0] / def.groups;
            expected = checked_product({target.shape.dims[0], channels, def.kernel[0], def.kernel[1]}, what);
            formula = text("out_channels ", target.shape.dims[0], " x in_channels / groups ", channels, " x kernel ",
                           def.kernel[0], " x ", def.kernel[1]);
            break;
        }
        default: formula = "pooling has no weights";
    }
    check_given(def.weights, def.weight_count, what, "weights");
    check_given(def.bias, def.bias_count, what, "bias");
    check_given(def.row_offsets, def.row_offset_count, what, "row_offsets");
    auto weights = copied(def.weights, def.weight_count, expected, what + ": weights", formula);
    if (synapses) {
        projection.synapses = std::move(synapses);
    } else if (def.kind == SNN_CONNECT_SPARSE) {
        auto index = canonical(def, source.size, target.size, what, *weights);
        projection.synapses = std::make_shared<const Synapses>(std::move(index), std::move(weights));
    } else if (def.row_offsets || def.synapse_targets || def.synapse_delays) {
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets, synapse_targets and synapse_delays belong to sparse ",
                    "projections; it is ", name_of_kind(def.kind));
    }
    if (!projection.synapses) projection.dense_weights = std::move(weights);
    if (def.bias) {
        if (def.kind == SNN_CONNECT_POOL2D) throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": pooling takes no bias");
        const bool conv = def.kind == SNN_CONNECT_CONV2D;
        projection.bias = copied(def.bias, def.bias_count, conv ? target.shape.dims[0] : target.size, what + ": bias",
                                 conv ? "one for each target channel" : "one for each target neuron");
    }
    if (uint64_t{projection.delay_steps} + (projection.synapses ? projection.synapses->max_delay() : 0) > max_total_delay)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its largest delay is ", projection.max_delay(), " steps; at most ",
                    max_total_delay, " are allowed");
    return append(projections_, std::move(projection), false);
}

float pool_weight(const Projection& projection) {
    if (projection.pool_mode != SNN_POOL_AVERAGE) return 1.0f;
    return 1.0f / static_cast<float>(projection.window.kernel[0] * projection.window.kernel[1]);  // at most 2^20
}

uint64_t synapse_count(const Network& network, const Projection& projection) {
    const Population& source = network.population(projection.source);
    const Population& target = network.population(projection.target);
    switch (projection.kind) {
        case SNN_CONNECT_DENSE: return uint64_t{source.size} * target.size;
        case SNN_CONNECT_ONE_TO_ONE: return source.size;
        case SNN_CONNECT_SPARSE: return projection.synapses->count();
        default: break;
    }
    // Uses of the window that fall inside the image, axis by axis.
    const Window& window = projection.window;
    uint64_t uses = 1;
    for (int axis = 0; axis < 2; ++axis) {
        // For each place in the kernel, the outputs whose window has it inside the source.
        const int64_t extent = source.shape.dims[axis + 1], outputs = target.shape.dims[axis + 1], stride = window.stride[axis];
        uint64_t inside = 0;
        for (uint32_t k = 0; k < window.kernel[axis]; ++k) {
            const int64_t first = int64_t{k} * window.dilation[axis] - window.padding[axis];  // read by output 0
            const int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
            const int64_t end = first >= extent ? 0 : std::min(outputs, (extent - 1 - first) / stride + 1);
            inside += static_cast<uint64_t>(std::max<int64_t>(end - begin, 0));
        }
        uses *= inside;
    }
    const uint64_t channels = projection.kind == SNN_CONNECT_POOL2D ? 1 : source.shape.dims[0] / window.groups;
    return uses * target.shape.dims[0] * channels;
}

}  // namespace snn
