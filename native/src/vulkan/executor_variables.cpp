// Resets, reads and writes variables, all in canonical order.
#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "backend/slots.h"
#include "common/math.h"
#include "vulkan/executor.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

constexpr size_t synapses_at_once = 65536;  // read in one download, for plastic projections

}  // namespace

void VulkanExecutor::reset_state() {
    is_torn_ = true;
    now_ = 0;
    if (training_) training_->forget_activity();
    Device::Batch batch(device_);
    for (uint32_t p = 0; p < populations_.size(); ++p) {
        PopulationMemory& memory = populations_[p];
        if (memory.has_activity) device_.fill(memory.ring, 0);
        const Population& population = network().population(p);
        if (population.is_input()) continue;
        device_.fill(memory.sums, 0);
        for (uint32_t s = 0; s < population.initial_states.size(); ++s) {
            const std::vector<double>& initial =
                (memory.initial_states.empty() ? population.initial_states : memory.initial_states)[s];
            std::vector<double> values(memory.frame);
            for (size_t i = 0; i < values.size(); ++i) values[i] = initial[initial.size() > 1 ? i % population.size : 0];
            write_state(p, s, DType::float64, values.data());
        }
    }
    for (const Range& sums : fixed_sums_) device_.fill(sums, 0);
    device_.fill(counters_, 0);
    if (brains_) brains_->reset();
    for (const auto& plastic : plastic_)
        if (plastic) plastic->reset_traces(device_);
    batch.done();
    is_torn_ = false;
}

// The device changes the weights of a plastic projection, so they are read from there: its synapses lie in canonical order as
// target and weight. Weights can be half a network's memory, so nothing of their size is kept on the host.
void VulkanExecutor::read_weights(const Slot& slot, DType dtype, void* out_data) const {
    if (plan_->sample_weights) return read_copies(slot, dtype, out_data);
    const Projection& projection = network().projection(slot.index);
    const ProjectionMemory& memory = projections_[slot.index];
    const size_t weight_count = projection.weight_count();
    const bool is_plastic = memory.delivery == Delivery::plastic;
    if (!is_plastic && (memory.delivery != Delivery::spikes || !memory.own_weights().empty()))
        return convert(DType::float32, memory.weights(projection).data(), dtype, out_data, weight_count);
    std::vector<float> other(dtype == DType::float32 ? 0 : weight_count);
    float* const weights = dtype == DType::float32 ? static_cast<float*>(out_data) : other.data();
    if (is_plastic) {
        words_.resize(2 * std::min(weight_count, synapses_at_once));
        float* out_weight = weights;
        for (const ProjectionMemory::Segment& segment : memory.segments)
            for (size_t done = 0; done < segment.count; done += synapses_at_once) {
                const size_t synapses = std::min(segment.count - done, synapses_at_once);
                device_.download(segment.synapses, VkDeviceSize{done} * 8, words_.data(), synapses * 8);
                for (size_t k = 0; k < synapses; ++k) *out_weight++ = std::bit_cast<float>(words_[2 * k + 1]);
            }
    } else {
        projection.synapses->read_weights(weights);
    }
    if (dtype != DType::float32) convert(DType::float32, weights, dtype, out_data, weight_count);
}

void VulkanExecutor::read_traces(const Slot& slot, DType dtype, void* out_data) const {
    std::vector<float> values(count(slot), 0.0f);
    std::vector<int32_t> ages;
    if (!plastic_[slot.index]) return convert(DType::float32, values.data(), dtype, out_data, values.size());
    const Slot::Kind side = side_of(slot.kind);
    plastic_[slot.index]->read_traces(device_, now_, side, values, ages);
    if (slot.kind != side) convert(DType::int32, ages.data(), dtype, out_data, ages.size());
    else convert(DType::float32, values.data(), dtype, out_data, values.size());
}

void VulkanExecutor::write_traces(const Slot& slot, DType dtype, const void* data) {
    if (!plastic_[slot.index]) return;
    const Slot::Kind side = side_of(slot.kind);
    if (slot.kind != side) {
        std::vector<int32_t> ages(count(slot));
        convert(dtype, data, DType::int32, ages.data(), ages.size());
        return plastic_[slot.index]->write_ages(device_, now_, side, ages);
    }
    std::vector<float> values(count(slot));
    convert(dtype, data, DType::float32, values.data(), values.size());
    plastic_[slot.index]->write_values(device_, side, values);
}

// `change` returns whether the recorded step is out of date afterwards.
template <class Change>
void VulkanExecutor::change_parameters(uint8_t& io_is_set, const Change& change) {
    const bool was_ready = std::exchange(step_is_ready_, false);
    bool changes = false;
    set(io_is_set, [&] { changes = change(); });
    if (changes || !was_ready) change_step();
    else step_is_ready_ = true;
}

