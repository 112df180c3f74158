// Adding projections. Shapes, counts and values are checked here, once.
#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "network/network.h"
#include "network/packed_synapses.h"

namespace snn {

namespace {

// Limits of a window along one axis: kernel, stride, padding, dilation. A file of a few bytes can give any number, and a kernel
// costs memory and time for each of its positions, even for those that never meet the image.
constexpr uint32_t max_window_extent = 1u << 16;
constexpr uint64_t max_window_area = 1u << 20;
constexpr uint64_t max_window_places = 1u << 24;  // extent of the image times kernel, along one axis

// Null means that the array is not given, so its count must be 0.
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

// Checks that a window gives the target's extent: floor((n + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
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

void check_rows(const SNNProjectionDef& def, uint32_t source_size, uint32_t target_size, const std::string& what) {
    if (!def.row_offsets) throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets is null");
    if (def.row_offset_count != size_t{source_size} + 1)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets has ", def.row_offset_count, " values; the source has ",
                    source_size, " neurons, so it must have ", size_t{source_size} + 1);
    if (def.synapse_count > 0 && !def.synapse_targets)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": synapse_targets is null");
    if (def.row_offsets[0] != 0 || def.row_offsets[source_size] != def.synapse_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets go from ", def.row_offsets[0], " to ",
                    def.row_offsets[source_size], "; expected 0 to synapse_count ", def.synapse_count);
    for (uint32_t row = 0; row < source_size; ++row)
        if (def.row_offsets[row] > def.row_offsets[row + 1])
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets[", row + 1, "] is ", def.row_offsets[row + 1],
                        ", smaller than the one before it");
    for (size_t k = 0; k < def.synapse_count; ++k)
        if (def.synapse_targets[k] >= target_size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": synapse_targets[", k, "] is ", def.synapse_targets[k],
                        "; the target has ", target_size, " neurons");
}

// Copies the rows into canonical order: within a row by (delay, target, order of creation). Weights move along.
std::shared_ptr<const SparseIndex> canonical(const SNNProjectionDef& def, uint32_t source_size,
                                             std::vector<float>& io_weights) {
    auto index = std::make_shared<SparseIndex>();
    index->row_offsets.assign(def.row_offsets, def.row_offsets + source_size + 1);
    index->targets.assign(def.synapse_targets, def.synapse_targets + def.synapse_count);
    if (def.synapse_delays) index->delays.assign(def.synapse_delays, def.synapse_delays + def.synapse_count);
    make_canonical(*index, io_weights);
    return index;
}

// The same, packed directly from the arrays of `def`.
std::shared_ptr<const PackedIndex> packed(const SNNProjectionDef& def, uint32_t source_size, std::vector<float>& io_weights) {
    const std::span<const uint32_t> targets(def.synapse_targets, def.synapse_count);
    const std::span<const uint16_t> delays(def.synapse_delays, def.synapse_delays ? def.synapse_count : 0);
    uint16_t least = 0, most = 0;
    if (!delays.empty()) {
        const auto [first, last] = std::minmax_element(delays.begin(), delays.end());
        least = *first;
        most = *last;
    }
    std::vector<uint64_t> row_offsets(def.row_offsets, def.row_offsets + source_size + 1);
    auto index = std::make_shared<PackedIndex>(std::move(row_offsets), targets, least, most);
    CanonicalRow row;
    for (uint32_t source = 0; source < source_size; ++source) {
        const uint64_t begin = def.row_offsets[source], size = def.row_offsets[source + 1] - begin;
        const std::span<float> weights = std::span(io_weights).subspan(begin, size);
        const SynapseRow given{targets.subspan(begin, size), delays.empty() ? delays : delays.subspan(begin, size), weights};
        if (is_canonical(given)) {
            index->set_row(source, given);
            continue;
        }
        row.assign(given);
        index->set_row(source, {row.targets, row.delays, row.weights});
        std::copy(row.weights.begin(), row.weights.end(), weights.begin());
    }
    return index;
}

uint32_t checked_receptor(const SNNProjectionDef& def, const Population& target, const std::string& what) {
    const std::vector<std::string>& receptors = target.model->receptors;
    if (receptors.empty())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": its target '", target.name, "' has model '", target.model->name,
                    "', which has no receptors");
    if (!def.receptor) return 0;
    const auto found = std::find(receptors.begin(), receptors.end(), def.receptor);
    if (found != receptors.end()) return static_cast<uint32_t>(found - receptors.begin());
    std::string known;
    for (const std::string& receptor : receptors) add_item(known, receptor);
    throw Error(SNN_ERROR_NOT_FOUND, what, ": model '", target.model->name, "' has no receptor '", def.receptor, "'; it has: ",
                known);
}

