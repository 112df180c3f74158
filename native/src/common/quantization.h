// Symmetric quantisation of weights: the scale s for integers of few bits, w = s * round(w' / s), ties to even.
#pragma once

#include <cmath>
#include <cstdint>

namespace snn {

// The smallest number with 16 significant bits that is not below `value`.
inline double rounded_up(double value) {
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent);
    return std::ldexp(std::ceil(std::ldexp(fraction, 16)), exponent - 16);
}

// For weights up to `largest`: largest / (2^(bits - 1) - 1), rounded up to 16 significant bits. The product of such a scale and
// an 8-bit integer is exact in float32, so quantising twice changes nothing.
inline double quantization_scale(double largest, uint32_t bits) {
    return rounded_up(largest / static_cast<double>((1u << (bits - 1)) - 1));
}

}  // namespace snn
