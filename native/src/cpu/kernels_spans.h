// Runs several steps at a time for neurons that lie in slots (awake_neurons.h). Included by kernels_isa.cpp inside the
// namespace of one instruction set, before the models that engine/modelc prints. A `Model` is one of their classes. It has the
// step of 16 neurons whose states stay in registers.
//
//     slots 0-15    step 0  1  2  3  4 ...        all arrivals are added up first, for all steps and lanes,
//     slots 16-31   step 0  1  2  3  4 ...        so that no step has to look for them
//
// Up to four groups of 16 go side by side if there are enough registers (groups_together), because each operation of a step
// waits for the one before. As long as no neuron spikes, they take a model's calm steps, which leave out what only spikes bring
// about.

static uint32_t lowest_bit(uint64_t bits) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long index;
    _BitScanForward64(&index, bits);
    return static_cast<uint32_t>(index);
#else
    return static_cast<uint32_t>(__builtin_ctzll(bits));
#endif
}

// Sums of what arrives at 16 neurons.
template <class Model>
using SpanSums = int32_t[most_span_steps][Model::receptor_count][16];

template <class Model, uint32_t together>
struct SpanGroups {
    static_assert(together <= 4);
    using State = typename Model::State;
    const Model& model;
    const NeuronSpanArgs& args;
    SpanSums<Model>* const sums;  // [group]; all 0 before and after
    const uint32_t first;
    State states[together];
    bool arrives[Model::receptor_count] = {};  // whether anything arrives within the span

    SpanGroups(const Model& the_model, const NeuronSpanArgs& the_args, SpanSums<Model>* the_sums, uint32_t first_slot)
        : model(the_model), args(the_args), sums(the_sums), first(first_slot) {
        for (uint32_t k = 0; k < together; ++k) states[k] = model.state_at(first + 16 * k);
    }

    // `take` gets the sum of a lane and the weight of a synapse that is due there.
    template <class Take>
    void for_due(uint32_t receptor, uint32_t group, const Take& take) const {
        for (uint32_t at = args.due[receptor][first / 16 + group]; at != nothing_due; at = args.synapses[at].next) {
            const DueSynapse& synapse = args.synapses[at];
            take(sums[group][synapse.step][receptor][synapse.lane], synapse.weight);
        }
    }

    void add_up() {
        for (uint32_t r = 0; r < Model::receptor_count; ++r)
            for (uint32_t k = 0; args.due[r] && k < together; ++k) {
                arrives[r] |= args.due[r][first / 16 + k] != nothing_due;
                for_due(r, k, [](int32_t& io_sum, int16_t weight) { io_sum += weight; });
            }
    }
    void clear() {
        for (uint32_t r = 0; r < Model::receptor_count; ++r)
            for (uint32_t k = 0; arrives[r] && k < together; ++k) {
                for_due(r, k, [](int32_t& out_sum, int16_t) { out_sum = 0; });
                args.due[r][first / 16 + k] = nothing_due;
            }
    }

    // Whether calm steps are possible from here on.
    template <uint32_t number>
    bool is_calm() const {
        for (uint32_t k = 0; k < together; ++k)
            if (mask_bits(Model::template is_calm<number>(states[k])) != 0xffff) return false;
        for (uint32_t r = 0; r < Model::receptor_count; ++r)
            if (Model::silent[number][r] && arrives[r]) return false;
        return true;
    }

