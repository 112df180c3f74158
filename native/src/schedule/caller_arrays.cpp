#include "schedule/caller_arrays.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"
#include "schedule/checks.h"

namespace snn {

namespace {

void check_recorded_type(DType dtype, bool byte_allowed, bool whole_allowed, const std::string& what) {
    if ((dtype == DType::int32 && !whole_allowed) || (dtype == DType::uint8 && !byte_allowed))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, " is recorded as SNN_FLOAT32 or SNN_FLOAT64",
                    byte_allowed ? " or SNN_UINT8" : "", whole_allowed ? " or SNN_INT32" : "");
}

}  // namespace

std::vector<InputFrames> CallerArrays::frames(const SNNInputArray* inputs, uint32_t input_count, uint32_t step_count,
                                              Trainable* training, bool packs) const {
    if (input_count > 0 && !inputs)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs is null but input_count is ", input_count);
    std::vector<InputFrames> frames(inputs_.count());
    for (size_t k = 0; k < frames.size(); ++k) frames[k].population = inputs_.population_at(k);
    for (uint32_t i = 0; i < input_count; ++i) {
        const SNNInputArray& array = inputs[i];
        const Population& info = network_.population(array.population);
        const uint32_t place = inputs_.place_of(array.population);
        if (place == SessionInputs::none)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "]: population '", info.name, "' is not an input");
        InputFrames& found = frames[place];
        if (found.data)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "]: population '", info.name, "' is given twice");
        inputs_.check_takes(array.population);
        check_flag(array.held, text("inputs[", i, "] ('", info.name, "')"), "held");
        if (!array.data) throw Error(SNN_ERROR_INVALID_ARGUMENT, "inputs[", i, "] ('", info.name, "'): data is null");
        const size_t frame = static_cast<size_t>(open_.batch_size()) * info.size;
        const size_t expected = array.held ? frame : checked_product(frame, step_count, info.name);
        if (array.count != expected)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", info.name, "' takes ", expected, " values (",
                        array.held ? "held: " : text("step_count ", step_count, " x "), "batch_size ", open_.batch_size(),
                        " x size ", info.size, "), got ", array.count);
        found.data = array.data;
        found.step_stride = array.held ? 0 : frame;
        std::optional<size_t> wrong;
        if (training && !array.held) wrong = training->first_wrong(found, step_count, packs);
        if (!wrong) check_frames(array.data, array.count, info, 0, open_.batch_size(), array.held);
        else if (*wrong < array.count) refuse_value(array.data, *wrong, info, 0, open_.batch_size(), false);
    }
    return frames;
}

std::vector<RunSpikes> CallerArrays::spikes(std::span<const SNNSpikeInput> given, std::span<const InputFrames> frames,
                                            uint32_t first_step, uint32_t step_count, RunSpikes::Form form,
                                            RunSpikes::Length length) const {
    if (!given.empty() && !given.data())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "spike_inputs is null but spike_input_count is ", given.size());
    std::vector<RunSpikes> found;
    for (size_t i = 0; i < given.size(); ++i) {
        const SNNSpikeInput& one = given[i];
        const Population& info = network_.population(one.population);
        const std::string place = text("spike_inputs[", i, "] ('", info.name, "')");
        if (info.kind != SNN_POPULATION_SPIKE_INPUT)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the population is ", info.is_input() ? "a value" : "not an",
                        " input; events are spikes of a spike input");
        const uint32_t at = inputs_.place_of(one.population);
        const bool again = std::any_of(found.begin(), found.end(),
                                       [&](const RunSpikes& other) { return other.population() == one.population; });
        if (again || frames[at].data) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the input is given twice");
        inputs_.check_takes(one.population);
        found.emplace_back(one, place, info, open_.batch_size(), first_step, step_count, form, length);
    }
    return found;
}

// A taped run may be gone through again by a backward pass, so it has all its steps at once.
CallerArrays::BatchInputs CallerArrays::inputs(const SNNBatch& batch, uint32_t step_count, bool on_one_tape) const {
    BatchInputs found;
    Trainable* const training = open_.executor().trainable();
    found.frames = frames(batch.inputs, batch.input_count, step_count, training, on_one_tape);
    const bool as_lists = training && training->takes_taped_spike_lists();
    found.spikes = spikes({batch.spike_inputs, batch.spike_input_count}, found.frames, 0, step_count,
                                  as_lists ? RunSpikes::Form::lists : RunSpikes::Form::frames, RunSpikes::Length::whole);
    for (RunSpikes& one : found.spikes) found.frames[inputs_.place_of(one.population())] = one.next(step_count);
    for (const InputFrames& frame : found.frames)
        if (!frame.data && !frame.offsets)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "input '", network_.population(frame.population).name,
                        "' is missing from the batch");
    return found;
}

RecordFrames CallerArrays::checked_record(const SNNRecordArray& record, size_t row_count, const std::string& array) const {
    const Population& info = network_.population(record.population);
    const std::string place = text(array, " ('", info.name, "')");
    if (!record.variable) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": variable is null");
    if (!record.data) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": data is null");
    const std::string_view variable = record.variable;
    const DType dtype = checked_dtype(record.dtype);
    const size_t frame = static_cast<size_t>(open_.batch_size()) * info.size;
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
                    open_.batch_size(), " x size ", info.size, "), got ", record.count);
    return frames;
}

