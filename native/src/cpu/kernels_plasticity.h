// Plastic synapses: weights that change when a spike arrives and when the target spikes. Included by kernels_isa.cpp inside the
// namespace of one instruction set; the rules themselves are printed by engine/modelc (plasticity_kernels.inl).
//
// Sixteen synapses of one row at a time, whose targets are side by side (a row onto everybody) or listed. First the spikes of
// the targets since the row's last arrival, oldest first, each lane its own:
//
//      k-th last spike of the targets      w = on_post(w, pre trace at that step, post trace before it)
//      k = 2   [ .  .  7  .  . ...]
//      k = 1   [ 3  .  9  .  5 ...]        lanes with nothing left stand by
//      k = 0   [12  8 11  .  6 ...]
//
// then the arrival: w = on_pre(w, ...), and the weight is added to the target's input; or a signal: w = on_signal(w, ...).
// Traces of the synapses are as of the last event of each synapse; an event first lets them decay until then.

static void interpret_event(const BlockProgram& program, const uint32_t* inputs, uint32_t* scratch, uint32_t output_count,
                            uint32_t* out_words) {
    BlockInputs table(scratch, program.input_count);
    for (uint32_t i = 0; i < program.input_count; ++i) table.put(inputs + i * 16, 0);
    const BlockFrame frame{table.data, table.masks, program.literals, scratch + program.table_words, 0, 16};
    run_block(program, frame, nullptr, nullptr);  // no surrogate, no draws
    for (uint32_t k = 0; k < output_count; ++k) write(out_words + k * 16, read_i(operand_of(frame, program.state_results[k]).words));
}

// A user's rule, from its op lists.
struct InterpretedPlasticity {
    static constexpr bool on_pre_pre = true, on_pre_post = true, on_post_pre = true, on_post_post = true, on_signal_pre = true,
                          on_signal_post = true, has_own = true, has_signal = true, delivers = true;
    explicit InterpretedPlasticity(const PlasticArgs& the_args)
        : args(the_args), pre_count(the_args.pre_count), post_count(the_args.post_count), own_count(the_args.own_count) {}

    F on_pre(F w, const F* pre, const F* post, F* own, F& delivered) const {
        uint32_t results[(2 + most_traces) * 16];
        run(args.on_pre, w, pre, post, own, args.delivers, results);
        if (args.delivers) delivered = read_f(results + (1 + own_count) * 16);
        return read_f(results);
    }
    F on_post(F w, const F* pre, const F* post, F* own) const {
        uint32_t results[(1 + most_traces) * 16];
        run(args.on_post, w, pre, post, own, false, results);
        return read_f(results);
    }
    F on_signal(F w, const F* pre, const F* post, F* own, F signal) const {
        uint32_t results[(1 + most_traces) * 16];
        write(args.inputs + (args.on_signal.input_count - 1) * 16, signal);
        run(args.on_signal, w, pre, post, own, false, results);
        return read_f(results);
    }

    void run(const BlockProgram& program, F w, const F* pre, const F* post, F* own, bool delivered, uint32_t* out_words) const {
        uint32_t* words = args.inputs + args.constant_count * 16;
        for (uint32_t k = 0; k < pre_count; ++k, words += 16) write(words, pre[k]);
        for (uint32_t k = 0; k < post_count; ++k, words += 16) write(words, post[k]);
        for (uint32_t k = 0; k < own_count; ++k, words += 16) write(words, own[k]);
        write(words, w);
        interpret_event(program, args.inputs, args.scratch, 1 + own_count + delivered, out_words);
        for (uint32_t k = 0; k < own_count; ++k) own[k] = read_f(out_words + (1 + k) * 16);
    }

    const PlasticArgs& args;
    uint32_t pre_count, post_count, own_count;
};

