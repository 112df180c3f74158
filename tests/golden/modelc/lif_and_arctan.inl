// Printed by engine/modelc from snn/models; not edited by hand. Included inside the namespace of one instruction set,
// after cpu/model_args.h and cpu/lanes.h.

// 1 where x > 0, or x >= 0 where inclusive is 1; else 0.
inline F spike_(F x, I inclusive) {
    const F zero = broadcast_f(0.0f);
    return select(or_(lt(zero, x), and_(eq(x, zero), eq(inclusive, broadcast_i(1)))), broadcast_f(1.0f), zero);
}

// A parameter, option or derived constant: one value for each neuron, or one value repeated over 16 lanes (mask 0).
template <class T>
struct Constant {
    const T* data;
    uint32_t mask;
    auto at(uint32_t index) const { return load(data + (index & mask)); }
};
template <class T, class Args>
inline Constant<T> constant(const Args& args, uint32_t number) {
    return {static_cast<const T*>(args.constants[number]), args.constant_masks[number]};
}

// The sum of a receptor: as a float, or as an integer in units of `scale` that is taken away when it is read.
template <bool integers>
struct Receptor {
    const float* data;
    F take(uint32_t index) const { return load(data + index); }
    F add_to(F x, F sum) const { return add(x, sum); }
    F value(F sum) const { return sum; }
};
template <>
struct Receptor<true> {
    int32_t* data;
    F scale;
    F take(uint32_t index) const {
        const F sum = to_float(load(data + index));
        store(data + index, broadcast_i(0));
        return sum;
    }
    // The scale is a power of two within 2^96 and 2^-96, so the product is exact and one rounding is the only one.
    F add_to(F x, F sum) const { return fma_(sum, scale, x); }
    F value(F sum) const { return mul(sum, scale); }
};
template <bool integers>
inline Receptor<integers> receptor(const NeuronStepArgs& args, uint32_t number) {
    if constexpr (integers) return {args.integer_receptors[number], broadcast_f(args.receptor_scales[number])};
    else return {args.receptors[number]};
}

// The sums of 16 neurons that are due at one step of several, in units of `scale`.
struct DueSum {
    const int32_t* data;
    F scale;
    F take() const { return to_float(load(data)); }
    F add_to(F x, F sum) const { return fma_(sum, scale, x); }
    F value(F sum) const { return mul(sum, scale); }
};

inline F surrogate_derivative(const SurrogateArgs& surrogate, F x) {
    switch (surrogate.kind) {
        case 0: {  // arctan
            const F slope = broadcast_f(surrogate.parameters[0]);
            const F scale = broadcast_f(surrogate.parameters[1]);
            const F scaled = mul(mul(broadcast_f(1.5707964f), slope), x);
            const F result = div(mul(scale, mul(broadcast_f(0.5f), slope)), add(broadcast_f(1.0f), mul(scaled, scaled)));
            return result;
        }
        default:
            return broadcast_f(0.0f);
    }
}

