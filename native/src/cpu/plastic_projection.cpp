#include "cpu/plastic_projection.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>

#include "backend/slots.h"
#include "common/machine.h"

namespace snn::cpu {

namespace {

constexpr uint32_t part_size = 1u << 16;
constexpr uint32_t visits_together = 64;
// Steps are counted in 31 bits from `base`, which moves on when they run out. What is older than the longest trace is as
// old as anything.
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

// An event of a rule reads one of these registers.
bool reads(const Program& program, uint16_t output, uint32_t begin, uint32_t end) {
    const auto inside = [&](uint32_t operand) { return operand >= begin && operand < end; };
    for (const Instruction& i : program.instructions) {
        if (i.op == Op::const_ || i.op == Op::iconst) continue;
        if (inside(i.a) || inside(i.b) || inside(i.c)) return true;  // operands that an op does not have are 0
    }
    return inside(output);
}

float decayed(const TracePlan& trace, float value, int32_t steps) {
    return value * trace.decay[std::min<size_t>(static_cast<size_t>(steps), trace.decay.size() - 1)];
}

}  // namespace

// ---- Building ---------------------------------------------------------------------------------------------------------

// One row of the network in canonical order, and where its synapses go.
struct PlasticProjection::Places {
    RowMemory memory;
    std::vector<uint32_t> order, targets;
    std::vector<uint16_t> delays, parts;  // per synapse
    std::vector<float> weights;
    std::vector<uint16_t> part_of;  // per target