SNN_ALWAYS_INLINE F decayed(const PlasticTrace& trace, F value, I steps) {
    // Lanes that stand by may be negative.
    if constexpr (has_fast_lookup) {  // in registers, where a gather costs more than all the rest
        const I at = max_(steps, broadcast_i(0)), block = shift_right<5>(at);
        const auto decay_of = [&](F coarse) { return mul(coarse, lookup32(trace.fine, at)); };
        // Mostly events are less than 1,024 steps apart, and a trace lasts longer.
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

// `sums` null: nothing arrives.
template <class Rule, bool Listed>
static void plastic_visit(const Rule& rule, const PlasticArgs& args, const PlasticVisit& visit, int32_t* sums, float scale) {
    F pre[most_traces], post[most_traces], pre_after[most_traces], pre_now[most_traces], own[most_traces], own_now[most_traces];
    const bool is_signal = Rule::has_signal && args.is_signal, has_own = Rule::has_own && rule.own_count > 0;
    for (uint32_t k = 0; k < rule.pre_count; ++k) {
        pre_after[k] = broadcast_f(visit.pre_after[k]);
        if constexpr (Rule::on_pre_pre || Rule::on_signal_pre) {
            const I steps = broadcast_i(args.now - visit.last_arrival);
            pre_now[k] = decayed(args.pre[k], pre_after[k], steps);
        }
    }
    const I last = broadcast_i(visit.last_arrival);
    const F minimum = broadcast_f(args.minimum), maximum = broadcast_f(args.maximum), factor = broadcast_f(scale);
    const auto held = [&](F w) { return flush(min_(max_(w, minimum), maximum)); };
    const bool delivers = Rule::delivers && args.delivers;
    for (uint32_t at = 0; at < visit.count; at += 16) {
        const uint32_t size = visit.count - at < 16 ? visit.count - at : 16;
        const uint32_t first = visit.first + at;
        I targets = broadcast_i(0);
        if constexpr (Listed) targets = load_u16(visit.targets + at);
        const auto of_targets = [&](const auto* row) {
            if constexpr (Listed) return gather(row, targets);
            else return load(row + first);
        };
        float* const weights = visit.weights + at;
        F w = size == 16 ? load(weights) : load_partial(weights, size);

        uint32_t behind = 0;  // spikes to learn, of the target with the most of them
        while (behind < remembered_spikes && any(le(last, of_targets(args.spikes + behind * args.row)))) ++behind;
        if (!sums && !is_signal && behind == 0) continue;
        I event = broadcast_i(0);
        if (has_own) {  // rows may be read past their end, not written
            event = load(visit.events + at);
            for (uint32_t t = 0; t < rule.own_count; ++t) own[t] = load(visit.own + t * args.own_stride + at);
        }
        const auto own_at = [&](I step) {
            if (has_own)
                for (uint32_t t = 0; t < rule.own_count; ++t) own_now[t] = decayed(args.own[t], own[t], sub(step, event));
        };
        for (uint32_t k = behind; k-- > 0;) {
            const I spike = of_targets(args.spikes + k * args.row);
            const I steps = sub(spike, last);
            if constexpr (Rule::on_post_pre)
                for (uint32_t t = 0; t < rule.pre_count; ++t) pre[t] = decayed(args.pre[t], pre_after[t], steps);
            if constexpr (Rule::on_post_post)
                for (uint32_t t = 0; t < rule.post_count; ++t)
                    post[t] = of_targets(args.post_before + (t * remembered_spikes + k) * args.row);
            own_at(spike);
            const M learns = le(last, spike);
            w = select(learns, held(rule.on_post(w, pre, post, own_now)), w);
            if (has_own) {
                for (uint32_t t = 0; t < rule.own_count; ++t) own[t] = select(learns, flush(own_now[t]), own[t]);
                event = select(learns, spike, event);
            }
        }
        F amount = broadcast_f(0.0f);
        if (sums || is_signal) {
            if constexpr (Rule::on_pre_post || Rule::on_signal_post) {
                if (args.post_now) {
                    for (uint32_t t = 0; t < rule.post_count; ++t) post[t] = of_targets(args.post_now + t * args.row);
                } else {
                    const I steps = sub(broadcast_i(args.now), of_targets(args.last_spike));
                    for (uint32_t t = 0; t < rule.post_count; ++t)
                        post[t] = decayed(args.post[t], of_targets(args.post_after + t * args.row), steps);
                }
            }
            own_at(broadcast_i(args.now));
            if constexpr (Rule::has_signal)
                if (is_signal) w = held(rule.on_signal(w, pre_now, post, own_now, broadcast_f(args.signal)));
            if (sums) w = held(rule.on_pre(w, pre_now, post, own_now, amount));
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
        if (size == 16) store(weights, w);
        else store_partial(weights, w, size);
        if (sums) {
            if (delivers) amount = min_(max_(amount, broadcast_f(args.least_delivered)), broadcast_f(args.most_delivered));
            else amount = w;
            const I delivered = nearest(mul(amount, factor));
            if (!Listed && size == 16) {
                store(sums + first, add(load(sums + first), delivered));
            } else {
                int32_t amounts[16];
                store(amounts, delivered);
                for (uint32_t i = 0; i < size; ++i) sums[Listed ? visit.targets[at + i] : first + i] += amounts[i];
            }
        }
    }
}

template <class Rule>
static void plastic_visits(const PlasticArgs& args, const PlasticVisit* visits, uint32_t count, int32_t* sums, float scale) {
    const Rule rule(args);
    for (uint32_t v = 0; v < count; ++v) {
        if (v + 1 < count) SNN_PREFETCH(visits[v + 1].weights);
        if (visits[v].targets) plastic_visit<Rule, true>(rule, args, visits[v], sums, scale);
        else plastic_visit<Rule, false>(rule, args, visits[v], sums, scale);
    }
}

static void decay_post_traces(const PlasticArgs& args, uint32_t count, float* out_now) {
    for (uint32_t j = 0; j < count; j += 16) {
        const I steps = sub(broadcast_i(args.now), load(args.last_spike + j));
        for (uint32_t t = 0; t < args.post_count; ++t)
            store(out_now + t * args.row + j, decayed(args.post[t], load(args.post_after + t * args.row + j), steps));
    }
}
