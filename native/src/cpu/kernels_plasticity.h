// Plastic synapses: weights that change when a spike arrives and when the target spikes. Included by kernels_isa.cpp inside the
// namespace of one instruction set; the rules themselves are printed by engine/modelc (plasticity_kernels.inl).
//
// Sixteen synapses of one row are handled at a time. Their targets lie side by side (a row onto all targets) or are listed.
// First come the spikes of the targets since the row's last arrival, oldest first, for each lane its own:
//
//      k-th last spike of the targets      w = on_post(w, pre trace at that step, post trace before it)
//      k = 2   [ .  .  7  .  . ...]
//      k = 1   [ 3  .  9  .  5 ...]        lanes with no spike left are idle
//      k = 0   [12  8 11  .  6 ...]
//
// Then comes the arrival, w = on_pre(w, ...), and the weight is added to the target's input. A signal takes its place with
// w = on_signal(w, ...). The traces of a synapse are stored as of its last event. The next event first lets them decay.

static void interpret_event(const BlockProgram& program, const uint32_t* inputs, uint32_t* scratch, uint32_t output_count,
                            uint32_t* out_words) {
    BlockInputs table(scratch, program.input_count);
    for (uint32_t i = 0; i < program.input_count; ++i) table.put(inputs + i * 16, 0);
    const BlockFrame frame{table.data, table.masks, program.literals, scratch + program.table_words, 0, 16};
    run_block(program, frame, nullptr);  // no draws
    for (uint32_t k = 0; k < output_count; ++k)
        write(out_words + k * 16, read_i(operand_of(frame, program.state_results[k]).words));
}

// A user's rule, run from its op lists.
struct InterpretedPlasticity {
    static constexpr bool on_pre_pre = true, on_pre_post = true, on_pre_target = true, on_post_pre = true, on_post_post = true,
                          on_post_target = true, on_signal_pre = true, on_signal_post = true, on_signal_target = true,
                          has_own = true, has_signal = true, delivers = true;
    explicit InterpretedPlasticity(const PlasticArgs& the_args)
        : args(the_args), pre_count(the_args.pre_count), post_count(the_args.post_count), own_count(the_args.own_count),
          target_count(the_args.target_count) {}

    F on_pre(F w, const F* pre, const F* post, F* own, const F* target, F& delivered) const {
        uint32_t results[(2 + most_traces) * 16];
        run(args.on_pre, w, pre, post, own, target, args.delivers, results);
        if (args.delivers) delivered = read_f(results + (1 + own_count) * 16);
        return read_f(results);
    }
    F on_post(F w, const F* pre, const F* post, F* own, const F* target) const {
        uint32_t results[(1 + most_traces) * 16];
        run(args.on_post, w, pre, post, own, target, false, results);
        return read_f(results);
    }
    F on_signal(F w, const F* pre, const F* post, F* own, const F* target, F signal) const {
        uint32_t results[(1 + most_traces) * 16];
        write(args.inputs + (args.on_signal.input_count - 1) * 16, signal);
        run(args.on_signal, w, pre, post, own, target, false, results);
        return read_f(results);
    }

    void run(const BlockProgram& program, F w, const F* pre, const F* post, F* own, const F* target, bool delivered,
             uint32_t* out_words) const {
        uint32_t* words = args.inputs + args.constant_count * 16;
        for (uint32_t k = 0; k < pre_count; ++k, words += 16) write(words, pre[k]);
        for (uint32_t k = 0; k < post_count; ++k, words += 16) write(words, post[k]);
        for (uint32_t k = 0; k < own_count; ++k, words += 16) write(words, own[k]);
        for (uint32_t k = 0; k < target_count; ++k, words += 16) write(words, target[k]);
        write(words, w);
        interpret_event(program, args.inputs, args.scratch, 1 + own_count + delivered, out_words);
        for (uint32_t k = 0; k < own_count; ++k) own[k] = read_f(out_words + (1 + k) * 16);
    }

