// The networks on which the CPU backend is compared with the reference backend. Each leans on one kernel or one way to run;
// sizes are odd so that no loop ends where its lanes do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "network/plan.h"

namespace snn::test {

struct CpuCase {
    std::string name;
    std::shared_ptr<const Plan> plan;
    uint32_t batch = 3, steps = 9;
    double rate = 0.2;      // of spike inputs
    uint32_t loss_population = 0;  // where the gradient comes in
};

// Made once in a process.
const std::vector<CpuCase>& cpu_cases();
// Neurons of a model, choice `choice` of its specialised steps, most of them at rest: a few are driven by sources without input, one
// step away, and sometimes drive others.
CpuCase quiet_circuit(const char* model, const int32_t* choices, size_t choice);

// Inputs for every input population: spikes or values with some zeros, [step][batch][size].
std::vector<std::vector<float>> case_inputs(const CpuCase& test_case);

}  // namespace snn::test
