// Pooling: each target goes through the sources inside its window, in ascending order.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_deliver.glsl"
#include "train_window.glsl"

void main() {
    const uint j = gl_GlobalInvocationID.x, step = step_at_hand();
    uint used = 0;
    if (j < a.target_size) {
        float sum = begin_sum(sum_place(j), j);
        const uint data = activity_of(step - a.delay, gl_WorkGroupID.y);
        const uint channel = j / target_plane(), y = j / a.window.target_width % a.window.target_height,
                   x = j % a.window.target_width;
        const uint plane = channel * a.window.source_height * a.window.source_width;
        bool any = false;
        float largest = 0.0;
        for (uint ky = 0; ky < a.window.kernel_height; ++ky)
            for (uint kx = 0; kx < a.window.kernel_width; ++kx) {
                const uint at = under_window(y, x, ky, kx);
                if (at == NOWHERE) continue;
                const float value = delivered(data, plane + at);
                if (MODE == POOL_MAX && (!any || value > largest)) largest = value;
                any = true;
                if (value == 0.0) continue;
                ++used;
                if (MODE == POOL_SUM) sum = add_product(sum, uintBitsToFloat(a.pool_weight), value);
            }
        if (MODE == POOL_MAX && any) sum = add_product(sum, 1.0, largest);
        sums[sum_place(j)] = sum;
    }
    count_used(used);
}
