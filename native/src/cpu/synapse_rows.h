// The synapses of a plastic projection onto a part of its targets. They form rows of one source and one delay each. A row has
// the weights, and the step and traces of the last spike that arrived.
//
// A synapse takes 4 bytes of weight and, unless the targets of every row lie side by side, 2 bytes of target. If synapses have
// traces of their own, each trace and the step of the last event take 4 bytes more. Steps are counted from 1; 0 means never.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/pieces.h"
#include "network/plan.h"

namespace snn::cpu {

struct SynapseRows {
    struct Row {
        uint64_t begin;  // index of the first synapse
        uint32_t count;
    };
    // [source][delay] first synapse, and the end of the last row; there can be as many rows as synapses
    Buffer<uint64_t> begins;
    // [source][delay], counted from the part's first target; empty if targets do not lie side by side
    Buffer<uint32_t> first_targets;
    Buffer<int32_t> last_arrival;  // [source][delay] step
    Buffer<float> pre_after;       // [source][delay][pre trace] just after that arrival
    Buffer<float> weights;
    Buffer<uint16_t> targets;  // counted from the part's first target; empty if they lie side by side in all rows
    Buffer<float> own;         // [trace][synapse] just after the last event of the synapse
    Buffer<int32_t> events;    // [synapse] step of that event; both are empty if synapses have no traces of their own
    size_t own_stride = 0;

    size_t count() const { return begins.size() - 1; }
    Row row(size_t at) const { return {begins[at], static_cast<uint32_t>(begins[at + 1] - begins[at])}; }
    // Fills in everything but `learned`.
    PlasticVisit visit(size_t at, size_t pre_count) {
        const Row found = row(at);
        PlasticVisit visit{};
        visit.weights = weights.data() + found.begin;
        visit.targets = targets.empty() ? nullptr : targets.data() + found.begin;
        visit.first = targets.empty() ? first_targets[at] : 0;
        visit.count = found.count;
        visit.last_arrival = last_arrival[at];
        for (size_t k = 0; k < pre_count; ++k) visit.pre_after[k] = pre_after[at * pre_count + k];
        if (!events.empty()) {
            visit.own = own.data() + found.begin;
            visit.events = events.data() + found.begin;
        }
        return visit;
    }
    void forget();  // forgets all arrivals and keeps the weights
};

// Makes the rows of each part. A part has at most 65,536 targets.
std::vector<SynapseRows> make_synapse_rows(const Projection& projection, const Network& network, const PlasticityPlan& plan,
                                           std::span<const NeuronRange> parts, const SNNAllocator& allocator);

}  // namespace snn::cpu
