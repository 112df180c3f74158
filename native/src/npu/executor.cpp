#include "npu/executor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "backend/slots.h"
#include "common/error.h"
#include "common/math.h"

namespace snn::npu {

namespace {

constexpr size_t page_bytes = 4096;
constexpr uint32_t block_steps = 8;  // larger blocks make graphs that take seconds to compile

}  // namespace

void OpenVinoExecutor::FreePages::operator()(void* memory) const { std::free(memory); }

OpenVinoExecutor::Pages OpenVinoExecutor::make_pages(size_t bytes) {
    const size_t whole = (std::max<size_t>(bytes, 1) + page_bytes - 1) / page_bytes * page_bytes;
    void* const memory = std::aligned_alloc(page_bytes, whole);
    if (!memory) throw std::bad_alloc();
    std::memset(memory, 0, whole);
    return Pages(memory);
}

OpenVinoExecutor::OpenVinoExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options, Target target)
    : library_(library()),
      plan_(std::move(plan)),
      target_(std::move(target)),
      batch_size_(options.batch_size),
      thread_count_(options.thread_count) {
    check_can_lower(*plan_, target_.name);
    populations_.resize(network().populations().size());
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const Population& population = network().population(p);
        PopulationMemory& memory = populations_[p];
        memory.size = population.size;
        memory.frame = population.size * batch_size_;
        memory.active_counts.assign(plan_->populations[p].history_depth + 1, 0);
        memory.ring.assign(memory.active_counts.size() * memory.frame, 0.0f);
        if (population.is_input()) continue;
        memory.states.resize(population.model->states.size());
        for (StateMemory& state : memory.states)
            for (Pages& side : state.sides) side = make_pages(size_t{memory.frame} * 4);
    }
    for (const Projection& projection : network().projections())
        projections_.push_back({fan_out(network(), projection), {}, {}});
    fill_initial_states();
    prepare();
}

std::string OpenVinoExecutor::description() const {
    constexpr const char* formats[] = {"", ", weights in float16", ", weights in int8"};
    return text("OpenVINO ", library_.version, " on ", target_.device, formats[static_cast<size_t>(target_.weights)],
                ", computing in ", precision_.empty() ? "its own precision" : precision_);
}

// ---- States

bool OpenVinoExecutor::is_whole(uint32_t population, uint32_t state) const {
    return network().population(population).model->states[state].type == ValueType::int_;
}

void* OpenVinoExecutor::present_state(uint32_t population, uint32_t state) const {
    const StateMemory& memory = populations_[population].states[state];
    return memory.sides[memory.alternates ? side_ : 0].get();
}

void OpenVinoExecutor::fill_initial_states() {
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        const Population& population = network().population(p);
        for (uint32_t s = 0; s < populations_[p].states.size(); ++s) {
            const std::vector<double>& initial = population.initial_states[s];
            void* const values = present_state(p, s);
            for (size_t i = 0; i < populations_[p].frame; ++i) {
                const double value = initial[initial.size() > 1 ? i % population.size : 0];
                if (is_whole(p, s)) static_cast<int32_t*>(values)[i] = to_int_nearest_even(value);
                else static_cast<float*>(values)[i] = flush(static_cast<float>(value));
            }
        }
    }
}

std::optional<double> OpenVinoExecutor::uniform_state(uint32_t population, uint32_t state) const {
    const void* const values = present_state(population, state);
    const size_t frame = populations_[population].frame;
    // Compares bits, so that -0 and 0 differ.
    const auto* const bits = static_cast<const uint32_t*>(values);
    for (size_t i = 1; i < frame; ++i)
        if (bits[i] != bits[0]) return {};
    if (is_whole(population, state)) return static_cast<const int32_t*>(values)[0];
    return static_cast<double>(static_cast<const float*>(values)[0]);
}

// Drops the graphs if a state no longer has the constant value that they assume, after a write or a reset.
void OpenVinoExecutor::check_states_that_stay() {
    for (uint32_t p = 0; p < populations_.size(); ++p)
        for (uint32_t s = 0; s < populations_[p].states.size(); ++s) {
            const std::optional<double>& stays = populations_[p].states[s].stays;
            if (stays && uniform_state(p, s) != stays) forget_graphs();
        }
}

void OpenVinoExecutor::reset_state() {
    now_ = 0;
    counters_ = {};
    for (PopulationMemory& population : populations_) {
        std::fill(population.ring.begin(), population.ring.end(), 0.0f);
        std::fill(population.active_counts.begin(), population.active_counts.end(), 0);
    }
    fill_initial_states();
    check_states_that_stay();
}