    const PlasticArgs& args;
    uint32_t pre_count, post_count, own_count, target_count;
};

SNN_ALWAYS_INLINE F decayed(const PlasticTrace& trace, F value, I steps) {
    // `steps` may be negative in idle lanes.
    if constexpr (has_fast_lookup) {  // looks up in registers: a gather would cost more than all the rest
        const I at = max_(steps, broadcast_i(0)), block = shift_right<5>(at);
        const auto decay_of = [&](F coarse) { return mul(coarse, lookup32(trace.fine, at)); };
        // Most events are less than 1,024 steps apart, and most traces last longer.
        if (!any(le(broadcast_i(32), block)) && trace.last >= 1024) return mul(value, decay_of(lookup32(trace.coarse, block)));
        if (!any(le(broadcast_i(64), block))) {
            const F near = lookup32(trace.coarse, block), far = lookup32(trace.coarse + 32, block);
            const F decay = decay_of(select(lt(block, broadcast_i(32)), near, far));
            return mul(value, select(lt(at, broadcast_i(trace.last)), decay, broadcast_f(0.0f)));
        }
    }
    const I at = max_(min_(steps, broadcast_i(trace.last)), broadcast_i(0));
    return mul(value, gather(trace.decay, at));
}

// The same if every event is less than `reach` steps away and no trace ends before. `steps` may be negative in idle lanes,
// which get any number.
constexpr int32_t near_reach = 1024, far_reach = 2048;
template <int32_t reach>
SNN_ALWAYS_INLINE F decayed_within(const PlasticTrace& trace, F value, I steps) {
    const I block = shift_right<5>(steps);
    F coarse = lookup32(trace.coarse, block);
    if constexpr (reach > near_reach) coarse = select(lt(block, broadcast_i(32)), coarse, lookup32(trace.coarse + 32, block));
    return mul(value, mul(coarse, lookup32(trace.fine, steps)));
}

// The targets of 16 synapses of a row.
template <bool Listed>
struct PlasticTargets {
    uint32_t first;  // if they lie side by side; otherwise `places` has them
    I places;
    SNN_ALWAYS_INLINE PlasticTargets(const PlasticVisit& visit, uint32_t at) : first(visit.first + at), places(broadcast_i(0)) {
        if constexpr (Listed) places = load_u16(visit.targets + at);
    }
    template <class Word>
    SNN_ALWAYS_INLINE auto of(const Word* row) const {
        if constexpr (Listed) return gather(row, places);
        else return load(row + first);
    }
    // Reads a row that ends with its last target.
    SNN_ALWAYS_INLINE F of(const float* row, uint32_t size) const {
        if constexpr (Listed) return gather(row, places);
        else return size == 16 ? load(row + first) : load_partial(row + first, size);
    }
};

