#include "vulkan/training_memory.h"

#include <algorithm>
#include <bit>

#include "common/error.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t rows_of_slice = 512;
constexpr uint32_t places_of_slice = 8192;  // for convolutions: a row has a place for each position in the target's plane
constexpr uint64_t most_slices = most_groups;
constexpr uint32_t most_sources = 32 * most_groups;  // for dense trained projections, because of train_weights_dense
constexpr uint64_t most_part_words = uint64_t{16} << 20;

}  // namespace

TapedPopulation::TapedPopulation(const Population& population, const PopulationPlan& plan, const PopulationMemory& memory)
    : name(memory.name),
      samples(memory.samples),
      size(memory.size),
      frame(memory.frame),
      receptors(population.model ? static_cast<uint32_t>(population.model->receptors.size()) : 0),
      states(memory.state_count),
      history(plan.history_depth),
      learned(plan.learning ? static_cast<uint32_t>(plan.learning->constants.size()) : 0),
      is_input(population.is_input()),
      is_binary(memory.is_binary),
      has_gradient(plan.needs_activity_gradient) {
    for (const uint8_t fixed : plan.receptor_is_fixed) keeps_whole_sums |= fixed != 0;
    if (has_gradient) entries = static_cast<uint32_t>(plan.tape.size());
    activity.size = size;
    if (memory.has_activity) activity.width = memory.activity.width;
    activity.data = head_words() + history * words_of_step();
}

uint32_t TapedPopulation::place_of_record(uint32_t state) const {
    return static_cast<uint32_t>(std::popcount(recorded & ((1u << state) - 1)));
}

void TapedPopulation::reserve(Device& device, uint32_t step_count, bool is_held, uint32_t recorded_states, LearningRule rule,
                              const Crossing& crossing) {
    const auto what = [&](const char* part) {
        return text("the ", part, " of ", step_count, " steps of population '", name, "'");
    };
    steps = step_count;
    recorded = recorded_states;
    activity.stride = is_held && history == 0 ? 0 : words_of_step();
    const VkDeviceSize words = activity.data + VkDeviceSize{frame_count()} * words_of_step();
    drops |= own.reserve(device, words * 4, Memory::device, what("activity"));  // new memory has no mask yet
    tail.reserve(device, VkDeviceSize{history} * words_of_step() * 4, Memory::device, what("activity"));
    const VkDeviceSize frames = VkDeviceSize{steps} * frame * 4;
    if (has_gradient && activity.width) activity_gradient.reserve(device, frames, Memory::device, what("gradients"));
    if (is_input) return;
    const bool keeps_instant = rule == LearningRule::ottt || rule == LearningRule::eventprop;
    sums.reserve(device, receptors * frames * (keeps_instant ? 2 : 1), Memory::device, what("sums"));
    if (keeps_whole_sums) whole_sums.reserve(device, receptors * frames, Memory::device, what("sums"));
    const uint64_t tape_begin = uint64_t{entries} * steps * frame;
    const uint64_t records_end = tape_begin + uint64_t(std::popcount(recorded)) * steps * frame;
    before_of = static_cast<uint32_t>(crossing.membrane + 1);
    const uint64_t befores_end = records_end + (before_of ? uint64_t{steps} * frame : 0);
    tape.reserve(device, (befores_end + frame) * 4, Memory::device, what("tape"));
    records = static_cast<uint32_t>(tape_begin);
    befores = static_cast<uint32_t>(records_end);
    counts = static_cast<uint32_t>(befores_end);
    const uint32_t credits = rule == LearningRule::ottt || rule == LearningRule::eprop ? states : 0;
    gradients.reserve(device, VkDeviceSize{states + learned + credits} * frame * 4, Memory::device, what("gradients"));
}

void TapedPopulation::set_dropout(Device& device, const DropoutMask* mask) {
    drops = mask != nullptr;
    std::vector<uint32_t> words(head_words(), mask ? 0 : UINT32_MAX);
    words[0] = std::bit_cast<uint32_t>(mask ? mask->scale : 1.0f);
    for (uint32_t i = 0; mask && i < frame; ++i)
        words[1 + i / size * activity.width + i % size / 32] |= uint32_t{mask->kept[i] != 0} << (i % size % 32);
    device.upload(*own, 0, words.data(), words.size() * 4);
}

