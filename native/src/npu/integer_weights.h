// Weights as 8-bit integers with a scale for each channel, which a device multiplies with instead of floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace snn::npu {

struct IntegerWeights {
    std::vector<int8_t> integers;
    std::vector<float> scales;  // [channel]
};

// Weight i belongs to channel (i / `stride`) % `channel_count`. Weights that training has rounded keep their values: to 2 to 8
// bits, with a scale for each channel or one for all (train/latent_weights.h). Others are rounded to 8 bits for each channel.
IntegerWeights integer_weights(std::span<const float> weights, size_t stride, size_t channel_count);

}  // namespace snn::npu
