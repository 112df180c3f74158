// The Vulkan backend over the networks that the CPU backend is compared on, where there is a device: bits, counters, events.
// tests/backend/test_vulkan.py has the rest, under the validation layer; here atomic sums run side by side (decisions/0012).
#include <algorithm>
#include <bit>
#include <cstdio>
#include <doctest/doctest.h>
#include <set>

#include "cpu_runs.h"

using namespace snn;
using namespace snn::test;

namespace {

bool has_device() {
    for (const Backend* const backend : backends())
        if (std::string(backend->name) == "vulkan" && backend->device_count() > 0) return true;
    std::puts("skipped: no Vulkan device, or built without Vulkan");
    return false;
}

// One for each way to deliver and to make a model's shader.
const std::set<std::string> chosen{"many samples", "recurrent, delay 5", "sparse float, delays", "sparse fixed, delays",
                                   "circuit, mixed", "long row", "values", "images, groups", "images of values", "custom models",
                                   "plastic pairs, soft", "plastic triplets", "plastic, lists overflow", "short-term plasticity",
                                   "short-term plasticity, all to all", "plastic by membranes, sparse"};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) {
               return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
           });
}

}  // namespace

TEST_CASE("a Vulkan device gives the bits, counters and events of the reference") {
    if (!has_device()) return;
    size_t tested = 0;
    for (const CpuCase& test_case : cpu_cases()) {
        if (!chosen.contains(test_case.name)) continue;
        ++tested;
        CAPTURE(test_case.name);
        CHECK(same_bits(observe(test_case, "vulkan", {}), observe(test_case, "reference", {})));
        const ExecutorCounters found = counted(test_case, "vulkan", {}), wanted = counted(test_case, "reference", {});
        CHECK(found.steps == wanted.steps);
        CHECK(found.spikes == wanted.spikes);
        CHECK(found.input_spikes == wanted.input_spikes);
        CHECK(found.synaptic_events == wanted.synaptic_events);
        CHECK(found.synaptic_operations == wanted.synaptic_operations);
        CHECK(events(test_case, "vulkan", {}, 4) == events_of_activity(test_case, "reference"));
    }
    CHECK(tested == chosen.size());
}
