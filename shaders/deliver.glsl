// Common code of the shaders that add up float sums. An invocation computes the sum of one target in one sample, with its
// sources in ascending order.
layout(local_size_x = GROUP_SIZE) in;
layout(constant_id = 0) const bool BINARY = true;  // the source's activity is bits
layout(push_constant) uniform Push { Deliver a; };
layout(std430, set = 0, binding = 1) readonly buffer Source { uint source[]; };
layout(std430, set = 0, binding = 2) buffer Target { uint target[]; };
layout(std430, set = 0, binding = 3) readonly buffer Synapses { uint synapses[]; };
layout(std430, set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
layout(std430, set = 0, binding = 5) readonly buffer Bias { uint bias[]; };

// The offset of this sample's activity from `lag` steps ago.
uint activity_of(const uint lag) { return slot_of(a.source, lag) + a.source.data + gl_WorkGroupID.y * a.source.width; }

float activity_at(const uint data, const uint neuron) {
    if (BINARY) return float((source[data + neuron / 32] >> (neuron % 32)) & 1u);
    return uintBitsToFloat(source[data + neuron]);
}

float weight(const uint at) { return uintBitsToFloat(synapses[at]); }

float add_product(const float sum, const float factor, const float value) {
    precise const float product = factor * value;
    precise const float result = sum + product;
    return result;
}

float add(const float sum, const float value) {
    precise const float result = sum + value;
    return result;
}

uint sum_place(const uint neuron) { return a.sums + gl_WorkGroupID.y * a.target_size + neuron; }

// The sum so far, after the bias.
float begin_sum(const uint neuron) {
    const float sum = uintBitsToFloat(target[sum_place(neuron)]);
    return a.bias == NOWHERE ? sum : add(sum, uintBitsToFloat(bias[a.bias + neuron / a.bias_spread]));
}

void end_sum(const uint neuron, const float sum) { target[sum_place(neuron)] = floatBitsToUint(sum); }

shared uint group_used;

// Counts the synapses that delivered something. All invocations of a workgroup must call it.
void count_used(const uint used) {
    if (gl_LocalInvocationID.x == 0) group_used = 0;
    barrier();
    if (used > 0) atomicAdd(group_used, used);
    barrier();
    if (gl_LocalInvocationID.x == 0 && group_used > 0) add_to_counter(group_used);
}