// `sums` null: nothing arrives. `reach`: no lookup of the row's traces, for any spike of a target, goes further; 0: no limit.
template <class Rule, bool Listed, int32_t reach>
static void plastic_visit(const Rule& rule, const PlasticArgs& args, const PlasticVisit& visit, int32_t* sums, float scale) {
    F pre[most_traces], post[most_traces], pre_after[most_traces], pre_now[most_traces], own[most_traces], own_now[most_traces];
    F target[most_target_states];
    const bool is_signal = Rule::has_signal && args.is_signal, has_own = Rule::has_own && rule.own_count > 0;
    for (uint32_t k = 0; k < rule.pre_count; ++k) {
        pre_after[k] = broadcast_f(visit.pre_after[k]);
        if constexpr (Rule::on_pre_pre || Rule::on_signal_pre) {
            const I steps = broadcast_i(args.now - visit.last_arrival);
            pre_now[k] = decayed(args.pre[k], pre_after[k], steps);
        }
    }
    const I last = broadcast_i(visit.last_arrival), learned = broadcast_i(visit.learned);
    const auto pre_until = [&](uint32_t t, I steps) {
        if constexpr (reach > 0) return decayed_within<reach>(args.pre[t], pre_after[t], steps);
        else return decayed(args.pre[t], pre_after[t], steps);
    };
    const F minimum = broadcast_f(args.minimum), maximum = broadcast_f(args.maximum), factor = broadcast_f(scale);
    const auto held = [&](F w) { return flush(min_(max_(w, minimum), maximum)); };
    const bool delivers = Rule::delivers && args.delivers;
    const auto spikes_of = [&](const PlasticTargets<Listed>& targets, uint32_t k) {
        return targets.of(args.spikes + k * args.row);
    };
    I event = broadcast_i(0);
    const auto own_at = [&](I step) {
        if (has_own)
            for (uint32_t t = 0; t < rule.own_count; ++t) own_now[t] = decayed(args.own[t], own[t], sub(step, event));
    };
    // Applies the k-th last spikes.
    const auto learn = [&](const PlasticTargets<Listed>& targets, uint32_t k, F w) {
        const I spike = spikes_of(targets, k);
        const I steps = sub(spike, last);
        if constexpr (Rule::on_post_pre)
            for (uint32_t t = 0; t < rule.pre_count; ++t) pre[t] = pre_until(t, steps);
        if constexpr (Rule::on_post_post)
            for (uint32_t t = 0; t < rule.post_count; ++t)
                post[t] = targets.of(args.post_before + (t * remembered_spikes + k) * args.row);
        if constexpr (Rule::on_post_target)
            for (uint32_t t = 0; t < rule.target_count; ++t)
                target[t] = targets.of(args.target_before + (t * remembered_spikes + k) * args.row);
        own_at(spike);
        const M learns = le(learned, spike);
        const F changed = held(rule.on_post(w, pre, post, own_now, target));
        if (has_own) {
            for (uint32_t t = 0; t < rule.own_count; ++t) own[t] = select(learns, flush(own_now[t]), own[t]);
            event = select(learns, spike, event);
        }
        return select(learns, changed, w);
    };
    // Applies the arrival or signal, and adds what is delivered to the sums.
    const auto finish = [&](const PlasticTargets<Listed>& targets, uint32_t at, uint32_t size, F w) {
        F amount = broadcast_f(0.0f);
        if (sums || is_signal) {
            if constexpr (Rule::on_pre_post || Rule::on_signal_post) {
                if (args.post_now) {
                    for (uint32_t t = 0; t < rule.post_count; ++t) post[t] = targets.of(args.post_now + t * args.row);
                } else {
                    const I steps = sub(broadcast_i(args.now), targets.of(args.last_spike));
                    for (uint32_t t = 0; t < rule.post_count; ++t)
                        post[t] = decayed(args.post[t], targets.of(args.post_after + t * args.row), steps);
                }
            }
            if constexpr (Rule::on_pre_target || Rule::on_signal_target)
                for (uint32_t t = 0; t < rule.target_count; ++t) target[t] = targets.of(args.target[t], size);
            own_at(broadcast_i(args.now));
            if constexpr (Rule::has_signal)
                if (is_signal) w = held(rule.on_signal(w, pre_now, post, own_now, target, broadcast_f(args.signal)));
            if (sums) w = held(rule.on_pre(w, pre_now, post, own_now, target, amount));
            if (has_own) {
                for (uint32_t t = 0; t < rule.own_count; ++t) own[t] = flush(own_now[t]);
                event = broadcast_i(args.now);
            }
        }
        if (has_own) {
            for (uint32_t t = 0; t < rule.own_count; ++t)
                store_partial(visit.own + t * args.own_stride + at, own[t], size);
            store_partial(reinterpret_cast<float*>(visit.events + at), from_bits(event), size);
        }
        if (size == 16) store(visit.weights + at, w);
        else store_partial(visit.weights + at, w, size);
        if (!sums) return;
        if (delivers) amount = min_(max_(amount, broadcast_f(args.least_delivered)), broadcast_f(args.most_delivered));
        else amount = w;
        const I delivered = nearest(mul(amount, factor));
        if (!Listed && size == 16) {
            int32_t* const place = sums + targets.first;
            store(place, add(load(place), delivered));
        } else {
            int32_t amounts[16];
            store(amounts, delivered);
            for (uint32_t i = 0; i < size; ++i) sums[Listed ? visit.targets[at + i] : targets.first + i] += amounts[i];
        }
    };

    uint32_t at = 0;
    // Two groups go side by side: while one waits for its last result, the other goes on, and the processor predicts the number
    // of spikes once, not twice.
    if constexpr (plastic_pairs && !Listed && !Rule::has_own)
        for (; visit.count - at >= 32; at += 32) {
            const PlasticTargets<Listed> targets(visit, at), others(visit, at + 16);
            uint32_t behind = 0;
            const auto any_learns = [&] {
                return mask_bits(le(learned, spikes_of(targets, behind))) | mask_bits(le(learned, spikes_of(others, behind)));
            };
            while (behind < remembered_spikes && any_learns() != 0) ++behind;
            if (!sums && !is_signal && behind == 0) continue;
            F w = load(visit.weights + at), other_w = load(visit.weights + at + 16);
            for (uint32_t k = behind; k-- > 0;) {
                w = learn(targets, k, w);
                other_w = learn(others, k, other_w);
            }
            finish(targets, at, 16, w);
            finish(others, at + 16, 16, other_w);
        }
    for (; at < visit.count; at += 16) {
        const uint32_t size = visit.count - at < 16 ? visit.count - at : 16;
        const PlasticTargets<Listed> targets(visit, at);
        uint32_t behind = 0;  // spikes to learn, for the target with the most of them
        while (behind < remembered_spikes && any(le(learned, spikes_of(targets, behind)))) ++behind;
        if (!sums && !is_signal && behind == 0) continue;
        F w = size == 16 ? load(visit.weights + at) : load_partial(visit.weights + at, size);
        if (has_own) {  // rows may be read past their end, but not written
            event = load(visit.events + at);
            for (uint32_t t = 0; t < rule.own_count; ++t) own[t] = load(visit.own + t * args.own_stride + at);
        }
        for (uint32_t k = behind; k-- > 0;) w = learn(targets, k, w);
        finish(targets, at, size, w);
    }
}

