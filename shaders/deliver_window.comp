// Convolution and pooling: each target goes through the sources inside its window, in ascending order.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "run.glsl"
#include "deliver.glsl"

layout(constant_id = 1) const uint MODE = 0;

const uint CONVOLUTION = 0, POOL_SUM = 1, POOL_MAX = 2;  // an average is a sum with another weight

void main() {
    const uint j = gl_GlobalInvocationID.x;
    uint used = 0;
    if (j < a.target_size) {
        float sum = begin_sum(j);
        const uint data = activity_of(a.lag);
        const uint plane = a.target_height * a.target_width;
        const uint out_channel = j / plane, y = j / a.target_width % a.target_height, x = j % a.target_width;
        const uint first_channel = MODE == CONVOLUTION ? out_channel / a.group_outputs * a.group_inputs : out_channel;
        const uint channels = MODE == CONVOLUTION ? a.group_inputs : 1;
        bool any = false;
        float largest = 0.0;
        for (uint c = 0; c < channels; ++c)
            for (uint ky = 0; ky < a.kernel_height; ++ky) {
                const int in_y = int(y * a.stride_height + ky * a.dilation_height) - int(a.padding_height);
                if (in_y < 0 || in_y >= int(a.source_height)) continue;
                for (uint kx = 0; kx < a.kernel_width; ++kx) {
                    const int in_x = int(x * a.stride_width + kx * a.dilation_width) - int(a.padding_width);
                    if (in_x < 0 || in_x >= int(a.source_width)) continue;
                    const uint i = ((first_channel + c) * a.source_height + uint(in_y)) * a.source_width + uint(in_x);
                    const float value = activity_at(data, i);
                    if (MODE == POOL_MAX && (!any || value > largest)) largest = value;
                    any = true;
                    if (value == 0.0) continue;
                    ++used;
                    if (MODE == POOL_MAX) continue;
                    const float factor = MODE == CONVOLUTION
                        ? weight(((out_channel * a.group_inputs + c) * a.kernel_height + ky) * a.kernel_width + kx)
                        : uintBitsToFloat(a.pool_weight);
                    sum = add_product(sum, factor, value);
                }
            }
        if (MODE == POOL_MAX && any) sum = add(sum, largest);
        end_sum(j, sum);
    }
    count_used(used);
}
