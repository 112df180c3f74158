// Whether a device computes as docs/semantics.md demands. Vulkan lets float32 sums and products be rounded in another way, and
// denormals be flushed; a driver may contract what it must not. So a device is asked for some thousand known answers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vulkan/device.h"
#include "vulkan/pipelines.h"

namespace snn::vulkan {

using Triple = std::array<uint32_t, 3>;

// Numbers of all kinds, and such that show a product and a sum being rounded once.
std::vector<Triple> probe_triples();
// What probe.comp should give for them, [triple][PROBE_ANSWERS].
std::vector<uint32_t> probe_answers(std::span<const Triple> triples);

struct Verdict {
    std::string first_wrong;         // as part of a sentence; empty: all that matters is right
    bool flushes_denormals = false;  // what is wrong only has denormals to do with
};
Verdict judge(std::span<const Triple> triples, std::span<const uint32_t> answers);

// What Executor::other_bits() says of a device that flushes denormals.
constexpr const char* bits_without_denormals =
    "takes numbers below 2^-126 for 0 (flushes denormals): networks that have such weights, parameters or inputs spike "
    "otherwise than on other devices";

// Whether the device flushes denormals. Throws SNN_ERROR_UNSUPPORTED where anything else is wrong. A device is asked once in a
// process, of our own and of a host's, where shaders are others; on paper there is none. Thread-safe.
bool probe(Device& device, Pipelines& pipelines);
// The same of one of this machine's, by what Device() takes as its choice; opens it where it was not asked before.
bool flushes_denormals(std::string_view choice);

}  // namespace snn::vulkan
