#include "vulkan/brains.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "common/error.h"
#include "normal_table.h"
#include "vulkan/constants.h"
#include "vulkan/model_shader.h"
#include "vulkan/shader_arguments.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

// This many brains keep a device busy. Fewer are worth it as long as a workgroup reads the weights of a step in less time than
// the barriers between the kernels' dispatches take (docs/decisions/0022).
constexpr uint32_t many_brains = 16;
constexpr uint64_t most_step_weights = 32768;
constexpr uint32_t most_invocations = 512;   // in a workgroup: more leave too few registers for sixteen loads at a time
constexpr uint32_t most_table_words = 1024;  // in shared memory

VkDeviceSize aligned(const Device& device, VkDeviceSize words) {
    return (words * 4 + device.alignment() - 1) / device.alignment() * device.alignment();
}

uint32_t words_between(const Range& range, const Range& whole) {
    return static_cast<uint32_t>((range.offset - whole.offset) / 4);
}

bool contains(const Range& whole, const Range& part) {
    return part.buffer == whole.buffer && part.offset >= whole.offset && part.offset + part.size <= whole.offset + whole.size;
}

}  // namespace

std::string Brains::why_not(const Plan& plan, const BrainLayout& layout, const Device& device, uint32_t samples) {
    const std::string& name = device.description().name;
    if (!layout.not_possible_because.empty()) return layout.not_possible_because;
    if (samples > most_groups) return text("batch_size is ", samples, " and may be ", most_groups);
    if (!plan.sample_weights && samples < many_brains && layout.step_weights > most_step_weights)
        return "it has too many weights";
    if (const uint64_t bytes = (layout.brain_words + layout.table_words) * 4; bytes > device.shared_memory_bytes())
        return text("a sample takes ", bytes, " bytes, and a workgroup of '", name, "' has ", device.shared_memory_bytes());
    const VkDeviceSize bytes = std::max(memory_bytes(plan, device, samples), weight_bytes(plan, device, samples));
    if (bytes > device.storage_range())
        return text("all samples take ", bytes, " bytes, and a shader of '", name, "' reaches ", device.storage_range());
    return {};
}

VkDeviceSize Brains::memory_bytes(const Plan& plan, const Device& device, uint32_t samples) {
    VkDeviceSize bytes = 0;
    for (uint32_t p = 0; p < plan.populations.size(); ++p)
        bytes += PopulationMemory::bytes(device, plan.network->population(p), plan.populations[p], samples);
    return bytes;
}

VkDeviceSize Brains::weight_bytes(const Plan& plan, const Device& device, uint32_t samples) {
    VkDeviceSize bytes = 0;
    const uint64_t copies = plan.sample_weights ? samples : 1;
    for (const Projection& projection : plan.network->projections())
        bytes += aligned(device, copies * projection.weight_count()) + aligned(device, copies * projection.bias_count()) +
                 device.alignment();  // the empty range of rows
    return bytes;
}

Brains::Brains(const Place& place, BrainLayout layout, const Range& memory, const Range& weights)
    : place_(place),
      layout_(std::move(layout)),
      memory_(memory),
      weights_(weights),
      constants_(place.plan.populations.begin(), place.plan.populations.end()),
      program_of_(constants_.size(), 0) {
    for (const PopulationMemory& one : place_.populations)
        if ((one.has_activity && !contains(memory_, one.ring)) || (one.state_count > 0 && !contains(memory_, one.own_states)))
            throw Error(SNN_ERROR_INTERNAL, "population '", one.name, "' lies outside of the brains' memory");
    uint32_t largest = 1;
    for (const Population& one : place_.plan.network->populations())
        if (!one.is_input()) largest = std::max(largest, one.size);
    group_size_ = std::min({(largest + 31) / 32 * 32, place_.device.workgroup_invocations(), most_invocations});
    const VkDeviceSize counter_bytes = VkDeviceSize{place_.samples} * shader::BRAIN_COUNTER_WORDS * 4;
    counters_ = place_.device.allocate(counter_bytes, Memory::device, "the counters");
    place_.device.fill(counters_, 0);
}

