// What the CPU backend counts and lists: counters as the reference's, events as the activity says.
#include <doctest/doctest.h>

#include <vector>

#include "cpu_runs.h"

namespace snn::test {

namespace {

// Of the threads that a case runs with those that are tried: AddressSanitizer has seen one thread and several in
// test_cpu_equality.cpp.
std::vector<CpuVariant> tried(std::vector<CpuVariant> variants) {
    if (only_memory) variants.erase(variants.begin(), variants.end() - 1);
    return variants;
}

// The reference takes long on large cases and under sanitizers; its activity and what it counted in one run are those of the CPU in
// all cases (test_cpu_equality.cpp).
bool with_reference(const CpuCase& test_case) { return !is_large(test_case) && !only_memory && !only_threads; }

}  // namespace

TEST_CASE("events: what recorded activity says, in order, however a run is cut and shared") {
    for (const CpuCase& test_case : cpu_cases()) {
        const std::vector<uint32_t> expected = events_of_activity(test_case, "cpu");
        if (with_reference(test_case)) CHECK(events(test_case, "reference", {}, 5) == expected);
        for (const CpuVariant& variant : tried({{}, {.threads = 3}, {.threads = 4, .job_system = true}}))
            for (const uint32_t piece : {test_case.steps, 7u}) {
                INFO(test_case.name, ": ", variant.name(), ", pieces of ", piece);
                CHECK(events(test_case, "cpu", variant, piece) == expected);
            }
    }
}

TEST_CASE("counters: those of the reference, for every number of threads") {
    for (const CpuCase& test_case : cpu_cases()) {
        const ExecutorCounters expected = counted(test_case, with_reference(test_case) ? "reference" : "cpu", {});
        CHECK(expected.steps == 2 * test_case.steps);
        CHECK(expected.synaptic_operations > 0);
        for (const CpuVariant& variant :
             tried({{}, {.threads = 2}, {.threads = 5}, {.threads = 3, .job_system = true}})) {
            INFO(test_case.name, ": ", variant.name());
            const ExecutorCounters found = counted(test_case, "cpu", variant);
            CHECK(found.steps == expected.steps);
            CHECK(found.spikes == expected.spikes);
            CHECK(found.input_spikes == expected.input_spikes);
            CHECK(found.synaptic_events == expected.synaptic_events);
            CHECK(found.synaptic_operations == expected.synaptic_operations);
        }
    }
}

}  // namespace snn::test
