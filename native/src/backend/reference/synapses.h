// Presents every kind of connection in one way: the synapses of a source neuron, in stored order.
#pragma once

#include <cstdint>

#include "network/network.h"

namespace snn::reference {

struct Synapse {
    uint32_t target;
    uint32_t delay;   // total, in steps
    uint64_t weight;  // index of the weight; unused by pooling
};

// Calls visit(y, x) for every position of the image under the window of one target, ascending.
template <class Visit>
void for_window(const Shape& source, const Window& window, uint32_t out_y, uint32_t out_x, Visit&& visit) {
    for (uint32_t ky = 0; ky < window.kernel[0]; ++ky) {
        const int64_t y = int64_t{out_y} * window.stride[0] + int64_t{ky} * window.dilation[0] - window.padding[0];
        if (y < 0 || y >= source.dims[1]) continue;
        for (uint32_t kx = 0; kx < window.kernel[1]; ++kx) {
            const int64_t x = int64_t{out_x} * window.stride[1] + int64_t{kx} * window.dilation[1] - window.padding[1];
            if (x < 0 || x >= source.dims[2]) continue;
            visit(static_cast<uint32_t>(y), static_cast<uint32_t>(x));
        }
    }
}

// Calls visit(Synapse) for the synapses of source neuron `i`. Max pooling is not a sum; for_maxima() handles it.
template <class Visit>
void for_synapses(const Network& network, const Projection& projection, uint32_t i, Visit&& visit) {
    const Population& source = network.population(projection.source);
    const Population& target = network.population(projection.target);
    const uint32_t delay = projection.delay_steps;
    switch (projection.kind) {
        case SNN_CONNECT_DENSE:
            for (uint32_t j = 0; j < target.size; ++j) visit(Synapse{j, delay, uint64_t{i} * target.size + j});
            return;
        case SNN_CONNECT_ONE_TO_ONE: visit(Synapse{i, delay, i}); return;
        case SNN_CONNECT_SPARSE: {
            const SparseIndex& sparse = projection.synapses->index();
            for (uint64_t k = sparse.row_offsets[i]; k < sparse.row_offsets[i + 1]; ++k)
                visit(Synapse{sparse.targets[k], delay + (sparse.delays.empty() ? 0u : sparse.delays[k]), k});
            return;
        }
        default: break;
    }
    const Window& window = projection.window;
    const uint32_t height = source.shape.dims[1], width = source.shape.dims[2];
    const uint32_t channel = i / (height * width), y = i / width % height, x = i % width;
    const uint32_t out_height = target.shape.dims[1], out_width = target.shape.dims[2];
    const bool conv = projection.kind == SNN_CONNECT_CONV2D;
    const uint32_t group_inputs = source.shape.dims[0] / window.groups,
                   group_outputs = target.shape.dims[0] / window.groups;
    const uint32_t group = channel / group_inputs;
    for (uint32_t ky = 0; ky < window.kernel[0]; ++ky) {
        const int64_t at_y = int64_t{y} + window.padding[0] - int64_t{ky} * window.dilation[0];
        if (at_y < 0 || at_y % window.stride[0] || at_y / window.stride[0] >= out_height) continue;
        for (uint32_t kx = 0; kx < window.kernel[1]; ++kx) {
            const int64_t at_x = int64_t{x} + window.padding[1] - int64_t{kx} * window.dilation[1];
            if (at_x < 0 || at_x % window.stride[1] || at_x / window.stride[1] >= out_width) continue;
            const uint32_t position = static_cast<uint32_t>(at_y / window.stride[0]) * out_width +
                                      static_cast<uint32_t>(at_x / window.stride[1]);
            if (!conv) {
                visit(Synapse{channel * out_height * out_width + position, delay, 0});
                continue;
            }
            for (uint32_t k = 0; k < group_outputs; ++k) {
                const uint32_t out_channel = group * group_outputs + k;
                const uint64_t weight =
                    ((uint64_t{out_channel} * group_inputs + channel % group_inputs) * window.kernel[0] + ky) *
                        window.kernel[1] +
                    kx;
                visit(Synapse{out_channel * out_height * out_width + position, delay, weight});
            }
        }
    }
}

// Max pooling: calls visit(target, source of the first largest activity). A window that lies entirely outside the image gets
// no call.
template <class Real, class Visit>
void for_maxima(const Network& network, const Projection& projection, const Real* activity, Visit&& visit) {
    const Shape& source = network.population(projection.source).shape;
    const Shape& target = network.population(projection.target).shape;
    for (uint32_t channel = 0; channel < target.dims[0]; ++channel)
        for (uint32_t y = 0; y < target.dims[1]; ++y)
            for (uint32_t x = 0; x < target.dims[2]; ++x) {
                int64_t best = -1;
                for_window(source, projection.window, y, x, [&](uint32_t in_y, uint32_t in_x) {
                    const int64_t at = (int64_t{channel} * source.dims[1] + in_y) * source.dims[2] + in_x;
                    if (best < 0 || activity[at] > activity[best]) best = at;
                });
                if (best >= 0) visit((channel * target.dims[1] + y) * target.dims[2] + x, static_cast<uint32_t>(best));
            }
}

}  // namespace snn::reference