// Finds the range that spans all `ranges`; without a buffer if there are none. Returns false if one binding cannot reach it.
bool Brains::join(const std::vector<Range>& ranges, const char* what, Range& out_whole) {
    out_whole = {};
    for (const Range& range : ranges) {
        if (!range.buffer) continue;
        if (!out_whole.buffer) out_whole = range;
        if (range.buffer != out_whole.buffer) {
            out_of_reach_ = text(what, " are bound in several VkBuffers; bind all ", what, " within one VkBuffer");
            return false;
        }
        const VkDeviceSize end = std::max(out_whole.offset + out_whole.size, range.offset + range.size);
        out_whole.offset = std::min(out_whole.offset, range.offset);
        out_whole.size = end - out_whole.offset;
    }
    out_whole.mapped = nullptr;
    if (out_whole.size <= place_.device.storage_range()) return true;
    out_of_reach_ = text(what, " are bound over ", out_whole.size, " bytes of a VkBuffer, and a shader of '",
                         place_.device.description().name, "' reaches ", place_.device.storage_range(),
                         "; bind them closer together");
    return false;
}

// The shader has one binding for all inputs and one for all outputs. Each binding reaches one buffer; both may be the same.
bool Brains::find_host_ranges() {
    std::vector<Range> inputs, outputs;
    bool all_inputs = true;
    wait_for_inputs_ = false;
    out_of_reach_.clear();
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        const HostBuffers& host = place_.host_buffers[p];
        inputs.push_back(host.input);
        all_inputs = all_inputs && (host.input.buffer || !population(p).is_input());
        outputs.push_back(host.spikes);
        outputs.push_back(host.spike_count);
        const PopulationMemory& memory = place_.populations[p];
        if (memory.states_are_of_host()) outputs.push_back(memory.states.part(0, memory.states_bytes()));
    }
    if (!join(inputs, "inputs", host_inputs_)) return false;
    if (!join(outputs, "outputs", host_outputs_)) {
        const auto& all = place_.host_buffers;
        if (std::any_of(all.begin(), all.end(), [](const HostBuffers& host) { return host.counts_are_own; }))
            out_of_reach_ =
                "spike counts are read back from memory of the session, and other outputs are bound to buffers of the "
                "program; bind \"spike_count\" there too";
        return false;
    }
    uint32_t words = 0;
    pushed_.assign(constants_.size(), shader::NOWHERE);
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        if (!population(p).is_input() || place_.host_buffers[p].input.buffer) continue;
        pushed_[p] = words;
        words += std::min(place_.populations[p].data_words(), shader::BRAINS_PUSHED_WORDS + 1);
    }
    can_push_ = words <= shader::BRAINS_PUSHED_WORDS;
    wait_for_inputs_ = host_inputs_.buffer && !all_inputs;  // bound inputs replace the buffer of frames
    if (wait_for_inputs_) out_of_reach_ = "some inputs are bound to buffers and others are not; bind all of them or none";
    return !wait_for_inputs_;
}

bool Brains::load() {
    if (!find_host_ranges()) return false;
    load_shader();
    load_table();
    return true;
}

// Makes the shader and finds the program of each population in it.
void Brains::load_shader() {
    std::vector<ModelProgram> programs;
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        if (population(p).is_input()) continue;
        const ModelProgram program{population(p).model.get(), &constants_[p].constants};
        const auto known = std::find_if(programs.begin(), programs.end(),
                                        [&](const ModelProgram& other) { return same_program(other, program); });
        program_of_[p] = static_cast<uint32_t>(known - programs.begin());
        if (known == programs.end()) programs.push_back(program);
    }
    shader_ = make_brains_shader(programs);
}

// Uploads the table, the normal table and the constants. If they are small, the shader copies all three to shared memory.
void Brains::load_table() {
    std::vector<uint32_t> words = entries();
    Table& table = tables_[words];
    for (const auto& row : normal_table)
        for (const float coefficient : row) words.push_back(std::bit_cast<uint32_t>(coefficient));
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        if (population(p).is_input()) continue;
        const PackedConstants packed = pack_constants(constants_[p], population(p).size, {});
        uint32_t* const entry = &words[layout_.populations[p].entry];
        entry[shader::BRAIN_CONSTANTS] = static_cast<uint32_t>(words.size());
        entry[shader::BRAIN_SHARED_CONSTANTS] = packed.shared;
        entry[shader::BRAIN_OWN_CONSTANTS] = packed.own;
        entry[shader::BRAIN_POISSON] = packed.poisson;
        words.insert(words.end(), packed.words.begin(), packed.words.end());
    }
    if (words.size() * 4 > table.range.size || !table.range.buffer) {
        const Range larger = place_.device.allocate(words.size() * 4, Memory::device, "the constants");
        table.words.clear();
        place_.device.release(std::exchange(table.range, larger));
    }
    if (words != table.words) {
        table.words.clear();  // after an error, the contents of the range are unknown
        place_.device.upload(table.range, 0, words.data(), words.size() * 4);
        table.words = words;
    }
    table_ = table.range;
    const bool fit = words.size() <= most_table_words &&
                     (words.size() + layout_.brain_words) * 4 <= place_.device.shared_memory_bytes();
    const auto shared_words = fit ? static_cast<uint32_t>(words.size()) : layout_.table_words;
    pipeline_ =
        place_.pipelines.get(shader_, {shared_words, static_cast<uint32_t>(layout_.brain_words), group_size_}, "brains");
}

