// Weights as integers of 8 bits with a scale for each channel: what a device multiplies with instead of floats.
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

// Weight i is of channel (i / `stride`) % `channel_count`. Those that training has rounded, to 2 to 8 bits with a scale for
// each channel or one for all (train/latent_weights.h), keep their values; others are rounded to 8 bits by channel.
IntegerWeights integer_weights(std::span<const float> weights, size_t stride, size_t channel_count);

}  // namespace snn::npu
