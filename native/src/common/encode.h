// Encodes values as spike trains (or constant drive): the implementation of snn_encode.
#pragma once

#include <snn/snn.h>

#include <cstddef>

namespace snn {

// Shapes as in snn.h; checks every argument. Throws SNN_ERROR_INVALID_ARGUMENT.
void encode(const SNNEncoderDef& def, const float* values, size_t value_count, size_t sample_count, size_t feature_count,
            float* out_encoded, size_t out_count);

}  // namespace snn
