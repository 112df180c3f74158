// Updates the parameters of a projection by their gradient. native/src/train/optimizer.h has the same formulas.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "train_arguments.h"

const uint GROUP_SIZE = 128;
const uint SGD = 0, ADAM = 1, ADAMW = 2, LION = 3;  // SNN_OPTIMIZER_*

layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const uint OPTIMIZER = SGD;
layout(push_constant) uniform Push { TrainUpdate a; };
layout(std430, set = 0, binding = 0) buffer Parameters { float parameters[]; };
layout(std430, set = 0, binding = 1) readonly buffer Gradient { float gradients[]; };
layout(std430, set = 0, binding = 2) buffer Moments { float moments[]; };  // first moments, then second moments

float f(const uint bits) { return uintBitsToFloat(bits); }

void main() {
    for (uint k = gl_GlobalInvocationID.x; k < a.count; k += gl_NumWorkGroups.x * GROUP_SIZE) {
        float weight = parameters[k], first = moments[k];
        float gradient = gradients[k] * f(a.gradient_scale) + f(a.l1) * sign(weight);
        if (OPTIMIZER == SGD) {
            first = f(a.momentum) * first + (gradient + f(a.decay) * weight);
            weight -= f(a.rate) * first;
        } else if (OPTIMIZER == LION) {
            const float direction = sign(f(a.beta1) * first + f(a.one_minus_beta1) * gradient);
            first = f(a.beta2) * first + f(a.one_minus_beta2) * gradient;
            weight -= f(a.rate) * (direction + f(a.decay) * weight);
        } else {
            if (OPTIMIZER == ADAMW) weight -= f(a.rate) * f(a.decay) * weight;
            else gradient += f(a.decay) * weight;
            first = f(a.beta1) * first + f(a.one_minus_beta1) * gradient;
            const float second = f(a.beta2) * moments[a.count + k] + f(a.one_minus_beta2) * gradient * gradient;
            moments[a.count + k] = second;
            weight -= f(a.rate) * (first * f(a.first_correction) / (sqrt(second * f(a.second_correction)) + f(a.epsilon)));
        }
        moments[k] = first;
        if (k < a.weight_count) weight = clamp(weight, -f(a.limit), f(a.limit));
        parameters[k] = weight;
    }
}
