#include "vulkan/executor.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <thread>
#include <tuple>

#include "common/error.h"
#include "normal_table.h"
#include "vulkan/shader_arguments.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

constexpr VkDeviceSize frames_bytes = VkDeviceSize{16} << 20;

[[noreturn]] void refuse_sample_weights(const std::string& why) {
    throw Error(SNN_ERROR_UNSUPPORTED,
                "device 'vulkan' has weights for each sample (SNN_FLAG_SAMPLE_WEIGHTS) where a workgroup holds ",
                "the sample: ", why, "; \"cpu\" has them always");
}

}  // namespace

VulkanExecutor::VulkanExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      batch_size_(options.batch_size),
      seed_(options.seed),
      first_sample_(options.first_sample),
      thread_count_(std::max({options.thread_count, std::thread::hardware_concurrency(), 1u})),
      job_system_(options.job_system),
      device_(options.device, options.vulkan_host),
      pipelines_(device_),
      dispatches_{Steps(false), Steps(false)} {  // filled by change_step()
    check_supported();
    if (options.flags & SNN_FLAG_STRICT_BARRIERS) device_.be_strict();
    flushes_denormals_ = probe(device_, pipelines_);
    const auto& populations = network().populations();
    const auto& projections = network().projections();
    std::vector<uint8_t> keeps_list(populations.size(), 0);
    for (const Projection& projection : projections) {
        const Delivery delivery = delivery_of(projection);
        if (delivery == Delivery::spikes || delivery == Delivery::plastic) keeps_list[projection.source] = 1;
        if (delivery == Delivery::plastic) keeps_list[projection.target] = 1;
    }
    BrainLayout layout = make_brain_layout(*plan_);
    const std::string no_brains = Brains::why_not(*plan_, layout, device_, batch_size_);
    if (plan_->sample_weights && !no_brains.empty()) refuse_sample_weights(no_brains);
    std::optional<Device::Room> memory, weights;  // brains reach each with one binding
    if (no_brains.empty())
        memory.emplace(device_, Brains::memory_bytes(*plan_, device_, batch_size_), "the states of all samples");
    for (uint32_t p = 0; p < populations.size(); ++p) {
        populations_.emplace_back(device_, populations[p], plan_->populations[p], batch_size_, keeps_list[p] != 0);
        if (populations[p].is_input()) inputs_.push_back(p);
    }
    if (no_brains.empty()) weights.emplace(device_, Brains::weight_bytes(*plan_, device_, batch_size_), "the weights");
    for (uint32_t q = 0; q < projections.size(); ++q) {
        const Projection& projection = projections[q];
        projections_.emplace_back(device_, network(), projection, plan_->sample_weights ? batch_size_ : 1);
        plastic_.emplace_back();
        if (projection.plasticity)
            plastic_.back() = std::make_unique<PlasticMemory>(device_, network(), projection, plan_->plasticity[q],
                                                              projections_.back());
        const bool is_fixed = projections_.back().delivery == Delivery::spikes || projection.plasticity;
        if (!is_fixed || projection.bias) populations_[projection.target].float_sums |= 1u << projection.receptor;
    }
    const Range memory_range = memory ? memory->range : Range{}, weight_range = weights ? weights->range : Range{};
    weights.reset(), memory.reset();
    place_fixed_sums();
    make_bundles();

    is_population_set_.assign(populations.size(), 1);
    for (std::vector<uint8_t>& is_set : is_set_) is_set.assign(projections.size(), 1);
    host_buffers_.resize(populations.size());
    activity_sums_.resize(populations.size());
    const auto input_count = static_cast<uint32_t>(inputs_.size());
    normal_table_at_ = shader::RUN_INPUTS + input_count;
    std::vector<uint32_t> run(normal_table_at_ + 7 * 32, 0);
    for (uint32_t k = 0; k < 7; ++k)
        for (uint32_t i = 0; i < 32; ++i)
            run[normal_table_at_ + k * 32 + i] = std::bit_cast<uint32_t>(normal_table[k][i]);
    for (Range& copy : run_) {
        copy = device_.allocate(run.size() * 4, Memory::device, "what all shaders share");
        device_.upload(copy, 0, run.data(), run.size() * 4);
        if (device_.is_on_paper()) break;
    }
    counters_ =
        device_.allocate((populations.size() + projections.size()) * device_.alignment(), Memory::device, "the counters");
    control_ = device_.allocate(normal_table_at_ * 4, Memory::upload, "where the run is");

    VkDeviceSize frame_words = 0;
    for (const uint32_t p : inputs_) frame_words += populations_[p].frame;
    const VkDeviceSize fitting = std::min(frames_bytes, device_.storage_range()) / 4;
    frame_capacity_ =
        static_cast<uint32_t>(std::clamp<VkDeviceSize>(fitting / std::max<VkDeviceSize>(frame_words, 1), 1, most_steps));
    if (device_.is_on_paper()) frame_capacity_ = 1;
    frames_ = device_.allocate(frame_words * frame_capacity_ * 4, Memory::upload, "the inputs of a step");
    uint32_t begin = 0;
    frames_begin_.assign(populations.size(), shader::NOWHERE);
    for (const uint32_t p : inputs_) {
        frames_begin_[p] = begin;
        begin += populations_[p].frame * frame_capacity_;
    }

    if (no_brains.empty()) open_brains(std::move(layout), memory_range, weight_range);
    if (!device_.is_on_paper()) record_ends();
    change_step();
    pipelines_.save();
}