template <class Rule>
static void plastic_visits(const PlasticArgs& args, const PlasticVisit* visits, uint32_t count, int32_t* sums, float scale) {
    const Rule rule(args);
    int32_t longest = INT32_MAX;
    for (uint32_t t = 0; t < rule.pre_count; ++t) longest = args.pre[t].last < longest ? args.pre[t].last : longest;
    for (uint32_t v = 0; v < count; ++v) {
        if (v + 1 < count) SNN_PREFETCH(visits[v + 1].weights);
        if (visits[v].targets) {
            plastic_visit<Rule, true, 0>(rule, args, visits[v], sums, scale);
            continue;
        }
        if constexpr (has_fast_lookup && Rule::on_post_pre && !Rule::has_own) {
            const int32_t age = args.now - visits[v].last_arrival;
            if (age < near_reach && longest >= near_reach) {
                plastic_visit<Rule, false, near_reach>(rule, args, visits[v], sums, scale);
                continue;
            }
            if (age < far_reach && longest >= far_reach) {
                plastic_visit<Rule, false, far_reach>(rule, args, visits[v], sums, scale);
                continue;
            }
        }
        plastic_visit<Rule, false, 0>(rule, args, visits[v], sums, scale);
    }
}

static void decay_post_traces(const PlasticArgs& args, uint32_t count, float* out_now) {
    for (uint32_t j = 0; j < count; j += 16) {
        const I steps = sub(broadcast_i(args.now), load(args.last_spike + j));
        for (uint32_t t = 0; t < args.post_count; ++t)
            store(out_now + t * args.row + j, decayed(args.post[t], load(args.post_after + t * args.row + j), steps));
    }
}
