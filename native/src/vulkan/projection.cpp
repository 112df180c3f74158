#include "vulkan/projection.h"

#include <algorithm>
#include <bit>

#include "common/error.h"
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
    throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' has a neuron with more synapses than fit into the ",
                range, " bytes that a shader of this Vulkan device reaches");
}

}  // namespace

Delivery delivery_of(const Projection& projection) {
    switch (projection.kind) {
        case SNN_CONNECT_DENSE: return Delivery::dense;
        case SNN_CONNECT_ONE_TO_ONE: return Delivery::one_to_one;
        case SNN_CONNECT_SPARSE:
            if (projection.plasticity) return Delivery::plastic;
            return projection.is_fixed() ? Delivery::spikes : Delivery::sparse;
        default: return Delivery::window;
    }
}

uint32_t own_trace_words(const Projection& projection) {
    const auto traces = static_cast<uint32_t>(projection.plasticity->rule->synapse_traces.size());
    return traces == 0 ? 0 : 1 + traces;
}

ProjectionMemory::ProjectionMemory(Device& device, const Network& network, const Projection& projection, uint32_t copies)
    : delivery(delivery_of(projection)) {
    if (copies > 1) {
        load_copies(device, projection, copies);
        return;
    }
    if (delivery == Delivery::plastic) {
        delays = delays_of(*projection.synapses);
        for (uint16_t& delay : delays) delay = static_cast<uint16_t>(delay + projection.delay_steps);
    }
    load(device, network, projection);
    if (!projection.bias) return;
    bias_range =
        device.allocate(projection.bias->size() * 4, Memory::device, text("the bias of projection '", projection.name, "'"));
    device.upload(bias_range, 0, projection.bias->data(), projection.bias->size() * 4);
}

void ProjectionMemory::load_copies(Device& device, const Projection& projection, uint32_t copies) {
    const auto bring = [&](std::span<const float> values) {
        const VkDeviceSize bytes = values.size() * 4;
        const Range range = device.allocate(copies * bytes, Memory::device, name_of(projection));
        for (VkDeviceSize copy = 0; copy < copies && bytes > 0; ++copy)
            device.upload(range, copy * bytes, values.data(), bytes);
        return range;
    };
    segments.push_back({bring(projection.weights()), {}, 0, 0});
    if (projection.bias) bias_range = bring(*projection.bias);
}

std::span<const float> ProjectionMemory::weights(const Projection& projection) const {
    return own_weights_ ? own_weights() : std::span<const float>(projection.weights());
}

std::span<const float> ProjectionMemory::bias(const Projection& projection) const {
    if (!projection.bias) return {};
    return own_bias_ ? std::span<const float>(*own_bias_) : std::span<const float>(*projection.bias);
}

void ProjectionMemory::set_bias(Device& device, std::vector<float> bias) {
    if (!bias.empty()) device.upload(bias_range, 0, bias.data(), bias.size() * 4);
    own_bias_ = std::move(bias);
}

// Segments depend only on the connections, so new weights overwrite the old ones in place.
void ProjectionMemory::load(Device& device, const Network& network, const Projection& projection) {
    const VkDeviceSize range = device.storage_range();
    std::vector<Data> made;
    switch (delivery) {
        case Delivery::dense: made = dense(network, projection, range); break;
        case Delivery::sparse: made = sparse(network, projection, range); break;
        case Delivery::plastic: made = plastic(network, projection, range); break;
        case Delivery::one_to_one:
        case Delivery::window: made.push_back({words_of(weights(projection)), {}, 0, 0}); break;
        case Delivery::spikes: return;
    }
    for (size_t s = 0; s < made.size(); ++s) {
        const Data& data = made[s];
        if (segments.size() <= s) {
            Segment segment{{}, {}, data.first, data.last, data.count};
            segment.synapses =
                device.allocate((data.synapses.size() + data.words_behind) * 4, Memory::device, name_of(projection));
            segment.rows = device.allocate(data.rows.size() * 4, Memory::device, name_of(projection));
            if (!data.rows.empty()) device.upload(segment.rows, 0, data.rows.data(), data.rows.size() * 4);
            segments.push_back(segment);
        }
        if (!data.synapses.empty()) device.upload(segments[s].synapses, 0, data.synapses.data(), data.synapses.size() * 4);
    }
}

// Segments of weight rows of consecutive sources, in multiples of 32 because activity is read in words.
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
                            static_cast<uint32_t>(last)});
    }
    return made;
}

// Synapses sorted by target; those of a target by (delay, source, place in the row).
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
            made.push_back({{}, {0}, j, j});
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
                uint32_t* const synapse =
                    &segment.synapses[size_t{3} * (segment.rows[target - segment.first] + filled[target]++)];
                synapse[0] = i;
                synapse[1] = projection.delay_steps + (index.delays.empty() ? 0u : delay);
                synapse[2] = std::bit_cast<uint32_t>(all[k]);
            }
    return made;
}

// Synapses as target and weight, in canonical order, in segments of consecutive sources. `rows`: plastic_arrive.comp.
std::vector<ProjectionMemory::Data> ProjectionMemory::plastic(const Network& network, const Projection& projection,
                                                              VkDeviceSize range) const {
    const uint64_t fitting = range / 4, synapse_words = 2 + own_trace_words(projection);
    // The index of a segment's synapses by target must fit as well (PlasticMemory).
    const bool is_indexed = projection.plasticity->rule->learns_from_targets();
    const uint64_t index_words = uint64_t{network.population(projection.target).size} + 1;
    const auto fits = [&](uint64_t synapses, uint64_t rows) {
        return synapse_words * synapses <= fitting && rows <= fitting &&
               (!is_indexed || index_words + 2 * synapses <= fitting);
    };
    std::vector<Data> made;
    CanonicalRow row;
    uint64_t place = 0;
    projection.synapses->for_rows([&](uint32_t i, const SynapseRow& given) {
        const size_t count = given.targets.size();
        if (made.empty() || !fits(made.back().count + count, made.back().rows.size() + delays.size())) {
            if (!fits(count, 2 * delays.size() + 1)) refuse_row(projection, range);
            made.push_back({{}, {delays.begin(), delays.end()}, i});
            made.back().rows.push_back(0);
        }
        Data& data = made.back();
        data.last = i + 1;
        row.assign(given);
        size_t k = 0;
        for (const uint16_t delay : delays) {
            for (; k < count && (row.delays.empty() ? 0u : row.delays[k]) + projection.delay_steps == delay; ++k, ++place) {
                data.synapses.push_back(row.targets[k]);
                data.synapses.push_back(std::bit_cast<uint32_t>(own_weights_ ? (*own_weights_)[place] : row.weights[k]));
                ++data.count;
            }
            data.rows.push_back(data.count);
        }
    });
    std::erase_if(made, [](const Data& data) { return data.count == 0; });
    for (Data& data : made) data.words_behind = uint64_t{own_trace_words(projection)} * data.count;
    return made;
}

}  // namespace snn::vulkan
