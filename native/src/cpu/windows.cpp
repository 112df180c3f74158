#include "cpu/windows.h"

#include <algorithm>

namespace snn::cpu {

namespace {

// Calls visit(target, window) for every target of the channels; window(look) calls look(source) for the places inside the
// image in ascending order.
template <class Visitor>
void for_each_window(const Projection& projection, const ConvShape& shape, uint32_t channel_begin, uint32_t channel_end,
                     Visitor&& visit) {
    const Window& w = projection.window;
    for (uint32_t channel = channel_begin; channel < channel_end; ++channel)
        for (uint32_t oy = 0; oy < shape.out_height; ++oy)
            for (uint32_t ox = 0; ox < shape.out_width; ++ox) {
                const auto window = [&](auto&& look) {
                    for (uint32_t ky = 0; ky < shape.kernel_y; ++ky) {
                        const int64_t y = int64_t{oy} * w.stride[0] + int64_t{ky} * w.dilation[0] - w.padding[0];
                        if (y < 0 || y >= shape.in_height) continue;
                        for (uint32_t kx = 0; kx < shape.kernel_x; ++kx) {
                            const int64_t x = int64_t{ox} * w.stride[1] + int64_t{kx} * w.dilation[1] - w.padding[1];
                            if (x < 0 || x >= shape.in_width) continue;
                            look(channel * shape.in_plane() + static_cast<uint32_t>(y) * shape.in_width +
                                 static_cast<uint32_t>(x));
                        }
                    }
                };
                visit((channel * shape.out_height + oy) * shape.out_width + ox, window);
            }
}

float activity_of(uint32_t source, const uint16_t* bits, const float* values) {
    if (values) return values[source];
    return static_cast<float>(bits[source / 16] >> (source % 16) & 1);
}

}  // namespace

void deliver_max_pool(const ProjectionData& projection, float* sums, const uint16_t* bits, const float* values,
                      uint32_t channel_begin, uint32_t channel_end) {
    for_each_window(projection.info, projection.conv->shape(), channel_begin, channel_end,
                    [&](uint32_t target, const auto& window) {
                        float largest = 0.0f;
                        bool any = false;
                        window([&](uint32_t source) {
                            const float activity = activity_of(source, bits, values);
                            if (!any || activity > largest) largest = activity;
                            any = true;
                        });
                        if (any) sums[target] += largest;
                    });
}

void max_pool_adjoint(const ProjectionData& projection, const float* gradient, const uint16_t* bits, const float* values,
                      float* source_gradient) {
    const ConvShape& shape = projection.conv->shape();
    for_each_window(projection.info, shape, 0, shape.out_channels, [&](uint32_t target, const auto& window) {
        float largest = 0.0f;
        uint32_t first = 0;
        bool any = false;
        window([&](uint32_t source) {
            const float activity = activity_of(source, bits, values);
            if (!any || activity > largest) {
                largest = activity;
                first = source;
            }
            any = true;
        });
        if (any) source_gradient[first] += gradient[target];
    });
}

// ---- Narrow groups ----------------------------------------------------------------------------------------------------

namespace {

// Calls visit(weight index, target) for the connections of one source into channels [channel_begin, channel_end).
template <class Visitor>
void for_each_connection(const ConvShape& shape, uint32_t source, uint32_t channel_begin, uint32_t channel_end,
                         Visitor&& visit) {
    const uint32_t channel = source / shape.in_plane(), rest = source % shape.in_plane();
    const uint32_t y = rest / shape.in_width, x = rest % shape.in_width;
    const uint32_t group = channel / shape.group_inputs, input = channel % shape.group_inputs;
    const uint32_t first = std::max(channel_begin, group * shape.group_outputs);
    const uint32_t end = std::min(channel_end, (group + 1) * shape.group_outputs);
    for (uint32_t out = first; out < end; ++out)
        for (uint32_t ky = 0; ky < shape.y_tap_counts[y]; ++ky) {
            const Tap y_tap = shape.y_taps[static_cast<size_t>(y) * shape.kernel_y + ky];
            for (uint32_t kx = 0; kx < shape.x_tap_counts[x]; ++kx) {
                const Tap x_tap = shape.x_taps[static_cast<size_t>(x) * shape.kernel_x + kx];
                visit(((static_cast<size_t>(out) * shape.group_inputs + input) * shape.kernel_y + y_tap.kernel) *
                              shape.kernel_x + x_tap.kernel,
                      (out * shape.out_height + y_tap.target) * shape.out_width + x_tap.target);
            }
        }
}

}  // namespace

void narrow_source_gradient(const ProjectionData& projection, const float* gradient, float* source_gradient) {
    const ConvShape& shape = projection.conv->shape();
    const bool pools = projection.info.kind == SNN_CONNECT_POOL2D;
    for (uint32_t source = 0; source < projection.source_size; ++source) {
        float sum = 0.0f;
        for_each_connection(shape, source, 0, shape.out_channels, [&](size_t k, uint32_t target) {
            sum += (pools ? projection.pool_weight : projection.weights[k]) * gradient[target];
        });
        source_gradient[source] += sum;
    }
}

void narrow_weight_gradient(const ProjectionData& projection, const float* gradient, const uint32_t* active, uint32_t count,
                            const float* values, uint32_t channel_begin, uint32_t channel_end, float* weight_gradient) {
    for (uint32_t a = 0; a < count; ++a) {
        const float value = values ? values[active[a]] : 1.0f;
        for_each_connection(projection.conv->shape(), active[a], channel_begin, channel_end,
                            [&](size_t k, uint32_t target) { weight_gradient[k] += value * gradient[target]; });
    }
}

}  // namespace snn::cpu
