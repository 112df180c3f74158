// What the CPU backend counts and lists: counters as the reference's, events as the activity says.
#include <doctest/doctest.h>

#include <vector>

#include "cpu_runs.h"

namespace snn::test {

TEST_CASE("events: what recorded activity says, in order, however a run is cut and shared") {
    for (const CpuCase& test_case : cpu_cases()) {
        // Activity is the reference's (test_cpu_equality.cpp), which takes long on the large cases.
        const std::vector<uint32_t> expected = events_of_activity(test_case, "cpu");
        if (!is_large(test_case) && !only_threads) CHECK(events(test_case, "reference", {}, 5) == expected);
        for (const CpuVariant& variant :
             {CpuVariant{}, CpuVariant{.threads = 3}, CpuVariant{.threads = 4, .job_system = true}})
            for (const uint32_t piece : {test_case.steps, 7u}) {
                INFO(test_case.name, ": ", variant.name(), ", pieces of ", piece);
                CHECK(events(test_case, "cpu", variant, piece) == expected);
            }
    }
}

TEST_CASE("counters: those of the reference, for every number of threads") {
    for (const CpuCase& test_case : cpu_cases()) {
        // After one run those of all cases are compared with the reference's (test_cpu_equality.cpp).
        const ExecutorCounters expected = counted(test_case, is_large(test_case) ? "cpu" : oracle(test_case), {});
        CHECK(expected.steps == 2 * test_case.steps);
        CHECK(expected.synaptic_operations > 0);
        for (const CpuVariant& variant : {CpuVariant{}, CpuVariant{.threads = 2}, CpuVariant{.threads = 5},
                                          CpuVariant{.threads = 3, .job_system = true}}) {
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
