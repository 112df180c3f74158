// Steps by spans that leave out neurons at rest (cpu/executor_spans.cpp): the same bits as the reference backend, which steps all.
#include <doctest/doctest.h>

#include <cstring>

#include "cpu/instruction_set.h"
#include "cpu/kernel_table.h"
#include "cpu_runs.h"

namespace snn::test {

TEST_CASE("neurons at rest are left out, with the same bits") {
    const cpu::KernelTable& kernels = cpu::kernels_for(SNN_ISA_BEST);
    uint32_t models = 0, runs = 0, left_out = 0;
    for (uint32_t i = 0; i < kernels.model_count; ++i)
        for (uint32_t k = 0; k < kernels.models[i].specialised_count; ++k) {
            const cpu::SpecialisedStep& step = kernels.models[i].specialised[k];
            if (!step.step_span) continue;
            ++models;
            const CpuCase test_case = quiet_circuit(kernels.models[i].name, step.choices, k);
            const std::vector<float> expected = observe_end(test_case, "reference", {}, test_case.steps);
            for (const uint32_t set : machine_instruction_sets()) {
                if (set == SNN_ISA_SCALAR) continue;  // has no compiled models
                for (const uint32_t threads : {1u, 3u}) {
                    const CpuVariant variant{.instruction_set = set, .threads = threads};
                    const uint32_t piece = threads == 1 ? test_case.steps : 131;
                    uint64_t steps = 0;
                    const std::vector<float> found = observe_end(test_case, "cpu", variant, piece, &steps);
                    INFO(test_case.name, ": ", variant.name(), ", pieces of ", piece, ", ", steps, " steps");
                    REQUIRE(found.size() == expected.size());
                    CHECK(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0);
                    left_out += steps > 0;
                    ++runs;
                }
            }
        }
    if (kernels.model_count == 0) return;  // scalar kernels alone
    CHECK(models >= 10);
    MESSAGE(left_out, " of ", runs, " runs left out neurons at rest");
    CHECK(2 * left_out > runs);  // some models are never at rest
}

TEST_CASE("spans: events and counters are those of the reference") {
    const cpu::KernelTable& kernels = cpu::kernels_for(SNN_ISA_BEST);
    for (uint32_t i = 0; i < kernels.model_count; ++i) {
        if (std::strcmp(kernels.models[i].name, "current_lif") != 0) continue;
        const CpuCase test_case = quiet_circuit("current_lif", kernels.models[i].specialised[3].choices, 3);
        const std::vector<uint32_t> expected = events_of_activity(test_case, "reference");
        CHECK(expected.size() > 400);  // four numbers for each
        for (const uint32_t threads : {1u, 3u})
            for (const uint32_t piece : {test_case.steps, 97u, 37u})  // the last too short to leave any out
                CHECK(events(test_case, "cpu", {.threads = threads}, piece) == expected);
    }
}

}  // namespace snn::test
