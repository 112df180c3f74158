// Convolutions, eight channels of one side at a time. An invocation has one place of a sample. Its workgroup keeps the weights
// of these channels in shared memory, as many as fit at once.
const uint CHANNELS = 8, WEIGHTS = 400;  // WEIGHTS: for each channel

shared vec4 tile_weights[WEIGHTS][CHANNELS / 4];

// How the weights are cut into parts: taps of the kernel, and channels of the other side.
uint kernel_size() { return a.window.kernel_height * a.window.kernel_width; }
uint taps_at_once() { return min(kernel_size(), WEIGHTS); }
uint channels_at_once(const uint channels) { return min(WEIGHTS / taps_at_once(), channels); }
uint blocks_of(const uint channels) { return (channels + CHANNELS - 1) / CHANNELS; }
