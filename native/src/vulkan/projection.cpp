#include "vulkan/projection.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/error.h"
#include "common/math.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

std::vector<uint32_t> words_of(std::span<const float> values) {
    std::vector<uint32_t> words(values.size());
    for (size_t i = 0; i < values.size(); ++i) words[i] = std::bit_cast<uint32_t>(values[i]);
    return words;
}

std::string name_of(const Projection& projection) { return text("the synapses of projection '", projection.name, "'"); }

[[noreturn]] void refuse_row(const Projection& projection, VkDeviceSize range) {
    throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' has a neuron with more synapses than the ", range,
                " bytes that a shader of this Vulkan device reaches");
}

}  // namespace

Delivery delivery_of(const Projection& projection) {
    switch (projection.kind) {
        case SNN_CONNECT_DENSE: return Delivery::dense;
        case SNN_CONNECT_ONE_TO_ONE: return Delivery::one_to_one;
        case SNN_CONNECT_SPARSE: return projection.is_fixed() ? Delivery::spikes : Delivery::sparse;
        default: return Delivery::window;
    }
}

ProjectionMemory::ProjectionMemory(Device& device, const Network& network, const Projection& projection)
    : delivery(delivery_of(projection)) {
    if (delivery == Delivery::spikes) {
        delays = delays_of(*projection.synapses, network.population(projection.source).size);
        for (uint16_t& delay : delays) delay = static_cast<uint16_t>(delay + projection.delay_steps);
    }
    load(device, network, projection);
    if (!projection.bias) return;
    bias_range = device.allocate(projection.bias->size() * 4, Memory::device, text("the bias of projection '", projection.name, "'"));
    device.upload(bias_range, 0, projection.bias->data(), projection.bias->size() * 4);
}

std::span<const float> ProjectionMemory::weights(const Projection& projection) const {
    return has_own_weights_ ? std::span<const float>(own_weights_) : std::span<const float>(projection.weights());
}

std::span<const float> ProjectionMemory::bias(const Projection& projection) const {
    if (!projection.bias) return {};
    return has_own_bias_ ? std::span<const float>(own_bias_) : std::span<const float>(*projection.bias);
}

void ProjectionMemory::set_weights(Device& device, const Network& network, const Projection& projection,
                                   std::vector<float> weights) {
    own_weights_ = std::move(weights);
    has_own_weights_ = true;
    load(device, network, projection);
}

void ProjectionMemory::set_bias(Device& device, std::vector<float> bias) {
    own_bias_ = std::move(bias);
    has_own_bias_ = true;
    if (!own_bias_.empty()) device.upload(bias_range, 0, own_bias_.data(), own_bias_.size() * 4);
}

// Weights are written where they were: segments depend on the connections only.
void ProjectionMemory::load(Device& device, const Network& network, const Projection& projection) {
    const VkDeviceSize range = device.storage_range();
    std::vector<Data> made;
    switch (delivery) {
        case Delivery::dense: made = dense(network, projection, range); break;
        case Delivery::sparse: made = sparse(network, projection, range); break;
        case Delivery::spikes: made = spikes(network, projection, range); break;
        case Delivery::one_to_one:
        case Delivery::window: made.push_back({words_of(weights(projection)), {}, 0, 0, 0}); break;
    }
    for (size_t s = 0; s < made.size(); ++s) {
        const Data& data = made[s];
        if (segments.size() <= s) {
            Segment segment{{}, {}, data.first, data.last, data.first_target};
            segment.synapses = device.allocate(data.synapses.size() * 4, Memory::device, name_of(projection));
            segment.rows = device.allocate(data.rows.size() * 4, Memory::device, name_of(projection));
            if (!data.rows.empty()) device.upload(segment.rows, 0, data.rows.data(), data.rows.size() * 4);
            segments.push_back(segment);
        }
        if (!data.synapses.empty()) device.upload(segments[s].synapses, 0, data.synapses.data(), data.synapses.size() * 4);
    }
}

// Weight rows of consecutive sources, in multiples of 32 because activity is read in words.
std::vector<ProjectionMemory::Data> ProjectionMemory::dense(const Network& network, const Projection& projection,
                                                            VkDeviceSize range) const {
    const uint32_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const uint64_t fitting = std::min<uint64_t>(range / 4 / targets / 32 * 32, (sources + 31) / 32 * 32);
    if (fitting == 0) refuse_row(projection, range);
    const std::span<const float> all = weights(projection);
    std::vector<Data> made;
    for (uint64_t first = 0; first < sources; first += fitting) {
        const uint64_t last = std::min<uint64_t>(first + fitting, sources);
        made.push_back({words_of(all.subspan(first * targets, (last - first) * targets)), {}, static_cast<uint32_t>(first),
                            static_cast<uint32_t>(last), 0});
    }
    return made;
}

