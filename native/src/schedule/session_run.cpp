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

}  // namespace

std::vector<InputFrames> Session::checked_inputs(const SNNInputArray* inputs, uint32_t input_count, uint32_t step_count,
                                                 bool need_all) const {
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
        if (inputs_[input_places_[array.population]].on_device)
            throw Error(SNN_ERROR_STATE, "inputs[", i, "]: population '", info.name, "' is bound to a buffer on the device");
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
    if (need_all)
        for (const InputFrames& frame : frames)
            if (!frame.data)
                throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", network_->population(frame.population).name,
                            "' is missing from the batch");
    return frames;
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
    const bool byte_allowed = frames.kind == RecordFrames::activity && info.is_binary();
    const bool whole_allowed = frames.kind == RecordFrames::state && is_whole(info, frames.state_index);
    if ((dtype == DType::int32 && !whole_allowed) || (dtype == DType::uint8 && !byte_allowed))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": '", variable, "' is recorded as SNN_FLOAT32 or SNN_FLOAT64",
                    byte_allowed ? " or SNN_UINT8" : "", whole_allowed ? " or SNN_INT32" : "");
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
    for (const SNNRecordArray& record : records)
        frames.push_back(checked_record(record, row_count, text("records[", frames.size(), "]")));
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
        const RecordFrames frames = checked_gradient(gradient, step_count, array);
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
        const RecordFrames frames = checked_gradient(gradient, step_count, array);
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

void Session::run(const SNNRunDef& def) {
    if (def.record_count > 0 && !def.records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "records is null but record_count is ", def.record_count);
    if (def.record_interval == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "record_interval is 0; it must be at least 1");
    if (def.step_count > UINT32_MAX - def.steps_before)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "steps_before is ", def.steps_before, " and step_count ", def.step_count,
                    "; together they must be at most ", UINT32_MAX);
    std::vector<InputFrames> frames = checked_inputs(def.inputs, def.input_count, def.step_count, false);
    std::vector<EventRecord> events = checked_events(def);
    const size_t row_count = (uint64_t{def.steps_before % def.record_interval} + def.step_count) / def.record_interval;
    std::vector<RecordFrames> records = checked_records({def.records, def.record_count}, row_count);
    for (uint32_t i = 0; i < events.size(); ++i) def.spike_records[i].count = 0;
    if (def.out_step_count) *def.out_step_count = 0;
    std::vector<size_t> not_given;  // inputs that take what was set or bound
    for (size_t k = 0; k < frames.size(); ++k)
        if (!frames[k].data) not_given.push_back(k);
    std::optional<ReportClock> clock;
    if (def.progress && def.progress_interval == 0) clock.emplace(wall_clock, report_steps_);
    for (uint32_t done = 0; done < def.step_count;) {
        bool pending = false;
        for (const size_t k : not_given) {
            const Input& input = inputs_[k];
            frames[k] = {input.population, input.bound ? input.bound : input.values.data(), 0};
            pending |= input.clears && input.filled;
        }
        uint32_t now = def.step_count - done;
        if (clock) now = std::min(now, clock->most_steps());
        else if (def.progress) now = std::min(now, def.progress_interval - done % def.progress_interval);
        if (pending || spike_callback_) now = 1;
        for (size_t i = 0; i < events.size(); ++i) {
            const size_t frame = static_cast<size_t>(batch_size_) * network_->population(events[i].population).size;
            const size_t fit = (def.spike_records[i].capacity - events[i].count) / frame;
            if (fit == 0) return;  // the next step could have more spikes than there is room for
            now = static_cast<uint32_t>(std::min<size_t>({now, fit, std::max<size_t>(1, most_events_in_request / frame)}));
            events[i].first_step = def.steps_before + done;
        }
        RunRequest request;
        request.first_step = steps_done_;
        request.step_count = now;
        request.inputs = frames;
        request.records = records;
        request.record_interval = def.record_interval;
        request.record_phase = (def.steps_before + done) % def.record_interval;
        request.events = events;
        if (clock) clock->begin_piece();
        executor_->run(request);
        steps_done_ += now;
        done += now;
        for (size_t i = 0; i < events.size(); ++i) def.spike_records[i].count = events[i].count;
        if (def.out_step_count) *def.out_step_count = done;
        if (pending) clear_spike_inputs();
        if (spike_callback_) report_spikes();
        for (InputFrames& frame : frames)
            frame.data += static_cast<size_t>(now) * frame.step_stride;
        for (RecordFrames& record : records)
            record.data = static_cast<char*>(record.data) +
                          (request.record_row(now - 1) + 1) * record.step_stride * size_of(record.dtype);
        if (!def.progress) continue;
        const bool is_due = clock ? clock->is_due_after(now) : done % def.progress_interval == 0;
        if (!is_due && done < def.step_count) continue;
        const Calling calling(*this);
        if (def.progress(done, def.step_count, def.progress_user) != 0 && done < def.step_count)
            throw Error(SNN_ERROR_STOPPED, "stopped after ", done, " of ", def.step_count, " steps");
    }
}

}  // namespace snn
