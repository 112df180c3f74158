// The synapses of a plastic projection onto a part of its targets: rows, each of one source and one delay, with their weights
// and with what was when a spike last arrived at them.
//
// A synapse is a weight of 4 bytes and, unless the targets of every row lie side by side, 2 bytes of target; 4 bytes more for
// each trace of its own and, where it has any, for the step of its last event. Steps are counted from 1; 0: never.
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
        uint64_t begin;  // among the synapses
        uint32_t count;
    };
    Buffer<uint64_t> begins;         // [source][delay], and the end of the last; rows can be as many as synapses
    Buffer<uint32_t> first_targets;  // [source][delay], counted from the part's first; empty where targets are not
    Buffer<int32_t> last_arrival;    // [source][delay] step
    Buffer<float> pre_after;         // [source][delay][pre trace] just after it
    Buffer<float> weights;
    Buffer<uint16_t> targets;  // counted from the part's first; empty: side by side in all rows
    Buffer<float> own;         // [trace][synapse], just after ...
    Buffer<int32_t> events;    // ... the last event of the synapse; empty where synapses have no traces of their own
    size_t own_stride = 0;

    size_t count() const { return begins.size() - 1; }
    Row row(size_t at) const { return {begins[at], static_cast<uint32_t>(begins[at + 1] - begins[at])}; }
    // All but `learned`.
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
    void forget();  // nothing has arrived yet; the weights stay
};

// The rows in each part of the targets, at most 65,536 of them.
std::vector<SynapseRows> make_synapse_rows(const Projection& projection, const Network& network, const PlasticityPlan& plan,
                                           std::span<const NeuronRange> parts, const SNNAllocator& allocator);

}  // namespace snn::cpu
