// Runs of many steps: the arrays they read and write, checked, and the pieces they are cut into.
#include <algorithm>
#include <cstring>
#include <optional>

#include "common/error.h"
#include "schedule/checks.h"
#include "schedule/session.h"

namespace snn {

namespace {

// Tells when a run reports by the clock. Its steps go in pieces, of as many as take about `report_seconds`.
class ReportClock {
public:
    ReportClock(double (*seconds)(), uint32_t& io_steps) : seconds_(seconds), steps_(io_steps), reported_(seconds()) {}

    uint32_t most_steps() const { return steps_; }
    void begin_piece() { begin_ = seconds_(); }
    // A piece may be cut for other reasons, down to single steps.
    bool is_due_after(uint32_t steps) {
        const double now = seconds_(), took = now - begin_;
        const bool is_due = steps == steps_ || now - reported_ >= report_seconds;
        if (is_due) reported_ = now;
        if (steps == steps_ && took < report_seconds / 2) steps_ = std::min(steps_ * 2, most_report_steps);
        else if (took > report_seconds * 2) steps_ = std::max(steps_ / 2, 1u);
        return is_due;
    }

private:
    static constexpr double report_seconds = 0.02;
    static constexpr uint32_t most_report_steps = 1u << 20;

    double (*seconds_)();
    uint32_t& steps_;  // kept by the session for its next run
    double reported_, begin_ = 0;
};

void check_recorded_type(DType dtype, bool byte_allowed, bool whole_allowed, const std::string& what) {
    if ((dtype == DType::int32 && !whole_allowed) || (dtype == DType::uint8 && !byte_allowed))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " is recorded as SNN_FLOAT32 or SNN_FLOAT64",
                    byte_allowed ? " or SNN_UINT8" : "", whole_allowed ? " or SNN_INT32" : "");
}

}  // namespace

std::vector<InputFrames> Session::checked_frames(const SNNInputArray* inputs, uint32_t input_count, uint32_t step_count) const {
    if (input_count > 0 && !inputs)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs is null but input_count is ", input_count);
    std::vector<InputFrames> frames(inputs_.size());
    for (size_t k = 0; k < inputs_.size(); ++k) frames[k].population = inputs_[k].population;
    for (uint32_t i = 0; i < input_count; ++i) {
        const SNNInputArray& array = inputs[i];
        const Population& info = network_->population(array.population);
        if (input_places_[array.population] == no_input)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "]: population '", info.name, "' is not an input");
        InputFrames& found = frames[input_places_[array.population]];
        if (found.data)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "]: population '", info.name, "' is given twice");
        check_takes(inputs_[input_places_[array.population]]);
        if (!array.data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "] ('", info.name, "'): data is null");
        const size_t frame = static_cast<size_t>(batch_size_) * info.size;
        const size_t expected = array.held ? frame : checked_product(frame, step_count, info.name);
        if (array.count != expected)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", info.name, "' takes ", expected, " values (",
                        array.held ? "held: " : text("step_count ", step_count, " x "), "batch_size ", batch_size_,
                        " x size ", info.size, "), got ", array.count);
        check_frames(array.data, array.count, info, 0, batch_size_, array.held);
        found.data = array.data;
        found.step_stride = array.held ? 0 : frame;
    }
    return frames;
}

std::vector<RunSpikes> Session::checked_spikes(std::span<const SNNSpikeInput> given, std::span<const InputFrames> frames,
                                               uint32_t first_step, uint32_t step_count, RunSpikes::Form form,
                                               RunSpikes::Length length) const {
    if (!given.empty() && !given.data())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "spike_inputs is null but spike_input_count is ", given.size());
    std::vector<RunSpikes> found;
    for (size_t i = 0; i < given.size(); ++i) {
        const SNNSpikeInput& one = given[i];
        const Population& info = network_->population(one.population);
        const std::string place = text("spike_inputs[", i, "] ('", info.name, "')");
        if (info.kind != SNN_POPULATION_SPIKE_INPUT)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the population is ", info.is_input() ? "a value" : "not an",
                        " input; events are spikes of a spike input");
        const uint32_t at = input_places_[one.population];
        const bool again = std::any_of(found.begin(), found.end(),
                                       [&](const RunSpikes& other) { return other.population() == one.population; });
        if (again || frames[at].data) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the input is given twice");
        check_takes(inputs_[at]);
        found.emplace_back(one, place, info, batch_size_, first_step, step_count, form, length);
    }
    return found;
}

