#include "cpu/plastic_projection.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "backend/slots.h"

namespace snn::cpu {

namespace {

constexpr uint32_t part_size = 1u << 16;
constexpr uint32_t visits_together = 64;
// Steps are counted in 31 bits from `base`, which moves on when they run out. The age of an event beyond the longest trace does
// not matter.
constexpr uint64_t last_step = 1u << 30;
constexpr int32_t any_later_step = INT32_MAX;

const CompiledPlasticity* find_compiled(const KernelTable& kernels, const Plasticity& plasticity) {
    if (!plasticity.rule->built_in) return nullptr;
    for (uint32_t i = 0; i < kernels.plasticity_count; ++i) {
        const CompiledPlasticity& compiled = kernels.plasticity[i];
        if (plasticity.rule->name != std::string_view(compiled.name)) continue;
        bool fits = true;
        for (size_t k = 0; k < plasticity.options.size(); ++k)
            fits &= compiled.options[k] < 0 || compiled.options[k] == plasticity.options[k];
        if (fits) return &compiled;
    }
    return nullptr;
}

// Whether an event of a rule reads one of these registers.
bool reads(const Program& program, uint16_t output, uint32_t begin, uint32_t end) {
    const auto inside = [&](uint32_t operand) { return operand >= begin && operand < end; };
    for (const Instruction& i : program.instructions) {
        if (i.op == Op::const_ || i.op == Op::iconst) continue;
        if (inside(i.a) || inside(i.b) || inside(i.c)) return true;  // operands that an op does not have are 0
    }
    return inside(output);
}

}  // namespace

// ---- Building ---------------------------------------------------------------------------------------------------------

PlasticProjection::PlasticProjection(const Projection& projection, const Network& network,
                                     std::shared_ptr<const PlasticityPlan> plan, const std::vector<NeuronRange>& target_ranges,
                                     const SNNAllocator& allocator, const KernelTable& kernels, bool interpret)
    : info_(projection),
      plan_(std::move(plan)),
      kernels_(kernels),
      source_size_(network.population(projection.source).size),
      target_size_(network.population(projection.target).size),
      range_count_(static_cast<uint32_t>(target_ranges.size())),
      scale_(std::ldexp(1.0f, projection.fixed_exponent)),
      delays_(plan_->delays),
      learns_from_targets_(projection.plasticity->rule->learns_from_targets()) {
    make_parts(network, target_ranges, choose_programs(interpret), allocator);
    take_constants();
}

// Chooses compiled or interpreted programs. Returns what they need of the targets' past.
TargetHistory::Keeps PlasticProjection::choose_programs(bool interpret) {
    const PlasticityRule& rule = *info_.plasticity->rule;
    const CompiledPlasticity* const compiled = interpret ? nullptr : find_compiled(kernels_, *info_.plasticity);
    visits_ = compiled ? compiled->visits : kernels_.interpret_plastic;
    TargetHistory::Keeps keeps;
    if (compiled) {
        const uint32_t first_post = rule.constant_count() + static_cast<uint32_t>(rule.pre_traces.size());
        const uint32_t first_own = first_post + static_cast<uint32_t>(rule.post_traces.size());
        const uint32_t first_state = first_own + static_cast<uint32_t>(rule.synapse_traces.size());
        const uint32_t weight = first_state + static_cast<uint32_t>(rule.target_states.size());
        for (const uint16_t output : rule.on_post.outputs()) {
            keeps.post_before |= reads(rule.on_post.program, output, first_post, first_own);
            keeps.target_before |= reads(rule.on_post.program, output, first_state, weight);
        }
    } else {
        on_pre_ = InterpretedProgram::event(rule.on_pre.program, rule.on_pre.outputs());
        on_post_ = InterpretedProgram::event(rule.on_post.program, rule.on_post.outputs());
        if (rule.on_signal) on_signal_ = InterpretedProgram::event(rule.on_signal->program, rule.on_signal->outputs());
        keeps = {true, !rule.target_states.empty()};  // the interpreter hands over every trace and state
    }
    if (!rule.arrival_traces.empty()) {
        std::vector<uint16_t> results;
        for (const int32_t result : rule.arrival_traces)
            if (result >= 0) results.push_back(static_cast<uint16_t>(result));
        arrival_ = InterpretedProgram::event(rule.arrival, results);
    }
    return keeps;
}

void PlasticProjection::make_parts(const Network& network, const std::vector<NeuronRange>& target_ranges,
                                   TargetHistory::Keeps keeps, const SNNAllocator& allocator) {
    std::vector<NeuronRange> targets;
    for (uint32_t range = 0; range < range_count_; ++range)
        for (uint32_t begin = target_ranges[range].begin; begin < target_ranges[range].end; begin += part_size) {
            targets.push_back({begin, std::min(begin + part_size, target_ranges[range].end)});
            parts_.emplace_back();
            parts_.back().range = range;
            parts_.back().begin = begin;
            parts_.back().end = targets.back().end;
        }
    std::vector<SynapseRows> rows = make_synapse_rows(info_, network, *plan_, targets, allocator);
    uint32_t scratch = 0;
    for (const auto* program : {&on_pre_, &on_post_, &on_signal_, &arrival_})
        if (*program) scratch = std::max(scratch, (*program)->scratch_words());
    const size_t inputs = size_t{info_.plasticity->rule->on_pre.program.input_count} + 1;  // and a signal
    for (size_t p = 0; p < parts_.size(); ++p) {
        Part& part = parts_[p];
        part.rows = std::move(rows[p]);
        part.history.allocate(allocator, *plan_, part.end - part.begin, keeps);
        if (scratch == 0) continue;
        part.inputs.allocate(allocator, inputs * 16);
        part.scratch.allocate(allocator, scratch);
    }
}

void PlasticProjection::take_constants() {
    constants_.clear();
    for (const PlasticConstant& constant : plan_->constants) constants_.push_back({constant.real, constant.whole});
    for (Part& part : parts_) {
        make_args(part);
        if (part.inputs.empty()) continue;
        for (size_t i = 0; i < plan_->constants.size(); ++i) {
            const PlasticConstant& constant = plan_->constants[i];
            const uint32_t word = constant.type == ValueType::float_ ? std::bit_cast<uint32_t>(constant.real)
                                                                     : static_cast<uint32_t>(constant.whole);
            std::fill_n(part.inputs.data() + i * 16, 16, word);
        }
    }
}

// ---- Events -----------------------------------------------------------------------------------------------------------

void PlasticProjection::make_args(Part& part) const {
    PlasticArgs& args = part.args;
    args = {};
    args.constants = constants_.data();
    const auto fill = [](const std::vector<TracePlan>& traces, PlasticTrace* out) {
        for (const TracePlan& trace : traces) {
            const DecayTable& table = *trace.table;
            *out++ = {table.decay.data(), static_cast<int32_t>(table.decay.size() - 1), table.coarse.data(), table.fine.data()};
        }
        return static_cast<uint32_t>(traces.size());
    };
    args.pre_count = fill(plan_->pre_traces, args.pre);
    args.post_count = fill(plan_->post_traces, args.post);
    args.own_count = fill(plan_->synapse_traces, args.own);
    args.target_count = static_cast<uint32_t>(plan_->target_states.size());
    args.constant_count = static_cast<uint32_t>(constants_.size());
    args.own_stride = part.rows.own_stride;
    args.minimum = plan_->minimum;
    args.maximum = plan_->maximum;
    args.least_delivered = plan_->least_delivered();
    args.most_delivered = plan_->most_delivered();
    args.delivers = info_.plasticity->rule->on_pre.delivered >= 0;
    part.history.fill(args);
    args.inputs = part.inputs.data();
    args.scratch = part.scratch.data();
    if (on_pre_) {
        args.on_pre = on_pre_->view();
        args.on_post = on_post_->view();
        if (on_signal_) args.on_signal = on_signal_->view();
    }
}

PlasticArgs& PlasticProjection::args_of(Part& part, int32_t now) const {
    part.args.now = now;
    part.args.is_signal = false;
    part.args.post_now = nullptr;
    return part.args;
}

// Called before the targets' step.
void PlasticProjection::look_at(const PopulationData& target, Part& part) const {
    for (size_t k = 0; k < plan_->target_states.size(); ++k)
        part.args.target[k] =
            reinterpret_cast<const float*>(target.state_at(plan_->target_states[k], 0, part.range)) + part.begin;
}

// Computed once for all rows, if most targets are looked at anyway.
void PlasticProjection::look_at_traces(Part& part) const {
    kernels_.decay_post_traces(part.args, part.end - part.begin, part.history.post_now());
    part.args.post_now = part.history.post_now();
}

PlasticVisit PlasticProjection::visit_of(Part& part, size_t at) const {
    PlasticVisit visit = part.rows.visit(at, plan_->pre_traces.size());
    visit.learned = part.history.learned_by(visit.last_arrival);
    return visit;
}

int32_t PlasticProjection::step_of(Part& part, uint64_t clock) const {
    if (clock - part.base >= last_step) {
        flush(part);
        const int32_t now = oldest_event + 1;
        const uint64_t base = clock + 1 - static_cast<uint64_t>(now), moved = base - part.base;
        const auto move = [&](Buffer<int32_t>& steps) {
            for (size_t i = 0; i < steps.size(); ++i)
                steps[i] = static_cast<uint64_t>(steps[i]) > moved ? steps[i] - static_cast<int32_t>(moved) : 0;
        };
        move(part.rows.last_arrival);
        move(part.rows.events);
        move(part.history.last_spikes());
        part.base = base;
    }
    return static_cast<int32_t>(clock + 1 - part.base);
}

uint64_t PlasticProjection::deliver(uint32_t range, const PopulationData& source, const PopulationData& target, uint64_t clock,
                                    int32_t* sums) {
    PlasticVisit visits[visits_together];
    size_t rows[visits_together];
    uint64_t delivered = 0;
    for (Part& part : parts_) {
        if (part.range != range) continue;
        const int32_t now = step_of(part, clock);
        PlasticArgs& args = args_of(part, now);
        look_at(target, part);
        part.history.keep_states(args.target);
        uint32_t count = 0;
        uint64_t synapses = 0;
        const auto deliver_collected = [&] {
            if (!args.post_now && args.post_count > 0 && synapses >= part.end - part.begin) look_at_traces(part);
            visits_(args, visits, count, sums + part.begin, scale_);
            for (uint32_t v = 0; v < count; v += 16) arrive(part, rows + v, std::min(count - v, 16u), now);
            count = 0;
        };
        for (size_t slot = 0; slot < delays_.size(); ++slot)
            source.for_lists(clock - info_.delay_steps - delays_[slot], 0, [&](const uint32_t* active, uint32_t active_count) {
                for (uint32_t a = 0; a < active_count; ++a) {
                    const size_t row = active[a] * delays_.size() + slot;
                    if (part.rows.row(row).count == 0) continue;
                    visits[count] = visit_of(part, row);
                    synapses += visits[count].count;
                    rows[count++] = row;
                    if (count == visits_together) deliver_collected();
                }
            });
        if (count > 0) deliver_collected();
        delivered += synapses;
    }
    return delivered;
}

// Updates the traces of up to 16 rows for an arrival.
void PlasticProjection::arrive(Part& part, const size_t* rows, uint32_t count, int32_t now) const {
    const size_t pre_count = plan_->pre_traces.size();
    const std::vector<int32_t>& given = info_.plasticity->rule->arrival_traces;
    float before[most_traces][16] = {}, results[most_traces][16];
    for (size_t k = 0; k < pre_count; ++k)
        for (uint32_t v = 0; v < count; ++v)
            before[k][v] = decayed(plan_->pre_traces[k], part.rows.pre_after[rows[v] * pre_count + k],
                                   now - part.rows.last_arrival[rows[v]]);
    if (arrival_) {
        std::memcpy(part.inputs.data() + plan_->constants.size() * 16, before, pre_count * sizeof before[0]);
        uint32_t words[most_traces * 16];
        const auto is_given = [](int32_t result) { return result >= 0; };
        const auto outputs = static_cast<uint32_t>(std::count_if(given.begin(), given.end(), is_given));
        kernels_.interpret_event(arrival_->view(), part.inputs.data(), part.scratch.data(), outputs, words);
        std::memcpy(results, words, outputs * sizeof results[0]);
    }
    size_t result = 0;
    for (size_t k = 0; k < pre_count; ++k) {
        const bool is_result = arrival_ && given[k] >= 0;
        for (uint32_t v = 0; v < count; ++v)
            part.rows.pre_after[rows[v] * pre_count + k] =
                is_result ? results[result][v] : plan_->pre_traces[k].keep * before[k][v] + 1.0f;
        result += is_result;
    }
    for (uint32_t v = 0; v < count; ++v) part.rows.last_arrival[rows[v]] = now;
}

void PlasticProjection::learn(uint32_t range, uint64_t clock, const uint16_t* bits) {
    if (!learns_from_targets_) return;
    for (Part& part : parts_)
        if (part.range == range) learn(part, step_of(part, clock), bits + part.begin / 16);
}

void PlasticProjection::learn(Part& part, int32_t now, const uint16_t* bits) const {
    const TargetHistory::Seen seen = part.history.see(bits);
    if (!seen.any) return;
    if (seen.full) catch_up(part, now);
    part.history.add(*plan_, bits, now);
}

// Makes room in all lists before step `now`. Only rows whose last arrival is older than what stays need to learn.
void PlasticProjection::catch_up(Part& part, int32_t now) const {
    const int32_t until = part.history.step_that_makes_room();
    visit_rows(part, args_of(part, now), [&](size_t row) { return part.rows.last_arrival[row] < until; });
    part.history.rows_caught_up(until, now);
}

// Lets every synapse learn the past spikes of its target.
void PlasticProjection::flush(Part& part) const {
    if (part.history.is_behind()) visit_all(part, args_of(part, any_later_step));
}

void PlasticProjection::signal(uint32_t range, const PopulationData& target, uint64_t clock, float value) {
    for (Part& part : parts_) {
        if (part.range != range) continue;
        PlasticArgs& args = args_of(part, step_of(part, clock));
        look_at(target, part);
        args.is_signal = true;
        args.signal = value;
        if (args.post_count > 0) look_at_traces(part);
        visit_all(part, args);
    }
}

void PlasticProjection::set_plan(std::shared_ptr<const PlasticityPlan> plan) {
    for (Part& part : parts_) flush(part);
    plan_ = std::move(plan);
    take_constants();
}

template <class Choose>
void PlasticProjection::visit_rows(Part& part, const PlasticArgs& args, Choose&& choose) const {
    PlasticVisit visits[visits_together];
    uint32_t count = 0;
    for (size_t row = 0; row < part.rows.count(); ++row) {
        if (part.rows.row(row).count == 0 || !choose(row)) continue;
        visits[count++] = visit_of(part, row);
        if (count == visits_together) visits_(args, visits, std::exchange(count, 0), nullptr, 0.0f);
    }
    if (count > 0) visits_(args, visits, count, nullptr, 0.0f);
}

void PlasticProjection::visit_all(Part& part, const PlasticArgs& args) const {
    visit_rows(part, args, [](size_t) { return true; });
    part.history.all_caught_up();
}

// ---- Weights ----------------------------------------------------------------------------------------------------------

// Calls use(part, row) for every row, in canonical order.
template <class Use>
void PlasticProjection::for_rows(Use&& use) {
    for (Part& part : parts_) flush(part);
    for (size_t row = 0; row < source_size_ * delays_.size(); ++row)
        for (Part& part : parts_) {
            if (const SynapseRows::Row found = part.rows.row(row); found.count > 0) use(part, found);
        }
}

void PlasticProjection::read_weights(float* out_weights) {
    for_rows([&](Part& part, SynapseRows::Row row) {
        std::memcpy(out_weights, part.rows.weights.data() + row.begin, row.count * sizeof(float));
        out_weights += row.count;
    });
}

void PlasticProjection::write_weights(const float* weights) {
    for_rows([&](Part& part, SynapseRows::Row row) {
        std::memcpy(part.rows.weights.data() + row.begin, weights, row.count * sizeof(float));
        weights += row.count;
    });
}

void PlasticProjection::reset(uint64_t first_clock) {
    for (Part& part : parts_) {
        flush(part);
        part.base = first_clock - static_cast<uint64_t>(oldest_event);  // room for events that write_traces() sets
        part.rows.forget();
        part.history.forget();
    }
}

// ---- Traces -----------------------------------------------------------------------------------------------------------

// Calls use(part, place in the slot, step of the last event, first trace, distance between traces) for each place of a side.
template <class Use>
void PlasticProjection::for_traces(Slot::Kind side, Use&& use) {
    const size_t rows = source_size_ * delays_.size();
    if (side == Slot::pre_traces) {
        for (Part& part : parts_)
            for (size_t row = 0; row < rows; ++row)
                if (part.rows.row(row).count > 0)
                    use(part, row, part.rows.last_arrival[row], part.rows.pre_after.data() + row * plan_->pre_traces.size(),
                        size_t{1});
    } else if (side == Slot::post_traces) {
        for (Part& part : parts_)
            for (uint32_t j = part.begin; j < std::min(part.end, target_size_); ++j)
                use(part, j, part.history.last_spikes()[j - part.begin], part.history.post_after(j - part.begin),
                    part.history.width());
    } else {
        size_t place = 0;
        for_rows([&](Part& part, SynapseRows::Row row) {
            for (uint64_t k = row.begin; k < row.begin + row.count; ++k)
                use(part, place++, part.rows.events[k], part.rows.own.data() + k, part.rows.own_stride);
        });
    }
}

void PlasticProjection::read_traces(Slot::Kind side, uint64_t clock, float* out_traces, int32_t* out_ages, size_t places) {
    const std::vector<TracePlan>& plans = traces_of(*plan_, side);
    std::fill_n(out_traces, plans.size() * places, 0.0f);
    std::fill_n(out_ages, places, oldest_event);
    for (Part& part : parts_) step_of(part, clock);
    for_traces(side, [&](Part& part, size_t place, int32_t& last, float* values, size_t stride) {
        for (size_t k = 0; k < plans.size(); ++k) out_traces[k * places + place] = values[k * stride];
        const int32_t now = step_of(part, clock);
        out_ages[place] = kept_traces(plans, static_cast<uint64_t>(now - last), out_traces + place, places);
    });
}

void PlasticProjection::write_traces(Slot::Kind side, uint64_t clock, const float* traces, const int32_t* ages, size_t places) {
    const size_t count = traces_of(*plan_, side).size();
    for (Part& part : parts_) {
        flush(part);
        step_of(part, clock);
    }
    for_traces(side, [&](Part& part, size_t place, int32_t& last, float* values, size_t stride) {
        for (size_t k = 0; traces && k < count; ++k) values[k * stride] = traces[k * places + place];
        if (ages) last = step_of(part, clock) - ages[place];
    });
}

}  // namespace snn::cpu