void OpenVinoExecutor::set_constants(uint32_t population, const PopulationConstants& constants) {
    populations_[population].own_constants = constants;
    forget_graphs();
}

// ---- Graphs

void OpenVinoExecutor::forget_graphs() { single_ = nullptr, several_ = nullptr; }

// Compiles the graph of one step, if there is none: when a session opens, and before the first run after weights or parameters
// have changed, because those are constants of a graph.
void OpenVinoExecutor::prepare() {
    if (single_) return;
    // Moves all states to side 0, because states that do not alternate in the new graph are read there.
    for (uint32_t p = 0; p < populations_.size(); ++p)
        for (uint32_t s = 0; s < populations_[p].states.size(); ++s) {
            StateMemory& state = populations_[p].states[s];
            if (state.alternates && side_ == 1) std::swap(state.sides[0], state.sides[1]);
            state.alternates = false;
        }
    side_ = 0;
    single_ = build(1);
}

std::unique_ptr<OpenVinoExecutor::Block> OpenVinoExecutor::build(uint32_t step_count) {
    Lowered lowered = lower_steps(step_count);
    const FloatModeScope kept;
    auto block = std::make_unique<Block>();
    block->step_count = step_count;
    block->constants = std::move(lowered.graph.constants());
    block->compiled = compile(lowered.graph.xml(), block->constants);
    computing_ = FloatMode::of_this_thread();
    char* used_precision = nullptr;
    if (library_.ov_compiled_model_get_property(block->compiled.get(), "INFERENCE_PRECISION_HINT", &used_precision) == 0 &&
        used_precision) {
        precision_ = used_precision;
        library_.ov_free(used_precision);
    }
    const auto make_frame = [&](uint32_t p) { return make_pages(size_t{populations_[p].frame} * 4); };
    for (const Lowered::Activity& activity : lowered.activities)
        block->inputs.push_back({activity.population, activity.step, make_frame(activity.population)});
    for (const Lowered::Spikes& spikes : lowered.spikes)
        block->spikes.push_back({spikes.population, static_cast<int32_t>(spikes.step), make_frame(spikes.population)});
    for (uint32_t side = 0; side < 2; ++side) block->requests.push_back(bind(lowered, *block, side));
    return block;
}

Lowered OpenVinoExecutor::lower_steps(uint32_t step_count) const {
    SessionValues values;
    values.constants = [&](uint32_t p) -> const PopulationConstants& {
        if (populations_[p].own_constants) return *populations_[p].own_constants;
        return plan_->populations[p];
    };
    values.weights = [&](uint32_t q) -> std::span<const float> {
        return projections_[q].own_weights ? *projections_[q].own_weights : network().projection(q).weights();
    };
    values.bias = [&](uint32_t q) -> std::span<const float> {
        return projections_[q].own_bias ? *projections_[q].own_bias : *network().projection(q).bias;
    };
    // The graph of several steps must assume the same constant states as the graph of one step.
    values.uniform_state = [&](uint32_t p, uint32_t s) {
        return step_count == 1 ? uniform_state(p, s) : populations_[p].states[s].stays;
    };
    return lower(*plan_, values, {batch_size_, step_count, target_.weights});
}

Owned<Tensor> OpenVinoExecutor::tensor_over(Type type, size_t rows, size_t columns, void* memory) const {
    int64_t extents[2] = {static_cast<int64_t>(rows), static_cast<int64_t>(columns)};
    Tensor* tensor = nullptr;
    library_.check(library_.ov_tensor_create_from_host_ptr(type, {2, extents}, memory, &tensor), "make a tensor");
    return Owned<Tensor>(tensor, library_.ov_tensor_free);
}

