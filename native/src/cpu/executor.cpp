// How the CPU runs a step.
//
// For one sample, a step goes through the populations in the plan's order. For each of them, everything that makes its new
// state is done in one go, while its sums are still in the cache:
//
//     activity of sources, as lists of indices            this population, one piece of its neurons
//     (a ring of past steps where delays need it)
//
//       step t    3 9 12 40                                sums   = 0 + bias
//       step t-1  1 9           --- delivered: rows of     sums  += w[3], += w[9], += w[12], ...   (ascending)
//       step t-2  7 8 30            weights, kernels,      sums  += integer sums * 2^-e            (sparse)
//                                   synapses               state  = model(state, sums)             (16 lanes at a time)
//                                                          bits   = neurons that spike
//                                                             |
//       step t of this population  <---- list_active ---------+      the list that the next population reads
//
// Silent sources cost nothing: their weights are not read. Every sum is added up in the order of docs/semantics.md, so neither
// the number of lanes, nor of threads, nor the shape of the pieces can change a bit.
//
// Sparse static synapses with a delay are bundled instead (sparse_bundles.h): they are delivered for all populations at the
// beginning of the step, into integers that wait in `accumulators` until the population takes them.
//
// Two ways to share a run among threads, chosen by size:
//
//     samples   every thread takes its own samples through all steps of the run; threads wait for each other only at the end
//     team      one sample at a time; every thread owns one range of each population, delivers to it and updates it. They
//               meet after each stage (populations that do not feed each other within a step). If every projection between
//               neurons is bundled or plastic, they meet once in as many steps as the shortest delay has (executor_spans.cpp)
//
// A small step stays on the calling thread. A host's job system does not promise that tasks run side by side. With one, every
// stretch between two meetings is therefore a call of its own.
//
// Runs for training go layer by layer instead (executor_layers.cpp). What is decided once, at opening: executor_opening.cpp.
//
// Nothing here allocates, locks or waits once the buffers exist. They are sized when the session opens; those of the tape, at
// the first taped run of a length.
#include "cpu/executor.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>

#include "common/error.h"
#include "cpu/executor_team.h"
#include "cpu/spike_times.h"
#include "cpu/tape.h"

