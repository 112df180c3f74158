// The rows of bundled synapses (sparse_bundles.h), and how the synapses of a projection are read back from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "cpu/memory.h"
#include "network/synapses.h"

namespace snn::cpu {

// Rows of one group in one part. Empty if the group has no synapse there.
struct BundlePart {
    Buffer<uint32_t*> rows;   // [source]
    Buffer<uint16_t> narrow;  // offsets [source][delays + 1], if no row has more than 65,535 synapses
    Buffer<uint32_t> wide;    // the same, otherwise

    template <class Offset>
    const Offset* offsets() const {
        if constexpr (sizeof(Offset) == sizeof(uint16_t)) return narrow.data();
        else return wide.data();
    }
    template <class Offset>
    Offset* offsets() {
        return const_cast<Offset*>(static_cast<const BundlePart*>(this)->offsets<Offset>());
    }
    template <class Offset>
    void allocate_offsets(const SNNAllocator& allocator, size_t count) {
        if constexpr (sizeof(Offset) == sizeof(uint16_t)) narrow.allocate(allocator, count, false);
        else wide.allocate(allocator, count, false);
    }
    uint32_t offset(size_t at) const { return wide.empty() ? narrow[at] : wide[at]; }
};

// All rows of a group.
struct BundleRows {
    bool is_wide = false;
    std::vector<BundlePart> parts;
    std::vector<Buffer<uint32_t>> memory;  // the synapses: [chunk of sources][part]

    uint64_t memory_bytes() const;
};

// Maps a place of a part to the member of the group, and to the member's target neuron, to which it belongs.
struct BundlePlaces {
    struct Stretch {
        uint32_t first_place, member, first_neuron;
    };
    std::vector<std::vector<Stretch>> parts;  // ascending by place; a part has at most one stretch of each member

    const Stretch& at(uint32_t part, uint32_t place) const;
};

// The synapses of one bundled projection, as the network reads them.
class BundledSynapses final : public SynapseStore {
public:
    // `first_delay`: what the first delay of the group is among the delays of the projection's synapses; it may be negative.
    // `share`: the projection's share of the group's memory.
    BundledSynapses(std::shared_ptr<const BundleRows> rows, std::shared_ptr<const BundlePlaces> places, uint32_t member,
                    uint32_t delays, int32_t first_delay, bool has_delays, int32_t exponent, double share);

    SynapseRow row(uint32_t source, RowMemory& memory) const override;
    uint64_t memory_bytes() const override;

private:
    std::shared_ptr<const BundleRows> rows_;
    std::shared_ptr<const BundlePlaces> places_;
    uint32_t member_, delays_;
    int32_t first_delay_;
    bool has_delays_;
    float unit_;
    double share_;
};

}  // namespace snn::cpu