// OpenVINO demands constants: adds one to `io_constants` if there are none.
Owned<Compiled> OpenVinoExecutor::compile(const std::string& xml, std::vector<uint32_t>& io_constants) const {
    if (io_constants.empty()) io_constants.push_back(0);
    const Owned<Tensor> constants = tensor_over(library_.float32, 1, io_constants.size(), io_constants.data());
    Model* read = nullptr;
    library_.check(library_.ov_core_read_model_from_memory_buffer(library_.core, xml.c_str(), xml.size(), constants.get(),
                                                                  &read),
                   text("read the graph of the network for device '", target_.name, "'"));
    const Owned<Model> model(read, library_.ov_model_free);

    // A CPU without float16 would compute in bfloat16 instead, which has 8 bits of precision where float16 has 11.
    const bool computes_half =
        target_.weights == WeightFormat::float16 &&
        library_.property(target_.device, "OPTIMIZATION_CAPABILITIES").find("FP16") != std::string::npos;
    const char* const precision = computes_half ? "f16" : "f32";
    const std::string threads = std::to_string(thread_count_);
    std::vector<const char*> properties{"PERFORMANCE_HINT", "LATENCY"};
    // An NPU always computes in float16 and refuses this property.
    if (!target_.device.starts_with("NPU")) properties.insert(properties.end(), {"INFERENCE_PRECISION_HINT", precision});
    if (target_.device == "CPU")
        // Pinning is off, because it moves the calling thread to another core and back in every inference.
        properties.insert(properties.end(), {"INFERENCE_NUM_THREADS", threads.c_str(), "NUM_STREAMS", "1",
                                             "ENABLE_CPU_PINNING", "NO", "CPU_DENORMALS_OPTIMIZATION", "YES"});
    if (target_.device == "CPU" && target_.weights == WeightFormat::int8)
        // Otherwise the CPU device also rounds inputs to 8 bits.
        properties.insert(properties.end(), {"DYNAMIC_QUANTIZATION_GROUP_SIZE", "0"});
    const size_t property_count = properties.size();
    properties.resize(14, "");
    Compiled* compiled = nullptr;
    library_.check(library_.ov_core_compile_model(library_.core, model.get(), target_.device.c_str(), property_count, &compiled,
                                                  properties[0], properties[1], properties[2], properties[3], properties[4],
                                                  properties[5], properties[6], properties[7], properties[8], properties[9],
                                                  properties[10], properties[11], properties[12], properties[13]),
                   text("compile the network for device '", target_.name, "'"));
    return Owned<Compiled>(compiled, library_.ov_compiled_model_free);
}

// Makes a request on the block's memory and the states. It reads states from `side` and writes them to the other side.
Owned<Request> OpenVinoExecutor::bind(const Lowered& lowered, const Block& block, uint32_t side) {
    Request* created = nullptr;
    library_.check(library_.ov_compiled_model_create_infer_request(block.compiled.get(), &created),
                   "make an inference request");
    Owned<Request> request(created, library_.ov_infer_request_free);
    const auto frame_of = [&](uint32_t p, Type type, const Pages& memory) {
        return tensor_over(type, batch_size_, populations_[p].size, memory.get());
    };
    const auto set_input = [&](const std::string& name, const Owned<Tensor>& tensor) {
        library_.check(library_.ov_infer_request_set_tensor(created, name.c_str(), tensor.get()), "take an input");
    };
    const auto set_output = [&](uint32_t result, const Owned<Tensor>& tensor) {
        library_.check(library_.ov_infer_request_set_output_tensor_by_index(created, result, tensor.get()), "take an output");
    };
    for (size_t i = 0; i < lowered.activities.size(); ++i)
        set_input(lowered.activities[i].name, frame_of(block.inputs[i].population, library_.float32, block.inputs[i].values));
    for (size_t i = 0; i < lowered.spikes.size(); ++i)
        set_output(lowered.spikes[i].result, frame_of(block.spikes[i].population, library_.float32, block.spikes[i].values));
    for (uint32_t p = 0; p < populations_.size(); ++p)
        for (uint32_t s = 0; s < populations_[p].states.size(); ++s) {
            const Lowered::State& state = lowered.states[p][s];
            StateMemory& memory = populations_[p].states[s];
            const Type type = is_whole(p, s) ? library_.int32 : library_.float32;
            memory.alternates = state.result.has_value();
            memory.stays = state.stays;
            if (!state.name.empty()) set_input(state.name, frame_of(p, type, memory.sides[memory.alternates ? side : 0]));
            if (state.result) set_output(*state.result, frame_of(p, type, memory.sides[1 - side]));
        }
    return request;
}

// ---- Steps

float* OpenVinoExecutor::past(uint32_t population, uint64_t lag) {
    return const_cast<float*>(std::as_const(*this).past(population, lag));
}

const float* OpenVinoExecutor::past(uint32_t population, uint64_t lag) const {
    return populations_[population].ring.data() + place(population, lag) * populations_[population].frame;
}

