// Runs of the cases of cpu_cases.h on any backend, and all that can be seen of them: what tests compare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "cpu_cases.h"
#include "sanitizers.h"

namespace snn::test {

struct CpuVariant {
    uint32_t instruction_set = SNN_ISA_BEST, threads = 1, flags = 0;
    bool job_system = false;
    bool taped = false, held = false;  // a run for training; the first step's input at every step
    std::string name() const;
};

// Everything that can be seen of a run: all states and activities after every step, spike counts, the variables, counters.
std::vector<float> observe(const CpuCase& test_case, const char* backend, const CpuVariant& variant);
// The variables after all steps, run in pieces of `piece` steps, and what was counted. `out_without_resting`: on the CPU, how many
// steps left out neurons at rest.
std::vector<float> observe_end(const CpuCase& test_case, const char* backend, const CpuVariant& variant, uint32_t piece,
                               uint64_t* out_without_resting = nullptr);
// What the executor counted after the case ran in two pieces, held inputs in the second.
ExecutorCounters counted(const CpuCase& test_case, const char* backend, const CpuVariant& variant);
// The events of every spiking population over the case, recorded in pieces of `piece` steps: population, step, sample, neuron.
std::vector<uint32_t> events(const CpuCase& test_case, const char* backend, const CpuVariant& variant, uint32_t piece);
// The same, made from recordings of the activity.
std::vector<uint32_t> events_of_activity(const CpuCase& test_case, const char* backend);
// Gradients of every trainable weight and bias after a taped run, with loss = sum of r * (state and activity).
std::vector<float> gradients(const CpuCase& test_case, const char* backend, const CpuVariant& variant);

// Spikes per neuron and step.
double mean_rate(const CpuCase& test_case, uint32_t population);

// Weights of a projection after a run on the CPU.
std::vector<float> weights_after(const CpuCase& test_case, uint32_t projection);

// 1000 neurons and more: what takes the reference, and the interpreter under sanitizers, long. Under AddressSanitizer also what
// has many synapses that learn in many steps.
bool is_large(const CpuCase& test_case);
// What a case is compared with: "reference", but under sanitizers, where that takes minutes, "cpu" for the large ones, and for all
// where only threads are watched.
const char* oracle(const CpuCase& test_case);

// The instruction sets that this machine has, SNN_ISA_*.
std::vector<uint32_t> machine_instruction_sets();

}  // namespace snn::test