// Synapses by target, each target's by (delay, source, place in the row).
std::vector<ProjectionMemory::Data> ProjectionMemory::sparse(const Network& network, const Projection& projection,
                                                             VkDeviceSize range) const {
    const uint32_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const SparseIndex& index = projection.synapses->index();
    const std::span<const float> all = weights(projection);
    std::vector<uint64_t> places(size_t{targets} + 1, 0);
    for (const uint32_t target : index.targets) ++places[target + 1];
    for (uint32_t j = 0; j < targets; ++j) places[j + 1] += places[j];
    std::vector<Data> made;
    std::vector<uint32_t> segment_of(targets);
    const uint64_t fitting = range / 4;
    for (uint32_t j = 0; j < targets; ++j) {
        if (3 * (places[j + 1] - places[j]) > fitting) refuse_row(projection, range);
        if (made.empty() || 3 * (places[j + 1] - places[made.back().first]) > fitting ||
            made.back().rows.size() + 1 > fitting) {
            made.push_back({{}, {0}, j, j, 0});
        }
        Data& segment = made.back();
        segment.last = j + 1;
        segment.rows.push_back(static_cast<uint32_t>(places[j + 1] - places[segment.first]));
        segment_of[j] = static_cast<uint32_t>(made.size() - 1);
    }
    for (Data& segment : made) segment.synapses.resize(size_t{3} * segment.rows.back());
    std::vector<uint32_t> filled(targets, 0);
    for (uint32_t delay = index.min_delay; delay <= index.max_delay; ++delay)
        for (uint32_t i = 0; i < sources; ++i)
            for (uint64_t k = index.row_offsets[i]; k < index.row_offsets[i + 1]; ++k) {
                if (!index.delays.empty() && index.delays[k] != delay) continue;
                const uint32_t target = index.targets[k];
                Data& segment = made[segment_of[target]];
                uint32_t* const synapse = &segment.synapses[size_t{3} * (segment.rows[target - segment.first] + filled[target]++)];
                synapse[0] = i;
                synapse[1] = projection.delay_steps + (index.delays.empty() ? 0u : delay);
                synapse[2] = std::bit_cast<uint32_t>(all[k]);
            }
    return made;
}

// Rows by source, each by delay; compact ones also cut by the upper bits of the target. Made row by row, so that a rule's
// synapses are never all in the host's memory at once as the network's arrays.
std::vector<ProjectionMemory::Data> ProjectionMemory::spikes(const Network& network, const Projection& projection,
                                                             VkDeviceSize range) const {
    const uint32_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const bool compact = projection.arithmetic == SNN_ARITHMETIC_COMPACT;
    const uint32_t words = compact ? 1 : 2;
    const uint32_t parts = compact ? (targets + part_targets - 1) / part_targets : 1;
    const std::vector<uint32_t> head(delays.begin(), delays.end());
    const size_t row_words = delays.size() + 1;
    const uint64_t fitting = range / 4;
    std::vector<Data> done, open(parts);
    for (uint32_t part = 0; part < parts; ++part) open[part] = {{}, head, 0, 0, part * part_targets};
    std::vector<std::vector<uint32_t>> row_synapses(parts), row_ends(parts);
    RowMemory memory;
    CanonicalRow row;
    uint64_t place = 0;  // in canonical order
    for (uint32_t i = 0; i < sources; ++i) {
        row.assign(projection.synapses->row(i, memory));
        size_t k = 0;
        for (uint32_t part = 0; part < parts; ++part) row_synapses[part].clear(), row_ends[part].clear();
        for (const uint16_t delay : delays) {
            for (; k < row.targets.size() && (row.delays.empty() ? 0u : row.delays[k]) + projection.delay_steps == delay; ++k) {
                const float weight = has_own_weights_ ? own_weights_[place + k] : row.weights[k];
                const int32_t whole = to_int_nearest_even(std::ldexp(static_cast<double>(weight), projection.fixed_exponent));
                const uint32_t part = compact ? row.targets[k] / part_targets : 0;
                if (compact) {
                    row_synapses[part].push_back(static_cast<uint32_t>(whole) << 16 | row.targets[k] % part_targets);
                } else {
                    row_synapses[part].push_back(row.targets[k]);
                    row_synapses[part].push_back(projection.plasticity ? std::bit_cast<uint32_t>(weight)
                                                                       : static_cast<uint32_t>(whole));
                }
            }
            for (uint32_t part = 0; part < parts; ++part)
                row_ends[part].push_back(static_cast<uint32_t>(row_synapses[part].size() / words));
        }
        place += row.targets.size();
        for (uint32_t part = 0; part < parts; ++part) {
            Data* segment = &open[part];
            const auto fits = [&] {
                return segment->synapses.size() + row_synapses[part].size() <= fitting &&
                       segment->rows.size() + row_words <= fitting;
            };
            if (!fits()) {
                done.push_back(std::move(*segment));
                *segment = {{}, head, i, i, part * part_targets};
                if (!fits()) refuse_row(projection, range);
            }
            const auto begin = static_cast<uint32_t>(segment->synapses.size() / words);
            segment->rows.push_back(begin);
            for (const uint32_t end : row_ends[part]) segment->rows.push_back(begin + end);
            segment->synapses.insert(segment->synapses.end(), row_synapses[part].begin(), row_synapses[part].end());
            segment->last = i + 1;
        }
    }
    for (Data& segment : open) done.push_back(std::move(segment));
    std::erase_if(done, [](const Data& segment) { return segment.synapses.empty(); });
    if (projection.plasticity && done.size() > 1)
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' has ", place,
                    " plastic synapses, more than a shader of this Vulkan device reaches");
    return done;
}

}  // namespace snn::vulkan