uint64_t OpenVinoExecutor::place(uint32_t population, uint64_t lag) const {
    const uint64_t slots = populations_[population].active_counts.size();
    return slots == 1 ? 0 : (now_ + slots - lag % slots) % slots;
}

void OpenVinoExecutor::run(const RunRequest& request) {
    prepare();
    // A block only leaves states after its last step, so runs that record states take single steps.
    const bool records_states = std::any_of(request.records.begin(), request.records.end(),
                                            [](const RecordFrames& record) { return record.kind == RecordFrames::state; });
    if (!records_states && request.step_count >= block_steps && !several_) several_ = build(block_steps);
    for (uint32_t done = 0; done < request.step_count;) {
        Block& block = !records_states && several_ && request.step_count - done >= block_steps ? *several_ : *single_;
        infer(block, request, done);
        for (uint32_t step = 0; step < block.step_count; ++step) {
            ++now_;
            for (const InputFrames& input : request.inputs) {
                const float* const given = input.data + size_t{done + step} * input.step_stride;
                float* const kept = past(input.population, 0);
                const bool is_binary = network().population(input.population).is_binary();
                for (size_t i = 0; i < populations_[input.population].frame; ++i)
                    kept[i] = is_binary ? (given[i] != 0.0f ? 1.0f : 0.0f) : given[i];
            }
            for (const Block::Place& spikes : block.spikes)
                if (spikes.step == static_cast<int32_t>(step))
                    std::memcpy(past(spikes.population, 0), spikes.values.get(),
                                size_t{populations_[spikes.population].frame} * 4);
            count_step();
            record(request, done + step);
        }
        done += block.step_count;
    }
}

void OpenVinoExecutor::infer(Block& block, const RunRequest& request, uint32_t done) {
    for (const Block::Place& place : block.inputs) {
        const size_t frame = populations_[place.population].frame;
        auto* const values = static_cast<float*>(place.values.get());
        if (place.step < 0) {
            std::memcpy(values, past(place.population, static_cast<uint64_t>(-1 - place.step)), frame * 4);
            continue;
        }
        const InputFrames& input = *std::find_if(request.inputs.begin(), request.inputs.end(), [&](const InputFrames& frames) {
            return frames.population == place.population;
        });
        const float* const given = input.data + (size_t{done} + static_cast<size_t>(place.step)) * input.step_stride;
        if (!network().population(place.population).is_binary()) std::memcpy(values, given, frame * 4);
        else
            for (size_t i = 0; i < frame; ++i) values[i] = given[i] != 0.0f ? 1.0f : 0.0f;
    }
    const FloatModeScope kept(computing_);
    const Status status = library_.ov_infer_request_infer(block.requests[side_].get());
    if (status != 0) library_.check(status, text("compute a step on device '", target_.name, "'"), SNN_ERROR_DEVICE_LOST);
    side_ = 1 - side_;
}

uint32_t OpenVinoExecutor::count_active(const float* values, size_t count) {
    uint32_t active = 0;
    for (size_t i = 0; i < count; ++i) active += values[i] != 0.0f;
    return active;
}

void OpenVinoExecutor::count_step() {
    ++counters_.steps;
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationMemory& memory = populations_[p];
        const Population& population = network().population(p);
        const uint32_t active = memory.active_counts[place(p, 0)] = count_active(past(p, 0), memory.frame);
        if (population.is_binary()) (population.is_input() ? counters_.input_spikes : counters_.spikes) += active;
    }
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const Projection& projection = network().projection(q);
        const std::vector<uint32_t>& fan_out = projections_[q].fan_out;
        const PopulationMemory& source = populations_[projection.source];
        const uint32_t lag = projection.min_delay(), active = source.active_counts[place(projection.source, lag)];
        uint64_t synapses = 0;
        if (fan_out.size() == 1) synapses = uint64_t{active} * fan_out[0];
        else if (active > 0) {
            const float* const values = past(projection.source, lag);
            for (uint32_t i = 0; i < source.frame; ++i)
                if (values[i] != 0.0f) synapses += fan_out[i % source.size];
        }
        counters_.synaptic_operations += synapses;
        if (network().population(projection.source).is_binary()) counters_.synaptic_events += synapses;
    }
}

