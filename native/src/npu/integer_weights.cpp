#include "npu/integer_weights.h"

#include <algorithm>
#include <cmath>

#include "common/quantization.h"

namespace snn::npu {

IntegerWeights integer_weights(std::span<const float> weights, size_t stride, size_t channel_count) {
    const auto channel = [&](size_t i) { return i / stride % channel_count; };
    std::vector<double> largest(channel_count, 0.0);
    for (size_t i = 0; i < weights.size(); ++i)
        largest[channel(i)] = std::max(largest[channel(i)], std::abs(double{weights[i]}));
    const double largest_of_all = *std::max_element(largest.begin(), largest.end());

    IntegerWeights rounded{std::vector<int8_t>(weights.size()), std::vector<float>(channel_count)};
    // Rounds all weights. With `must_fit`, stops and returns false if rounding would change a weight.
    const auto fits = [&](uint32_t bits, bool per_channel, bool must_fit) {
        for (size_t c = 0; c < channel_count; ++c)
            rounded.scales[c] = static_cast<float>(quantization_scale(per_channel ? largest[c] : largest_of_all, bits));
        for (size_t i = 0; i < weights.size(); ++i) {
            const double scale = double{rounded.scales[channel(i)]}, weight = double{weights[i]};
            const double whole = scale > 0 ? std::nearbyint(weight / scale) : 0.0;
            if (must_fit && whole * scale != weight) return false;
            rounded.integers[i] = static_cast<int8_t>(whole);
        }
        return true;
    };
    for (const bool per_channel : {true, false})
        for (uint32_t bits = 2; bits <= 8; ++bits)
            if (fits(bits, per_channel, true)) return rounded;
    fits(8, true, false);
    return rounded;
}

}  // namespace snn::npu
