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

// Of the limits of a mean, as PoissonTable has them: those behind the last are the largest number, which no half is above.
// Throws SNN_ERROR_INTERNAL for more limits than there is room for.
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

    // ---- Activity: a ring of frames by step, long enough for the delays that look back and for a thread that is `steps_ahead`
    // (counting its own) of another one; a power of two.
    uint32_t frame_count = 1;
    Buffer<uint16_t> bits;      // [frame][sample][words]: who is active; of value inputs: values other than 0
    Buffer<float> values;       // value inputs only: [frame][sample][row]
    // Indices of the active, ascending: [frame][sample][row]. Either one list, its length in `counts`, or one for each range,
    // beginning at the range's own place in the row (threads then list what they own and nobody has to join it).
    bool one_list = true;
    Buffer<uint32_t> lists;
    Buffer<uint32_t> counts;        // [frame][sample], when there is one list
    Buffer<uint32_t> range_counts;  // [frame][sample][range], else

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
    // Calls use(list, count) for one list or several that follow each other.
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
    // After bits_at() was written: makes the list or lists.
    void list_active(const KernelTable& kernels, uint64_t clock, uint32_t sample);
    // The same for one range, when each has its list.
    void list_range(const KernelTable& kernels, uint64_t clock, uint32_t sample, uint32_t range);
    // The other way round, of a population with one list: bits from a list.
    void set_active(uint64_t clock, uint32_t sample, const uint32_t* list, uint32_t count);
    // Lanes behind the last neuron compute too; they never spike.
    void clear_padding(uint64_t clock, uint32_t sample) {
        uint16_t& last = bits_at(clock, sample)[words - 1];
        if (size % 16 != 0) last = static_cast<uint16_t>(last & ((1u << size % 16) - 1u));
    }
    // Before anything is listed: a list for each range from now on.
    void list_by_range(const SNNAllocator& allocator);

    // ---- Dropout of the last taped run
    bool drops = false;
    Buffer<uint16_t> kept;      // [sample][words]
    Buffer<float> kept_values;  // [row] what a neuron sends that is kept
    void set_dropout(const DropoutMask& mask, const SNNAllocator& allocator);
    void silence(uint16_t* io_bits, uint32_t sample, NeuronRange part) const {
        for (uint32_t word = part.begin / 16; word < part.end / 16; ++word)
            io_bits[word] = static_cast<uint16_t>(io_bits[word] & kept[size_t{sample} * words + word]);
    }

    // ---- Neurons
    // Anew, of the same model. What was there stays when memory runs out.
    void set_constants(const PopulationConstants& made, const SNNAllocator& allocator);
    // Anew once has_input is known.
    void choose_step();
    std::vector<const void*> constants;  // parameters, options, derived, as NeuronStepArgs has them
    std::vector<uint32_t> constant_masks;
    std::vector<PoissonTable> poisson;
    // Words, float or int32: [state][sample][row], or [range][state][sample][neuron of the range].
    Buffer<uint32_t> states;
    // From now on by range, with room between what belongs to different threads. Before the first reset().
    void separate_states(const SNNAllocator& allocator);
    bool has_separate_states() const { return !state_blocks_.empty(); }
    // Where neuron 0 has its value, or would have it beside those of the range: what a step over the range takes.
    uint32_t* state_at(uint32_t state, uint32_t sample, uint32_t range) {
        return states.data() + state_place(state, sample, range);
    }
    const uint32_t* state_at(uint32_t state, uint32_t sample, uint32_t range) const {
        return states.data() + state_place(state, sample, range);
    }
    // Calls use(values, begin, end) for the pieces of a state that lie together: of neurons [begin, end), `values` of the
    // first.
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
    std::vector<std::vector<double>> initial_states;  // as PopulationConstants has them

    // The model: compiled, or interpreted when it is a user's (or for tests). The adjoint is interpreted as well when the
    // surrogate is a user's, and where parameters learn, unless `training` has it.
    const CompiledModel* compiled = nullptr;
    NeuronStepFunction step = nullptr;          // of `compiled`, for the population's options
    NeuronStepFunction taped_step = nullptr;    // null: interpreted, as a step is that keeps more for parameters that learn
    NeuronStepFunction integer_step = nullptr;  // the same, taking integer sums; null where there is none
    NeuronSpanFunction step_span = nullptr;     // the same for several steps; null where there is none
    NeuronRestFunction list_resting = nullptr;  // beside it
    ProgramCache::Shared step_program, taped_program, adjoint_program;
    // For taped runs that find all counters at 0; null: of the last taped run, that is not so or there are none.
    const TrainingKernels* training = nullptr;
    void choose_training();  // before a taped run
    // What a taped run keeps: the place of each among the tape inputs of the adjoint.
    std::span<const uint32_t> tape_places() const { return training ? training_places_ : plan.tape_places; }
    // By the constants whose gradients `training` adds up: the place among the plan's, or not_learned.
    static constexpr uint32_t not_learned = UINT32_MAX;
    std::span<const uint32_t> training_constants() const { return training_constants_; }
    SurrogateArgs surrogate{};
    uint32_t interpreter_words() const;  // scratch memory of the largest program

    // ---- What the executor binds: projections onto this population in order of creation, tasks, fixed-point receptors.
    std::vector<uint32_t> incoming;
    std::vector<NeuronRange> ranges;
    std::vector<float> fixed_scales;  // per receptor: 2^-exponent, 0 where there are no fixed projections
    std::vector<uint8_t> has_input;               // per receptor: some projection reaches it
    std::vector<uint8_t> starts_at_projection;    // per receptor: its first delivery begins at zero by itself
    std::vector<uint8_t> starts_at_integers;      // per receptor: it has input, and nothing but integers
    bool is_bundled = false;                      // some projection onto it is
    bool only_integers = false;                   // every receptor starts at integers or has no input, and some has
    bool is_plastic = false;                      // some projection onto it is

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
    bool all_shared_ = false;  // of the floats among constants that the step reads
    std::vector<uint32_t> training_places_, training_constants_;
    std::vector<size_t> state_blocks_;  // by range, when separate: where its first state is
    std::vector<Buffer<uint32_t>> constant_memory_;
    std::vector<Buffer<int32_t>> poisson_memory_;
    std::vector<UpperHalves> poisson_halves_;
};

}  // namespace snn::cpu