namespace snn::cpu {

namespace {

constexpr size_t words_worth_sharing = 1u << 18;    // of memory that is filled: half of an L2 cache
constexpr double worth_waking_ns = 20000;           // a run shorter than that is not worth waking threads
constexpr double worth_meeting_ns = 2000;           // a step shorter than that is not worth sharing
constexpr double worth_job_ns = 20000;              // the same for a host's job system
constexpr double worth_sharing_always_ns = 100000;  // a longer step is worth sharing whatever else runs
constexpr double piece_ns = 500000;                 // approximate time between two choices of the way to run
constexpr double most_times_alone = 3;              // shared steps are given up if they take this many times as long as alone

}  // namespace

// Returns whether any sums are the same in all steps of the request, and notes which.
bool CpuExecutor::holds_sums(const RunRequest& request) {
    if (held_words_ == 0 || request.step_count < 2 || request.tape) return false;
    bool any = false;
    for (const uint32_t p : neurons_) {
        const PopulationData& data = *context_.populations[p];
        std::array<uint8_t, most_receptors> held;
        held.fill(1);
        for (const uint32_t q : data.incoming) {
            const ProjectionData& projection = *context_.projections[q];
            const auto is_held = [&](const InputFrames& input) {
                return input.population == projection.info.source && input.step_stride == 0;
            };
            uint8_t& so_far = held[projection.info.receptor];
            so_far =
                so_far && held_places_[q] != no_place && std::any_of(request.inputs.begin(), request.inputs.end(), is_held);
            any |= (holds_[q] = so_far) != 0;
        }
    }
    return any;
}

std::string CpuExecutor::description() const {
    const uint32_t width = context_.pool.width();
    return text(context_.kernels.name, ", ", width, width == 1 ? " thread" : " threads");
}

// Whether several threads update its ranges and one of them lists the whole population.
bool CpuExecutor::joins_list(uint32_t population) const {
    const PopulationData& data = *context_.populations[population];
    return data.has_activity() && data.one_list && data.ranges.size() > 1;
}

void CpuExecutor::reset_state() {
    size_t words = 0;
    for (const auto& population : context_.populations) {
        population->forget_activity();
        words += size_t{population->state_count} * context_.batch * population->row;
    }
    const uint32_t parts = words < words_worth_sharing ? 1 : std::min(context_.pool.width(), context_.batch);
    context_.pool.run(parts, [&](uint32_t part) {
        const auto bound = [&](uint32_t k) { return static_cast<uint32_t>(uint64_t{context_.batch} * k / parts); };
        for (const auto& population : context_.populations) population->reset_states(bound(part), bound(part + 1));
    });
    for (TaskMemory& task : context_.tasks) task.counters = {};
    for (const auto& plastic : context_.plastic)
        if (plastic) plastic->reset(first_clock);
    clock_ = first_clock;
    steps_ = 0;
}

void CpuExecutor::signal(uint32_t projection, float value) {
    PlasticProjection& plastic = *context_.plastic[projection];
    const PopulationData& target = *context_.populations[context_.projections[projection]->info.target];
    context_.pool.deal(plastic.range_count(), [&](uint32_t range, uint32_t) { plastic.signal(range, target, clock_, value); });
}

ExecutorCounters CpuExecutor::counters() const {
    ExecutorCounters sum{.steps = steps_};
    for (const TaskMemory& task : context_.tasks) {
        sum.spikes += task.counters.spikes;
        sum.input_spikes += task.counters.input_spikes;
        sum.synaptic_events += task.counters.events;
        sum.synaptic_operations += task.counters.events + task.counters.value_operations;
    }
    return sum;
}

// ---- Running ----------------------------------------------------------------------------------------------------------

void CpuExecutor::run(const RunRequest& request) {
    if (request.step_count == 0) return;
    if (request.tape) run_taped(request);
    else run_steps(request);
}

void CpuExecutor::run_steps(const RunRequest& request) {
    begin_events(request);
    leaves_out_resting_ = leaves_out_resting(request);
    window_steps_ = context_.batch > 1 || leaves_out_resting_ ? 1 : context_.bundles->window_steps();
    holds_sums_ = holds_sums(request);
    const uint32_t width = context_.pool.width(), batch = context_.batch;
    const double work = work_ns_ * request.step_count * batch;
    const double worth_sharing =
        context_.pool.runs_together() ? worth_meeting_ns / std::max(context_.span_steps, 1u) : worth_job_ns;
    if (runs_by_layers(request)) {
        run_layers(request);
    } else if (width == 1 || work < worth_waking_ns) {
        run_samples(request, {0, request.step_count}, 0, batch, context_.tasks[0]);
    } else if (batch < width && work_ns_ > worth_sharing) {
        if (!context_.pool.runs_together()) run_phases(request);
        else if (work_ns_ * batch > worth_sharing_always_ns) run_team(request, {0, request.step_count}, HUGE_VAL);
        else run_shared(request);
    } else {
        const uint32_t groups = std::min(width, batch);
        context_.pool.run(groups, [&](uint32_t group) {
            const auto bound = [&](uint32_t g) { return static_cast<uint32_t>(uint64_t{batch} * g / groups); };
            run_samples(request, {0, request.step_count}, bound(group), bound(group + 1), context_.tasks[group]);
        });
    }
    for (TaskMemory& task : context_.tasks) task.window = {};
    settle();
    end_events(request);
    clock_ += request.step_count;
    steps_ += request.step_count;
}

// ---- Events -----------------------------------------------------------------------------------------------------------

void CpuExecutor::begin_events(const RunRequest& request) {
    if (request.events.empty()) return;
    event_logs_.resize(context_.populations.size());
    try {
        for (const EventRecord& record : request.events)
            event_logs_[record.population].begin(*context_.populations[record.population], context_.allocator,
                                                 request.step_count);
    } catch (...) {
        event_logs_.clear();  // logs that have begun would go on recording in the next run
        throw;
    }
}

void CpuExecutor::end_events(const RunRequest& request) {
    for (EventRecord& record : request.events) event_logs_[record.population].end(record);
}

// ---- Steps ------------------------------------------------------------------------------------------------------------

// A few samples at a time go through all steps: few, so that their state stays in the L2 cache; more than one, so that
// inputs, recordings and tape ([step][sample][neuron]) are read and written in long stretches.
void CpuExecutor::run_samples(const RunRequest& request, StepRange steps, uint32_t begin, uint32_t end, TaskMemory& memory) {
    if (context_.span_steps > 0 && context_.batch == 1) {
        Team team(1, steps, HUGE_VAL);
        run_spans(request, steps.begin, {0, context_.pool.width()}, memory, team);
        return;
    }
    const bool holds = holds_sums_ && steps.end - steps.begin > 1;
    for (uint32_t first = begin; first < end; first += samples_together_) {
        const uint32_t last = std::min(end, first + samples_together_);
        for (uint32_t step = steps.begin; step < steps.end; ++step)
            for (uint32_t sample = first; sample < last; ++sample) {
                Moment at = moment(request, step, sample);
                if (holds) at.held_sums = memory.held_sums_of_samples.data() + size_t{sample - first} * held_words_;
                at.fills_held_sums = step == steps.begin;
                memory.window = window_place(step, steps);
                load_inputs(request, at, step);
                count_inputs(request, at, memory);
                for (uint32_t thread = 0; thread < context_.bundles->thread_count(); ++thread)
                    deliver_bundles(at, thread, memory);
                for (const uint32_t p : neurons_) {
                    update_neurons(p, at, memory);
                    finish_population(p, at, memory);
                }
                record(request, at, step, whole_row);
            }
    }
}

// Short steps are worth sharing only while the threads run at the same time. If other work takes a core away, all wait for the
// thread that had it, and one thread alone is many times faster. So both ways are measured.
void CpuExecutor::run_shared(const RunRequest& request) {
    const auto piece = std::max(static_cast<uint32_t>(piece_ns / work_ns_), std::max(context_.span_steps, 1u));
    for (uint32_t step = 0; step < request.step_count;) {
        StepRange steps{step, step + std::min(piece, request.step_count - step)};
        const Clock::time_point begin = Clock::now();
        if (sharing_.shares_next()) {
            const double alone_ns = sharing_.alone_ns() > 0 ? sharing_.alone_ns() : work_ns_;
            steps.end = run_team(request, steps, most_times_alone * alone_ns * (steps.end - steps.begin));
        } else {
            run_samples(request, steps, 0, context_.batch, context_.tasks[0]);
        }
        sharing_.note(nanoseconds_since(begin) / (steps.end - steps.begin));
        step = steps.end;
    }
}

// Stops at the first meeting after `limit_ns`, or at the end of `steps`. Returns the step after the last one.
uint32_t CpuExecutor::run_team(const RunRequest& request, StepRange steps, double limit_ns) {
    const uint32_t width = context_.pool.width();
    Team team(width, steps, limit_ns);
    context_.pool.run(width, [&](uint32_t thread) { run_thread(request, steps.begin, thread, team); });
    return team.end.load(std::memory_order_relaxed);
}

// What one thread of a team does. All threads come to the same meetings.
void CpuExecutor::run_thread(const RunRequest& request, uint32_t first_step, uint32_t thread, Team& team) {
    TaskMemory& memory = context_.tasks[thread];
    if (context_.span_steps > 0) {
        run_spans(request, first_step, {thread, thread + 1}, memory, team);
        return;
    }
    Barrier& barrier = team.barrier;
    const StepRange all{first_step, team.end.load(std::memory_order_relaxed)};
    for (uint32_t step = first_step; step < team.end.load(std::memory_order_relaxed); ++step) {
        for (uint32_t sample = 0; sample < context_.batch; ++sample) {
            const Moment at = moment(request, step, sample);
            if (loads_inputs(request, step)) {
                if (thread == 0) load_inputs(request, at, step);
                barrier.wait();
            }
            if (thread == 0) count_inputs(request, at, memory);
            memory.window = window_place(step, team.may_be_late() ? StepRange{step, step + 1} : all);
            deliver_bundles(at, thread, memory);
            for (size_t s = 0; s < stages_.size(); ++s) {
                for (const uint32_t p : stages_[s].populations)
                    if (thread < context_.populations[p]->ranges.size()) update_range(p, at, thread, memory);
                const bool last = s + 1 == stages_.size();
                if (!last || stages_[s].joins_lists) barrier.wait();
                if (!stages_[s].joins_lists) continue;
                if (thread == 0)
                    for (const uint32_t p : stages_[s].populations)
                        if (joins_list(p)) finish_population(p, at, memory);
                if (!last) barrier.wait();
            }
            record(request, at, step, thread);
        }
        // Written before the meeting and read after it, so that all threads end with the same step.
        if (thread == 0 && step + 1 < team.end.load(std::memory_order_relaxed) && team.is_late())
            team.end.store(step + 1, std::memory_order_relaxed);
        barrier.wait();
    }
}

// Like run_team(), but for tasks that may not wait for each other.
void CpuExecutor::run_phases(const RunRequest& request) {
    const uint32_t width = context_.pool.width();
    for (uint32_t step = 0; step < request.step_count; ++step)
        for (uint32_t sample = 0; sample < context_.batch; ++sample) {
            const Moment at = moment(request, step, sample);
            load_inputs(request, at, step);
            count_inputs(request, at, context_.tasks[0]);
            for (size_t s = 0; s < stages_.size(); ++s) {
                context_.pool.run(width, [&](uint32_t thread) {
                    TaskMemory& memory = context_.tasks[thread];
                    if (s == 0) deliver_bundles(at, thread, memory);
                    for (const uint32_t p : stages_[s].populations)
                        if (thread < context_.populations[p]->ranges.size()) update_range(p, at, thread, memory);
                });
                for (const uint32_t p : stages_[s].populations)
                    if (joins_list(p)) finish_population(p, at, context_.tasks[0]);
            }
            record(request, at, step, whole_row);
        }
}

// Inputs that are held and not delayed are loaded only once for a run.
bool CpuExecutor::loads_inputs(const RunRequest& request, uint32_t step) const {
    return std::any_of(request.inputs.begin(), request.inputs.end(), [&](const InputFrames& input) {
        return step == 0 || input.step_stride > 0 || context_.populations[input.population]->frame_count > 1 ||
               request.tape || context_.batch > 1;
    });
}

void CpuExecutor::load_inputs(const RunRequest& request, const Moment& at, uint32_t step) {
    for (const InputFrames& input : request.inputs) {
        PopulationData& data = *context_.populations[input.population];
        const bool unchanged = step > 0 && input.step_stride == 0 && data.frame_count == 1;
        if (input.offsets) {
            const uint32_t* const range = input.offsets + size_t{step} * context_.batch + at.sample;
            data.set_active(at.clock, at.sample, input.neurons + range[0], range[1] - range[0]);
        } else if (!unchanged) {
            const float* const frame =
                input.data + step * input.step_stride + static_cast<size_t>(at.sample) * data.size;
            context_.kernels.pack_bits(frame, data.size, data.bits_at(at.clock, at.sample));
            data.list_active(context_.kernels, at.clock, at.sample);
            if (data.is_value_input()) std::memcpy(data.values_at(at.clock, at.sample), frame, data.size * sizeof(float));
        }
        if (!at.taped || !tape_->keeps_activity(input.population)) continue;
        std::memcpy(tape_->bits(input.population, at.run_step, at.sample), data.bits_at(at.clock, at.sample),
                    data.words * sizeof(uint16_t));
        float* const values = tape_->values(input.population, at.run_step, at.sample);
        if (values && !(unchanged && tape_->is_held(input.population)))
            std::memcpy(values, data.values_at(at.clock, at.sample), data.row * sizeof(float));
    }
}

// Counts inputs once for each step and sample, held ones too.
void CpuExecutor::count_inputs(const RunRequest& request, const Moment& at, TaskMemory& memory) {
    for (const InputFrames& input : request.inputs) {
        const PopulationData& data = *context_.populations[input.population];
        if (data.is_value_input()) continue;
        const uint32_t count = data.count_at(at.clock, at.sample);
        memory.counters.input_spikes += count;
        log_events(input.population, at, 0, data.list_at(at.clock, at.sample), count);
    }
}

void CpuExecutor::update_neurons(uint32_t population, const Moment& at, TaskMemory& memory) {
    const PopulationData& data = *context_.populations[population];
    if (data.has_separate_states()) {
        for (uint32_t range = 0; range < data.ranges.size(); ++range) update_part(population, at, range, memory);
    } else {
        update_part(population, at, whole_row, memory);
    }
}

void CpuExecutor::update_range(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory) {
    update_part(population, at, range, memory);
    list_updated(population, at, range, memory);
}

// Lists a range whose bits were just set, unless one thread will list the whole population.
void CpuExecutor::list_updated(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory) {
    const PopulationData& data = *context_.populations[population];
    if (!data.has_activity() || joins_list(population)) return;
    if (data.one_list) finish_population(population, at, memory);
    else list_range(population, at, range, memory);
}

void CpuExecutor::update_part(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory) {
    PopulationData& data = *context_.populations[population];
    const NeuronRange part = range == whole_row ? NeuronRange{0, data.row} : data.ranges[range];
    constexpr uint32_t most_states = 32, most_tape = 64;

    const float* sums[most_receptors];
    int32_t* integers[most_receptors];
    const bool taped = at.taped && tape_->keeps_entries(population);
    const bool by_spikes = at.taped && keeps_spike_times(population);
    const bool takes_integers = data.only_integers && data.integer_step && !taped && !by_spikes;
    for (uint32_t r = 0; r < data.receptor_count; ++r) {
        float* const row = memory.sums.data() + static_cast<size_t>(r) * context_.row_capacity;
        sums[r] = data.has_input[r] ? row : context_.no_input.data();
        if (!data.has_input[r]) continue;
        const size_t bytes = (part.end - part.begin) * sizeof(float);
        if (!data.starts_at_projection[r] && !data.starts_at_integers[r]) std::memset(row + part.begin, 0, bytes);
    }
    for (const uint32_t q : data.incoming) {
        const uint32_t r = context_.projections[q]->info.receptor;
        if (at.taped && context_.normalized[q])
            deliver_normalized(q, at, part, memory.sums.data() + size_t{r} * context_.row_capacity);
        else deliver(q, at, part, range, memory);
    }
    for (uint32_t r = 0; r < data.receptor_count; ++r) {
        // A receptor without input reads integer sums that are zero, and leaves them so.
        if (!takes_integers && data.fixed_scales[r] == 0.0f) continue;
        int32_t* const fixed = fixed_sums_of(population, r, range, memory);
        integers[r] = fixed - part.begin;
        if (takes_integers) continue;
        float* const row = memory.sums.data() + static_cast<size_t>(r) * context_.row_capacity;
        context_.kernels.take_fixed(row + part.begin, fixed, data.fixed_scales[r], part.end - part.begin,
                                    data.starts_at_integers[r] != 0);
    }

    void* states[most_states];
    void* tape[most_tape];
    for (uint32_t s = 0; s < data.state_count; ++s) states[s] = data.state_at(s, at.sample, range);
    const Model& model = *data.info.model;
    for (uint32_t e = 0; taped && e < data.tape_places().size(); ++e)
        tape[e] = tape_->entry(population, e, at.run_step, at.sample);
    if (by_spikes) spike_times_->before_step(population, part, states, memory, tape);
    const NeuronStepArgs args{
        .constants = data.constants.data(),
        .constant_masks = data.constant_masks.data(),
        .receptors = sums,
        .states = states,
        .spikes = model.spiking ? data.bits_at(at.clock, at.sample) : nullptr,
        .tape = taped || by_spikes ? tape : nullptr,
        .draws = {seed_, at.step, population, first_sample_ + at.sample, data.info.first_neuron / 64},
        .poisson = data.poisson.data(),
        .integer_receptors = integers,
        .receptor_scales = data.fixed_scales.data(),
    };
    if (takes_integers) data.integer_step(args, part.begin, part.end);
    else step_neurons(data, args, part, memory);
    if (model.spiking && part.end == data.row) data.clear_padding(at.clock, at.sample);
    if (at.taped && data.drops) data.silence(data.bits_at(at.clock, at.sample), at.sample, part);
    if (by_spikes) spike_times_->after_step(population, part, data.bits_at(at.clock, at.sample), at.sample, memory);
    if (data.is_plastic) learn(data, at, range);
}

// Runs the model's step, taped if args.tape is set.
void CpuExecutor::step_neurons(const PopulationData& data, const NeuronStepArgs& args, NeuronRange part,
                               TaskMemory& memory) const {
    const NeuronStepFunction taped_step = data.training ? data.training->step_taped : data.taped_step;
    const NeuronStepFunction step = args.tape ? taped_step : data.step;
    if (step) {
        step(args, part.begin, part.end);
        return;
    }
    const InterpretedProgram& program = args.tape ? *data.taped_program : *data.step_program;
    context_.kernels.interpret_step(program.view(), args, memory.interpreter.data(), part.begin, part.end);
}

void CpuExecutor::finish_population(uint32_t population, const Moment& at, TaskMemory& memory) {
    PopulationData& data = *context_.populations[population];
    if (!data.has_activity()) return;
    data.list_active(context_.kernels, at.clock, at.sample);
    uint32_t list_index = 0;
    data.for_lists(at.clock, at.sample, [&](const uint32_t* list, uint32_t count) {
        memory.counters.spikes += count;
        log_events(population, at, list_index++, list, count);
        if (at.taped && tape_->keeps_activity(population)) tape_->add_spikes(population, at.run_step, count);
    });
    if (at.taped && tape_->keeps_activity(population))
        std::memcpy(tape_->bits(population, at.run_step, at.sample), data.bits_at(at.clock, at.sample),
                    data.words * sizeof(uint16_t));
}

// The same for one range, if each range of the population has its list.
void CpuExecutor::list_range(uint32_t population, const Moment& at, uint32_t range, TaskMemory& memory) {
    PopulationData& data = *context_.populations[population];
    data.list_range(context_.kernels, at.clock, at.sample, range);
    const uint32_t count = data.range_count_at(at.clock, at.sample, range);
    memory.counters.spikes += count;
    log_events(population, at, range, data.list_at(at.clock, at.sample) + data.ranges[range].begin, count);
    if (!at.taped || !tape_->keeps_activity(population)) return;
    tape_->add_spikes(population, at.run_step, count);
    const uint32_t first = data.ranges[range].begin / 16, words = data.ranges[range].end / 16 - first;
    std::memcpy(tape_->bits(population, at.run_step, at.sample) + first, data.bits_at(at.clock, at.sample) + first,
                words * sizeof(uint16_t));
}

}  // namespace snn::cpu
