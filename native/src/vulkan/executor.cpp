#include "vulkan/executor.h"

#include <algorithm>
#include <bit>
#include <set>

#include "backend/slots.h"
#include "common/error.h"
#include "normal_table.h"
#include "vulkan/shader_arguments.h"

namespace snn::vulkan {

namespace {

constexpr uint32_t most_groups = 65535;  // of a dispatch, in each direction, on every device
constexpr VkDeviceSize frames_bytes = VkDeviceSize{4} << 20;
// Of deliver_spikes, which takes any number of workgroups, where a host replays a plan and cannot dispatch indirectly.
constexpr uint32_t groups_without_count = 64;
// Of plastic_learn: few targets spike in a step, and each is a workgroup's.
constexpr uint32_t groups_of_learning = 256;

uint32_t groups_for(uint32_t invocations) { return (invocations + shader::GROUP_SIZE - 1) / shader::GROUP_SIZE; }

}  // namespace

VulkanExecutor::VulkanExecutor(std::shared_ptr<const Plan> plan, const ExecutorOptions& options)
    : plan_(std::move(plan)),
      batch_size_(options.batch_size),
      seed_(options.seed),
      first_sample_(options.first_sample),
      device_(options.device, options.vulkan_host),
      pipelines_(device_),
      dispatches_(device_.is_validated()) {
    check_supported();
    const auto& populations = network().populations();
    const auto& projections = network().projections();
    std::vector<uint8_t> keeps_list(populations.size(), 0);
    for (const Projection& projection : projections) {
        if (delivery_of(projection) == Delivery::spikes) keeps_list[projection.source] = 1;
        if (projection.plasticity) keeps_list[projection.target] = 1;
    }
    for (uint32_t p = 0; p < populations.size(); ++p) {
        populations_.emplace_back(device_, populations[p], plan_->populations[p], batch_size_, keeps_list[p] != 0);
        if (populations[p].is_input()) inputs_.push_back(p);
    }
    for (uint32_t q = 0; q < projections.size(); ++q) {
        const Projection& projection = projections[q];
        projections_.emplace_back(device_, network(), projection);
        plastic_.emplace_back();
        if (projection.plasticity)
            plastic_.back() = std::make_unique<PlasticMemory>(device_, network(), projection, *plan_->plasticity[q],
                                                              projections_.back().delays);
        Range groups;
        if (projections_.back().delivery == Delivery::spikes) {
            groups = device_.allocate(3 * sizeof(uint32_t), Memory::device, "a dispatch");
            const uint32_t counts[3] = {0, static_cast<uint32_t>(projections_.back().delays.size()), batch_size_};
            device_.upload(groups, 0, counts, sizeof counts);
        }
        groups_.push_back(groups);
    }

    host_buffers_.resize(populations.size());
    const auto input_count = static_cast<uint32_t>(inputs_.size());
    normal_table_at_ = shader::RUN_INPUTS + input_count;
    std::vector<uint32_t> run(normal_table_at_ + 7 * 32, 0);
    for (uint32_t k = 0; k < 7; ++k)
        for (uint32_t i = 0; i < 32; ++i)
            run[normal_table_at_ + k * 32 + i] = std::bit_cast<uint32_t>(normal_table[k][i]);
    run_ = device_.allocate(run.size() * 4, Memory::device, "what all shaders share");
    device_.upload(run_, 0, run.data(), run.size() * 4);
    counters_ = device_.allocate((populations.size() + projections.size()) * device_.alignment(), Memory::device, "the counters");
    control_ = device_.allocate(normal_table_at_ * 4, Memory::upload, "where the run is");

    VkDeviceSize frame_words = 0;
    for (const uint32_t p : inputs_) frame_words += populations_[p].frame;
    const VkDeviceSize fitting = std::min(frames_bytes, device_.storage_range()) / 4;
    frame_capacity_ = static_cast<uint32_t>(std::clamp<VkDeviceSize>(fitting / std::max<VkDeviceSize>(frame_words, 1), 1, most_steps));
    if (device_.is_on_paper()) frame_capacity_ = 1;
    frames_ = device_.allocate(frame_words * frame_capacity_ * 4, Memory::upload, "the inputs of a step");
    uint32_t begin = 0;
    for (const uint32_t p : inputs_) {
        frames_begin_.push_back(begin);
        begin += populations_[p].frame * frame_capacity_;
    }

    prepare_dispatches();
    if (device_.is_on_paper()) return;
    for (VkCommandBuffer* const commands : {&begin_, &step_, &spikes_, &states_, &end_}) *commands = device_.make_commands();
    device_.begin(begin_, true);
    kernel_barrier(device_, begin_);
    const VkBufferCopy copy{control_.offset, run_.offset, VkDeviceSize{normal_table_at_} * 4};
    device_.functions.vkCmdCopyBuffer(begin_, control_.buffer, run_.buffer, 1, &copy);
    device_.end(begin_);
    device_.begin(end_, true);
    host_barrier(device_, end_);
    device_.end(end_);
    record_step();
}

void VulkanExecutor::record_step() {
    if (device_.is_on_paper()) return;
    device_.begin(step_, true);
    dispatches_.record(device_, pipelines_.layout(), step_);
    device_.end(step_);
}

void VulkanExecutor::check_supported() const {
    if (batch_size_ > most_groups)
        throw Error(SNN_ERROR_UNSUPPORTED, "batch_size is ", batch_size_, "; the device \"vulkan\" takes at most ", most_groups);
    for (const Population& population : network().populations())
        if (groups_for(population.size) > most_groups)
            throw Error(SNN_ERROR_UNSUPPORTED, "population '", population.name, "' has ", population.size,
                        " neurons; the device \"vulkan\" takes at most ", most_groups * shader::GROUP_SIZE);
}

// ---- The dispatches of a step

void VulkanExecutor::prepare_dispatches() {
    Steps& steps = dispatches_ = Steps(device_.is_validated());
    Dispatch advance;
    advance.pipeline = pipelines_.get(embedded_shader("advance"));
    advance.set = pipelines_.bind({run_});
    advance.take(shader::Advance{1});
    steps.add(advance, {{run_resource, Use::write}});
    for (uint32_t input = 0; input < inputs_.size(); ++input) add_input(steps, input);
    const std::vector<uint8_t> early = early_deliveries();
    for (const KernelCall& call : plan_->step)
        if (call.kernel == Kernel::deliver && early[call.index]) add_delivery(steps, call.index);
    for (const KernelCall& call : plan_->step) {
        switch (call.kernel) {
            case Kernel::deliver:
                if (!early[call.index]) add_delivery(steps, call.index);
                break;
            case Kernel::neuron_step: add_neurons(steps, call.index); break;
            // neuron_step finishes the sums that it reads and leaves them at zero for the next step.
            case Kernel::clear_receptors:
            case Kernel::finish_receptors: break;
            case Kernel::learn: add_learning(steps, call.index); break;
            case Kernel::neuron_adjoint:
            case Kernel::deliver_adjoint:
            case Kernel::input_gradient: break;
        }
    }
}

// What only looks back is delivered before any neuron steps, all of it side by side. A float sum keeps its order: a projection is
// late when one before it onto the same receptor is.
std::vector<uint8_t> VulkanExecutor::early_deliveries() const {
    std::vector<uint8_t> early(projections_.size(), 0);
    std::set<std::pair<uint32_t, uint32_t>> late;  // target and receptor
    for (const KernelCall& call : plan_->step) {
        if (call.kernel != Kernel::deliver) continue;
        const Projection& projection = network().projection(call.index);
        const std::pair receptor(projection.target, projection.receptor);
        const bool has_order = projections_[call.index].delivery != Delivery::spikes || projection.bias;
        early[call.index] = projection.min_delay() > 0 && !(has_order && late.contains(receptor));
        if (has_order && !early[call.index]) late.insert(receptor);
    }
    return early;
}

void VulkanExecutor::add_input(Steps& steps, uint32_t input) {
    const uint32_t p = inputs_[input];
    const PopulationMemory& population = populations_[p];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(embedded_shader("load_input"), {population.is_binary});
    const Range& host = host_buffers_[p].input;
    dispatch.set = pipelines_.bind({run_, host.buffer ? host : frames_, {}, {}, {}, population.ring, counter_of_population(p)});
    dispatch.take(shader::LoadInput{population.activity, host.buffer ? 0 : frames_begin_[input], shader::RUN_INPUTS + input});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = batch_size_;
    steps.add(dispatch, {{run_resource, Use::read}, {resource(p, of_activity), Use::write}});
}

void VulkanExecutor::add_delivery(Steps& steps, uint32_t index) {
    const Projection& projection = network().projection(index);
    const ProjectionMemory& memory = projections_[index];
    const PopulationMemory& source = populations_[projection.source];
    const PopulationMemory& target = populations_[projection.target];
    shader::Deliver arguments{};
    arguments.source = source.activity;
    arguments.lag = projection.delay_steps;
    arguments.target_size = target.size;
    arguments.sums = projection.receptor * target.frame;
    arguments.bias = projection.bias ? 0 : shader::NOWHERE;
    arguments.bias_spread = projection.bias ? target.size / static_cast<uint32_t>(projection.bias->size()) : 1;
    const std::vector<Use> uses{{run_resource, Use::read},
                                {resource(projection.source, of_activity), Use::read},
                                {resource(projection.target, of_sums), Use::write}};
    const auto add = [&](const char* name, const ProjectionMemory::Segment& segment, uint32_t targets,
                         std::vector<uint32_t> constants = {}) {
        Dispatch dispatch;
        constants.insert(constants.begin(), source.is_binary);
        dispatch.pipeline = pipelines_.get(embedded_shader(name), constants);
        dispatch.set = pipelines_.bind({run_, source.ring, target.sums, segment.synapses, segment.rows, memory.bias_range,
                                       counter_of_projection(index)});
        dispatch.take(arguments);
        dispatch.groups[0] = groups_for(targets);
        dispatch.groups[1] = batch_size_;
        steps.add(dispatch, uses);
        arguments.bias = shader::NOWHERE;  // once
    };
    switch (memory.delivery) {
        case Delivery::dense:
            for (const ProjectionMemory::Segment& segment : memory.segments) {
                arguments.first = segment.first;
                arguments.last = segment.last;
                add("deliver_dense", segment, target.size);
            }
            return;
        case Delivery::one_to_one: return add("deliver_one_to_one", memory.segments[0], target.size);
        case Delivery::window: {
            const Population& from = network().population(projection.source);
            const Population& onto = network().population(projection.target);
            const Window& window = projection.window;
            const bool pools = projection.kind == SNN_CONNECT_POOL2D;
            arguments.pool_weight = std::bit_cast<uint32_t>(snn::pool_weight(projection));
            arguments.source_height = from.shape.dims[1], arguments.source_width = from.shape.dims[2];
            arguments.target_height = onto.shape.dims[1], arguments.target_width = onto.shape.dims[2];
            arguments.kernel_height = window.kernel[0], arguments.kernel_width = window.kernel[1];
            arguments.stride_height = window.stride[0], arguments.stride_width = window.stride[1];
            arguments.padding_height = window.padding[0], arguments.padding_width = window.padding[1];
            arguments.dilation_height = window.dilation[0], arguments.dilation_width = window.dilation[1];
            arguments.group_inputs = from.shape.dims[0] / window.groups;
            arguments.group_outputs = onto.shape.dims[0] / window.groups;
            // MODE of the shader: convolution, sum or average, maximum
            return add("deliver_window", memory.segments[0], target.size,
                       {!pools ? 0u : projection.pool_mode == SNN_POOL_MAX ? 2u : 1u});
        }
        case Delivery::sparse:
            for (const ProjectionMemory::Segment& segment : memory.segments) {
                // A segment adds the bias of its own targets.
                arguments.bias = projection.bias ? 0 : shader::NOWHERE;
                arguments.first = segment.first;
                arguments.last = segment.last;
                add("deliver_sparse", segment, segment.last - segment.first);
            }
            return;
        case Delivery::spikes:
            if (projection.bias) add("deliver_bias", {}, target.size);
            return add_spike_delivery(steps, index);
    }
}

void VulkanExecutor::add_spike_delivery(Steps& steps, uint32_t index) {
    const Projection& projection = network().projection(index);
    const ProjectionMemory& memory = projections_[index];
    const PopulationMemory& source = populations_[projection.source];
    const PopulationMemory& target = populations_[projection.target];
    if (memory.segments.empty()) return;  // no synapse
    shader::DeliverSpikes arguments{};
    arguments.source = source.activity;
    arguments.target_size = target.size;
    arguments.sums = projection.receptor * target.frame;
    arguments.delay_count = static_cast<uint32_t>(memory.delays.size());
    arguments.samples = batch_size_;
    const uint32_t groups = groups_resource(index);
    std::vector<Use> uses{{run_resource, Use::read}, {groups, Use::write}, {resource(projection.source, of_activity), Use::read}};
    Dispatch counting;
    counting.pipeline = pipelines_.get(embedded_shader("count_spikes"));
    counting.set = pipelines_.bind({run_, source.ring, {}, {}, memory.segments[0].rows, groups_[index]});
    counting.take(arguments);
    steps.add(counting, uses);
    uses[1] = {groups, Use::read};
    uses.push_back({resource(projection.target, of_fixed_sums), Use::add});
    if (plastic_[index]) return add_arrivals(steps, index, uses);
    for (const ProjectionMemory::Segment& segment : memory.segments) {
        arguments.first = segment.first;
        arguments.last = segment.last;
        arguments.first_target = segment.first_target;
        Dispatch dispatch;
        dispatch.pipeline =
            pipelines_.get(embedded_shader("deliver_spikes"), {projection.arithmetic == SNN_ARITHMETIC_COMPACT});
        dispatch.set = pipelines_.bind({run_, source.ring, target.fixed_sums, segment.synapses, segment.rows, {},
                                       counter_of_projection(index)});
        dispatch.take(arguments);
        dispatch.indirect = groups_[index];
        dispatch.groups[0] = std::min(source.size, groups_without_count);
        dispatch.groups[1] = arguments.delay_count;
        dispatch.groups[2] = batch_size_;
        steps.add(dispatch, uses);
    }
}

void VulkanExecutor::add_arrivals(Steps& steps, uint32_t index, const std::vector<Use>& uses) {
    const Projection& projection = network().projection(index);
    const ProjectionMemory& memory = projections_[index];
    const PlasticMemory& plastic = *plastic_[index];
    const PopulationMemory& source = populations_[projection.source];
    const PopulationMemory& target = populations_[projection.target];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(plastic.arrival_shader);
    dispatch.set = pipelines_.bind({run_, source.ring, target.fixed_sums, memory.segments[0].synapses, memory.segments[0].rows,
                                   plastic.traces, counter_of_projection(index)});
    shader::Plastic arguments = plastic.arguments;
    arguments.from = source.activity;
    arguments.sums = projection.receptor * target.frame;
    dispatch.take(arguments);
    dispatch.indirect = groups_[index];
    dispatch.groups[0] = std::min(source.size, groups_without_count);
    dispatch.groups[1] = arguments.delay_count;
    std::vector<Use> all = uses;
    all.push_back({plastic_resource(index), Use::write});
    steps.add(dispatch, all);
}

void VulkanExecutor::add_learning(Steps& steps, uint32_t index) {
    const Projection& projection = network().projection(index);
    const ProjectionMemory& memory = projections_[index];
    const PlasticMemory& plastic = *plastic_[index];
    if (memory.segments.empty() || !plastic.learns_from_targets) return;
    const PopulationMemory& target = populations_[projection.target];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(plastic.learning_shader);
    dispatch.set = pipelines_.bind({run_, target.ring, {}, memory.segments[0].synapses, plastic.incoming, plastic.traces});
    shader::Plastic arguments = plastic.arguments;
    arguments.from = target.activity;
    dispatch.take(arguments);
    dispatch.groups[0] = std::min(target.size, groups_of_learning);
    steps.add(dispatch, {{run_resource, Use::read},
                         {resource(projection.target, of_activity), Use::read},
                         {plastic_resource(index), Use::write}});
}

void VulkanExecutor::add_neurons(Steps& steps, uint32_t p) {
    const PopulationMemory& population = populations_[p];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(population.shader);
    // A model that does not spike writes no ring, but the shader could: it is bound to something of the population's own.
    const Range& ring = population.has_activity ? population.ring : population.states;
    dispatch.set = pipelines_.bind({run_, population.sums, population.states, population.constants, population.fixed_sums, ring,
                                   counter_of_population(p)});
    dispatch.take(shader::NeuronStep{.own = population.activity,
                                     .frame = population.frame,
                                     .scales = population.scales,
                                     .poisson = population.poisson,
                                     .shared_constants = population.shared_constants,
                                     .own_constants = population.own_constants,
                                     .population = p,
                                     .first_sample = first_sample_,
                                     .normal_table = normal_table_at_});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = batch_size_;
    steps.add(dispatch, {{run_resource, Use::read},
                         {resource(p, of_sums), Use::write},
                         {resource(p, of_fixed_sums), Use::write},
                         {resource(p, of_activity), Use::write}});
    if (host_buffers_[p].spikes.buffer) add_spike_copy(steps, p, false);
    if (host_buffers_[p].spike_count.buffer) add_spike_copy(steps, p, true);
}

void VulkanExecutor::add_spike_copy(Steps& steps, uint32_t p, bool adds_up) {
    const PopulationMemory& population = populations_[p];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(embedded_shader("copy_spikes"), {adds_up});
    dispatch.set = pipelines_.bind({run_, population.ring, adds_up ? host_buffers_[p].spike_count : host_buffers_[p].spikes});
    dispatch.take(shader::CopySpikes{population.activity});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = batch_size_;
    steps.add(dispatch, {{run_resource, Use::read},
                         {resource(p, of_activity), Use::read},
                         {resource(p, adds_up ? of_spike_count : of_spike_copy), Use::write}});
}

}  // namespace snn::vulkan