std::vector<uint32_t> Brains::entries() const {
    std::vector<uint32_t> table(layout_.table_words, 0);
    for (uint32_t p = 0; p < constants_.size(); ++p) {
        uint32_t* const entry = &table[layout_.populations[p].entry];
        fill_population(p, entry);
        for (uint32_t q = 0; q < layout_.projections.size(); ++q) {
            if (place_.plan.network->projection(q).target != p) continue;
            const uint32_t own = layout_.projections[q].entry;
            if (entry[shader::BRAIN_LAST_PROJECTION] == 0) entry[shader::BRAIN_FIRST_PROJECTION] = own;
            entry[shader::BRAIN_LAST_PROJECTION] = own + shader::BRAIN_PROJECTION_WORDS;
            fill_projection(q, &table[own]);
        }
    }
    return table;
}

void Brains::fill_population(uint32_t p, uint32_t* entry) const {
    const Population& info = population(p);
    const PopulationMemory& memory = place_.populations[p];
    const BrainLayout::OfPopulation& of = layout_.populations[p];
    const HostBuffers& host = place_.host_buffers[p];
    entry[shader::BRAIN_SIZE] = info.size;
    entry[shader::BRAIN_WIDTH] = of.width;
    entry[shader::BRAIN_IS_BINARY] = info.is_binary();
    entry[shader::BRAIN_IS_INPUT] = info.is_input();
    entry[shader::BRAIN_NUMBER] = p;
    entry[shader::BRAIN_FIRST_NEURON] = info.first_neuron;
    entry[shader::BRAIN_RECORDS] = place_.records_begin[p];
    const auto place_of = [&](const Range& range) {
        return range.buffer ? words_between(range, host_outputs_) : shader::NOWHERE;
    };
    entry[shader::BRAIN_HOST_SPIKES] = place_of(host.spikes);
    entry[shader::BRAIN_HOST_COUNTS] = place_of(host.spike_count);
    if (of.slots > 0) {
        entry[shader::BRAIN_RING] = of.ring;
        entry[shader::BRAIN_RING_MASK] = of.slots - 1;
        entry[shader::BRAIN_RING_IN_MEMORY] = words_between(memory.ring, memory_);
        entry[shader::BRAIN_MEMORY_MASK] = memory.activity.ring_mask;
    }
    if (info.is_input()) {
        entry[shader::BRAIN_FRAMES] = host.input.buffer ? words_between(host.input, host_inputs_) : place_.frames_begin[p];
        entry[shader::BRAIN_FRAME_STRIDE] = host.input.buffer ? 0 : frame(p);
        entry[shader::BRAIN_PUSHED] = pushed_[p];
        return;
    }
    entry[shader::BRAIN_STATE_COUNT] = memory.state_count;
    entry[shader::BRAIN_STATES] = of.states;
    entry[shader::BRAIN_STATES_OF_HOST] = memory.states_are_of_host();
    entry[shader::BRAIN_STATES_IN_MEMORY] =
        words_between(memory.states, memory.states_are_of_host() ? host_outputs_ : memory_);
    entry[shader::BRAIN_PROGRAM] = program_of_[p];
}

