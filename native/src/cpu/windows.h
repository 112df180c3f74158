// Pooling and narrow convolutions, one connection at a time. The lanes of kernels_conv.h would stay mostly empty for them.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/projection_data.h"

namespace snn::cpu {

// Maximum pooling: adds the largest activity inside each window to the sums of channels [channel_begin, channel_end). The
// activity is given as values, or as the list of active sources and their bits. `pooled`: scratch memory, one bit for each
// target and one word more.
void deliver_max_pool(const ProjectionData& projection, float* sums, const float* values, uint32_t channel_begin,
                      uint32_t channel_end);
void deliver_max_pool(const ProjectionData& projection, float* sums, const uint32_t* active, uint32_t active_count,
                      const uint16_t* bits, uint32_t channel_begin, uint32_t channel_end, uint16_t* pooled);
// Gives the gradient of each target to the first largest activity of its window.
void max_pool_adjoint(const ProjectionData& projection, const float* gradient, const float* values, float* source_gradient);
// `owners`: scratch memory, one for each target.
void max_pool_adjoint(const ProjectionData& projection, const float* gradient, const uint32_t* active, uint32_t active_count,
                      uint32_t* owners, float* source_gradient);
// For each target of pooling: the first source of its window; UINT32_MAX if the window has none.
std::vector<uint32_t> first_sources(const Projection& projection, const ConvShape& shape);
// For each source of pooling: its window; UINT32_MAX if it is in none. Empty if windows overlap.
std::vector<uint32_t> only_targets(const Projection& projection, const ConvShape& shape);
// Sum and average pooling, narrow convolutions: source_gradient[i] += sum over i's targets of w * gradient[target].
void narrow_source_gradient(const ProjectionData& projection, const float* gradient, float* source_gradient);
// weight_gradient += activity * gradient over the active sources, for weights of channels [channel_begin, channel_end).
void narrow_weight_gradient(const ProjectionData& projection, const float* gradient, const uint32_t* active, uint32_t count,
                            const float* values, uint32_t channel_begin, uint32_t channel_end, float* weight_gradient);

}  // namespace snn::cpu