TapedProjection::TapedProjection(Device& device, const Network& network, const Projection& projection)
    : weight_count(static_cast<uint32_t>(projection.weight_count())),
      bias_count(projection.bias ? static_cast<uint32_t>(projection.bias->size()) : 0),
      is_trained(projection.trainable && projection.kind != SNN_CONNECT_POOL2D),
      slice_rows_(rows_of_slice) {
    const uint32_t sources = network.population(projection.source).size;
    if (is_trained && projection.kind == SNN_CONNECT_DENSE && sources > most_sources)
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", projection.name, "' has ", sources,
                    " sources; the device \"vulkan\" trains dense projections from at most ", most_sources);
    const std::string parameters_of = text("the weights of projection '", projection.name, "'");
    const VkDeviceSize bytes = (VkDeviceSize{projection.weight_count()} + bias_count) * 4;
    parameters = device.allocate(bytes, Memory::device, parameters_of);
    if (is_trained)
        gradient = device.allocate(bytes, Memory::device, text("the gradient of projection '", projection.name, "'"));
    if (projection.kind == SNN_CONNECT_CONV2D) {
        const Shape& onto = network.population(projection.target).shape;
        slice_rows_ = std::clamp(places_of_slice / std::max(onto.dims[1] * onto.dims[2], 1u), 1u, rows_of_slice);
    }
    if (projection.synapses) load_synapses(device, network, projection);
}

void TapedProjection::load_synapses(Device& device, const Network& network, const Projection& projection) {
    const uint32_t sources = network.population(projection.source).size, targets = network.population(projection.target).size;
    const SparseIndex& index = projection.synapses->index();
    const auto delay_of = [&](uint64_t k) { return projection.delay_steps + (index.delays.empty() ? 0u : index.delays[k]); };
    std::vector<uint32_t> by_source(size_t{3} * weight_count), by_target(size_t{3} * weight_count),
        ends(size_t{targets} + 1, 0);
    for (uint32_t i = 0; i < sources; ++i)
        for (uint64_t k = index.row_offsets[i]; k < index.row_offsets[i + 1]; ++k) {
            const uint32_t synapse[3] = {i, index.targets[k], delay_of(k)};
            std::copy_n(synapse, 3, &by_source[3 * k]);
            ++ends[index.targets[k] + 1];
        }
    for (uint32_t j = 0; j < targets; ++j) ends[j + 1] += ends[j];
    std::vector<uint32_t> order(weight_count), next = ends;
    for (uint32_t k = 0; k < weight_count; ++k) order[k] = k;
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return by_source[3 * a + 2] < by_source[3 * b + 2]; });
    for (const uint32_t k : order) {
        const uint32_t synapse[3] = {by_source[3 * k], by_source[3 * k + 2], k};
        std::copy_n(synapse, 3, &by_target[size_t{3} * next[by_source[3 * k + 1]]++]);
    }
    const auto put = [&](Range& out_range, const std::vector<uint32_t>& words) {
        out_range =
            device.allocate(words.size() * 4, Memory::device, text("the synapses of projection '", projection.name, "'"));
        if (!words.empty()) device.upload(out_range, 0, words.data(), words.size() * 4);
    };
    put(source_rows, std::vector<uint32_t>(index.row_offsets.begin(), index.row_offsets.end()));
    put(source_synapses, by_source);
    put(target_rows, ends);
    put(target_synapses, by_target);
}

uint32_t TapedProjection::slices(uint32_t rows) const {
    const uint64_t fitting = std::clamp<uint64_t>(most_part_words / std::max(parameter_count(), 1u), 1, most_slices);
    return static_cast<uint32_t>(std::clamp<uint64_t>((uint64_t{rows} + slice_rows_ - 1) / slice_rows_, 1, fitting));
}

}  // namespace snn::vulkan
