// One population in the CPU backend's memory: structure of arrays, rows of neurons padded to 16 and aligned to 64 bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "cpu/interpreter.h"
#include "cpu/kernel_table.h"
#include "cpu/memory.h"
#include "cpu/pieces.h"
#include "network/plan.h"

namespace snn::cpu {

// The upper halves of the limits of one mean, for PoissonTable. Places behind the last limit hold the largest number, which no
// half exceeds. Throws SNN_ERROR_INTERNAL if there are more limits than places.
using UpperHalves = std::array<uint16_t, half_limit_count>;
UpperHalves upper_halves(std::span<const uint32_t> limits);

struct PopulationData {
    PopulationData(const Population& population, const PopulationPlan& plan, const KernelTable& kernels,
                   const SNNAllocator& allocator, uint32_t batch_size, bool interpret, ProgramCache& io_programs,
                   uint32_t steps_ahead);

    const Population& info;
    const PopulationPlan& plan;
    uint32_t batch;
    uint32_t size;
    uint32_t row;    // neurons, padded
    uint32_t words;  // row / 16: 16-bit words of activity
    uint32_t receptor_count = 0, state_count = 0;

    // ---- Activity: a ring of frames by step. It is long enough for the delays that look back, and for a thread that is
    // `steps_ahead` steps (counting its own) ahead of another. Its length is a power of two.
    uint32_t frame_count = 1;
    Buffer<uint16_t> bits;  // [frame][sample][words]: the active neurons; for value inputs, values other than 0
    Buffer<float> values;   // value inputs only: [frame][sample][row]
    // Indices of the active neurons, ascending: [frame][sample][row]. There is one list, with its length in `counts`, or one
    // for each range. A range's list begins at the range's own place in the row, so each thread lists what it owns and none
    // joins the lists.
    bool one_list = true;
    Buffer<uint32_t> lists;
    Buffer<uint32_t> counts;        // [frame][sample], if there is one list
    Buffer<uint32_t> range_counts;  // [frame][sample][range], otherwise

    bool has_activity() const { return info.is_input() || info.is_binary(); }
    bool is_value_input() const { return info.kind == SNN_POPULATION_VALUE_INPUT; }
    size_t place(uint64_t clock, uint32_t sample) const { return (clock & (frame_count - 1)) * batch + sample; }
    uint16_t* bits_at(uint64_t clock, uint32_t sample) { return bits.data() + place(clock, sample) * words; }
    const uint16_t* bits_at(uint64_t clock, uint32_t sample) const { return bits.data() + place(clock, sample) * words; }
    float* values_at(uint64_t clock, uint32_t sample) { return values.data() + place(clock, sample) * row; }
    const float* values_at(uint64_t clock, uint32_t sample) const { return values.data() + place(clock, sample) * row; }
    uint32_t* list_at(uint64_t clock, uint32_t sample) { return lists.data() + place(clock, sample) * row; }
    const uint32_t* list_at(uint64_t clock, uint32_t sample) const { return lists.data() + place(clock, sample) * row; }
    uint32_t& count_at(uint64_t clock, uint32_t sample) { return counts[place(clock, sample)]; }
    uint32_t count_at(uint64_t clock, uint32_t sample) const { return counts[place(clock, sample)]; }
    uint32_t range_count_at(uint64_t clock, uint32_t sample, uint32_t range) const {
        return range_counts[place(clock, sample) * ranges.size() + range];
    }
    // Calls use(list, count) for the one list, or for the list of each range in order.
    template <class Use>
    void for_lists(uint64_t clock, uint32_t sample, Use&& use) const {
        const uint32_t* const list = list_at(clock, sample);
        if (one_list) {
            use(list, count_at(clock, sample));
            return;
        }
        const uint32_t* const range_count = range_counts.data() + place(clock, sample) * ranges.size();
        for (size_t range = 0; range < ranges.size(); ++range) use(list + ranges[range].begin, range_count[range]);
    }
    // Makes the list or lists from bits_at().
    void list_active(const KernelTable& kernels, uint64_t clock, uint32_t sample);
    // The same for one range, if each range has its list.
    void list_range(const KernelTable& kernels, uint64_t clock, uint32_t sample, uint32_t range);
    // The opposite, for a population with one list: sets the list, and the bits from it.
    void set_active(uint64_t clock, uint32_t sample, const uint32_t* list, uint32_t count);
    // Clears the bits behind the last neuron. The lanes there compute, too, but must not spike.
    void clear_padding(uint64_t clock, uint32_t sample) {
        uint16_t& last = bits_at(clock, sample)[words - 1];
        if (size % 16 != 0) last = static_cast<uint16_t>(last & ((1u << size % 16) - 1u));
    }
    // Makes a list for each range from now on. Must be called before anything is listed.
    void list_by_range(const SNNAllocator& allocator);

    // ---- Dropout of the last taped run
    bool drops = false;
    Buffer<uint16_t> kept;      // [sample][words]
    Buffer<float> kept_values;  // [row] what a kept neuron sends
    void set_dropout(const DropoutMask& mask, const SNNAllocator& allocator);
    void silence(uint16_t* io_bits, uint32_t sample, NeuronRange part) const {
        for (uint32_t word = part.begin / 16; word < part.end / 16; ++word)
            io_bits[word] = static_cast<uint16_t>(io_bits[word] & kept[size_t{sample} * words + word]);
    }

