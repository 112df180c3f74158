// Convolutions, eight channels of one side at a time: an invocation has a place of a sample, and its workgroup the weights of those
// eight channels in shared memory, as many as fit there at once.
const uint CHANNELS = 8, WEIGHTS = 400;  // of each of them

shared vec4 tile_weights[WEIGHTS][CHANNELS / 4];

// How the weights are cut: the kernel, and channels of the other side.
uint kernel_size() { return a.window.kernel_height * a.window.kernel_width; }
uint taps_at_once() { return min(kernel_size(), WEIGHTS); }
uint channels_at_once(const uint channels) { return min(WEIGHTS / taps_at_once(), channels); }
uint blocks_of(const uint channels) { return (channels + CHANNELS - 1) / CHANNELS; }