// A taped run may be gone through again by a backward pass, so it has all its steps at once.
Session::BatchInputs Session::checked_inputs(const SNNBatch& batch, uint32_t step_count) const {
    BatchInputs found;
    found.frames = checked_frames(batch.inputs, batch.input_count, step_count);
    Trainable* const training = executor_->trainable();
    const bool as_lists = training && training->takes_taped_spike_lists();
    found.spikes = checked_spikes({batch.spike_inputs, batch.spike_input_count}, found.frames, 0, step_count,
                                  as_lists ? RunSpikes::Form::lists : RunSpikes::Form::frames, RunSpikes::Length::whole);
    for (RunSpikes& one : found.spikes) found.frames[input_places_[one.population()]] = one.next(step_count);
    for (const InputFrames& frame : found.frames)
        if (!frame.data && !frame.offsets)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", network_->population(frame.population).name,
                        "' is missing from the batch");
    return found;
}

RecordFrames Session::checked_record(const SNNRecordArray& record, size_t row_count, const std::string& array) const {
    const Population& info = network_->population(record.population);
    const std::string place = text(array, " ('", info.name, "')");
    if (!record.variable) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": variable is null");
    if (!record.data) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": data is null");
    const std::string_view variable = record.variable;
    const DType dtype = checked_dtype(record.dtype);
    const size_t frame = static_cast<size_t>(batch_size_) * info.size;
    RecordFrames frames{RecordFrames::activity, record.population, 0, dtype, record.data, frame};
    if (variable == "spike_count") {
        frames.kind = RecordFrames::activity_sum;
        frames.step_stride = 0;
    } else if (variable != "spikes") {
        frames.kind = RecordFrames::state;
        frames.state_index = state_index(info, variable);
    }
    if (frames.kind != RecordFrames::state) check_has_activity(info, place);
    check_recorded_type(dtype, frames.kind == RecordFrames::activity && info.is_binary(),
                        frames.kind == RecordFrames::state && is_whole(info, frames.state_index),
                        text(place, ": '", variable, "'"));
    const size_t expected =
        frames.kind == RecordFrames::activity_sum ? frame : checked_product(frame, row_count, info.name);
    if (record.count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": '", variable, "' needs room for ", expected, " values (",
                    frames.step_stride ? text(row_count, " recorded steps x ") : std::string(), "batch_size ",
                    batch_size_, " x size ", info.size, "), got ", record.count);
    return frames;
}

std::vector<RecordFrames> Session::checked_records(std::span<const SNNRecordArray> records, size_t row_count) const {
    std::vector<RecordFrames> frames;
    for (const SNNRecordArray& record : records) {
        const std::string array = text("records[", frames.size(), "]");
        frames.push_back(checked_at(array, [&] { return checked_record(record, row_count, array); }));
    }
    for (size_t i = 0; i < frames.size(); ++i)
        if (frames[i].kind == RecordFrames::activity_sum)
            std::memset(frames[i].data, 0, records[i].count * size_of(frames[i].dtype));
    return frames;
}

// A gradient looks like a recording of every step of what it is the gradient of, in floating point.
RecordFrames Session::checked_gradient(const SNNRecordArray& gradient, uint32_t step_count, const std::string& array) const {
    const RecordFrames frames = checked_record(gradient, step_count, array);
    const Population& info = network_->population(gradient.population);
    if (frames.kind == RecordFrames::activity_sum)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): the gradient of 'spike_count' is that of 'spikes' "
                    "at every step; give it so");
    if (frames.kind == RecordFrames::state && is_whole(info, frames.state_index))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): '", gradient.variable,
                    "' is a whole number and has no gradient");
    if (frames.dtype != DType::float32 && frames.dtype != DType::float64)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): gradients are SNN_FLOAT32 or SNN_FLOAT64");
    return frames;
}