// Makes the command buffers, and records those that a submission begins and ends with.
void VulkanExecutor::record_ends() {
    for (VkCommandBuffer* const commands :
         {&begin_, &end_, &step_[0], &step_[1], &recorded_step_[0], &recorded_step_[1], &last_spikes_[0], &last_spikes_[1],
          &states_[0], &states_[1]})
        *commands = device_.make_commands();
    device_.begin(begin_, true);
    copy_barrier(device_, begin_);
    const VkBufferCopy copy{control_.offset, run_[0].offset, VkDeviceSize{normal_table_at_} * 4};
    device_.functions.vkCmdCopyBuffer(begin_, control_.buffer, run_[0].buffer, 1, &copy);
    copy_barrier(device_, begin_);
    device_.end(begin_);
    device_.begin(end_, true);
    host_barrier(device_, end_);
    device_.end(end_);
}

void VulkanExecutor::check_whole() const {
    device_.check_not_lost();
    if (is_torn_) refuse_lost_state();
}

void VulkanExecutor::run_on_state(const std::vector<VkCommandBuffer>& commands) {
    change_state([&] { device_.run(commands); });
}

void VulkanExecutor::check_set() const {
    const auto look = [](const std::vector<uint8_t>& is_set, const auto& owners, const char* what, const char* of,
                         const char* again) {
        const auto unset = static_cast<size_t>(std::find(is_set.begin(), is_set.end(), 0) - is_set.begin());
        if (unset < is_set.size())
            throw Error(SNN_ERROR_STATE, "an error has left ", what, " of ", of, " '", owners[unset].name,
                        "' unset or half changed; set ", again, " again");
    };
    look(is_population_set_, network().populations(), "parameters", "population", "one of them");
    look(is_set_[of_rule], network().projections(), "parameters", "projection", "one of them");
    look(is_set_[of_weights], network().projections(), "weights", "projection", "them");
    look(is_set_[of_bias], network().projections(), "biases", "projection", "them");
}

void VulkanExecutor::prepare_step() {
    check_whole();
    check_set();
    if (!step_is_ready_) change_step();
    if (!uses_brains_ && plan_->sample_weights) refuse_sample_weights(brains_->out_of_reach());
}

// Called after any change to what a recorded step depends on.
void VulkanExecutor::change_step() {
    step_is_ready_ = false;
    uses_brains_ = brains_ && load_brains();
    if (!uses_brains_ && plan_->sample_weights && !brains_->wait_for_inputs()) refuse_sample_weights(brains_->out_of_reach());
    if (!uses_brains_ && !plan_->sample_weights) prepare_dispatches(), record_step();
    recorded_.clear(), summed_before_.clear();
    if (training_) training_->populations_changed();
    step_is_ready_ = true;
}

