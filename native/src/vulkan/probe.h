// Tests whether a device computes as docs/semantics.md demands. Vulkan allows other rounding of float32 sums and products, and
// flushing of denormals; and a faulty driver may contract operations that it must not. So a shader computes all operations for
// about 1,500 triples of numbers, and the results are compared with the correct ones.
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

// Inputs of all kinds, among them triples that reveal a product and a sum that are rounded only once (contracted).
std::vector<Triple> probe_triples();
// The results that probe.comp should compute, [triple][PROBE_ANSWERS].
std::vector<uint32_t> probe_answers(std::span<const Triple> triples);

struct Verdict {
    std::string first_wrong;         // the first wrong result, as part of a sentence; empty: only denormals may be wrong
    bool flushes_denormals = false;  // some results with denormals are wrong
};
Verdict judge(std::span<const Triple> triples, std::span<const uint32_t> answers);

// What Executor::other_bits() returns for a device that flushes denormals.
constexpr const char* bits_without_denormals =
    "takes numbers below 2^-126 for 0 (flushes denormals): networks that have such weights, parameters or inputs spike "
    "otherwise than on other devices";

// Returns whether the device flushes denormals. Throws SNN_ERROR_UNSUPPORTED if anything else is wrong. Each driver is tested
// once per process, and once more on a host's device, where the shaders differ. On paper nothing is tested. Thread-safe.
bool probe(Device& device, Pipelines& pipelines);
// The same for a device of this machine, with the `choice` of Device(). Opens the device if it was not tested before.
bool flushes_denormals(std::string_view choice);

}  // namespace snn::vulkan