std::vector<OutputGradient> Session::checked_gradients(std::span<const SNNRecordArray> gradients, uint32_t step_count) const {
    std::vector<OutputGradient> found;
    for (const SNNRecordArray& gradient : gradients) {
        const std::string array = text("gradients[", found.size(), "]");
        const RecordFrames frames = checked_at(array, [&] { return checked_gradient(gradient, step_count, array); });
        if (network_->population(gradient.population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": population '", network_->population(gradient.population).name,
                        "' is an input; its gradient comes out, in input_gradients");
        found.push_back({frames.kind == RecordFrames::state ? OutputGradient::state : OutputGradient::activity,
                         frames.population, frames.state_index, frames.dtype, frames.data, frames.step_stride});
    }
    return found;
}

std::vector<InputGradient> Session::checked_input_gradients(std::span<const SNNRecordArray> gradients, uint32_t step_count) const {
    std::vector<InputGradient> found;
    for (const SNNRecordArray& gradient : gradients) {
        const std::string array = text("input_gradients[", found.size(), "]");
        const RecordFrames frames = checked_at(array, [&] { return checked_gradient(gradient, step_count, array); });
        if (!network_->population(gradient.population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": population '", network_->population(gradient.population).name,
                        "' is not an input");
        if (!(flags_ & SNN_FLAG_INPUT_GRADIENTS))
            throw Error(SNN_ERROR_STATE, array, ": the session was opened without SNN_FLAG_INPUT_GRADIENTS");
        found.push_back({frames.population, frames.dtype, frames.data, frames.step_stride});
    }
    return found;
}

std::vector<EventRecord> Session::checked_events(const SNNRunDef& def) const {
    if (def.spike_record_count == 0) return {};
    if (!def.spike_records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "spike_records is null but spike_record_count is ", def.spike_record_count);
    if (!def.out_step_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_step_count is null; a run that records spikes may return early and says "
                    "there how many steps it did");
    std::vector<EventRecord> events;
    for (uint32_t i = 0; i < def.spike_record_count; ++i) {
        const SNNSpikeRecord& record = def.spike_records[i];
        const Population& info = network_->population(record.population);
        const std::string place = text("spike_records[", i, "] ('", info.name, "')");
        if (!info.is_binary()) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the population does not spike");
        for (const EventRecord& other : events)
            if (other.population == record.population) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": given twice");
        if (!record.steps) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": steps is null");
        if (!record.neurons) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": neurons is null");
        if (!record.samples && batch_size_ > 1)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": samples is null; it may be for a batch_size of 1 only, and that is ",
                        batch_size_);
        const size_t frame = static_cast<size_t>(batch_size_) * info.size;
        if (record.capacity < frame)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": capacity is ", record.capacity, "; one step may give ", frame,
                        " events (batch_size ", batch_size_, " x size ", info.size, ")");
        events.push_back({record.population, 0, record.steps, record.neurons, record.samples, 0});
    }
    return events;
}

Session::ValueRecord Session::checked_value_record(const SNNValueRecord& record, size_t row_count,
                                                   const std::string& array) const {
    if (!record.path) throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": path is null");
    const std::string place = text(array, " ('", record.path, "')");
    const Variable variable = find_variable(record.path);
    const Slot& slot = variable.slot;
    const bool is_state = variable.kind == Variable::values && slot.kind == Slot::state;
    const bool is_activity = variable.kind == Variable::values && slot.kind == Slot::activity;
    const bool is_weight = variable.kind == Variable::values && (slot.kind == Slot::weight || slot.kind == Slot::bias);
    if (!is_state && !is_activity && !is_weight && variable.kind != Variable::trace)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": a run records states, spikes, weights, biases and traces");
    const DType dtype = checked_dtype(record.dtype);
    check_recorded_type(dtype, is_activity && network_->population(slot.index).is_binary(),
                        is_state && is_whole(network_->population(slot.index), slot.sub), place);
    if (!record.indices && record.index_count > 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": indices is null, but index_count is ", record.index_count);
    const bool by_sample = is_state || is_activity || (is_weight && plan_->sample_weights && slot.sample == Slot::all_samples);
    const size_t samples = by_sample ? batch_size_ : 1, size = count_of(variable) / samples;
    for (size_t i = 0; i < record.index_count; ++i)
        if (record.indices[i] >= size)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": indices[", i, "] is ", record.indices[i], "; there are ", size,
                        ", from 0");
    const size_t chosen = record.indices ? record.index_count : size;
    const size_t expected = checked_product(checked_product(samples, chosen, place), row_count, place);
    if (record.count != expected)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, " needs room for ", expected, " values (", row_count,
                    " recorded steps x ", by_sample ? text("batch_size ", samples, " x ") : std::string(), chosen,
                    record.indices ? " chosen" : "", "), got ", record.count);
    if (!record.data && expected > 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": data is null");
    const bool is_direct = (is_state || is_activity) && executor_->records_chosen() && record.index_count <= UINT32_MAX;
    return {variable, ChosenValues(samples, size, {record.indices, record.index_count}, dtype, row_count, record.data, is_direct)};
}

std::vector<Session::ValueRecord> Session::checked_value_records(const SNNRunDef& def, size_t row_count) const {
    if (def.value_record_count > 0 && !def.value_records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "value_records is null but value_record_count is ", def.value_record_count);
    std::vector<ValueRecord> found;
    for (uint32_t i = 0; i < def.value_record_count; ++i) {
        const std::string array = text("value_records[", i, "]");
        found.push_back(checked_at(array, [&] { return checked_value_record(def.value_records[i], row_count, array); }));
    }
    return found;
}