void OpenVinoExecutor::record(const RunRequest& request, uint32_t step) const {
    for (const RecordFrames& record : request.records) {
        if (record.kind != RecordFrames::activity_sum && !request.records_after(step)) continue;
        const size_t frame = populations_[record.population].frame;
        char* const out =
            static_cast<char*>(record.data) + request.record_row(step) * record.step_stride * size_of(record.dtype);
        if (record.kind == RecordFrames::state) {
            read({Slot::state, record.population, record.state_index}, record.dtype, out);
        } else if (record.kind == RecordFrames::activity) {
            convert(DType::float32, past(record.population, 0), record.dtype, out, frame);
        } else {
            const float* const values = past(record.population, 0);
            for (size_t i = 0; i < frame; ++i) {
                if (record.dtype == DType::float64) static_cast<double*>(record.data)[i] += static_cast<double>(values[i]);
                else static_cast<float*>(record.data)[i] += values[i];
            }
        }
    }
    for (EventRecord& record : request.events) {
        const PopulationMemory& population = populations_[record.population];
        const float* const values = past(record.population, 0);
        for (uint32_t i = 0; i < population.frame; ++i) {
            if (values[i] == 0.0f) continue;
            record.steps[record.count] = record.first_step + step;
            record.neurons[record.count] = i % population.size;
            if (record.samples) record.samples[record.count] = i / population.size;
            ++record.count;
        }
    }
}

// ---- Variables

size_t OpenVinoExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_size_, slot); }

void OpenVinoExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    switch (slot.kind) {
        case Slot::state:
            convert(is_whole(slot.index, slot.sub) ? DType::int32 : DType::float32, present_state(slot.index, slot.sub), dtype,
                    out_data, populations_[slot.index].frame);
            return;
        case Slot::activity:
            return convert(DType::float32, past(slot.index, 0), dtype, out_data, populations_[slot.index].frame);
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag)
                convert(DType::float32, past(slot.index, lag), dtype,
                        static_cast<char*>(out_data) + lag * populations_[slot.index].frame * size_of(dtype),
                        populations_[slot.index].frame);
            return;
        case Slot::weight: {
            const std::vector<float>& values = projections_[slot.index].own_weights
                                                   ? *projections_[slot.index].own_weights
                                                   : network().projection(slot.index).weights();
            return convert(DType::float32, values.data(), dtype, out_data, values.size());
        }
        case Slot::bias: {
            if (!network().projection(slot.index).bias) return;
            const std::vector<float>& values =
                projections_[slot.index].own_bias ? *projections_[slot.index].own_bias : *network().projection(slot.index).bias;
            return convert(DType::float32, values.data(), dtype, out_data, values.size());
        }
        default: return;  // this backend has neither plasticity nor training
    }
}

void OpenVinoExecutor::write(const Slot& slot, DType dtype, const void* data) {
    switch (slot.kind) {
        case Slot::state: {
            const size_t frame = populations_[slot.index].frame;
            void* const values = present_state(slot.index, slot.sub);
            convert(dtype, data, is_whole(slot.index, slot.sub) ? DType::int32 : DType::float32, values, frame);
            if (!is_whole(slot.index, slot.sub))
                for (size_t i = 0; i < frame; ++i) static_cast<float*>(values)[i] = flush(static_cast<float*>(values)[i]);
            return check_states_that_stay();
        }
        case Slot::activity:
        case Slot::history: {
            PopulationMemory& memory = populations_[slot.index];
            const uint32_t lags = slot.kind == Slot::activity ? 1 : plan_->populations[slot.index].history_depth;
            for (uint32_t lag = 0; lag < lags; ++lag) {
                convert(dtype, static_cast<const char*>(data) + lag * memory.frame * size_of(dtype), DType::float32,
                        past(slot.index, lag), memory.frame);
                memory.active_counts[place(slot.index, lag)] = count_active(past(slot.index, lag), memory.frame);
            }
            return;
        }
        case Slot::weight:
        case Slot::bias: {
            auto& own = slot.kind == Slot::weight ? projections_[slot.index].own_weights : projections_[slot.index].own_bias;
            std::vector<float> values(count(slot));
            convert(dtype, data, DType::float32, values.data(), values.size());
            own = std::move(values);
            forget_graphs();
            return;
        }
        default: return;
    }
}

std::span<const uint32_t> OpenVinoExecutor::active(uint32_t population, uint32_t sample) const {
    const PopulationMemory& memory = populations_[population];
    const float* const values = past(population, 0) + size_t{sample} * memory.size;
    memory.active.clear();
    for (uint32_t i = 0; i < memory.size; ++i)
        if (values[i] != 0.0f) memory.active.push_back(i);
    return memory.active;
}

}  // namespace snn::npu