// Leaky integrate-and-fire
inline void lif_step(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto v_reset_data = constant<float>(args, 3);
    const auto threshold_compare_data = constant<int32_t>(args, 5);
    const auto reset_data = constant<int32_t>(args, 6);
    const auto reset_timing_data = constant<int32_t>(args, 7);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const auto reset_amount_data = constant<float>(args, 13);
    const auto refractory_steps_data = constant<int32_t>(args, 14);
    const auto reset_delay_data = constant<int32_t>(args, 15);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    int32_t* const refractory_left_data = static_cast<int32_t*>(args.states[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F v_reset = v_reset_data.at(index);
        const I threshold_compare = threshold_compare_data.at(index);
        const I reset = reset_data.at(index);
        const I reset_timing = reset_timing_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F reset_amount = reset_amount_data.at(index);
        const I refractory_steps = refractory_steps_data.at(index);
        const I reset_delay = reset_delay_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const I refractory_left = load(refractory_left_data + index);
        const M held = lt(reset_delay, refractory_left);
        const M reset_due = and_(eq(reset_timing, broadcast_i(1)), lt(refractory_steps, refractory_left));
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = eq(reset, broadcast_i(0));
        const M t_2 = eq(reset, broadcast_i(1));
        const F delayed = select(t_1, sub(integrated, reset_amount), select(t_2, v_reset, integrated));
        const F membrane = select(reset_due, delayed, integrated);
        const F fired = select(held, broadcast_f(0.0f), spike_(sub(membrane, threshold), threshold_compare));
        const F subtracted = sub(membrane, mul(fired, reset_amount));
        const F replaced = add(mul(sub(broadcast_f(1.0f), fired), membrane), mul(fired, v_reset));
        const F after = select(t_1, subtracted, select(t_2, replaced, membrane));
        const F next_v = select(eq(reset_timing, broadcast_i(0)), after, membrane);
        const I next_refractory_left = select(lt(broadcast_f(0.0f), fired), add(refractory_steps, reset_delay), sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        store(v_data + index, flush(next_v));
        store(refractory_left_data + index, next_refractory_left);
        args.spikes[index / 16] = mask_bits(lt(broadcast_f(0.0f), fired));
    }
}

inline void lif_step_taped(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto v_reset_data = constant<float>(args, 3);
    const auto threshold_compare_data = constant<int32_t>(args, 5);
    const auto reset_data = constant<int32_t>(args, 6);
    const auto reset_timing_data = constant<int32_t>(args, 7);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const auto reset_amount_data = constant<float>(args, 13);
    const auto refractory_steps_data = constant<int32_t>(args, 14);
    const auto reset_delay_data = constant<int32_t>(args, 15);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    int32_t* const refractory_left_data = static_cast<int32_t*>(args.states[1]);
    int32_t* const refractory_left_tape = static_cast<int32_t*>(args.tape[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F v_reset = v_reset_data.at(index);
        const I threshold_compare = threshold_compare_data.at(index);
        const I reset = reset_data.at(index);
        const I reset_timing = reset_timing_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F reset_amount = reset_amount_data.at(index);
        const I refractory_steps = refractory_steps_data.at(index);
        const I reset_delay = reset_delay_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const I refractory_left = load(refractory_left_data + index);
        const M held = lt(reset_delay, refractory_left);
        const M reset_due = and_(eq(reset_timing, broadcast_i(1)), lt(refractory_steps, refractory_left));
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = eq(reset, broadcast_i(0));
        const M t_2 = eq(reset, broadcast_i(1));
        const F delayed = select(t_1, sub(integrated, reset_amount), select(t_2, v_reset, integrated));
        const F membrane = select(reset_due, delayed, integrated);
        const F fired = select(held, broadcast_f(0.0f), spike_(sub(membrane, threshold), threshold_compare));
        const F subtracted = sub(membrane, mul(fired, reset_amount));
        const F replaced = add(mul(sub(broadcast_f(1.0f), fired), membrane), mul(fired, v_reset));
        const F after = select(t_1, subtracted, select(t_2, replaced, membrane));
        const F next_v = select(eq(reset_timing, broadcast_i(0)), after, membrane);
        const I next_refractory_left = select(lt(broadcast_f(0.0f), fired), add(refractory_steps, reset_delay), sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        store(refractory_left_tape + index, refractory_left);
        store(membrane_tape + index, membrane);
        store(v_data + index, flush(next_v));
        store(refractory_left_data + index, next_refractory_left);
        args.spikes[index / 16] = mask_bits(lt(broadcast_f(0.0f), fired));
    }
}

inline void lif_adjoint(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_reset_data = constant<float>(args, 3);
    const auto threshold_compare_data = constant<int32_t>(args, 5);
    const auto reset_data = constant<int32_t>(args, 6);
    const auto reset_timing_data = constant<int32_t>(args, 7);
    const auto reset_gradient_data = constant<int32_t>(args, 8);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const auto reset_amount_data = constant<float>(args, 13);
    const auto refractory_steps_data = constant<int32_t>(args, 14);
    const auto reset_delay_data = constant<int32_t>(args, 15);
    const int32_t* const refractory_left_tape = static_cast<const int32_t*>(args.tape[0]);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    float* const grad_v_data = args.state_gradients[0];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_reset = v_reset_data.at(index);
        const I threshold_compare = threshold_compare_data.at(index);
        const I reset = reset_data.at(index);
        const I reset_timing = reset_timing_data.at(index);
        const I reset_gradient = reset_gradient_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F reset_amount = reset_amount_data.at(index);
        const I refractory_steps = refractory_steps_data.at(index);
        const I reset_delay = reset_delay_data.at(index);
        const I refractory_left = load(refractory_left_tape + index);
        const F membrane = load(membrane_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const M held = lt(reset_delay, refractory_left);
        const M reset_due = and_(eq(reset_timing, broadcast_i(1)), lt(refractory_steps, refractory_left));
        const M t_1 = eq(reset, broadcast_i(0));
        const M t_2 = eq(reset, broadcast_i(1));
        const F t_3 = sub(membrane, threshold);
        const F fired = select(held, broadcast_f(0.0f), spike_(t_3, threshold_compare));
        const M t_4 = eq(reset_timing, broadcast_i(0));
        const F grad_after = select(t_4, grad_v_after, broadcast_f(0.0f));
        const F grad_subtracted = select(t_1, grad_after, broadcast_f(0.0f));
        const F t_5 = select(t_1, broadcast_f(0.0f), grad_after);
        const F grad_replaced = select(t_2, t_5, broadcast_f(0.0f));
        const F grad_resetting = add(add(mul(grad_replaced, v_reset), neg(mul(grad_replaced, membrane))), mul(neg(grad_subtracted), reset_amount));
        const F grad_fired = add(grad_spike, select(eq(reset_gradient, broadcast_i(0)), broadcast_f(0.0f), grad_resetting));
        const F t_6 = add(add(select(t_4, broadcast_f(0.0f), grad_v_after), select(t_2, broadcast_f(0.0f), t_5)), mul(grad_replaced, sub(broadcast_f(1.0f), fired)));
        const F grad_membrane = add(add(t_6, grad_subtracted), mul(select(held, broadcast_f(0.0f), grad_fired), surrogate_derivative(args.surrogate, t_3)));
        const F grad_delayed = select(reset_due, grad_membrane, broadcast_f(0.0f));
        const F t_7 = add(select(reset_due, broadcast_f(0.0f), grad_membrane), select(t_2, broadcast_f(0.0f), select(t_1, broadcast_f(0.0f), grad_delayed)));
        const F grad_integrated = add(t_7, select(t_1, grad_delayed, broadcast_f(0.0f)));
        const F t_8 = select(held, broadcast_f(0.0f), grad_integrated);
        const F grad_current = mul(t_8, input_gain);
        const F grad_v = add(select(held, grad_integrated, broadcast_f(0.0f)), mul(t_8, decay_membrane));
        store(grad_v_data + index, grad_v);
        store(args.receptor_gradients[0] + index, grad_current);
    }
}

template <bool shared, bool integers>
inline void lif_step_0(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const F threshold_shared = threshold_data.at(0);
    const auto v_rest_data = constant<float>(args, 2);
    const F v_rest_shared = v_rest_data.at(0);
    const auto decay_membrane_data = constant<float>(args, 11);
    const F decay_membrane_shared = decay_membrane_data.at(0);
    const auto input_gain_data = constant<float>(args, 12);
    const F input_gain_shared = input_gain_data.at(0);
    const auto reset_amount_data = constant<float>(args, 13);
    const F reset_amount_shared = reset_amount_data.at(0);
    const auto refractory_steps_data = constant<int32_t>(args, 14);
    const auto current_sum = receptor<integers>(args, 0);
    float* const v_data = static_cast<float*>(args.states[0]);
    int32_t* const refractory_left_data = static_cast<int32_t*>(args.states[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = shared ? threshold_shared : threshold_data.at(index);
        const F v_rest = shared ? v_rest_shared : v_rest_data.at(index);
        const F decay_membrane = shared ? decay_membrane_shared : decay_membrane_data.at(index);
        const F input_gain = shared ? input_gain_shared : input_gain_data.at(index);
        const F reset_amount = shared ? reset_amount_shared : reset_amount_data.at(index);
        const I refractory_steps = refractory_steps_data.at(index);
        const F current = current_sum.value(current_sum.take(index));
        const F v = load(v_data + index);
        const I refractory_left = load(refractory_left_data + index);
        const M held = lt(broadcast_i(0), refractory_left);
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = lt(threshold, integrated);
        const F fired = select(held, broadcast_f(0.0f), select(t_1, broadcast_f(1.0f), broadcast_f(0.0f)));
        const M t_2 = and_(not_(held), t_1);
        const F subtracted = sub(integrated, mul(fired, reset_amount));
        const I next_refractory_left = select(t_2, refractory_steps, sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        store(v_data + index, flush(subtracted));
        store(refractory_left_data + index, next_refractory_left);
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline constexpr int32_t lif_choices_0[] = {0, 0, 0, 0, 0, 0};
struct lif_span_0 {
    static constexpr uint32_t receptor_count = 1, calm_count = 1;
    // By calm step: the receptors at which nothing may arrive.
    static constexpr bool silent[calm_count + 1][receptor_count] = {{0}, {}};
    struct State { F v; I refractory_left; };
    explicit lif_span_0(const NeuronStepArgs& args)
        : threshold(constant<float>(args, 1).at(0)), v_rest(constant<float>(args, 2).at(0)), decay_membrane(constant<float>(args, 11).at(0)), input_gain(constant<float>(args, 12).at(0)), reset_amount(constant<float>(args, 13).at(0)), refractory_steps_data(constant<int32_t>(args, 14)), current_scale(broadcast_f(args.receptor_scales[0])), v_data(static_cast<float*>(args.states[0])), refractory_left_data(static_cast<int32_t*>(args.states[1])) {}
    State state_at(uint32_t index) const {
        return {load(v_data + index), load(refractory_left_data + index)};
    }
    void keep(uint32_t index, const State& state) const {
        store(v_data + index, state.v);
        store(refractory_left_data + index, state.refractory_left);
    }
    static M same(const State& a, const State& b) { return and_(eq(bits_of(a.v), bits_of(b.v)), eq(a.refractory_left, b.refractory_left)); }
    // Which lanes a calm step fits; it gives their states where it does not say that they spike.
    template <uint32_t number>
    static M is_calm([[maybe_unused]] const State& state) {
        if constexpr (number == 0) return eq(state.refractory_left, broadcast_i(0));
        return mask_from_bits(0);
    }
    SNN_ALWAYS_INLINE M step([[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after) const {
        const I refractory_steps = refractory_steps_data.at(index);
        const DueSum current_sum{sums[0], current_scale};
        const F current = current_sum.value(current_sum.take());
        const F v = before.v;
        const I refractory_left = before.refractory_left;
        const M held = lt(broadcast_i(0), refractory_left);
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = lt(threshold, integrated);
        const F fired = select(held, broadcast_f(0.0f), select(t_1, broadcast_f(1.0f), broadcast_f(0.0f)));
        const M t_2 = and_(not_(held), t_1);
        const F subtracted = sub(integrated, mul(fired, reset_amount));
        const I next_refractory_left = select(t_2, refractory_steps, sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        after.v = flush(subtracted);
        after.refractory_left = next_refractory_left;
        return t_2;
    }
    template <uint32_t number>
    SNN_ALWAYS_INLINE M calm_step([[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after) const {
        if constexpr (number == 0) {
            const DueSum current_sum{sums[0], current_scale};
            const F current = current_sum.value(current_sum.take());
            const F v = before.v;
            const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
            const M t_2 = lt(threshold, t_1);
            const F subtracted = sub(t_1, mul(select(t_2, broadcast_f(1.0f), broadcast_f(0.0f)), reset_amount));
            after.v = flush(subtracted);
            return t_2;
        }
    }
    // Those states that a calm step changes.
    template <uint32_t number>
    SNN_ALWAYS_INLINE static void take(State& to, const State& from) {
        if constexpr (number == 0) {
            to.v = from.v;
        }
    }
    const F threshold;
    const F v_rest;
    const F decay_membrane;
    const F input_gain;
    const F reset_amount;
    const Constant<int32_t> refractory_steps_data;
    const F current_scale;
    float* const v_data;
    int32_t* const refractory_left_data;
};

template <bool shared, bool integers>
inline void lif_step_1(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const F threshold_shared = threshold_data.at(0);
    const auto v_rest_data = constant<float>(args, 2);
    const F v_rest_shared = v_rest_data.at(0);
    const auto v_reset_data = constant<float>(args, 3);
    const F v_reset_shared = v_reset_data.at(0);
    const auto decay_membrane_data = constant<float>(args, 11);
    const F decay_membrane_shared = decay_membrane_data.at(0);
    const auto input_gain_data = constant<float>(args, 12);
    const F input_gain_shared = input_gain_data.at(0);
    const auto refractory_steps_data = constant<int32_t>(args, 14);
    const auto current_sum = receptor<integers>(args, 0);
    float* const v_data = static_cast<float*>(args.states[0]);
    int32_t* const refractory_left_data = static_cast<int32_t*>(args.states[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = shared ? threshold_shared : threshold_data.at(index);
        const F v_rest = shared ? v_rest_shared : v_rest_data.at(index);
        const F v_reset = shared ? v_reset_shared : v_reset_data.at(index);
        const F decay_membrane = shared ? decay_membrane_shared : decay_membrane_data.at(index);
        const F input_gain = shared ? input_gain_shared : input_gain_data.at(index);
        const I refractory_steps = refractory_steps_data.at(index);
        const F current = current_sum.value(current_sum.take(index));
        const F v = load(v_data + index);
        const I refractory_left = load(refractory_left_data + index);
        const M held = lt(broadcast_i(0), refractory_left);
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = and_(not_(held), lt(threshold, integrated));
        const I next_refractory_left = select(t_1, refractory_steps, sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        const F t_2 = select(t_1, add(mul(broadcast_f(0.0f), integrated), v_reset), integrated);
        store(v_data + index, flush(t_2));
        store(refractory_left_data + index, next_refractory_left);
        args.spikes[index / 16] = mask_bits(t_1);
    }
}

inline constexpr int32_t lif_choices_1[] = {0, 1, 0, 0, 0, 0};
struct lif_span_1 {
    static constexpr uint32_t receptor_count = 1, calm_count = 1;
    // By calm step: the receptors at which nothing may arrive.
    static constexpr bool silent[calm_count + 1][receptor_count] = {{0}, {}};
    struct State { F v; I refractory_left; };
    explicit lif_span_1(const NeuronStepArgs& args)
        : threshold(constant<float>(args, 1).at(0)), v_rest(constant<float>(args, 2).at(0)), v_reset(constant<float>(args, 3).at(0)), decay_membrane(constant<float>(args, 11).at(0)), input_gain(constant<float>(args, 12).at(0)), refractory_steps_data(constant<int32_t>(args, 14)), current_scale(broadcast_f(args.receptor_scales[0])), v_data(static_cast<float*>(args.states[0])), refractory_left_data(static_cast<int32_t*>(args.states[1])) {}
    State state_at(uint32_t index) const {
        return {load(v_data + index), load(refractory_left_data + index)};
    }
    void keep(uint32_t index, const State& state) const {
        store(v_data + index, state.v);
        store(refractory_left_data + index, state.refractory_left);
    }
    static M same(const State& a, const State& b) { return and_(eq(bits_of(a.v), bits_of(b.v)), eq(a.refractory_left, b.refractory_left)); }
    // Which lanes a calm step fits; it gives their states where it does not say that they spike.
    template <uint32_t number>
    static M is_calm([[maybe_unused]] const State& state) {
        if constexpr (number == 0) return eq(state.refractory_left, broadcast_i(0));
        return mask_from_bits(0);
    }
    SNN_ALWAYS_INLINE M step([[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after) const {
        const I refractory_steps = refractory_steps_data.at(index);
        const DueSum current_sum{sums[0], current_scale};
        const F current = current_sum.value(current_sum.take());
        const F v = before.v;
        const I refractory_left = before.refractory_left;
        const M held = lt(broadcast_i(0), refractory_left);
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = and_(not_(held), lt(threshold, integrated));
        const I next_refractory_left = select(t_1, refractory_steps, sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        const F t_2 = select(t_1, add(mul(broadcast_f(0.0f), integrated), v_reset), integrated);
        after.v = flush(t_2);
        after.refractory_left = next_refractory_left;
        return t_1;
    }
    template <uint32_t number>
    SNN_ALWAYS_INLINE M calm_step([[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after) const {
        if constexpr (number == 0) {
            const DueSum current_sum{sums[0], current_scale};
            const F current = current_sum.value(current_sum.take());
            const F v = before.v;
            const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
            const M t_2 = lt(threshold, t_1);
            after.v = flush(t_1);
            return t_2;
        }
    }
    // Those states that a calm step changes.
    template <uint32_t number>
    SNN_ALWAYS_INLINE static void take(State& to, const State& from) {
        if constexpr (number == 0) {
            to.v = from.v;
        }
    }
    const F threshold;
    const F v_rest;
    const F v_reset;
    const F decay_membrane;
    const F input_gain;
    const Constant<int32_t> refractory_steps_data;
    const F current_scale;
    float* const v_data;
    int32_t* const refractory_left_data;
};

template <bool shared, bool integers>
inline void lif_step_2(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const F threshold_shared = threshold_data.at(0);
    const auto v_rest_data = constant<float>(args, 2);
    const F v_rest_shared = v_rest_data.at(0);
    const auto v_reset_data = constant<float>(args, 3);
    const F v_reset_shared = v_reset_data.at(0);
    const auto decay_membrane_data = constant<float>(args, 11);
    const F decay_membrane_shared = decay_membrane_data.at(0);
    const auto input_gain_data = constant<float>(args, 12);
    const F input_gain_shared = input_gain_data.at(0);
    const auto refractory_steps_data = constant<int32_t>(args, 14);
    const auto current_sum = receptor<integers>(args, 0);
    float* const v_data = static_cast<float*>(args.states[0]);
    int32_t* const refractory_left_data = static_cast<int32_t*>(args.states[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = shared ? threshold_shared : threshold_data.at(index);
        const F v_rest = shared ? v_rest_shared : v_rest_data.at(index);
        const F v_reset = shared ? v_reset_shared : v_reset_data.at(index);
        const F decay_membrane = shared ? decay_membrane_shared : decay_membrane_data.at(index);
        const F input_gain = shared ? input_gain_shared : input_gain_data.at(index);
        const I refractory_steps = refractory_steps_data.at(index);
        const F current = current_sum.value(current_sum.take(index));
        const F v = load(v_data + index);
        const I refractory_left = load(refractory_left_data + index);
        const M held = lt(broadcast_i(0), refractory_left);
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = and_(not_(held), le(broadcast_f(0.0f), sub(integrated, threshold)));
        const I next_refractory_left = select(t_1, refractory_steps, sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        const F t_2 = select(t_1, add(mul(broadcast_f(0.0f), integrated), v_reset), integrated);
        store(v_data + index, flush(t_2));
        store(refractory_left_data + index, next_refractory_left);
        args.spikes[index / 16] = mask_bits(t_1);
    }
}

inline constexpr int32_t lif_choices_2[] = {1, 1, 0, 0, 0, 0};
struct lif_span_2 {
    static constexpr uint32_t receptor_count = 1, calm_count = 1;
    // By calm step: the receptors at which nothing may arrive.
    static constexpr bool silent[calm_count + 1][receptor_count] = {{0}, {}};
    struct State { F v; I refractory_left; };
    explicit lif_span_2(const NeuronStepArgs& args)
        : threshold(constant<float>(args, 1).at(0)), v_rest(constant<float>(args, 2).at(0)), v_reset(constant<float>(args, 3).at(0)), decay_membrane(constant<float>(args, 11).at(0)), input_gain(constant<float>(args, 12).at(0)), refractory_steps_data(constant<int32_t>(args, 14)), current_scale(broadcast_f(args.receptor_scales[0])), v_data(static_cast<float*>(args.states[0])), refractory_left_data(static_cast<int32_t*>(args.states[1])) {}
    State state_at(uint32_t index) const {
        return {load(v_data + index), load(refractory_left_data + index)};
    }
    void keep(uint32_t index, const State& state) const {
        store(v_data + index, state.v);
        store(refractory_left_data + index, state.refractory_left);
    }
    static M same(const State& a, const State& b) { return and_(eq(bits_of(a.v), bits_of(b.v)), eq(a.refractory_left, b.refractory_left)); }
    // Which lanes a calm step fits; it gives their states where it does not say that they spike.
    template <uint32_t number>
    static M is_calm([[maybe_unused]] const State& state) {
        if constexpr (number == 0) return eq(state.refractory_left, broadcast_i(0));
        return mask_from_bits(0);
    }
    SNN_ALWAYS_INLINE M step([[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after) const {
        const I refractory_steps = refractory_steps_data.at(index);
        const DueSum current_sum{sums[0], current_scale};
        const F current = current_sum.value(current_sum.take());
        const F v = before.v;
        const I refractory_left = before.refractory_left;
        const M held = lt(broadcast_i(0), refractory_left);
        const F integrated = select(held, v, add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current)));
        const M t_1 = and_(not_(held), le(broadcast_f(0.0f), sub(integrated, threshold)));
        const I next_refractory_left = select(t_1, refractory_steps, sub(max_(refractory_left, broadcast_i(1)), broadcast_i(1)));
        const F t_2 = select(t_1, add(mul(broadcast_f(0.0f), integrated), v_reset), integrated);
        after.v = flush(t_2);
        after.refractory_left = next_refractory_left;
        return t_1;
    }
    template <uint32_t number>
    SNN_ALWAYS_INLINE M calm_step([[maybe_unused]] uint32_t index, [[maybe_unused]] const int32_t (*sums)[16], const State& before, State& after) const {
        if constexpr (number == 0) {
            const DueSum current_sum{sums[0], current_scale};
            const F current = current_sum.value(current_sum.take());
            const F v = before.v;
            const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
            const M t_2 = le(broadcast_f(0.0f), sub(t_1, threshold));
            after.v = flush(t_1);
            return t_2;
        }
    }
    // Those states that a calm step changes.
    template <uint32_t number>
    SNN_ALWAYS_INLINE static void take(State& to, const State& from) {
        if constexpr (number == 0) {
            to.v = from.v;
        }
    }
    const F threshold;
    const F v_rest;
    const F v_reset;
    const F decay_membrane;
    const F input_gain;
    const Constant<int32_t> refractory_steps_data;
    const F current_scale;
    float* const v_data;
    int32_t* const refractory_left_data;
};

inline constexpr SpecialisedStep lif_specialised[] = {{lif_choices_0, 0, lif_step_0<false, false>, lif_step_0<true, false>, lif_step_0<true, true>, step_span<lif_span_0>, list_resting<lif_span_0>}, {lif_choices_1, 0, lif_step_1<false, false>, lif_step_1<true, false>, lif_step_1<true, true>, step_span<lif_span_1>, list_resting<lif_span_1>}, {lif_choices_2, 0, lif_step_2<false, false>, lif_step_2<true, false>, lif_step_2<true, true>, step_span<lif_span_2>, list_resting<lif_span_2>}};
inline void lif_training_step_0(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const auto reset_amount_data = constant<float>(args, 13);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[0]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F reset_amount = reset_amount_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
        const M t_2 = lt(threshold, t_1);
        const F subtracted = sub(t_1, mul(select(t_2, broadcast_f(1.0f), broadcast_f(0.0f)), reset_amount));
        store(membrane_tape + index, t_1);
        store(v_data + index, flush(subtracted));
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline void lif_training_adjoint_0(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    float* const grad_v_data = args.state_gradients[0];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F membrane = load(membrane_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const F grad_membrane = add(grad_v_after, mul(grad_spike, surrogate_derivative(args.surrogate, sub(membrane, threshold))));
        const F grad_current = mul(grad_membrane, input_gain);
        const F t_1 = mul(grad_membrane, decay_membrane);
        store(grad_v_data + index, t_1);
        store(args.receptor_gradients[0] + index, grad_current);
    }
}

inline constexpr int32_t lif_training_choices_0[] = {0, 0, 0, 0, -1, -1};
inline constexpr int32_t lif_training_zeros_0[] = {14, -1};
inline constexpr int32_t lif_training_tape_0[] = {1, -1};
inline void lif_training_step_1(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const auto reset_amount_data = constant<float>(args, 13);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[0]);
    float* const v_tape = static_cast<float*>(args.tape[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F reset_amount = reset_amount_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
        const M t_2 = lt(threshold, t_1);
        const F subtracted = sub(t_1, mul(select(t_2, broadcast_f(1.0f), broadcast_f(0.0f)), reset_amount));
        store(membrane_tape + index, t_1);
        store(v_tape + index, v);
        store(v_data + index, flush(subtracted));
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline void lif_training_adjoint_1(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    const float* const v_tape = static_cast<const float*>(args.tape[3]);
    float* const grad_v_data = args.state_gradients[0];
    float* const threshold_sums = args.constant_gradients[0];
    float* const v_rest_sums = args.constant_gradients[1];
    float* const decay_membrane_sums = args.constant_gradients[2];
    float* const reset_amount_sums = args.constant_gradients[3];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F membrane = load(membrane_tape + index);
        const F v = load(v_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const F t_1 = mul(grad_spike, surrogate_derivative(args.surrogate, sub(membrane, threshold)));
        const F grad_membrane = add(grad_v_after, t_1);
        const F grad_current = mul(grad_membrane, input_gain);
        const F t_2 = mul(grad_membrane, decay_membrane);
        const F t_3 = mul(neg(grad_v_after), select(lt(threshold, membrane), broadcast_f(1.0f), broadcast_f(0.0f)));
        const F grad_threshold = neg(t_1);
        const F grad_decay_membrane = mul(grad_membrane, sub(v, v_rest));
        const F grad_v_rest = add(grad_membrane, neg(t_2));
        store(grad_v_data + index, t_2);
        store(args.receptor_gradients[0] + index, grad_current);
        if (threshold_sums) store(threshold_sums + index, add(load(threshold_sums + index), grad_threshold));
        if (v_rest_sums) store(v_rest_sums + index, add(load(v_rest_sums + index), grad_v_rest));
        if (decay_membrane_sums) store(decay_membrane_sums + index, add(load(decay_membrane_sums + index), grad_decay_membrane));
        if (reset_amount_sums) store(reset_amount_sums + index, add(load(reset_amount_sums + index), t_3));
    }
}

inline constexpr int32_t lif_training_choices_1[] = {0, 0, 0, 0, -1, 0};
inline constexpr int32_t lif_training_zeros_1[] = {14, -1};
inline constexpr int32_t lif_training_tape_1[] = {1, 3, -1};
inline constexpr int32_t lif_training_constants_1[] = {1, 2, 11, 13, -1};
inline void lif_training_step_2(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto v_reset_data = constant<float>(args, 3);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[0]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F v_reset = v_reset_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
        const M t_2 = lt(threshold, t_1);
        const F t_3 = select(t_2, add(mul(broadcast_f(0.0f), t_1), v_reset), t_1);
        store(membrane_tape + index, t_1);
        store(v_data + index, flush(t_3));
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline void lif_training_adjoint_2(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    float* const grad_v_data = args.state_gradients[0];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F membrane = load(membrane_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const F t_1 = mul(grad_v_after, sub(broadcast_f(1.0f), select(lt(threshold, membrane), broadcast_f(1.0f), broadcast_f(0.0f))));
        const F grad_membrane = add(t_1, mul(grad_spike, surrogate_derivative(args.surrogate, sub(membrane, threshold))));
        const F grad_current = mul(grad_membrane, input_gain);
        const F t_2 = mul(grad_membrane, decay_membrane);
        store(grad_v_data + index, t_2);
        store(args.receptor_gradients[0] + index, grad_current);
    }
}

inline constexpr int32_t lif_training_choices_2[] = {0, 1, 0, 0, -1, -1};
inline constexpr int32_t lif_training_zeros_2[] = {14, -1};
inline constexpr int32_t lif_training_tape_2[] = {1, -1};
inline void lif_training_step_3(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto v_reset_data = constant<float>(args, 3);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[0]);
    float* const v_tape = static_cast<float*>(args.tape[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F v_reset = v_reset_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
        const M t_2 = lt(threshold, t_1);
        const F t_3 = select(t_2, add(mul(broadcast_f(0.0f), t_1), v_reset), t_1);
        store(membrane_tape + index, t_1);
        store(v_tape + index, v);
        store(v_data + index, flush(t_3));
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline void lif_training_adjoint_3(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    const float* const v_tape = static_cast<const float*>(args.tape[3]);
    float* const grad_v_data = args.state_gradients[0];
    float* const threshold_sums = args.constant_gradients[0];
    float* const v_rest_sums = args.constant_gradients[1];
    float* const v_reset_sums = args.constant_gradients[2];
    float* const decay_membrane_sums = args.constant_gradients[3];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F membrane = load(membrane_tape + index);
        const F v = load(v_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const F t_1 = select(lt(threshold, membrane), broadcast_f(1.0f), broadcast_f(0.0f));
        const F t_2 = mul(grad_spike, surrogate_derivative(args.surrogate, sub(membrane, threshold)));
        const F grad_membrane = add(mul(grad_v_after, sub(broadcast_f(1.0f), t_1)), t_2);
        const F grad_current = mul(grad_membrane, input_gain);
        const F t_3 = mul(grad_membrane, decay_membrane);
        const F t_4 = mul(grad_v_after, t_1);
        const F grad_threshold = neg(t_2);
        const F grad_decay_membrane = mul(grad_membrane, sub(v, v_rest));
        const F grad_v_rest = add(grad_membrane, neg(t_3));
        store(grad_v_data + index, t_3);
        store(args.receptor_gradients[0] + index, grad_current);
        if (threshold_sums) store(threshold_sums + index, add(load(threshold_sums + index), grad_threshold));
        if (v_rest_sums) store(v_rest_sums + index, add(load(v_rest_sums + index), grad_v_rest));
        if (v_reset_sums) store(v_reset_sums + index, add(load(v_reset_sums + index), t_4));
        if (decay_membrane_sums) store(decay_membrane_sums + index, add(load(decay_membrane_sums + index), grad_decay_membrane));
    }
}

inline constexpr int32_t lif_training_choices_3[] = {0, 1, 0, 0, -1, 0};
inline constexpr int32_t lif_training_zeros_3[] = {14, -1};
inline constexpr int32_t lif_training_tape_3[] = {1, 3, -1};
inline constexpr int32_t lif_training_constants_3[] = {1, 2, 3, 11, -1};
inline void lif_training_step_4(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[0]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
        const M t_2 = lt(threshold, t_1);
        store(membrane_tape + index, t_1);
        store(v_data + index, flush(t_1));
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline void lif_training_adjoint_4(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    float* const grad_v_data = args.state_gradients[0];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F membrane = load(membrane_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const F grad_membrane = add(grad_v_after, mul(grad_spike, surrogate_derivative(args.surrogate, sub(membrane, threshold))));
        const F grad_current = mul(grad_membrane, input_gain);
        const F t_1 = mul(grad_membrane, decay_membrane);
        store(grad_v_data + index, t_1);
        store(args.receptor_gradients[0] + index, grad_current);
    }
}

inline constexpr int32_t lif_training_choices_4[] = {0, 2, 0, 0, -1, -1};
inline constexpr int32_t lif_training_zeros_4[] = {14, -1};
inline constexpr int32_t lif_training_tape_4[] = {1, -1};
inline void lif_training_step_5(const NeuronStepArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const current_data = args.receptors[0];
    float* const v_data = static_cast<float*>(args.states[0]);
    float* const membrane_tape = static_cast<float*>(args.tape[0]);
    float* const v_tape = static_cast<float*>(args.tape[1]);
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F current = load(current_data + index);
        const F v = load(v_data + index);
        const F t_1 = add(add(v_rest, mul(decay_membrane, sub(v, v_rest))), mul(input_gain, current));
        const M t_2 = lt(threshold, t_1);
        store(membrane_tape + index, t_1);
        store(v_tape + index, v);
        store(v_data + index, flush(t_1));
        args.spikes[index / 16] = mask_bits(t_2);
    }
}

inline void lif_training_adjoint_5(const NeuronAdjointArgs& args, uint32_t begin, uint32_t end) {
    const auto threshold_data = constant<float>(args, 1);
    const auto v_rest_data = constant<float>(args, 2);
    const auto decay_membrane_data = constant<float>(args, 11);
    const auto input_gain_data = constant<float>(args, 12);
    const float* const membrane_tape = static_cast<const float*>(args.tape[1]);
    const float* const v_tape = static_cast<const float*>(args.tape[3]);
    float* const grad_v_data = args.state_gradients[0];
    float* const threshold_sums = args.constant_gradients[0];
    float* const v_rest_sums = args.constant_gradients[1];
    float* const decay_membrane_sums = args.constant_gradients[2];
    for (uint32_t index = begin; index < end; index += 16) {
        const F threshold = threshold_data.at(index);
        const F v_rest = v_rest_data.at(index);
        const F decay_membrane = decay_membrane_data.at(index);
        const F input_gain = input_gain_data.at(index);
        const F membrane = load(membrane_tape + index);
        const F v = load(v_tape + index);
        const F grad_v_after = load(grad_v_data + index);
        const F grad_spike = load(args.spike_gradient + index);
        const F t_1 = mul(grad_spike, surrogate_derivative(args.surrogate, sub(membrane, threshold)));
        const F grad_membrane = add(grad_v_after, t_1);
        const F grad_current = mul(grad_membrane, input_gain);
        const F t_2 = mul(grad_membrane, decay_membrane);
        const F grad_threshold = neg(t_1);
        const F grad_decay_membrane = mul(grad_membrane, sub(v, v_rest));
        const F grad_v_rest = add(grad_membrane, neg(t_2));
        store(grad_v_data + index, t_2);
        store(args.receptor_gradients[0] + index, grad_current);
        if (threshold_sums) store(threshold_sums + index, add(load(threshold_sums + index), grad_threshold));
        if (v_rest_sums) store(v_rest_sums + index, add(load(v_rest_sums + index), grad_v_rest));
        if (decay_membrane_sums) store(decay_membrane_sums + index, add(load(decay_membrane_sums + index), grad_decay_membrane));
    }
}

inline constexpr int32_t lif_training_choices_5[] = {0, 2, 0, 0, -1, 0};
inline constexpr int32_t lif_training_zeros_5[] = {14, -1};
inline constexpr int32_t lif_training_tape_5[] = {1, 3, -1};
inline constexpr int32_t lif_training_constants_5[] = {1, 2, 11, -1};
inline constexpr TrainingKernels lif_trained[] = {{lif_training_choices_0, lif_training_zeros_0, lif_training_tape_0, nullptr, lif_training_step_0, lif_training_adjoint_0}, {lif_training_choices_1, lif_training_zeros_1, lif_training_tape_1, lif_training_constants_1, lif_training_step_1, lif_training_adjoint_1}, {lif_training_choices_2, lif_training_zeros_2, lif_training_tape_2, nullptr, lif_training_step_2, lif_training_adjoint_2}, {lif_training_choices_3, lif_training_zeros_3, lif_training_tape_3, lif_training_constants_3, lif_training_step_3, lif_training_adjoint_3}, {lif_training_choices_4, lif_training_zeros_4, lif_training_tape_4, nullptr, lif_training_step_4, lif_training_adjoint_4}, {lif_training_choices_5, lif_training_zeros_5, lif_training_tape_5, lif_training_constants_5, lif_training_step_5, lif_training_adjoint_5}};
// In alphabetical order of names. Beside vector kernels scalar ones are there to be small: models are interpreted.
#ifdef SNN_INTERPRETED_MODELS
inline constexpr const CompiledModel* compiled_models = nullptr;
inline constexpr uint32_t compiled_model_count = 0;
#else
inline constexpr CompiledModel compiled_models[] = {
    {"lif", lif_step, lif_step_taped, lif_adjoint, lif_specialised, 3, lif_trained, 6},
};
inline constexpr uint32_t compiled_model_count = sizeof(compiled_models) / sizeof(compiled_models[0]);
#endif
