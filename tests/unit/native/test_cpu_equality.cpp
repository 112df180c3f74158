// The CPU backend against the reference backend: the same bits forward, the same gradients within rounding.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu_runs.h"

namespace snn::test {

namespace {

// The place of the first difference in bits, -1 if none.
int64_t first_difference(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) return static_cast<int64_t>(std::min(a.size(), b.size()));
    for (size_t i = 0; i < a.size(); ++i)
        if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) return static_cast<int64_t>(i);
    return -1;
}

// Beside others, scalar kernels interpret all models (native/CMakeLists.txt), so asking for it would be the same again.
bool has_own_models(uint32_t instruction_set) {
    return instruction_set != SNN_ISA_SCALAR || machine_instruction_sets().size() == 1;
}

std::vector<CpuVariant> variants() {
    std::vector<CpuVariant> list;
    if (!only_threads)
        for (const uint32_t set : machine_instruction_sets()) {
            list.push_back({.instruction_set = set});
            if (has_own_models(set)) list.push_back({.instruction_set = set, .flags = SNN_FLAG_INTERPRET_MODELS});
        }
    if (!only_memory) {  // what threads share is as much memory with three and four of them, below
        list.push_back({.threads = 2});
        list.push_back({.threads = 3});
    }
    list.push_back({.threads = 4, .flags = SNN_FLAG_INTERPRET_MODELS});
    list.push_back({.threads = 3, .job_system = true});
    return list;
}

// Whether a case is tried in a way that takes long: small cases go the same ways, block by block. Of cases that are so large that
// threads share a step, one thread computes what it does in the small ones.
bool is_tried(const CpuCase& test_case, const CpuVariant& variant) {
    const bool slow = variant.instruction_set == SNN_ISA_SCALAR || variant.flags == SNN_FLAG_INTERPRET_MODELS;
    const bool narrow = variant.instruction_set != machine_instruction_sets().back();
    const bool is_for_threads = test_case.name.find("in a team") != std::string::npos;
    return !(only_memory && slow && is_large(test_case)) && !(is_for_threads && variant.threads == 1 && (narrow || slow));
}

}  // namespace

TEST_CASE("cpu equals reference, bit for bit") {
    for (const CpuCase& test_case : cpu_cases()) {
        const std::vector<float> expected = observe(test_case, oracle(test_case), {});
        for (const CpuVariant& variant : variants()) {
            if (!is_tried(test_case, variant)) continue;
            INFO(test_case.name, ": ", variant.name());
            CHECK(first_difference(observe(test_case, "cpu", variant), expected) == -1);
        }
    }
}

TEST_CASE("a run for training goes layer by layer and gives the bits of any other") {
    for (const CpuCase& test_case : cpu_cases()) {
        if (test_case.plan->step_adjoint.empty()) continue;
        for (const bool held : {false, true}) {
            const std::vector<float> expected = observe(test_case, "cpu", {.held = held});
            for (CpuVariant variant : variants()) {
                if (!is_tried(test_case, variant)) continue;
                variant.taped = true;
                variant.held = held;
                INFO(test_case.name, ": ", variant.name(), held ? ", held" : "");
                CHECK(first_difference(observe(test_case, "cpu", variant), expected) == -1);
            }
        }
        const ExecutorCounters expected = counted(test_case, "cpu", {});
        for (const uint32_t threads : {1u, 3u}) {
            INFO(test_case.name, ": ", threads, " threads");
            const ExecutorCounters found = counted(test_case, "cpu", {.threads = threads, .taped = true});
            CHECK(found.steps == expected.steps);
            CHECK(found.spikes == expected.spikes);
            CHECK(found.input_spikes == expected.input_spikes);
            CHECK(found.synaptic_events == expected.synaptic_events);
            CHECK(found.synaptic_operations == expected.synaptic_operations);
        }
    }
}

TEST_CASE("the cases spike, but not always") {
    for (const CpuCase& test_case : cpu_cases()) {
        const auto& populations = test_case.plan->network->populations();
        for (uint32_t p = 0; p < populations.size(); ++p) {
            if (populations[p].is_input() || !populations[p].is_binary()) continue;
            INFO(test_case.name, ", population ", p);
            const double rate = mean_rate(test_case, p);
            CHECK(rate > 0.005);
            CHECK(rate < 0.95);
        }
    }
}

// Else equal weights would say nothing.
TEST_CASE("plastic weights move apart, up and down") {
    for (const CpuCase& test_case : cpu_cases()) {
        const auto& projections = test_case.plan->network->projections();
        size_t all_up = 0, all_down = 0;
        bool any = false;
        for (uint32_t q = 0; q < projections.size(); ++q) {
            if (!projections[q].plasticity) continue;
            INFO(test_case.name, ", projection ", q);
            const std::vector<float> before = projections[q].weights(), after = weights_after(test_case, q);
            REQUIRE(after.size() == before.size());
            if (!projections[q].plasticity->rule->learns_from_targets()) {  // short-term: what arrives changes alone
                CHECK(after == before);
                continue;
            }
            any = true;
            size_t up = 0, down = 0;
            for (size_t k = 0; k < after.size(); ++k) {
                up += after[k] > before[k];
                down += after[k] < before[k];
            }
            CHECK(up + down > after.size() / 3);
            all_up += up;
            all_down += down;
        }
        INFO(test_case.name);
        CHECK((!any || (all_up > 10 && all_down > 10)));
    }
}

TEST_CASE("gradients: near the reference, the same bits for every number of threads") {
    for (const CpuCase& test_case : cpu_cases()) {
        if (test_case.plan->step_adjoint.empty()) continue;
        const std::vector<float> expected = gradients(test_case, only_threads ? "cpu" : "reference", {});
        double largest = 0;
        for (const float value : expected) largest = std::max(largest, static_cast<double>(std::abs(value)));
        CHECK(largest > 0);
        const auto sets = only_threads ? std::vector<uint32_t>{SNN_ISA_BEST} : machine_instruction_sets();
        for (const uint32_t set : sets) {
            INFO(test_case.name, ": instruction set ", set);
            const std::vector<float> alone = gradients(test_case, "cpu", {.instruction_set = set});
            REQUIRE(alone.size() == expected.size());
            // Sums of up to a few thousand terms in another order: 1e-5 of the largest gradient leaves a factor of ten.
            double worst = 0;
            for (size_t i = 0; i < alone.size(); ++i)
                worst = std::max(worst, std::abs(static_cast<double>(alone[i]) - static_cast<double>(expected[i])));
            CHECK(worst <= 1e-5 * largest);
            for (const CpuVariant& variant :
                 {CpuVariant{.instruction_set = set, .threads = 2}, CpuVariant{.instruction_set = set, .threads = 4},
                  CpuVariant{.instruction_set = set, .threads = 3, .job_system = true}})
                CHECK(first_difference(gradients(test_case, "cpu", variant), alone) == -1);
            if (!has_own_models(set)) continue;
            const CpuVariant interpreted{.instruction_set = set, .flags = SNN_FLAG_INTERPRET_MODELS};
            CHECK(first_difference(gradients(test_case, "cpu", interpreted), alone) == -1);
        }
    }
}

}  // namespace snn::test