void VulkanExecutor::record_step() {
    if (device_.is_on_paper()) return;
    for (uint32_t parity = 0; parity < 2; ++parity) {
        device_.begin(step_[parity], true);
        dispatches_[parity].record(device_, pipelines_.layout(), step_[parity]);
        device_.end(step_[parity]);
    }
}

// ---- Integer sums, and the synapses that are added to them

void VulkanExecutor::place_fixed_sums() {
    for (size_t first = 0; first < populations_.size();) {
        uint64_t neurons = 0;
        uint32_t receptors = 0;
        size_t last = first;
        for (; last < populations_.size(); ++last) {
            PopulationMemory& population = populations_[last];
            if (population.fixed_receptors == 0) continue;
            const uint32_t most = std::max(receptors, population.fixed_receptors);
            if (neurons > 0 && (neurons + population.size) * most * batch_size_ * 4 > device_.storage_range()) break;
            receptors = most;
            population.first_fixed_sum = static_cast<uint32_t>(neurons);
            neurons += population.size;
        }
        Range sums;
        if (neurons > 0) {
            sums = device_.allocate(neurons * receptors * batch_size_ * 4, Memory::device, "the sums of synapses");
            fixed_sums_.push_back(sums);
        }
        for (; first < last; ++first) {
            PopulationMemory& population = populations_[first];
            if (population.fixed_receptors == 0) continue;
            population.fixed_sums = sums;
            population.fixed_receptor_stride = static_cast<uint32_t>(neurons);
            population.fixed_stride = static_cast<uint32_t>(neurons) * receptors;
        }
    }
}

// Projections share a bundle if they have the same source, buffer of sums and synapse format, and if they agree on whether
// every synapse has a delay.
void VulkanExecutor::make_bundles() {
    using Common = std::tuple<uint32_t, VkBuffer, VkDeviceSize, bool, bool>;
    std::map<Common, uint32_t> numbers;
    const auto& projections = network().projections();
    bundle_of_.assign(projections.size(), no_bundle);
    for (uint32_t q = 0; q < projections.size(); ++q) {
        if (projections_[q].delivery != Delivery::spikes) continue;
        const Projection& projection = projections[q];
        const Range& sums = populations_[projection.target].fixed_sums;
        const bool compact = projection.arithmetic == SNN_ARITHMETIC_COMPACT;
        const Common common(projection.source, sums.buffer, sums.offset, compact, projection.min_delay() > 0);
        const auto [found, is_new] = numbers.try_emplace(common, static_cast<uint32_t>(bundles_.size()));
        if (is_new) bundles_.emplace_back(projection.source, compact);
        bundles_[found->second].projections.push_back(q);
        bundle_of_[q] = found->second;
    }
    if (bundles_.empty()) return;
    ThreadPool threads(thread_count_, job_system_);
    for (SpikeBundle& bundle : bundles_) load_bundle(bundle, threads);
}

void VulkanExecutor::load_bundle(SpikeBundle& bundle, ThreadPool& threads) {
    std::vector<SpikeBundle::Member> members;
    for (const uint32_t q : bundle.projections) {
        const Projection& projection = network().projection(q);
        const PopulationMemory& target = populations_[projection.target];
        members.push_back(
            {q, target.first_fixed_sum + projection.receptor * target.fixed_receptor_stride, projections_[q].own_weights()});
    }
    bundle.load(device_, network(), members, threads);
}

void VulkanExecutor::check_supported() const {
    if (batch_size_ > most_groups)
        throw Error(SNN_ERROR_UNSUPPORTED, "batch_size is ", batch_size_, "; the device \"vulkan\" takes at most ",
                    most_groups);
    for (const Population& population : network().populations())
        if (groups_for(population.size) > most_groups)
            throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name, "' has ", population.size,
                        " neurons; the device \"vulkan\" takes at most ", most_groups * shader::GROUP_SIZE);
}

}  // namespace snn::vulkan
