// One population in the CPU backend's memory: structure of arrays, rows of neurons padded to 16 and aligned to 64 bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/interpreter.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "network/plan.h"

namespace snn::cpu {

// Neurons [begin, end): a piece of a population that one task updates. Both are multiples of 16.
struct NeuronRange {
    uint32_t begin, end;
};

struct PopulationData {
    PopulationData(const Population& population, const PopulationPlan& plan, const KernelTable& kernels,
                   const SNNAllocator& allocator, uint32_t batch_size, bool interpret, ProgramCache& io_programs);

    const Population& info;
    const PopulationPlan& plan;
    uint32_t batch;
    uint32_t size;
    uint32_t row;    // neurons, padded
    uint32_t words;  // row / 16: 16-bit words of activity
    uint32_t receptor_count = 0, state_count = 0;

    // ---- Activity: a ring of frames by step, long enough for the delays that look back (a power of two).
    uint32_t frame_count = 1;
    Buffer<uint16_t> bits;      // [frame][sample][words]: who is active; of value inputs: values other than 0
    Buffer<float> values;       // value inputs only: [frame][sample][row]
    Buffer<uint32_t> lists;     // [frame][sample][size]: indices of the active, ascending; the first `count` hold
    Buffer<uint32_t> counts;    // [frame][sample]

    bool has_activity() const { return info.is_input() || info.is_binary(); }
    bool is_value_input() const { return info.kind == SNN_POPULATION_VALUE_INPUT; }
    size_t place(uint64_t clock, uint32_t sample) const { return (clock & (frame_count - 1)) * batch + sample; }
    uint16_t* bits_at(uint64_t clock, uint32_t sample) { return bits.data() + place(clock, sample) * words; }
    const uint16_t* bits_at(uint64_t clock, uint32_t sample) const { return bits.data() + place(clock, sample) * words; }
    float* values_at(uint64_t clock, uint32_t sample) { return values.data() + place(clock, sample) * row; }
    const float* values_at(uint64_t clock, uint32_t sample) const { return values.data() + place(clock, sample) * row; }
    uint32_t* list_at(uint64_t clock, uint32_t sample) { return lists.data() + place(clock, sample) * size; }
    const uint32_t* list_at(uint64_t clock, uint32_t sample) const { return lists.data() + place(clock, sample) * size; }
    uint32_t& count_at(uint64_t clock, uint32_t sample) { return counts[place(clock, sample)]; }
    uint32_t count_at(uint64_t clock, uint32_t sample) const { return counts[place(clock, sample)]; }
    // After bits_at() was written: clears the lanes behind the last neuron and makes the list.
    void list_active(const KernelTable& kernels, uint64_t clock, uint32_t sample);

    // ---- Neurons
    std::vector<const void*> constants;  // parameters, options, derived, as NeuronStepArgs has them
    std::vector<uint32_t> constant_masks;
    std::vector<PoissonTable> poisson;
    Buffer<uint32_t> states;             // [state][sample][row] words: float or int32
    void* state_at(uint32_t state, uint32_t sample) {
        return states.data() + (static_cast<size_t>(state) * batch + sample) * row;
    }
    const void* state_at(uint32_t state, uint32_t sample) const {
        return states.data() + (static_cast<size_t>(state) * batch + sample) * row;
    }
    void reset();  // initial states, no activity

    // The model: compiled, or interpreted when it is a user's (or for tests). The adjoint is interpreted as well when the
    // surrogate is a user's.
    const CompiledModel* compiled = nullptr;
    ProgramCache::Shared step_program, taped_program, adjoint_program;
    SurrogateArgs surrogate{};
    uint32_t interpreter_words() const;  // scratch memory of the largest program

    // ---- What the executor binds: projections onto this population in order of creation, tasks, fixed-point receptors.
    std::vector<uint32_t> incoming;
    std::vector<NeuronRange> ranges;
    std::vector<float> fixed_scales;  // per receptor: 2^-exponent, 0 where there are no fixed projections
    std::vector<uint8_t> starts_at_projection;  // per receptor: its first delivery begins at zero by itself

private:
    std::vector<Buffer<uint32_t>> constant_memory_;
    std::vector<Buffer<int32_t>> poisson_memory_;
};

}  // namespace snn::cpu
