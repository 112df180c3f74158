// Several steps at a time of neurons that lie in slots (awake_neurons.h). Included by kernels_isa.cpp inside the namespace of
// one instruction set, before the models that engine/modelc prints: a `Model` is one of its classes, with the step of 16
// neurons whose states stay in registers.
//
//     slots 0-15    step 0  1  2  3  4 ...        a list for these slots and each receptor says at which steps
//     slots 16-31   step 0  1  2  3  4 ...        something arrives; all other steps have no input
//
// A few groups of 16 go side by side, because each operation of a step waits for the one before. As long as nothing spikes they
// take a model's calm steps, which leave out what only spikes bring about.

static uint32_t lowest_bit(uint64_t bits) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long index;
    _BitScanForward64(&index, bits);
    return static_cast<uint32_t>(index);
#else
    return static_cast<uint32_t>(__builtin_ctzll(bits));
#endif
}

// Adds what is due at `step` and takes it off its list; returns the step at which more is due, or `none`.
inline uint32_t take_due(const DueSynapse* synapses, uint32_t& io_first, uint32_t step, uint32_t none, int32_t* io_sums) {
    uint32_t at = io_first;
    for (; at != nothing_due && synapses[at].step == step; at = synapses[at].next)
        io_sums[synapses[at].lane] += synapses[at].weight;
    io_first = at;
    return at == nothing_due ? none : synapses[at].step;
}

template <class Model, uint32_t together>
struct SpanGroups {
    static_assert(together <= 2);
    using State = typename Model::State;
    const Model& model;
    const NeuronSpanArgs& args;
    const uint32_t first;
    State states[together];
    alignas(64) int32_t sums[together][Model::receptor_count][16];  // what is due at `next`, once it is taken
    uint32_t next;  // step at which something is due

    SpanGroups(const Model& the_model, const NeuronSpanArgs& the_args, uint32_t first_slot)
        : model(the_model), args(the_args), first(first_slot) {
        for (uint32_t k = 0; k < together; ++k) states[k] = model.state_at(first + 16 * k);
        constexpr uint32_t before_all = UINT32_MAX;
        take(before_all);
    }

    void take(uint32_t step) {
        next = args.step_count;
        for (uint32_t r = 0; r < Model::receptor_count; ++r)
            for (uint32_t k = 0; args.due[r] && k < together; ++k) {
                const uint32_t then = take_due(args.synapses, args.due[r][first / 16 + k], step, next, sums[k][r]);
                if (then < next) next = then;
            }
    }

    // Whether a calm step fits from here on.
    template <uint32_t number>
    bool is_calm() const {
        for (uint32_t k = 0; k < together; ++k)
            if (mask_bits(Model::template is_calm<number>(states[k])) != 0xffff) return false;
        for (uint32_t r = 0; r < Model::receptor_count; ++r)
            for (uint32_t k = 0; Model::silent[number][r] && args.due[r] && k < together; ++k)
                if (args.due[r][first / 16 + k] != nothing_due) return false;
        return true;
    }

    // A calm step of both groups; false: not made, some neuron would spike. Two variables, because an array would not stay in
    // registers.
    template <uint32_t number, bool due>
    SNN_ALWAYS_INLINE bool step_calmly(State& io_one, State& io_other) const {
        State one, other;
        uint32_t fired = mask_bits(model.template calm_step<number, due>(first, sums[0], io_one, one));
        if constexpr (together > 1)
            fired |= mask_bits(model.template calm_step<number, due>(first + 16, sums[1], io_other, other));
        if (fired != 0) return false;
        Model::template take<number>(io_one, one);
        if constexpr (together > 1) Model::template take<number>(io_other, other);
        return true;
    }

    // Calm steps from `step` on as long as nothing spikes. Returns the step that is not made.
    template <uint32_t number>
    uint32_t run_calmly(uint32_t step) {
        for (;;) {
            State one = states[0], other = states[together - 1];
            const uint32_t end = next;
            while (step < end && step_calmly<number, false>(one, other)) ++step;
            if (step == end && step < args.step_count) {
                std::memset(sums, 0, sizeof sums);
                take(step);
                has_taken = !step_calmly<number, true>(one, other);
                if (!has_taken) ++step;
            }
            states[0] = one;
            if constexpr (together > 1) states[1] = other;
            if (has_taken || step < end || step == args.step_count) return step;
        }
    }
    bool has_taken = false;  // the sums of the step that is not made

    void step_fully(uint32_t step) {
        if (!has_taken) {
            std::memset(sums, 0, sizeof sums);
            if (step == next) take(step);
        }
        has_taken = false;
        for (uint32_t k = 0; k < together; ++k) {
            const uint32_t fired = mask_bits(model.template step<true>(first + 16 * k, sums[k], states[k], states[k]));
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
        for (uint32_t step = 0; step < args.step_count; ++step) {
            if constexpr (Model::calm_count > 1)
                if (is_calm<1>()) step = run_calmly<1>(step);
            if constexpr (Model::calm_count > 0)
                if (!has_taken && step < args.step_count && is_calm<0>()) step = run_calmly<0>(step);
            if (step < args.step_count) step_fully(step);
        }
        for (uint32_t k = 0; k < together; ++k) model.keep(first + 16 * k, states[k]);
    }
};

template <class Model>
static void step_span(const NeuronSpanArgs& args) {
    const Model model(args.step);
    for (uint32_t first = 0; first < args.slot_count; first += 16 * groups_together)
        SpanGroups<Model, groups_together>(model, args, first).run();
}

template <class Model>
static void list_resting(const NeuronStepArgs& args, uint32_t begin, uint32_t end, uint16_t* out_resting) {
    const Model model(args);
    alignas(64) const int32_t sums[Model::receptor_count][16] = {};
    for (uint32_t index = begin; index < end; index += 16) {
        const typename Model::State before = model.state_at(index);
        typename Model::State after;
        // With sums that are 0, not without: whatever arrives later is added to the same states.
        const M fired = model.template step<true>(index, sums, before, after);
        out_resting[index / 16] = mask_bits(and_(Model::same(before, after), not_(fired)));
    }
}
