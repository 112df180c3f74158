// The Vulkan backend over the networks that the CPU backend is compared on, where there is a device: bits, counters, events.
// tests/backend/test_vulkan.py has the rest; here the sanitizers see the host's side.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <doctest/doctest.h>

#include "cpu_cases.h"

using namespace snn;
using namespace snn::test;

namespace {

bool has_device() {
    for (const Backend* const backend : backends())
        if (std::string(backend->name) == "vulkan" && backend->device_count() > 0) return true;
    std::puts("skipped: no Vulkan device, or built without Vulkan");
    return false;
}

bool is_plastic(const CpuCase& test_case) {
    const auto& projections = test_case.plan->network->projections();
    return std::any_of(projections.begin(), projections.end(), [](const Projection& p) { return p.plasticity != nullptr; });
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) {
               return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
           });
}

}  // namespace

TEST_CASE("a Vulkan device gives the bits, counters and events of the reference") {
    if (!has_device()) return;
    for (const CpuCase& test_case : cpu_cases()) {
        if (is_plastic(test_case)) continue;
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
}
