#include "cpu/synapse_rows.h"

#include <algorithm>
#include <numeric>

#include "common/machine.h"

namespace snn::cpu {

namespace {

// One row of the network in canonical order, and where its synapses go.
struct RowPlaces {
    RowMemory memory;
    std::vector<uint32_t> order, targets;
    std::vector<uint16_t> delays, parts;  // per synapse
    std::vector<float> weights;
    std::vector<uint16_t> part_of;  // per target

    void load(const SynapseStore& synapses, uint32_t source) {
        const SynapseRow row = synapses.row(source, memory);
        const size_t size = row.targets.size();
        order.resize(size);
        std::iota(order.begin(), order.end(), 0u);
        const auto delay_of = [&](uint32_t k) { return row.delays.empty() ? uint16_t{0} : row.delays[k]; };
        const auto before = [&](uint32_t a, uint32_t b) {
            return delay_of(a) != delay_of(b) ? delay_of(a) < delay_of(b) : row.targets[a] < row.targets[b];
        };
        if (!std::is_sorted(order.begin(), order.end(), before)) std::stable_sort(order.begin(), order.end(), before);
        targets.resize(size);
        delays.resize(size);
        weights.resize(size);
        parts.resize(size);
        for (size_t k = 0; k < size; ++k) {
            targets[k] = row.targets[order[k]];
            delays[k] = delay_of(order[k]);
            weights[k] = row.weights[order[k]];
            parts[k] = part_of[targets[k]];
        }
    }
    // Calls use(begin, end) for the stretches of synapses that share delay and part.
    template <class Use>
    void for_stretches(Use&& use) const {
        for (size_t begin = 0; begin < targets.size();) {
            size_t end = begin + 1;
            while (end < targets.size() && delays[end] == delays[begin] && parts[end] == parts[begin]) ++end;
            use(begin, end);
            begin = end;
        }
    }
};

// Counts the synapses of every row. Returns, for each part, whether the targets of all its rows lie side by side.
std::vector<uint8_t> count_rows(const SynapseStore& synapses, std::span<const uint16_t> slot_of, size_t delay_count,
                                size_t source_count, RowPlaces& places, std::vector<SynapseRows>& io_parts) {
    std::vector<uint8_t> side_by_side(io_parts.size(), 1);
    for (uint32_t source = 0; source < source_count; ++source) {
        places.load(synapses, source);
        places.for_stretches([&](size_t begin, size_t end) {
            const uint16_t p = places.parts[begin];
            io_parts[p].begins[source * delay_count + slot_of[places.delays[begin]] + 1] = end - begin;
            for (size_t k = begin + 1; k < end; ++k) side_by_side[p] &= places.targets[k] == places.targets[k - 1] + 1;
        });
    }
    return side_by_side;
}

}  // namespace

void SynapseRows::forget() {
    last_arrival.clear();
    pre_after.clear();
    own.clear();
    events.clear();
}

std::vector<SynapseRows> make_synapse_rows(const Projection& projection, const Network& network, const PlasticityPlan& plan,
                                           std::span<const NeuronRange> parts, const SNNAllocator& allocator) {
    const std::shared_ptr<const SynapseStore> synapses = projection.synapses->store();
    const size_t source_count = network.population(projection.source).size, delay_count = plan.delays.size();
    const size_t row_count = source_count * delay_count;
    RowPlaces places;
    places.part_of.resize(network.population(projection.target).size);
    for (size_t p = 0; p < parts.size(); ++p)
        for (uint32_t j = parts[p].begin; j < std::min<size_t>(parts[p].end, places.part_of.size()); ++j)
            places.part_of[j] = static_cast<uint16_t>(p);
    std::vector<uint16_t> slot_of(size_t{projection.synapses->max_delay()} + 1, 0);
    for (size_t slot = 0; slot < delay_count; ++slot) slot_of[plan.delays[slot]] = static_cast<uint16_t>(slot);

    std::vector<SynapseRows> made(parts.size());
    for (SynapseRows& rows : made) {
        rows.begins.allocate(allocator, row_count + 1);
        rows.last_arrival.allocate(allocator, row_count);
        rows.pre_after.allocate(allocator, row_count * plan.pre_traces.size());
    }
    const std::vector<uint8_t> side_by_side = count_rows(*synapses, slot_of, delay_count, source_count, places, made);
    for (size_t p = 0; p < made.size(); ++p) {
        SynapseRows& rows = made[p];
        uint64_t count = 0;
        for (uint64_t& begin : std::span(rows.begins.data(), rows.begins.size())) begin = count += begin;
        rows.weights.allocate(allocator, count, false);
        use_large_pages(rows.weights.data(), rows.weights.size() * sizeof(float));
        if (!plan.synapse_traces.empty()) {  // read 16 at a time
            rows.own_stride = count + 16;
            rows.own.allocate(allocator, plan.synapse_traces.size() * rows.own_stride);
            rows.events.allocate(allocator, rows.own_stride);
        }
        // Targets are read 16 at a time.
        if (!side_by_side[p]) rows.targets.allocate(allocator, count + 16);
        else rows.first_targets.allocate(allocator, row_count);
    }
    for (uint32_t source = 0; source < source_count; ++source) {
        places.load(*synapses, source);
        places.for_stretches([&](size_t begin, size_t end) {
            const uint16_t p = places.parts[begin];
            SynapseRows& rows = made[p];
            const size_t at = source * delay_count + slot_of[places.delays[begin]];
            const uint64_t first = rows.row(at).begin;
            if (rows.targets.empty()) rows.first_targets[at] = places.targets[begin] - parts[p].begin;
            for (size_t k = begin; k < end; ++k) {
                rows.weights[first + (k - begin)] = places.weights[k];
                if (!rows.targets.empty())
                    rows.targets[first + (k - begin)] = static_cast<uint16_t>(places.targets[k] - parts[p].begin);
            }
        });
    }
    return made;
}

}  // namespace snn::cpu
