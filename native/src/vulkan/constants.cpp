#include "vulkan/constants.h"

#include <algorithm>
#include <bit>

namespace snn::vulkan {

PackedConstants pack_constants(const PopulationConstants& values, uint32_t size, std::span<const float> scales) {
    PackedConstants packed;
    packed.places = place_constants(values.constants);
    std::vector<uint32_t>& words = packed.words;
    for (const float scale : scales) words.push_back(std::bit_cast<uint32_t>(scale));
    packed.poisson = static_cast<uint32_t>(words.size());
    packed.shared = packed.poisson + 4 * static_cast<uint32_t>(values.poisson.size());
    packed.own = packed.shared + packed.places.shared_count;
    words.resize(packed.own + size_t{packed.places.own_count} * size);
    for (size_t i = 0; i < values.constants.size(); ++i) {
        const Constant& constant = values.constants[i];
        const bool own = packed.places.per_neuron[i];
        uint32_t* const out =
            &words[own ? packed.own + size_t{packed.places.place[i]} * size : packed.shared + packed.places.place[i]];
        for (size_t k = 0; k < (own ? size : 1); ++k)
            out[k] = constant.type == ValueType::int_ ? static_cast<uint32_t>(constant.ints[k])
                                                      : std::bit_cast<uint32_t>(constant.floats[k]);
    }
    for (size_t m = 0; m < values.poisson.size(); ++m) {
        const PoissonLimits& table = values.poisson[m];
        const uint32_t entry[4] = {static_cast<uint32_t>(words.size()), table.count, table.per_neuron ? size : 1,
                                   table.per_neuron};
        std::copy(entry, entry + 4, words.begin() + packed.poisson + static_cast<std::ptrdiff_t>(4 * m));
        words.insert(words.end(), table.limits.begin(), table.limits.end());
    }
    return packed;
}

}  // namespace snn::vulkan