void Brains::fill_projection(uint32_t q, uint32_t* entry) const {
    const Projection& projection = place_.plan.network->projection(q);
    const ProjectionMemory& memory = place_.projections[q];
    const bool own_weights = place_.plan.sample_weights;
    entry[shader::BRAIN_IS_DENSE] = projection.kind == SNN_CONNECT_DENSE;
    entry[shader::BRAIN_RECEPTOR] = projection.receptor;
    entry[shader::BRAIN_SOURCE] = layout_.populations[projection.source].entry;
    entry[shader::BRAIN_LAG] = projection.delay_steps;
    entry[shader::BRAIN_WEIGHTS] = words_between(memory.segments[0].synapses, weights_);
    entry[shader::BRAIN_WEIGHT_STRIDE] = own_weights ? static_cast<uint32_t>(projection.weight_count()) : 0;
    entry[shader::BRAIN_BIAS] = projection.bias ? words_between(memory.bias_range, weights_) : shader::NOWHERE;
    entry[shader::BRAIN_BIAS_STRIDE] = own_weights ? static_cast<uint32_t>(projection.bias_count()) : 0;
    entry[shader::BRAIN_FAN_OUT] = projection.kind == SNN_CONNECT_DENSE ? population(projection.target).size : 1;
    entry[shader::BRAIN_HELD] = layout_.projections[q].held;
}

Dispatch Brains::steps(uint32_t count, uint32_t flags, uint64_t step, uint64_t now, uint64_t seed, uint32_t frame) const {
    Dispatch dispatch;
    dispatch.pipeline = pipeline_;
    // Bindings that the shader declares writable get memory that it may write, even if it never does.
    const Range& records = flags & shader::BRAINS_RECORDS ? place_.records : counters_;
    const Range& host = host_outputs_.buffer ? host_outputs_ : counters_;
    const Range& frames = host_inputs_.buffer ? host_inputs_ : place_.frames;
    dispatch.set = place_.pipelines.bind({table_, memory_, weights_, frames, counters_, records, host});
    dispatch.take(shader::Brains{.now = static_cast<uint32_t>(now),
                                 .step_low = static_cast<uint32_t>(step),
                                 .step_high = static_cast<uint32_t>(step >> 32),
                                 .seed_low = static_cast<uint32_t>(seed),
                                 .seed_high = static_cast<uint32_t>(seed >> 32),
                                 .steps = count,
                                 .frame = frame,
                                 .samples = place_.samples,
                                 .first_sample = place_.first_sample,
                                 .projections = layout_.first_projection,
                                 .table_end = layout_.table_words,
                                 .flags = flags,
                                 .pushed = {}});
    dispatch.groups[0] = place_.samples;
    return dispatch;
}

void Brains::push(Dispatch& dispatch, std::span<const InputFrames> inputs) const {
    shader::Brains arguments;
    std::memcpy(&arguments, dispatch.push, sizeof arguments);
    arguments.flags |= shader::BRAINS_PUSHED;
    for (const InputFrames& input : inputs) {
        const PopulationMemory& memory = place_.populations[input.population];
        if (pushed_[input.population] == shader::NOWHERE) continue;
        uint32_t* const words = arguments.pushed + pushed_[input.population];
        for (uint32_t i = 0; i < memory.frame; ++i) {
            const uint32_t neuron = i % memory.size;
            if (!memory.is_binary) words[i] = std::bit_cast<uint32_t>(input.data[i]);
            else if (input.data[i] != 0.0f)
                words[i / memory.size * memory.activity.width + neuron / 32] |= 1u << (neuron % 32);
        }
    }
    dispatch.take(arguments);
}

void Brains::start_at(uint64_t now, uint64_t step) {
    const uint32_t words[] = {static_cast<uint32_t>(now), static_cast<uint32_t>(step), static_cast<uint32_t>(step >> 32)};
    for (VkDeviceSize sample = 0; sample < place_.samples; ++sample)
        place_.device.upload(counters_, (sample * shader::BRAIN_COUNTER_WORDS + shader::BRAIN_NOW) * 4, words, sizeof words);
}

void Brains::add_to(ExecutorCounters& counters) const {
    std::vector<uint32_t> words(size_t{place_.samples} * shader::BRAIN_COUNTER_WORDS);
    place_.device.download(counters_, 0, words.data(), words.size() * 4);
    const auto sum = [&](uint32_t counter) {
        uint64_t total = 0;
        for (size_t at = 2 * counter; at < words.size(); at += shader::BRAIN_COUNTER_WORDS)
            total += uint64_t{words[at + 1]} << 32 | words[at];
        return total;
    };
    counters.spikes += sum(shader::BRAIN_SPIKES);
    counters.input_spikes += sum(shader::BRAIN_INPUT_SPIKES);
    counters.synaptic_events += sum(shader::BRAIN_EVENTS);
    counters.synaptic_operations += sum(shader::BRAIN_OPERATIONS);
}

}  // namespace snn::vulkan