uint32_t checked_arithmetic(const SNNProjectionDef& def, bool trainable, const Population& source, const std::string& what) {
    if (def.arithmetic > SNN_ARITHMETIC_COMPACT)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": arithmetic is ", def.arithmetic, "; expected 0 to 3");
    const bool can_fix = def.kind == SNN_CONNECT_SPARSE && source.is_binary();
    if (def.arithmetic == SNN_ARITHMETIC_DEFAULT)
        return can_fix && !trainable ? SNN_ARITHMETIC_COMPACT : SNN_ARITHMETIC_FLOAT;
    if (def.arithmetic == SNN_ARITHMETIC_COMPACT && trainable)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": compact arithmetic keeps 16 bits of a weight and cannot be trained; ",
                    "use fixed, or make it not trainable");
    if (def.arithmetic != SNN_ARITHMETIC_FLOAT && !can_fix)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": fixed-point sums need a sparse projection from a population that ",
                    "spikes; it is ", name_of_kind(def.kind), " from '", source.name, "'");
    return def.arithmetic;
}

Window window_of(const SNNProjectionDef& def) {
    Window window;
    for (int axis = 0; axis < 2; ++axis) {
        window.kernel[axis] = def.kernel[axis];
        window.stride[axis] = def.stride[axis];
        window.padding[axis] = def.padding[axis];
        window.dilation[axis] = def.dilation[axis];
    }
    window.groups = def.kind == SNN_CONNECT_CONV2D ? def.groups : 1;
    return window;
}

// As many weights as the projection needs; zeros if none are given.
std::shared_ptr<std::vector<float>> checked_weights(const SNNProjectionDef& def, const Population& source,
                                                    const Population& target, const std::string& what) {
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
    return copied(def.weights, def.weight_count, expected, what + ": weights", formula);
}

std::shared_ptr<const std::vector<float>> checked_bias(const SNNProjectionDef& def, const Population& target,
                                                       const std::string& what) {
    if (!def.bias) return nullptr;
    if (def.kind == SNN_CONNECT_POOL2D) throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": pooling takes no bias");
    const bool conv = def.kind == SNN_CONNECT_CONV2D;
    return copied(def.bias, def.bias_count, conv ? target.shape.dims[0] : target.size, what + ": bias",
                  conv ? "one for each target channel" : "one for each target neuron");
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
    check_flag(def.trainable, what, "trainable");
    check_flag(def.detached, what, "detached");
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
    projection.receptor = checked_receptor(def, target, what);
    projection.arithmetic = checked_arithmetic(def, projection.trainable, source, what);
    projection.arithmetic_is_default = def.arithmetic == SNN_ARITHMETIC_DEFAULT;
    if (def.kind == SNN_CONNECT_CONV2D || def.kind == SNN_CONNECT_POOL2D) {
        check_window(def, source, target, what);
        projection.window = window_of(def);
    }
    if (def.kind == SNN_CONNECT_POOL2D) projection.pool_mode = def.pool_mode;
    auto weights = checked_weights(def, source, target, what);
    if (synapses) {
        projection.synapses = std::move(synapses);
    } else if (def.kind == SNN_CONNECT_SPARSE) {
        check_rows(def, source.size, target.size, what);
        if (projection.arithmetic == SNN_ARITHMETIC_COMPACT) {
            auto index = packed(def, source.size, *weights);
            projection.synapses = std::make_shared<Synapses>(
                std::make_shared<PackedSynapses>(std::move(index), std::move(weights)));
        } else {
            auto index = canonical(def, source.size, *weights);
            projection.synapses = std::make_shared<Synapses>(std::move(index), std::move(weights));
        }
    } else if (def.row_offsets || def.synapse_targets || def.synapse_delays) {
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, ": row_offsets, synapse_targets and synapse_delays belong to sparse ",
                    "projections; it is ", name_of_kind(def.kind));
    }
    if (!projection.synapses) projection.dense_weights = std::move(weights);
    projection.bias = checked_bias(def, target, what);
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
    // Counts the uses of the window that fall inside the image, axis by axis.
    const Window& window = projection.window;
    uint64_t uses = 1;
    for (int axis = 0; axis < 2; ++axis) {
        // For each position in the kernel, count the outputs for which it lies inside the source.
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
