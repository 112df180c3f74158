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

// Calls visit(target, place inside the window) for the windows that a source is in.
template <class Visitor>
void for_each_target(const ConvShape& shape, uint32_t source, Visitor&& visit) {
    const uint32_t channel = source / shape.in_plane(), rest = source % shape.in_plane();
    const uint32_t y = rest / shape.in_width, x = rest % shape.in_width;
    for (uint32_t ky = 0; ky < shape.y_tap_counts[y]; ++ky) {
        const Tap y_tap = shape.y_taps[static_cast<size_t>(y) * shape.kernel_y + ky];
        for (uint32_t kx = 0; kx < shape.x_tap_counts[x]; ++kx) {
            const Tap x_tap = shape.x_taps[static_cast<size_t>(x) * shape.kernel_x + kx];
            visit((channel * shape.out_height + y_tap.target) * shape.out_width + x_tap.target, y_tap.kernel, x_tap.kernel);
        }
    }
}

bool is_active(const uint16_t* bits, uint32_t source) { return bits[source / 16] >> (source % 16) & 1; }

}  // namespace

void deliver_max_pool(const ProjectionData& projection, float* sums, const float* values, uint32_t channel_begin,
                      uint32_t channel_end) {
    for_each_window(projection.info, projection.conv->shape(), channel_begin, channel_end,
                    [&](uint32_t target, const auto& window) {
                        float largest = 0.0f;
                        bool any = false;
                        window([&](uint32_t source) {
                            if (!any || values[source] > largest) largest = values[source];
                            any = true;
                        });
                        if (any) sums[target] += largest;
                    });
}

// The first spike of a window adds 1. Adding the 0 of a silent window changes no sum, because none is -0.
void deliver_max_pool(const ProjectionData& projection, float* sums, const uint32_t* active, uint32_t active_count,
                      const uint16_t* bits, uint32_t channel_begin, uint32_t channel_end, uint16_t* pooled) {
    const ConvShape& shape = projection.conv->shape();
    if (!projection.only_targets.empty()) {
        std::fill_n(pooled, projection.target_size / 16 + 1, uint16_t{0});
        const uint32_t* const end = std::lower_bound(active, active + active_count, channel_end * shape.in_plane());
        for (const uint32_t* a = std::lower_bound(active, end, channel_begin * shape.in_plane()); a < end; ++a) {
            const uint32_t target = projection.only_targets[*a];
            if (target == UINT32_MAX) continue;
            uint16_t& word = pooled[target / 16];
            sums[target] += static_cast<float>(~word >> target % 16 & 1);
            word = static_cast<uint16_t>(word | 1u << target % 16);
        }
        return;
    }
    const Window& w = projection.info.window;
    for (uint32_t a = 0; a < active_count; ++a) {
        const uint32_t source = active[a], channel = source / shape.in_plane();
        if (channel < channel_begin || channel >= channel_end) continue;
        for_each_target(shape, source, [&](uint32_t target, uint32_t at_y, uint32_t at_x) {
            const uint32_t x = source % shape.in_width;
            bool first = true;
            for (uint32_t ky = 0; first && ky <= at_y; ++ky) {
                // Rows and columns of the window, counted back from this source; those outside the image are skipped.
                const uint32_t rows_up = (at_y - ky) * w.dilation[0];
                if (rows_up > source % shape.in_plane() / shape.in_width) continue;
                const uint32_t kx_end = ky < at_y ? shape.kernel_x : at_x;
                for (uint32_t kx = 0; first && kx < kx_end; ++kx) {
                    const int64_t other_x = int64_t{x} + (int64_t{kx} - at_x) * w.dilation[1];
                    if (other_x < 0 || other_x >= shape.in_width) continue;
                    first = !is_active(bits, source - x - rows_up * shape.in_width + static_cast<uint32_t>(other_x));
                }
            }
            if (first) sums[target] += 1.0f;
        });
    }
}

void max_pool_adjoint(const ProjectionData& projection, const float* gradient, const float* values, float* source_gradient) {
    const ConvShape& shape = projection.conv->shape();
    for_each_window(projection.info, shape, 0, shape.out_channels, [&](uint32_t target, const auto& window) {
        float largest = 0.0f;
        uint32_t first = 0;
        bool any = false;
        window([&](uint32_t source) {
            if (!any || values[source] > largest) {
                largest = values[source];
                first = source;
            }
            any = true;
        });
        if (any) source_gradient[first] += gradient[target];
    });
}

void max_pool_adjoint(const ProjectionData& projection, const float* gradient, const uint32_t* active, uint32_t active_count,
                      uint32_t* owners, float* source_gradient) {
    const uint32_t count = projection.target_size;
    std::copy_n(projection.first_sources.data(), count, owners);
    // From the last to the first: the first spike of a window stays its owner.
    const uint32_t* const only = projection.only_targets.empty() ? nullptr : projection.only_targets.data();
    for (uint32_t a = active_count; only && a-- > 0;)
        if (only[active[a]] != UINT32_MAX) owners[only[active[a]]] = active[a];
    for (uint32_t a = active_count; !only && a-- > 0;)
        for_each_target(projection.conv->shape(), active[a],
                        [&](uint32_t target, uint32_t, uint32_t) { owners[target] = active[a]; });
    for (uint32_t target = 0; target < count; ++target)
        if (owners[target] != UINT32_MAX) source_gradient[owners[target]] += gradient[target];
}

std::vector<uint32_t> only_targets(const Projection& projection, const ConvShape& shape) {
    std::vector<uint32_t> targets(static_cast<size_t>(shape.in_channels) * shape.in_plane(), UINT32_MAX);
    bool overlaps = false;
    for_each_window(projection, shape, 0, shape.out_channels, [&](uint32_t target, const auto& window) {
        window([&](uint32_t source) {
            overlaps |= targets[source] != UINT32_MAX;
            targets[source] = target;
        });
    });
    if (overlaps) targets.clear();
    return targets;
}

std::vector<uint32_t> first_sources(const Projection& projection, const ConvShape& shape) {
    std::vector<uint32_t> first(static_cast<size_t>(shape.out_channels) * shape.out_plane(), UINT32_MAX);
    for_each_window(projection, shape, 0, shape.out_channels, [&](uint32_t target, const auto& window) {
        window([&](uint32_t source) { first[target] = std::min(first[target], source); });
    });
    return first;
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