    // ---- Neurons
    // Replaces the constants with those of the same model. Strong guarantee: if memory runs out, nothing has changed.
    void set_constants(const PopulationConstants& made, const SNNAllocator& allocator);
    // Chooses the step functions. Must be called again once has_input is known.
    void choose_step();
    std::vector<const void*> constants;  // parameters, options and derived constants, as in NeuronStepArgs
    std::vector<uint32_t> constant_masks;
    std::vector<PoissonTable> poisson;
    // Words, float or int32: [state][sample][row], or [range][state][sample][neuron of the range].
    Buffer<uint32_t> states;
    // Stores states by range from now on, with room between those of different threads. Must be called before the first
    // reset_states().
    void separate_states(const SNNAllocator& allocator);
    bool has_separate_states() const { return !state_blocks_.empty(); }
    // Where the state of neuron 0 is. If states are stored by range, it is where neuron 0 would lie beside the neurons of the
    // range, which is what a step over the range takes.
    uint32_t* state_at(uint32_t state, uint32_t sample, uint32_t range) {
        return states.data() + state_place(state, sample, range);
    }
    const uint32_t* state_at(uint32_t state, uint32_t sample, uint32_t range) const {
        return states.data() + state_place(state, sample, range);
    }
    // Calls use(values, begin, end) for each contiguous piece of a state: neurons [begin, end), with `values` at the first of
    // them.
    template <class Use>
    void for_state(uint32_t state, uint32_t sample, NeuronRange part, Use&& use) {
        for_pieces(part, [&](uint32_t range, uint32_t begin, uint32_t end) {
            use(state_at(state, sample, range) + begin, begin, end);
        });
    }
    template <class Use>
    void for_state(uint32_t state, uint32_t sample, NeuronRange part, Use&& use) const {
        for_pieces(part, [&](uint32_t range, uint32_t begin, uint32_t end) {
            use(state_at(state, sample, range) + begin, begin, end);
        });
    }
    void forget_activity();
    void reset_states(uint32_t first_sample, uint32_t end_sample);  // initial states
    std::vector<std::vector<double>> initial_states;                // as in PopulationConstants

    // The model is compiled, or interpreted if it is a user's (or for tests). The adjoint is interpreted, too, if the surrogate
    // is a user's, or if parameters learn, unless `training` has it.
    const CompiledModel* compiled = nullptr;
    NeuronStepFunction step = nullptr;          // from `compiled`, for the population's options
    NeuronStepFunction taped_step = nullptr;    // null: interpreted, as for a step that tapes more because parameters learn
    NeuronStepFunction integer_step = nullptr;  // like `step`, but taking integer sums; null: none
    NeuronSpanFunction step_span = nullptr;     // like `step`, for several steps; null: none
    NeuronRestFunction list_resting = nullptr;  // goes with step_span
    ProgramCache::Shared step_program, taped_program, adjoint_program;
    // For taped runs in which all counters are at 0. Null if they were not in the last taped run, or if there are no such
    // kernels.
    const TrainingKernels* training = nullptr;
    void choose_training();  // called before a taped run
    // What a taped run keeps: the place of each entry among the tape inputs of the adjoint.
    std::span<const uint32_t> tape_places() const { return training ? training_places_ : plan.tape_places; }
    // For each constant whose gradient `training` adds up: its place among the plan's, or not_learned.
    static constexpr uint32_t not_learned = UINT32_MAX;
    std::span<const uint32_t> training_constants() const { return training_constants_; }
    SurrogateArgs surrogate{};
    uint32_t interpreter_words() const;  // scratch memory of the largest program

    // ---- What the executor binds: projections onto this population in order of creation, ranges of tasks, fixed-point
    // receptors.
    std::vector<uint32_t> incoming;
    std::vector<NeuronRange> ranges;
    std::vector<float> fixed_scales;            // per receptor: 2^-exponent, 0 if there are no fixed-point projections
    std::vector<uint8_t> has_input;             // per receptor: some projection reaches it
    std::vector<uint8_t> starts_at_projection;  // per receptor: its first delivery sets the sums without reading them
    std::vector<uint8_t> starts_at_integers;    // per receptor: it has input, and only integers
    bool is_bundled = false;                    // some projection onto it is bundled
    bool only_integers = false;                 // every receptor starts at integers or has no input, and at least one has input
    bool is_plastic = false;                    // some projection onto it is plastic

private:
    size_t state_place(uint32_t state, uint32_t sample, uint32_t range) const {
        const size_t before = static_cast<size_t>(state) * batch + sample;
        if (!has_separate_states()) return before * row;
        return state_blocks_[range] + before * (ranges[range].end - ranges[range].begin) - ranges[range].begin;
    }
    template <class Use>
    void for_pieces(NeuronRange part, Use&& use) const {
        if (!has_separate_states()) {
            use(0, part.begin, part.end);
            return;
        }
        for (uint32_t range = 0; range < ranges.size(); ++range) {
            const uint32_t begin = std::max(part.begin, ranges[range].begin), end = std::min(part.end, ranges[range].end);
            if (begin < end) use(range, begin, end);
        }
    }

    void find_training(const PopulationConstants& made);
    const TrainingKernels* fitting_training_ = nullptr;  // fits options and constants
    bool all_shared_ = false;                            // the neurons share every float constant that the step reads
    std::vector<uint32_t> training_places_, training_constants_;
    std::vector<size_t> state_blocks_;  // by range, if states are stored by range: where its first state is
    std::vector<Buffer<uint32_t>> constant_memory_;
    std::vector<Buffer<int32_t>> poisson_memory_;
    std::vector<UpperHalves> poisson_halves_;
};

}  // namespace snn::cpu
