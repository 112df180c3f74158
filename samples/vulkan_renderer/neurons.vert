// A neuron is a small square of the sheet. Its membrane and its spikes are vertex attributes, one value for each instance, read
// from the buffers that the simulation wrote.
#version 450

layout(push_constant) uniform Push {
    uvec2 sheet;      // columns, rows
    float threshold;  // of the membrane
};
layout(location = 0) in float membrane;
layout(location = 1) in float spike_count;  // in this frame
layout(location = 0) flat out vec3 color;

void main() {
    const vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1);
    const vec2 cell = vec2(gl_InstanceIndex % sheet.x, gl_InstanceIndex / sheet.x);
    gl_Position = vec4((cell + corner) / vec2(sheet) * 2.0 - 1.0, 0.0, 1.0);
    const float part = clamp(membrane / threshold, 0.0, 1.0);
    const vec3 rest = vec3(0.02, 0.03, 0.10), middle = vec3(0.10, 0.35, 0.55), high = vec3(0.95, 0.60, 0.15);
    color = part < 0.5 ? mix(rest, middle, part * 2.0) : mix(middle, high, part * 2.0 - 1.0);
    if (spike_count > 0.0) color = vec3(1.0);
}
