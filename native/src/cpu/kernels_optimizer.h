// The optimisers' formulas (train/optimizer.h) on lanes. Included by kernels_isa.cpp inside the namespace of one instruction
// set.

SNN_ALWAYS_INLINE F operator+(F a, F b) { return add(a, b); }
SNN_ALWAYS_INLINE F operator-(F a, F b) { return sub(a, b); }
SNN_ALWAYS_INLINE F operator*(F a, F b) { return mul(a, b); }
SNN_ALWAYS_INLINE F operator/(F a, F b) { return div(a, b); }

static OptimizerConstants<F> broadcast_constants(const OptimizerConstants<float>& c) {
    return {broadcast_f(c.rate),
            broadcast_f(c.momentum),
            broadcast_f(c.beta1),
            broadcast_f(c.beta2),
            broadcast_f(c.one_minus_beta1),
            broadcast_f(c.one_minus_beta2),
            broadcast_f(c.epsilon),
            broadcast_f(c.decay),
            broadcast_f(c.l1),
            broadcast_f(c.gradient_scale),
            broadcast_f(c.first_correction),
            broadcast_f(c.second_correction)};
}

// Moments of weights without a gradient decay for ever. They are set to zero before they become denormal.
SNN_ALWAYS_INLINE F flush_tiny(F x) {
    return select(lt(abs_(x), broadcast_f(0x1p-110f)), broadcast_f(0.0f), x);
}

template <class Update>
static void update_each(const OptimizerArgs& args, Update&& update) {
    const F limit = broadcast_f(args.limit), low = broadcast_f(-args.limit);
    for (size_t i = 0; i < args.count; i += 16) {
        const uint32_t rest = args.count - i < 16 ? static_cast<uint32_t>(args.count - i) : 16;
        F weight = load_partial(args.weights + i, rest);
        F first = load_partial(args.first_moment + i, rest);
        F second = args.second_moment ? load_partial(args.second_moment + i, rest) : broadcast_f(0.0f);
        update(load_partial(args.gradient + i, rest), weight, first, second);
        // min_ and max_ return their second operand if one is NaN, so a weight that is not a number stays one and is noticed.
        store_partial(args.weights + i, max_(low, min_(limit, weight)), rest);
        store_partial(args.first_moment + i, flush_tiny(first), rest);
        if (args.second_moment) store_partial(args.second_moment + i, flush_tiny(second), rest);
    }
}

static void update_weights(const OptimizerArgs& args) {
    const OptimizerConstants<F> constants = broadcast_constants(*args.constants);
    const auto square_root = [](F x) { return sqrt_(x); };
    const auto sign = [](F x) {
        const F zero = broadcast_f(0.0f), one = broadcast_f(1.0f);
        return select(lt(zero, x), one, select(lt(x, zero), broadcast_f(-1.0f), zero));
    };
    if (args.optimizer == SNN_OPTIMIZER_SGD) {
        update_each(args, [&](F g, F& weight, F& first, F&) { update_sgd(constants, sign, g, weight, first); });
    } else if (args.optimizer == SNN_OPTIMIZER_LION) {
        update_each(args, [&](F g, F& weight, F& first, F&) { update_lion(constants, sign, g, weight, first); });
    } else if (args.optimizer == SNN_OPTIMIZER_ADAM) {
        update_each(args, [&](F g, F& weight, F& first, F& second) {
            update_adam<F, false>(constants, square_root, sign, g, weight, first, second);
        });
    } else {
        update_each(args, [&](F g, F& weight, F& first, F& second) {
            update_adam<F, true>(constants, square_root, sign, g, weight, first, second);
        });
    }
}