void Session::run(const SNNRunDef& def) {
    if (def.record_count > 0 && !def.records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "records is null but record_count is ", def.record_count);
    if (def.record_interval == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "record_interval is 0; it must be at least 1");
    if (def.step_count > UINT32_MAX - def.steps_before)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "steps_before is ", def.steps_before, " and step_count ", def.step_count,
                    "; together they must be at most ", UINT32_MAX);
    std::vector<InputFrames> frames = checked_frames(def.inputs, def.input_count, def.step_count);
    std::vector<RunSpikes> spikes =
        checked_spikes({def.spike_inputs, def.spike_input_count}, frames, def.steps_before, def.step_count,
                       executor_->takes_spike_lists() ? RunSpikes::Form::lists : RunSpikes::Form::frames, RunSpikes::Length::pieces);
    std::vector<EventRecord> events = checked_events(def);
    const size_t row_count = (uint64_t{def.steps_before % def.record_interval} + def.step_count) / def.record_interval;
    std::vector<ValueRecord> values = checked_value_records(def, row_count);
    std::vector<RecordFrames> records = checked_records({def.records, def.record_count}, row_count);
    const size_t own_records = records.size();  // behind the caller's: those that value_records are taken from
    for (const ValueRecord& value : values)
        if (value.is_of_population())
            records.push_back(value.values.frames(
                value.variable.slot.kind == Slot::state ? RecordFrames::state : RecordFrames::activity, value.variable.slot));
    for (uint32_t i = 0; i < events.size(); ++i) def.spike_records[i].count = 0;
    if (def.out_step_count) *def.out_step_count = 0;
    std::vector<size_t> given, not_given;  // inputs with frames of the caller's; those that take what was set or bound
    for (size_t k = 0; k < frames.size(); ++k) {
        const bool is_listed = std::any_of(spikes.begin(), spikes.end(),
                                           [&](const RunSpikes& one) { return one.population() == frames[k].population; });
        if (frames[k].data) given.push_back(k);
        else if (!is_listed) not_given.push_back(k);
    }
    std::optional<ReportClock> clock;
    if (def.progress && def.progress_interval == 0) clock.emplace(wall_clock, report_steps_);
    for (uint32_t done = 0; done < def.step_count;) {
        bool pending = false;
        for (const size_t k : not_given) {
            inputs_[k].tell(frames[k]);
            pending |= inputs_[k].clears && inputs_[k].filled;
        }
        uint32_t now = def.step_count - done;
        if (clock) now = std::min(now, clock->most_steps());
        else if (def.progress) now = std::min(now, def.progress_interval - done % def.progress_interval);
        if (pending || spike_callback_) now = 1;
        const uint32_t phase = (def.steps_before + done) % def.record_interval;
        for (const RunSpikes& one : spikes) now = std::min(now, one.most_steps());
        for (const ValueRecord& value : values) {
            const uint64_t rows = value.is_of_population() ? value.values.rows_at_once() : 1;
            now = static_cast<uint32_t>(std::min<uint64_t>(now, rows * def.record_interval - phase));
        }
        for (size_t i = 0; i < events.size(); ++i) {
            const size_t frame = static_cast<size_t>(batch_size_) * network_->population(events[i].population).size;
            const size_t fit = (def.spike_records[i].capacity - events[i].count) / frame;
            if (fit == 0) return;  // the next step could have more spikes than there is room for
            now = static_cast<uint32_t>(std::min<size_t>({now, fit, std::max<size_t>(1, most_events_in_request / frame)}));
            events[i].first_step = def.steps_before + done;
        }
        for (RunSpikes& one : spikes) frames[input_places_[one.population()]] = one.next(now);
        size_t place = own_records;
        for (ValueRecord& value : values)
            if (value.is_of_population()) records[place++].data = value.values.begin();
        RunRequest request;
        request.first_step = steps_done_;
        request.step_count = now;
        request.inputs = frames;
        request.records = records;
        request.record_interval = def.record_interval;
        request.record_phase = phase;
        request.events = events;
        if (clock) clock->begin_piece();
        executor_->run(request);
        steps_done_ += now;
        done += now;
        const size_t rows = request.record_row(now - 1) + 1;
        for (ValueRecord& value : values) {
            if (rows == 0) continue;
            if (!value.is_of_population()) read(value.variable, value.values.dtype(), value.values.begin());
            value.values.end(rows);
        }
        for (size_t i = 0; i < events.size(); ++i) def.spike_records[i].count = events[i].count;
        if (def.out_step_count) *def.out_step_count = done;
        if (pending)
            for (const size_t k : not_given) clear_spikes(inputs_[k]);
        if (spike_callback_) report_spikes();
        for (const size_t k : given) frames[k].data += static_cast<size_t>(now) * frames[k].step_stride;
        for (size_t i = 0; i < own_records; ++i)
            records[i].data = static_cast<char*>(records[i].data) + rows * records[i].step_stride * size_of(records[i].dtype);
        if (!def.progress) continue;
        const bool is_due = clock ? clock->is_due_after(now) : done % def.progress_interval == 0;
        if (!is_due && done < def.step_count) continue;
        const Calling calling(*this);
        if (def.progress(done, def.step_count, def.progress_user) != 0 && done < def.step_count)
            throw Error(SNN_ERROR_STOPPED, "stopped after ", done, " of ", def.step_count, " steps");
    }
}

}  // namespace snn