void VulkanExecutor::set_plasticity(uint32_t projection, std::shared_ptr<const PlasticityPlan> plan) {
    change_parameters(is_set_[of_rule][projection],
                      [&] { return plastic_[projection]->set_plan(device_, std::move(plan)); });
}

ExecutorCounters VulkanExecutor::counters() const {
    words_.resize(counters_.size / 4);
    device_.download(counters_, 0, words_.data(), counters_.size);
    const auto counted = [&](size_t number) {
        const uint32_t* const words = &words_[number * device_.alignment() / 4];
        return uint64_t{words[1]} << 32 | words[0];
    };
    ExecutorCounters counters;
    counters.steps = now_;
    if (brains_) brains_->add_to(counters);
    if (training_) counters.input_spikes += training_->input_spikes(), counters.spikes += training_->spikes();
    for (uint32_t p = 0; p < populations_.size(); ++p)
        (network().population(p).is_input() ? counters.input_spikes : counters.spikes) += counted(p);
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        const uint64_t used = counted(populations_.size() + q);
        counters.synaptic_operations += used;
        if (populations_[network().projection(q).source].is_binary) counters.synaptic_events += used;
    }
    return counters;
}

void VulkanExecutor::set_constants(uint32_t population, const PopulationConstants& constants) {
    change_parameters(is_population_set_[population], [&] {
        const bool changes = populations_[population].set_constants(device_, network().population(population), constants);
        if (brains_) brains_->set_constants(population, constants);
        return changes || uses_brains_;
    });
}

size_t VulkanExecutor::count(const Slot& slot) const { return slot_count(*plan_, batch_size_, slot); }

void VulkanExecutor::read(const Slot& slot, DType dtype, void* out_data) const {
    check_whole();
    settle();
    const auto slot_values = [&](uint32_t lag, void* out) {
        const PopulationMemory& memory = populations_[slot.index];
        words_.resize(memory.data_words());
        values_.resize(memory.frame);
        device_.download(memory.ring, memory.slot(now_, lag) + VkDeviceSize{memory.activity.data} * 4, words_.data(),
                         words_.size() * 4);
        memory.expand(words_.data(), values_.data());
        convert(DType::float32, values_.data(), dtype, out, memory.frame);
    };
    switch (slot.kind) {
        case Slot::state: {
            const PopulationMemory& memory = populations_[slot.index];
            const bool whole = network().population(slot.index).model->states[slot.sub].type == ValueType::int_;
            words_.resize(memory.frame);
            device_.download(memory.states, VkDeviceSize{slot.sub} * memory.frame * 4, words_.data(),
                             words_.size() * 4);
            return convert(whole ? DType::int32 : DType::float32, words_.data(), dtype, out_data, memory.frame);
        }
        case Slot::activity: return slot_values(0, out_data);
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag)
                slot_values(lag, static_cast<char*>(out_data) + size_t{lag} * populations_[slot.index].frame * size_of(dtype));
            return;
        case Slot::weight: return read_weights(slot, dtype, out_data);
        case Slot::bias: {
            if (plan_->sample_weights) return read_copies(slot, dtype, out_data);
            const std::span<const float> values = projections_[slot.index].bias(network().projection(slot.index));
            return convert(DType::float32, values.data(), dtype, out_data, values.size());
        }
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: return read_traces(slot, dtype, out_data);
        case Slot::weight_gradient:
        case Slot::bias_gradient: {
            std::span<const float> values;
            if (training_)
                values = slot.kind == Slot::weight_gradient ? training_->weight_gradient(slot.index)
                                                            : training_->bias_gradient(slot.index);
            if (!values.empty()) return convert(DType::float32, values.data(), dtype, out_data, values.size());
            const std::vector<float> zeros(count(slot), 0.0f);
            return convert(DType::float32, zeros.data(), dtype, out_data, zeros.size());
        }
    }
}

// If samples have their own weights: the range on the device of the copies that the slot names.
Range VulkanExecutor::copies_of(const Slot& slot) const {
    const Projection& projection = network().projection(slot.index);
    const ProjectionMemory& memory = projections_[slot.index];
    const bool is_weight = slot.kind == Slot::weight;
    const VkDeviceSize bytes = VkDeviceSize{is_weight ? projection.weight_count() : projection.bias_count()} * 4;
    const WeightCopies copies = weight_copies(*plan_, batch_size_, slot);
    return (is_weight ? memory.segments[0].synapses : memory.bias_range)
        .part(copies.first * bytes, (copies.last - copies.first) * bytes);
}

