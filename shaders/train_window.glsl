// Windows of convolution and pooling.
layout(constant_id = 1) const uint MODE = 0;  // POOL_SUM or POOL_MAX; unused for convolution

const uint POOL_SUM = 1, POOL_MAX = 2;  // an average is a sum with another weight

uint target_plane() { return a.window.target_height * a.window.target_width; }

// The place in the source's plane under position (ky, kx) of target (y, x)'s window; NOWHERE: outside the plane.
const uint NOWHERE = 0xFFFFFFFF;
uint under_window(const uint y, const uint x, const uint ky, const uint kx) {
    const int in_y = int(y * a.window.stride_height + ky * a.window.dilation_height) - int(a.window.padding_height);
    const int in_x = int(x * a.window.stride_width + kx * a.window.dilation_width) - int(a.window.padding_width);
    if (in_y < 0 || in_y >= int(a.window.source_height) || in_x < 0 || in_x >= int(a.window.source_width)) return NOWHERE;
    return uint(in_y) * a.window.source_width + uint(in_x);
}

// The target, along one axis, whose window has source `at` at position k; NOWHERE: there is none.
uint target_at(const uint at, const uint k, const uint padding, const uint dilation, const uint stride, const uint size) {
    const int offset = int(at + padding) - int(k * dilation);
    if (offset < 0 || uint(offset) % stride != 0 || uint(offset) / stride >= size) return NOWHERE;
    return uint(offset) / stride;
}
