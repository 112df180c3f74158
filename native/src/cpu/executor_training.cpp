// Taped runs and the training calls of the executor. What they need is allocated at the first call.
//
// A long run need not be on the tape as a whole. It is then cut into segments. Before each segment, states and the activity
// that delays look back to are saved:
//
//     forward    |--- 0 ---|--- 1 ---|--- 2 ---|--- 3 ---|      the tape has segment 3
//                c         c         c         c         c      checkpoints, the last one for the state after the run
//
//     backward                                  <-- 3 ---
//                                     --- 2 -->                 once more, onto the tape
//                                    <--- 2 ---
//                           --- 1 -->                           ...
//
// The memory is that of one segment and of a state for each segment, and the time that of a second forward run. Random draws
// depend on the step alone, so a segment that is run again gives the same results.
#include <utility>

#include "common/error.h"
#include "cpu/backpropagation.h"
#include "cpu/checkpoints.h"
#include "cpu/executor.h"
#include "cpu/spike_times.h"
#include "cpu/tape.h"
#include "cpu/traces.h"
#include "train/optimizer.h"

namespace snn::cpu {

void CpuExecutor::run_taped(const RunRequest& request) {
    ++taped_runs_;
    if (!tape_) tape_ = std::make_unique<Tape>(context_);
    if (!checkpoints_) checkpoints_ = std::make_unique<Checkpoints>(context_);
    const bool by_spikes = request.rule == LearningRule::eventprop;
    for (const auto& population : context_.populations) {
        population->drops = false;
        if (by_spikes) population->training = nullptr;  // EventProp tapes the whole model, for one step
        else population->choose_training();
    }
    for (const DropoutMask& mask : request.dropout)
        context_.populations[mask.population]->set_dropout(mask, context_.allocator);
    begin_normalization(request);

    // A window that is not shorter than the run has no effect.
    taped_.gradient_steps = request.gradient_steps < request.step_count ? request.gradient_steps : 0;
    const uint32_t chunk =
        taped_.gradient_steps > 0 ? taped_.gradient_steps : Backpropagation::steps_of_chunk(context_, request.step_count);
    const uint64_t wanted = request.tape_steps == 0 ? request.step_count : request.tape_steps;
    taped_.first_step = request.first_step;
    taped_.clock = clock_;
    taped_.steps = steps_;
    taped_.seed = seed_;
    taped_.step_count = request.step_count;
    taped_.segment_steps = static_cast<uint32_t>(std::min<uint64_t>((wanted + chunk - 1) / chunk * chunk, request.step_count));
    taped_.rule = request.rule;
    taped_.linear = request.linear;
    taped_.readout = request.readout;
    taped_.traces = request.traces;
    if (taped_.traces && !traces_) traces_ = std::make_unique<Traces>(context_);
    if (taped_.traces) traces_->begin(request.first_step == 0, request.linear);
    taped_.inputs.assign(request.inputs.begin(), request.inputs.end());
    taped_.active.assign(context_.populations.size(), 0);
    const uint32_t segments = taped_.segment_count();
    tape_->begin(taped_.segment_steps, steps_, request.inputs, !by_spikes);
    if (by_spikes) begin_spike_times(request);
    if (segments > 1 || by_spikes) checkpoints_->begin(segments + 1, *tape_);
    for (uint32_t segment = 0; segment < segments; ++segment) {
        if (segments > 1 || by_spikes) checkpoints_->save(segment);
        tape_->keep_entries(segment + 1 == segments && !by_spikes);
        taped_.keeps_spike_times = segment + 1 == segments && by_spikes;
        run_segment(segment, request);
        if (taped_.keeps_spike_times) make_room_for_spikes(segment);
        if (taped_.traces) traces_->advance(*tape_, taped_.begin_of(segment), taped_.begin_of(segment + 1));
    }
    if (segments > 1) checkpoints_->save(segments);
    taped_.counters.clear();
    for (const TaskMemory& task : context_.tasks) taped_.counters.push_back(task.counters);
    // The backward pass decides once for the whole run how it adds up gradients for an input.
    for (const InputFrames& input : request.inputs) {
        const double values =
            static_cast<double>(context_.populations[input.population]->size) * context_.batch * request.step_count;
        tape_->set_share(input.population, static_cast<double>(taped_.active[input.population]) / values);
    }
}

bool CpuExecutor::keeps_spike_times(uint32_t population) const {
    return taped_.keeps_spike_times && spike_times_->keeps(population);
}

void CpuExecutor::begin_spike_times(const RunRequest& request) {
    if (!spike_times_) spike_times_ = std::make_unique<SpikeTimes>(context_);
    std::vector<std::vector<NeuronRange>> parts(context_.populations.size());
    for (uint32_t p = 0; p < parts.size(); ++p) parts[p] = context_.populations[p]->ranges;
    if (runs_by_layers(request)) {
        if (groups_.empty()) make_groups();
        for (const Group& group : groups_) {
            if (!group.by_tiles) continue;
            const uint32_t row = context_.populations[group.populations[0]]->row;
            std::vector<NeuronRange>& tiles = parts[group.populations[0]];
            tiles.clear();
            for (uint32_t begin = 0; begin < row; begin += group.tile)
                tiles.push_back({begin, std::min(row, begin + group.tile)});
        }
    }
    spike_times_->begin(request.linear, parts);
}

// Called after a segment was run and its spikes were counted. Runs the segment once more if some had no room.
void CpuExecutor::make_room_for_spikes(uint32_t segment) {
    if (!spike_times_->grow()) return;
    std::vector<TaskCounters> counters;
    for (const TaskMemory& task : context_.tasks) counters.push_back(task.counters);
    const std::vector<uint64_t> active = taped_.active;
    restore(segment, taped_.begin_of(segment));
    run_segment(segment, taped_request());
    for (size_t task = 0; task < counters.size(); ++task) context_.tasks[task].counters = counters[task];
    taped_.active = active;
}

// The request of the last taped run, without its records.
RunRequest CpuExecutor::taped_request() const {
    RunRequest again;
    again.first_step = taped_.first_step;
    again.inputs = taped_.inputs;
    again.tape = true;
    return again;
}

// `request` is that of the whole run.
void CpuExecutor::run_segment(uint32_t segment, const RunRequest& request) {
    const uint32_t begin = taped_.begin_of(segment), end = taped_.begin_of(segment + 1);
    RunRequest part = request;
    part.first_step += begin;
    part.step_count = end - begin;
    taped_.segment_inputs.assign(request.inputs.begin(), request.inputs.end());
    for (InputFrames& input : taped_.segment_inputs) input = input.from(begin, context_.batch);
    taped_.segment_records.assign(request.records.begin(), request.records.end());
    const uint64_t recorded = uint64_t{request.record_phase} + begin;
    for (RecordFrames& record : taped_.segment_records)
        record.data =
            static_cast<char*>(record.data) + recorded / request.record_interval * record.step_stride * size_of(record.dtype);
    part.record_phase = static_cast<uint32_t>(recorded % request.record_interval);
    part.inputs = taped_.segment_inputs;
    part.records = taped_.segment_records;
    taped_.segment_begin = begin;
    taped_.on_tape = segment;
    if (taped_.keeps_spike_times) spike_times_->clear();
    tape_->begin_segment(begin, clock_);
    run_steps(part);
}

void CpuExecutor::restore(uint32_t checkpoint, uint32_t step) {
    clock_ = taped_.clock + step;
    steps_ = taped_.steps + step;
    checkpoints_->restore(checkpoint, clock_);
}

void CpuExecutor::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    if (!tape_) throw Error(SNN_ERROR_STATE, "backward needs a taped run before it");
    if (taped_.step_count == 0) return;
    if (!backpropagation_) backpropagation_ = std::make_unique<Backpropagation>(context_, *tape_);
    const bool by_spikes = taped_.rule == LearningRule::eventprop;
    backpropagation_->begin(taped_.step_count, taped_.gradient_steps,
                            {taped_.rule, taped_.linear, taped_.readout, taped_.traces ? traces_.get() : nullptr,
                             by_spikes ? spike_times_.get() : nullptr});
    const uint32_t segments = taped_.segment_count();
    const RunRequest again = taped_request();
    const uint64_t seed = std::exchange(seed_, taped_.seed);
    tape_->keep_entries(!by_spikes);
    taped_.keeps_spike_times = by_spikes;
    for (uint32_t segment = segments; segment-- > 0;) {
        if (segment != taped_.on_tape) {
            restore(segment, taped_.begin_of(segment));
            run_segment(segment, again);
            if (by_spikes) make_room_for_spikes(segment);
        }
        backpropagation_->take_back(taped_.begin_of(segment), taped_.begin_of(segment + 1), gradients, inputs);
    }
    backpropagation_->end();
    seed_ = seed;
    if (segments == 1) return;
    restore(segments, taped_.step_count);
    for (size_t task = 0; task < context_.tasks.size(); ++task) context_.tasks[task].counters = taped_.counters[task];
}

const Gradients* CpuExecutor::gradients() const { return backpropagation_.get(); }

std::unique_ptr<OptimizerMemory> CpuExecutor::make_optimizer_memory(uint32_t optimizer) {
    return std::make_unique<Moments>(context_, has_second_moment(optimizer));
}

void CpuExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    if (!backpropagation_) throw Error(SNN_ERROR_STATE, "update needs a backward pass before it");
    backpropagation_->update(step, static_cast<Moments&>(memory));
}

}  // namespace snn::cpu
