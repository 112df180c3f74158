// Tests operations that a driver might compute differently. An invocation writes the results for one triple of words;
// native/src/vulkan/probe.cpp compares them with the correct ones.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "arguments.h"
#include "operations.glsl"

layout(local_size_x = GROUP_SIZE) in;
layout(push_constant) uniform Push { Probe a; };
layout(std430, set = 0, binding = 0) readonly buffer Triples { uint triples[]; };
layout(std430, set = 0, binding = 1) buffer Answers { uint answers[]; };  // [triple][PROBE_ANSWERS]

uint place;

void answer(const uint word) { answers[place++] = word; }
void answer(const float value) { answer(floatBitsToUint(value)); }

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= a.count) return;
    place = i * PROBE_ANSWERS;
    const uint p = triples[3 * i], q = triples[3 * i + 1];
    const float x = uintBitsToFloat(p), y = uintBitsToFloat(q), z = uintBitsToFloat(triples[3 * i + 2]);
    answer(op_add(x, y));
    answer(op_sub(x, y));
    answer(op_mul(x, y));
    answer(multiply_add(x, y, z));
    answer(op_min(x, y));
    answer(op_max(x, y));
    answer(op_floor(x));
    answer(op_exp(x));
    answer(op_log(x));
    answer(op_reciprocal(x));
    answer(uint(op_to_int(x)));
    answer(float(int(p)));
    answer(float(p));
    answer(flushed(x));
    answer((op_lt(x, y) ? 1u : 0u) | (op_le(x, y) ? 2u : 0u) | (op_eq(x, y) ? 4u : 0u));
    uint high, low;
    umulExtended(p, q, high, low);
    answer(high ^ low);
    answer(p == 0 ? 0u : uint(findLSB(p) | bitCount(p) << 8));
}