std::vector<RecordFrames> CallerArrays::records(std::span<const SNNRecordArray> records, size_t row_count) const {
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
RecordFrames CallerArrays::checked_gradient(const SNNRecordArray& gradient, uint32_t step_count,
                                            const std::string& array) const {
    const RecordFrames frames = checked_record(gradient, step_count, array);
    const Population& info = network_.population(gradient.population);
    if (frames.kind == RecordFrames::activity_sum)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): the gradient of 'spike_count' is that of "
                    "'spikes' at every step; give it so");
    if (frames.kind == RecordFrames::state && is_whole(info, frames.state_index))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): '", gradient.variable,
                    "' is a whole number and has no gradient");
    if (frames.dtype != DType::float32 && frames.dtype != DType::float64)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, array, " ('", info.name, "'): gradients are SNN_FLOAT32 or SNN_FLOAT64");
    return frames;
}

std::vector<OutputGradient> CallerArrays::gradients(std::span<const SNNRecordArray> gradients,
                                                    uint32_t step_count) const {
    std::vector<OutputGradient> found;
    for (const SNNRecordArray& gradient : gradients) {
        const std::string array = text("gradients[", found.size(), "]");
        const RecordFrames frames = checked_at(array, [&] { return checked_gradient(gradient, step_count, array); });
        if (network_.population(gradient.population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": population '", network_.population(gradient.population).name,
                        "' is an input; its gradient comes out, in input_gradients");
        found.push_back({frames.kind == RecordFrames::state ? OutputGradient::state : OutputGradient::activity,
                         frames.population, frames.state_index, frames.dtype, frames.data, frames.step_stride});
    }
    return found;
}

std::vector<InputGradient> CallerArrays::input_gradients(std::span<const SNNRecordArray> gradients,
                                                         uint32_t step_count) const {
    std::vector<InputGradient> found;
    for (const SNNRecordArray& gradient : gradients) {
        const std::string array = text("input_gradients[", found.size(), "]");
        const RecordFrames frames = checked_at(array, [&] { return checked_gradient(gradient, step_count, array); });
        if (!network_.population(gradient.population).is_input())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": population '", network_.population(gradient.population).name,
                        "' is not an input");
        if (!(open_.flags() & SNN_FLAG_INPUT_GRADIENTS))
            throw Error(SNN_ERROR_STATE, array, ": the session was opened without SNN_FLAG_INPUT_GRADIENTS");
        found.push_back({frames.population, frames.dtype, frames.data, frames.step_stride});
    }
    return found;
}

std::vector<EventRecord> CallerArrays::events(const SNNRunDef& def) const {
    if (def.spike_record_count == 0) return {};
    if (!def.spike_records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "spike_records is null but spike_record_count is ", def.spike_record_count);
    if (!def.out_step_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "out_step_count is null; a run that records spikes may return early and says "
                    "there how many steps it did");
    std::vector<EventRecord> events;
    for (uint32_t i = 0; i < def.spike_record_count; ++i) {
        const SNNSpikeRecord& record = def.spike_records[i];
        const Population& info = network_.population(record.population);
        const std::string place = text("spike_records[", i, "] ('", info.name, "')");
        if (!info.is_binary()) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": the population does not spike");
        for (const EventRecord& other : events)
            if (other.population == record.population) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": given twice");
        if (!record.steps) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": steps is null");
        if (!record.neurons) throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": neurons is null");
        if (!record.samples && open_.batch_size() > 1)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": samples is null; it may be for a batch_size of 1 only, and that ",
                        "is ", open_.batch_size());
        const size_t frame = static_cast<size_t>(open_.batch_size()) * info.size;
        if (record.capacity < frame)
            throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": capacity is ", record.capacity, "; one step may give ", frame,
                        " events (batch_size ", open_.batch_size(), " x size ", info.size, ")");
        events.push_back({record.population, 0, record.steps, record.neurons, record.samples, 0});
    }
    return events;
}

CallerArrays::ValueRecord CallerArrays::checked_value_record(const SNNValueRecord& record, size_t row_count,
                                                             const std::string& array) const {
    if (!record.path) throw Error(SNN_ERROR_INVALID_ARGUMENT, array, ": path is null");
    const std::string place = text(array, " ('", record.path, "')");
    const SessionVariable variable = variables_.find(record.path);
    const Slot& slot = variable.slot;
    const bool is_state = variable.kind == SessionVariable::values && slot.kind == Slot::state;
    const bool is_activity = variable.kind == SessionVariable::values && slot.kind == Slot::activity;
    const bool is_weight = variable.kind == SessionVariable::values && (slot.kind == Slot::weight || slot.kind == Slot::bias);
    if (!is_state && !is_activity && !is_weight && variable.kind != SessionVariable::trace)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": a run records states, spikes, weights, biases and traces");
    const DType dtype = checked_dtype(record.dtype);
    check_recorded_type(dtype, is_activity && network_.population(slot.index).is_binary(),
                        is_state && is_whole(network_.population(slot.index), slot.sub), place);
    if (!record.indices && record.index_count > 0)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, place, ": indices is null, but index_count is ", record.index_count);
    const bool by_sample =
        is_state || is_activity || (is_weight && open_.plan().sample_weights && slot.sample == Slot::all_samples);
    const size_t samples = by_sample ? open_.batch_size() : 1, size = variables_.count_of(variable) / samples;
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
    const bool is_direct = (is_state || is_activity) && open_.executor().records_chosen() && record.index_count <= UINT32_MAX;
    ChosenValues values(samples, size, {record.indices, record.index_count}, dtype, row_count, record.data, is_direct);
    return {variable, std::move(values)};
}

std::vector<CallerArrays::ValueRecord> CallerArrays::value_records(const SNNRunDef& def, size_t row_count) const {
    if (def.value_record_count > 0 && !def.value_records)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "value_records is null but value_record_count is ", def.value_record_count);
    std::vector<ValueRecord> found;
    for (uint32_t i = 0; i < def.value_record_count; ++i) {
        const std::string array = text("value_records[", i, "]");
        found.push_back(checked_at(array, [&] { return checked_value_record(def.value_records[i], row_count, array); }));
    }
    return found;
}

}  // namespace snn