    template <uint32_t number>
    SNN_ALWAYS_INLINE uint32_t fired_calmly(uint32_t step, uint32_t group, const State& before, State& after) const {
        return mask_bits(model.template calm_step<number>(first + 16 * group, sums[group][step], before, after));
    }
    // Makes a calm step of all groups. Returns false, and changes nothing, if some neuron would spike. The states are
    // variables, because an array would not stay in registers.
    template <uint32_t number>
    SNN_ALWAYS_INLINE bool step_calmly(uint32_t step, State& io_a, State& io_b, State& io_c, State& io_d) const {
        State a, b, c, d;
        uint32_t fired = fired_calmly<number>(step, 0, io_a, a);
        if constexpr (together > 1) fired |= fired_calmly<number>(step, 1, io_b, b);
        if constexpr (together > 2) fired |= fired_calmly<number>(step, 2, io_c, c);
        if constexpr (together > 3) fired |= fired_calmly<number>(step, 3, io_d, d);
        if (fired != 0) return false;
        Model::template take<number>(io_a, a);
        if constexpr (together > 1) Model::template take<number>(io_b, b);
        if constexpr (together > 2) Model::template take<number>(io_c, c);
        if constexpr (together > 3) Model::template take<number>(io_d, d);
        return true;
    }

    // Makes calm steps from `step` on as long as no neuron spikes. Returns the first step that was not made.
    template <uint32_t number>
    SNN_ALWAYS_INLINE uint32_t run_calmly(uint32_t step) {
        constexpr uint32_t last = together - 1;
        State a = states[0], b = states[std::min(1u, last)], c = states[std::min(2u, last)], d = states[last];
        while (step < args.step_count && step_calmly<number>(step, a, b, c, d)) ++step;
        states[0] = a;
        if constexpr (together > 1) states[1] = b;
        if constexpr (together > 2) states[2] = c;
        if constexpr (together > 3) states[3] = d;
        return step;
    }

    void step_fully(uint32_t step) {
        for (uint32_t k = 0; k < together; ++k) {
            const uint32_t fired = mask_bits(model.step(first + 16 * k, sums[k][step], states[k], states[k]));
            for (uint32_t left = fired; left != 0; left &= left - 1) {
                const uint32_t slot = first + 16 * k + lowest_bit(left);
                if (slot >= args.slot_count) continue;
                const uint32_t neuron = args.neurons[slot];
                uint16_t& word = args.spikes[step][neuron / 16];
                word = static_cast<uint16_t>(word | 1u << neuron % 16);
            }
        }
    }

    void run() {
        add_up();
        for (uint32_t step = 0; step < args.step_count; ++step) {
            if constexpr (Model::calm_count > 1)
                if (is_calm<1>()) step = run_calmly<1>(step);
            if constexpr (Model::calm_count > 0)
                if (step < args.step_count && is_calm<0>()) step = run_calmly<0>(step);
            if (step < args.step_count) step_fully(step);
        }
        clear();
        for (uint32_t k = 0; k < together; ++k) model.keep(first + 16 * k, states[k]);
    }
};

template <class Model>
static void step_span(const NeuronSpanArgs& args) {
    const Model model(args.step);
    alignas(64) SpanSums<Model> sums[groups_together];
    for (auto& group : sums) std::memset(group, 0, args.step_count * sizeof group[0]);
    constexpr uint32_t width = 16 * groups_together;
    for (uint32_t first = 0; first < args.slot_count; first += width) {
        // Lists lie all over the synapses, so those of the next groups are prefetched while these are stepped.
        const uint32_t end = std::min(first + 2 * width, args.slot_count);
        for (uint32_t r = 0; r < Model::receptor_count; ++r)
            for (uint32_t slot = first + width; args.due[r] && slot < end; slot += 16) {
                const uint32_t at = args.due[r][slot / 16];
                SNN_PREFETCH(args.synapses + (at == nothing_due ? 0 : at));
            }
        SpanGroups<Model, groups_together>(model, args, sums, first).run();
    }
}

template <class Model>
static void list_resting(const NeuronStepArgs& args, uint32_t begin, uint32_t end, uint16_t* out_resting) {
    const Model model(args);
    alignas(64) const int32_t sums[Model::receptor_count][16] = {};
    for (uint32_t index = begin; index < end; index += 16) {
        const typename Model::State before = model.state_at(index);
        typename Model::State after;
        const M fired = model.step(index, sums, before, after);
        out_resting[index / 16] = mask_bits(and_(Model::same(before, after), not_(fired)));
    }
}