    void load(const Synapses& synapses, uint32_t source) {
        const SynapseRow row = synapses.row(source, memory);
        const size_t size = row.targets.size();
        order.resize(size);
        std::iota(order.begin(), order.end(), 0u);
        const auto delay_of = [&](uint32_t k) { return row.delays.empty() ? uint16_t{0} : row.delays[k]; };
        const auto before = [&](uint32_t a, uint32_t b) {
            return delay_of(a) != delay_of(b) ? delay_of(a) < delay_of(b) : row.targets[a] < row.targets[b];
        };
        if (!std::is_sorted(order.begin(), order.end(), before)) std::stable_sort(order.begin(), order.end(), before);
        targets.resize(size);
        delays.resize(size);
        weights.resize(size);
        parts.resize(size);
        for (size_t k = 0; k < size; ++k) {
            targets[k] = row.targets[order[k]];
            delays[k] = delay_of(order[k]);
            weights[k] = row.weights[order[k]];
            parts[k] = part_of[targets[k]];
        }
    }
    // Calls use(begin, end) for the stretches of synapses that share delay and part.
    template <class Use>
    void for_stretches(Use&& use) const {
        for (size_t begin = 0; begin < targets.size();) {
            size_t end = begin + 1;
            while (end < targets.size() && delays[end] == delays[begin] && parts[end] == parts[begin]) ++end;
            use(begin, end);
            begin = end;
        }
    }
};

PlasticProjection::PlasticProjection(const Projection& projection, const Network& network,
                                     std::shared_ptr<const PlasticityPlan> plan,
                                     const std::vector<NeuronRange>& target_ranges, const SNNAllocator& allocator,
                                     const KernelTable& kernels, bool interpret)
    : info_(projection),
      plan_(std::move(plan)),
      kernels_(kernels),
      source_size_(network.population(projection.source).size),
      target_size_(network.population(projection.target).size),
      range_count_(static_cast<uint32_t>(target_ranges.size())),
      scale_(std::ldexp(1.0f, projection.fixed_exponent)),
      delays_(plan_->delays) {
    const PlasticityRule& rule = *projection.plasticity->rule;
    const CompiledPlasticity* const compiled = interpret ? nullptr : find_compiled(kernels, *projection.plasticity);
    visits_ = compiled ? compiled->visits : kernels.interpret_plastic;
    const uint32_t first_post = rule.constant_count() + static_cast<uint32_t>(rule.pre_traces.size());
    const uint32_t first_own = first_post + static_cast<uint32_t>(rule.post_traces.size());
    const uint32_t first_state = first_own + static_cast<uint32_t>(rule.synapse_traces.size());
    const uint32_t weight = first_state + static_cast<uint32_t>(rule.target_states.size());
    for (const uint16_t output : rule.on_post.outputs()) {
        needs_post_before_ |= reads(rule.on_post.program, output, first_post, first_own);
        needs_target_before_ |= reads(rule.on_post.program, output, first_state, weight);
    }
    learns_from_targets_ = rule.learns_from_targets();
    if (!compiled) {
        on_pre_ = InterpretedProgram::event(rule.on_pre.program, rule.on_pre.outputs());
        on_post_ = InterpretedProgram::event(rule.on_post.program, rule.on_post.outputs());
        if (rule.on_signal) on_signal_ = InterpretedProgram::event(rule.on_signal->program, rule.on_signal->outputs());
        needs_post_before_ = true;  // the interpreter hands over every trace and state
        needs_target_before_ = !rule.target_states.empty();
    }
    if (!rule.arrival_traces.empty()) {
        std::vector<uint16_t> results;
        for (const int32_t result : rule.arrival_traces)
            if (result >= 0) results.push_back(static_cast<uint16_t>(result));
        arrival_ = InterpretedProgram::event(rule.arrival, results);
    }
    for (uint32_t range = 0; range < range_count_; ++range)
        for (uint32_t begin = target_ranges[range].begin; begin < target_ranges[range].end; begin += part_size) {
            parts_.emplace_back();
            parts_.back().range = range;
            parts_.back().begin = begin;
            parts_.back().end = std::min(begin + part_size, target_ranges[range].end);
        }
    build(allocator, network);
    take_constants();
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

void PlasticProjection::build(const SNNAllocator& allocator, const Network& network) {
    const Synapses& synapses = *info_.synapses;
    Places places;
    places.part_of.resize(network.population(info_.target).size);
    for (size_t p = 0; p < parts_.size(); ++p)
        for (uint32_t j = parts_[p].begin; j < std::min<size_t>(parts_[p].end, places.part_of.size()); ++j)
            places.part_of[j] = static_cast<uint16_t>(p);

    std::vector<uint16_t> slot_of(size_t{synapses.max_delay()} + 1, 0);
    for (size_t slot = 0; slot < delays_.size(); ++slot) slot_of[delays_[slot]] = static_cast<uint16_t>(slot);

    const size_t row_count = source_size_ * delays_.size();
    const size_t pre_count = plan_->pre_traces.size(), post_count = plan_->post_traces.size();
    for (Part& part : parts_) {
        part.row_begins.allocate(allocator, row_count + 1);
        part.last_arrival.allocate(allocator, row_count);
        part.pre_after.allocate(allocator, row_count * pre_count);
        // Sixteen lanes may begin at the last target.
        part.width = padded(part.end - part.begin) + size_t{16};
        if (part.width / 16 % 2 == 0) part.width += 16;  // else all that a target's list has may share a few sets of the cache
        part.spikes.allocate(allocator, part.width * remembered_spikes);
        std::fill_n(part.spikes.data(), part.spikes.size(), -1);
        part.last_spike.allocate(allocator, part.width);
        if (needs_post_before_) part.post_before.allocate(allocator, part.width * remembered_spikes * post_count);
        part.post_after.allocate(allocator, part.width * post_count);
        part.post_now.allocate(allocator, part.width * post_count);
        if (needs_target_before_) {
            part.target_now.allocate(allocator, part.width * plan_->target_states.size());
            part.target_before.allocate(allocator, part.width * remembered_spikes * plan_->target_states.size());
        }
        uint32_t scratch = 0;
        for (const auto* program : {&on_pre_, &on_post_, &on_signal_, &arrival_})
            if (*program) scratch = std::max(scratch, (*program)->scratch_words());
        if (scratch > 0) {
            const size_t inputs = size_t{info_.plasticity->rule->on_pre.program.input_count} + 1;  // and a signal
            part.inputs.allocate(allocator, inputs * 16);
            part.scratch.allocate(allocator, scratch);
        }
    }

    std::vector<uint8_t> side_by_side(parts_.size(), 1);
    for (uint32_t source = 0; source < source_size_; ++source) {
        places.load(synapses, source);
        places.for_stretches([&](size_t begin, size_t end) {
            const uint16_t p = places.parts[begin];
            Part& part = parts_[p];
            part.row_begins[source * delays_.size() + slot_of[places.delays[begin]] + 1] = end - begin;
            for (size_t k = begin + 1; k < end; ++k)
                side_by_side[p] &= places.targets[k] == places.targets[k - 1] + 1;
        });
    }
    for (size_t p = 0; p < parts_.size(); ++p) {
        Part& part = parts_[p];
        uint64_t count = 0;
        for (uint64_t& begin : std::span(part.row_begins.data(), part.row_begins.size())) begin = count += begin;
        part.weights.allocate(allocator, count, false);
        use_large_pages(part.weights.data(), part.weights.size() * sizeof(float));
        if (!plan_->synapse_traces.empty()) {  // read 16 at a time
            part.own_stride = count + 16;
            part.own.allocate(allocator, plan_->synapse_traces.size() * part.own_stride);
            part.events.allocate(allocator, part.own_stride);
        }
        // Targets are read 16 at a time.
        if (!side_by_side[p]) part.targets.allocate(allocator, count + 16);
        else part.first_targets.allocate(allocator, row_count);
    }
    for (uint32_t source = 0; source < source_size_; ++source) {
        places.load(synapses, source);
        places.for_stretches([&](size_t begin, size_t end) {
            Part& part = parts_[places.parts[begin]];
            const size_t at = source * delays_.size() + slot_of[places.delays[begin]];
            const Row row = part.row(at);
            if (part.targets.empty()) part.first_targets[at] = places.targets[begin] - part.begin;
            for (size_t k = begin; k < end; ++k) {
                part.weights[row.begin + (k - begin)] = places.weights[k];
                if (!part.targets.empty())
                    part.targets[row.begin + (k - begin)] = static_cast<uint16_t>(places.targets[k] - part.begin);
            }
        });
    }
}

// ---- Events -----------------------------------------------------------------------------------------------------------

void PlasticProjection::make_args(Part& part) const {
    PlasticArgs& args = part.args;
    args = {};
    args.constants = constants_.data();
    const auto fill = [](const std::vector<TracePlan>& traces, PlasticTrace* out) {
        for (size_t k = 0; k < traces.size(); ++k)
            out[k] = {traces[k].decay.data(), static_cast<int32_t>(traces[k].decay.size() - 1), traces[k].coarse.data(),
                      traces[k].fine.data()};
        return static_cast<uint32_t>(traces.size());
    };
    args.pre_count = fill(plan_->pre_traces, args.pre);
    args.post_count = fill(plan_->post_traces, args.post);
    args.own_count = fill(plan_->synapse_traces, args.own);
    args.target_count = static_cast<uint32_t>(plan_->target_states.size());
    args.constant_count = static_cast<uint32_t>(constants_.size());
    args.own_stride = part.own_stride;
    args.minimum = plan_->minimum;
    args.maximum = plan_->maximum;
    args.least_delivered = plan_->least_delivered();
    args.most_delivered = plan_->most_delivered();
    args.delivers = info_.plasticity->rule->on_pre.delivered >= 0;
    args.row = part.width;
    args.spikes = part.spikes.data();
    args.post_before = part.post_before.data();
    args.last_spike = part.last_spike.data();
    args.post_after = part.post_after.data();
    args.target_before = part.target_before.data();
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

// Before the targets' step.
void PlasticProjection::look_at(const PopulationData& target, Part& part) const {
    for (size_t k = 0; k < plan_->target_states.size(); ++k)
        part.args.target[k] = reinterpret_cast<const float*>(target.state_at(plan_->target_states[k], 0, part.range)) + part.begin;
}

PlasticVisit PlasticProjection::visit_of(Part& part, size_t at) const {
    const Row row = part.row(at);
    PlasticVisit visit{};
    visit.weights = part.weights.data() + row.begin;
    visit.targets = part.targets.empty() ? nullptr : part.targets.data() + row.begin;
    visit.first = part.targets.empty() ? part.first_targets[at] : 0;
    visit.count = row.count;
    visit.last_arrival = part.last_arrival[at];
    visit.learned = visit.last_arrival < part.caught_up ? part.caught_up_at : visit.last_arrival;
    const size_t pre_count = plan_->pre_traces.size();
    for (size_t k = 0; k < pre_count; ++k) visit.pre_after[k] = part.pre_after[at * pre_count + k];
    if (!part.events.empty()) {
        visit.own = part.own.data() + row.begin;
        visit.events = part.events.data() + row.begin;
    }
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
        move(part.last_arrival);
        move(part.last_spike);
        move(part.events);
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
        for (size_t k = 0; needs_target_before_ && k < args.target_count; ++k)
            std::memcpy(part.target_now.data() + k * part.width, args.target[k], (part.end - part.begin) * sizeof(float));
        uint32_t count = 0;
        uint64_t synapses = 0;
        const auto deliver_collected = [&] {
            // Enough synapses that each target's traces are looked at anyway: once for all rows.
            if (!args.post_now && args.post_count > 0 && synapses >= part.end - part.begin) {
                kernels_.decay_post_traces(args, part.end - part.begin, part.post_now.data());
                args.post_now = part.post_now.data();
            }
            visits_(args, visits, count, sums + part.begin, scale_);
            for (uint32_t v = 0; v < count; v += 16) arrive(part, rows + v, std::min(count - v, 16u), now);
            count = 0;
        };
        for (size_t slot = 0; slot < delays_.size(); ++slot)
            source.for_lists(clock - info_.delay_steps - delays_[slot], 0, [&](const uint32_t* active, uint32_t active_count) {
                for (uint32_t a = 0; a < active_count; ++a) {
                    const size_t row = active[a] * delays_.size() + slot;
                    if (part.row(row).count == 0) continue;
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

// Counts the arrival in the traces of up to 16 rows.
void PlasticProjection::arrive(Part& part, const size_t* rows, uint32_t count, int32_t now) const {
    const size_t pre_count = plan_->pre_traces.size();
    const std::vector<int32_t>& given = info_.plasticity->rule->arrival_traces;
    float before[most_traces][16] = {}, results[most_traces][16];
    for (size_t k = 0; k < pre_count; ++k)
        for (uint32_t v = 0; v < count; ++v)
            before[k][v] = decayed(plan_->pre_traces[k], part.pre_after[rows[v] * pre_count + k], now - part.last_arrival[rows[v]]);
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
            part.pre_after[rows[v] * pre_count + k] =
                is_result ? results[result][v] : plan_->pre_traces[k].keep * before[k][v] + 1.0f;
        result += is_result;
    }
    for (uint32_t v = 0; v < count; ++v) part.last_arrival[rows[v]] = now;
}

void PlasticProjection::learn(uint32_t range, uint64_t clock, const uint16_t* bits) {
    if (!learns_from_targets_) return;
    for (Part& part : parts_)
        if (part.range == range) learn(part, step_of(part, clock), bits + part.begin / 16);
}

void PlasticProjection::learn(Part& part, int32_t now, const uint16_t* bits) const {
    const uint32_t words = (part.end - part.begin) / 16;
    const auto for_spikes = [&](auto&& use) {
        for (uint32_t word = 0; word < words; ++word)
            for (uint32_t left = bits[word]; left != 0; left &= left - 1)
                use(word * 16 + static_cast<uint32_t>(std::countr_zero(left)));
    };
    bool any = false, full = false;
    const int32_t* const oldest = part.spikes.data() + (remembered_spikes - 1) * part.width;
    for_spikes([&](uint32_t j) {
        any = true;
        full |= oldest[j] >= part.caught_up;
    });
    if (!any) return;
    if (full) catch_up(part, now);
    part.is_behind = true;
    for_spikes([&](uint32_t j) {
        int32_t* const spikes = part.spikes.data() + j;
        uint32_t kept = 0;  // those that some row has yet to learn
        while (kept < remembered_spikes - 1 && spikes[kept * part.width] >= part.caught_up) ++kept;
        const auto shift = [&](auto* list) {
            for (uint32_t k = kept; k > 0; --k) list[k * part.width] = list[(k - 1) * part.width];
        };
        for (size_t t = 0; t < plan_->post_traces.size(); ++t) {
            float& after = part.post_after[t * part.width + j];
            const float before = decayed(plan_->post_traces[t], after, now - part.last_spike[j]);
            after = plan_->post_traces[t].keep * before + 1.0f;
            if (!needs_post_before_) continue;
            float* const list = part.post_before.data() + t * remembered_spikes * part.width + j;
            shift(list);
            list[0] = before;
        }
        for (size_t t = 0; needs_target_before_ && t < plan_->target_states.size(); ++t) {
            float* const list = part.target_before.data() + t * remembered_spikes * part.width + j;
            shift(list);
            list[0] = part.target_now[t * part.width + j];
        }
        shift(spikes);
        spikes[0] = now;
        part.last_spike[j] = now;
    });
}

// Makes room in all lists before step `now`, where only rows need to learn whose last arrival is older than what stays.
void PlasticProjection::catch_up(Part& part, int32_t now) const {
    constexpr uint32_t kept = remembered_spikes * 2 / 3;
    const int32_t* const first_gone = part.spikes.data() + kept * part.width;
    const int32_t until = *std::max_element(first_gone, first_gone + part.width) + 1;
    visit_rows(part, args_of(part, now), [&](size_t row) { return part.last_arrival[row] < until; });
    part.caught_up = until;
    part.caught_up_at = now;
}

// Lets every synapse learn the spikes of its target that are over.
void PlasticProjection::flush(Part& part) const {
    if (part.is_behind) visit_all(part, args_of(part, any_later_step));
}

void PlasticProjection::signal(uint32_t range, const PopulationData& target, uint64_t clock, float value) {
    for (Part& part : parts_) {
        if (part.range != range) continue;
        PlasticArgs& args = args_of(part, step_of(part, clock));
        look_at(target, part);
        args.is_signal = true;
        args.signal = value;
        if (args.post_count > 0) {
            kernels_.decay_post_traces(args, part.end - part.begin, part.post_now.data());
            args.post_now = part.post_now.data();
        }
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
    for (size_t row = 0; row + 1 < part.row_begins.size(); ++row) {
        if (part.row(row).count == 0 || !choose(row)) continue;
        visits[count++] = visit_of(part, row);
        if (count == visits_together) visits_(args, visits, std::exchange(count, 0), nullptr, 0.0f);
    }
    if (count > 0) visits_(args, visits, count, nullptr, 0.0f);
}

void PlasticProjection::visit_all(Part& part, const PlasticArgs& args) const {
    visit_rows(part, args, [](size_t) { return true; });
    std::fill_n(part.spikes.data(), part.spikes.size(), -1);
    part.is_behind = false;
    part.caught_up = part.caught_up_at = 0;
}

// ---- Weights ----------------------------------------------------------------------------------------------------------

// Calls use(part, row) for every row, in canonical order.
template <class Use>
void PlasticProjection::for_rows(Use&& use) {
    for (Part& part : parts_) flush(part);
    for (size_t row = 0; row < source_size_ * delays_.size(); ++row)
        for (Part& part : parts_) {
            if (const Row found = part.row(row); found.count > 0) use(part, found);
        }
}

void PlasticProjection::read_weights(float* out_weights) {
    for_rows([&](Part& part, Row row) {
        std::memcpy(out_weights, part.weights.data() + row.begin, row.count * sizeof(float));
        out_weights += row.count;
    });
}

void PlasticProjection::write_weights(const float* weights) {
    for_rows([&](Part& part, Row row) {
        std::memcpy(part.weights.data() + row.begin, weights, row.count * sizeof(float));
        weights += row.count;
    });
}

void PlasticProjection::reset(uint64_t first_clock) {
    for (Part& part : parts_) {
        flush(part);
        part.base = first_clock - static_cast<uint64_t>(oldest_event);  // room for events that are written
        part.last_arrival.clear();
        part.pre_after.clear();
        part.last_spike.clear();
        part.post_after.clear();
        part.own.clear();
        part.events.clear();
    }
}

// ---- Traces -----------------------------------------------------------------------------------------------------------

// Calls use(part, place in the slot, step of its last event, its first trace, how far apart its traces are).
template <class Use>
void PlasticProjection::for_traces(Slot::Kind side, Use&& use) {
    const size_t rows = source_size_ * delays_.size();
    if (side == Slot::pre_traces) {
        for (Part& part : parts_)
            for (size_t row = 0; row < rows; ++row)
                if (part.row(row).count > 0)
                    use(part, row, part.last_arrival[row], part.pre_after.data() + row * plan_->pre_traces.size(), size_t{1});
    } else if (side == Slot::post_traces) {
        for (Part& part : parts_)
            for (uint32_t j = part.begin; j < std::min(part.end, target_size_); ++j)
                use(part, j, part.last_spike[j - part.begin], part.post_after.data() + (j - part.begin), part.width);
    } else {
        size_t place = 0;
        for_rows([&](Part& part, Row row) {
            for (uint64_t k = row.begin; k < row.begin + row.count; ++k)
                use(part, place++, part.events[k], part.own.data() + k, part.own_stride);
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
