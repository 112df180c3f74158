#include "cpu/bundled_synapses.h"

#include <algorithm>
#include <cmath>

namespace snn::cpu {

uint64_t BundleRows::memory_bytes() const {
    uint64_t bytes = 0;
    for (const BundlePart& part : parts)
        bytes += part.rows.size() * sizeof(uint32_t*) + part.narrow.size() * sizeof(uint16_t) +
                 part.wide.size() * sizeof(uint32_t);
    for (const Buffer<uint32_t>& words : memory) bytes += words.size() * sizeof(uint32_t);
    return bytes;
}

const BundlePlaces::Stretch& BundlePlaces::at(uint32_t part, uint32_t place) const {
    const std::vector<Stretch>& stretches = parts[part];
    const auto next = std::upper_bound(stretches.begin(), stretches.end(), place,
                                       [](uint32_t wanted, const Stretch& stretch) { return wanted < stretch.first_place; });
    return next[-1];
}

BundledSynapses::BundledSynapses(std::shared_ptr<const BundleRows> rows, std::shared_ptr<const BundlePlaces> places,
                                 uint32_t member, uint32_t delays, int32_t first_delay, bool has_delays, int32_t exponent,
                                 double share)
    : rows_(std::move(rows)),
      places_(std::move(places)),
      member_(member),
      delays_(delays),
      first_delay_(first_delay),
      has_delays_(has_delays),
      unit_(std::ldexp(1.0f, -exponent)),
      share_(share) {}

// Threads, parts and places ascend with the neurons. So the parts have the synapses of a delay in canonical order, one part
// after the other. Within a part and delay, the words of a member follow those of the members before it.
SynapseRow BundledSynapses::row(uint32_t source, RowMemory& memory) const {
    const size_t entries = delays_ + size_t{1};
    size_t most = 0;
    for (const BundlePart& part : rows_->parts)
        if (!part.rows.empty()) most += part.offset(source * entries + delays_) - part.offset(source * entries);
    if (memory.targets.size() < most) memory.targets.resize(most);
    if (memory.weights.size() < most) memory.weights.resize(most);
    if (has_delays_ && memory.delays.size() < most) memory.delays.resize(most);
    uint32_t* const targets = memory.targets.data();
    float* const weights = memory.weights.data();
    size_t count = 0;
    for (uint32_t delay = 0; delay < delays_; ++delay) {
        const size_t at = source * entries + delay, first = count;
        for (uint32_t p = 0; p < rows_->parts.size(); ++p) {
            const BundlePart& part = rows_->parts[p];
            if (part.rows.empty()) continue;
            const std::vector<BundlePlaces::Stretch>& stretches = places_->parts[p];
            const uint32_t* word = part.rows[source] + part.offset(at);
            const uint32_t* const end = part.rows[source] + part.offset(at + 1);
            if (stretches.size() > 1)
                word = std::partition_point(
                    word, end, [&](uint32_t other) { return places_->at(p, other & 0xffff).member < member_; });
            if (word == end) continue;
            const BundlePlaces::Stretch& own = places_->at(p, *word & 0xffff);
            if (own.member != member_) continue;
            const uint32_t own_size = (&own == &stretches.back() ? 0x10000 : (&own)[1].first_place) - own.first_place;
            for (; word != end; ++word) {
                const uint32_t place = (*word & 0xffff) - own.first_place;  // wraps around if it lies before
                if (place >= own_size) break;
                targets[count] = own.first_neuron + place;
                weights[count] = static_cast<float>(static_cast<int32_t>(*word) >> 16) * unit_;
                ++count;
            }
        }
        if (has_delays_)
            std::fill_n(memory.delays.data() + first, count - first,
                        static_cast<uint16_t>(first_delay_ + static_cast<int32_t>(delay)));
    }
    SynapseRow found;
    found.targets = {targets, count};
    found.weights = {weights, count};
    if (has_delays_) found.delays = {memory.delays.data(), count};
    return found;
}

uint64_t BundledSynapses::memory_bytes() const {
    return static_cast<uint64_t>(share_ * static_cast<double>(rows_->memory_bytes()));
}

}  // namespace snn::cpu