void VulkanExecutor::read_copies(const Slot& slot, DType dtype, void* out_data) const {
    values_.resize(count(slot));
    device_.download(copies_of(slot), 0, values_.data(), values_.size() * 4);
    convert(DType::float32, values_.data(), dtype, out_data, values_.size());
}

// If loading fails, the host's copy of the weights stays as it was. For plastic projections it always does, because only the
// device keeps their weights.
void VulkanExecutor::load_weights(uint32_t projection, std::vector<float> weights) {
    ProjectionMemory& memory = projections_[projection];
    std::optional<std::vector<float>> before = memory.exchange_weights(std::move(weights));
    try {
        memory.load(device_, network(), network().projection(projection));
        if (memory.delivery == Delivery::plastic) memory.exchange_weights(std::move(before));
        if (bundle_of_[projection] == no_bundle) return;
        ThreadPool threads(1, {});
        load_bundle(bundles_[bundle_of_[projection]], threads);
    } catch (...) {
        memory.exchange_weights(std::move(before));
        throw;
    }
}

void VulkanExecutor::write_state(uint32_t population, uint32_t state, DType dtype, const void* data) {
    const PopulationMemory& memory = populations_[population];
    const VkDeviceSize at = VkDeviceSize{state} * memory.frame * 4;
    if (network().population(population).model->states[state].type == ValueType::int_) {
        words_.resize(memory.frame);
        convert(dtype, data, DType::int32, words_.data(), memory.frame);
        return device_.upload(memory.states, at, words_.data(), words_.size() * 4);
    }
    values_.resize(memory.frame);
    convert(dtype, data, DType::float32, values_.data(), memory.frame);
    for (float& value : values_) value = flush(value);
    device_.upload(memory.states, at, values_.data(), values_.size() * 4);
}

void VulkanExecutor::write(const Slot& slot, DType dtype, const void* data) {
    settle();
    if (slot.kind == Slot::weight || slot.kind == Slot::bias) return write_weights(slot, dtype, data);
    change_state([&] { write_values(slot, dtype, data); });
}

void VulkanExecutor::write_weights(const Slot& slot, DType dtype, const void* data) {
    std::vector<float> values(count(slot));
    convert(dtype, data, DType::float32, values.data(), values.size());
    if (training_) training_->weights_changed(slot.index);  // even if the write fails: part of it may have arrived
    const bool is_weight = slot.kind == Slot::weight;
    uint8_t& is_set = is_set_[is_weight ? of_weights : of_bias][slot.index];
    if (!plan_->sample_weights)
        return set(is_set, [&] {
            if (is_weight) load_weights(slot.index, std::move(values));
            else projections_[slot.index].set_bias(device_, std::move(values));
        });
    const WeightCopies copies = weight_copies(*plan_, batch_size_, slot);
    const bool stays_unset = !is_set && copies.last - copies.first < batch_size_;
    set(is_set, [&] { device_.upload(copies_of(slot), 0, values.data(), values.size() * 4); });
    if (stays_unset) is_set = 0;
}

void VulkanExecutor::write_values(const Slot& slot, DType dtype, const void* data) {
    const auto write_slot = [&](uint32_t lag, const void* from) {
        const PopulationMemory& memory = populations_[slot.index];
        values_.resize(memory.frame);
        convert(dtype, from, DType::float32, values_.data(), memory.frame);
        const std::vector<uint32_t> words = memory.make_slot(values_.data());
        device_.upload(memory.ring, memory.slot(now_, lag), words.data(), words.size() * 4);
    };
    switch (slot.kind) {
        case Slot::state: return write_state(slot.index, slot.sub, dtype, data);
        case Slot::activity: return write_slot(0, data);
        case Slot::history:
            for (uint32_t lag = 0; lag < plan_->populations[slot.index].history_depth; ++lag)
                write_slot(lag, static_cast<const char*>(data) + size_t{lag} * populations_[slot.index].frame * size_of(dtype));
            return;
        case Slot::pre_traces:
        case Slot::pre_age:
        case Slot::post_traces:
        case Slot::post_age:
        case Slot::synapse_traces:
        case Slot::synapse_age: return write_traces(slot, dtype, data);
        case Slot::weight:
        case Slot::bias:
        case Slot::weight_gradient:
        case Slot::bias_gradient: return;  // weights and biases are handled above; the session refuses to write gradients
    }
}

std::span<const uint32_t> VulkanExecutor::active(uint32_t population, uint32_t sample) const {
    const PopulationMemory& memory = populations_[population];
    values_.resize(memory.frame);
    read({Slot::activity, population}, DType::float32, values_.data());
    active_.clear();
    for (uint32_t i = 0; i < memory.size; ++i)
        if (values_[size_t{sample} * memory.size + i] != 0.0f) active_.push_back(i);
    return active_;
}

}  // namespace snn::vulkan
