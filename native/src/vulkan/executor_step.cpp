// The dispatches of a step: inputs, deliveries, neurons and plasticity. Also the dispatch of a signal, between two steps.
#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "common/error.h"
#include "vulkan/executor.h"
#include "vulkan/shader_arguments.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

namespace {

// Workgroups of shaders that work with any number of them. Each workgroup takes one spike at a time, and few neurons spike in a
// step.
constexpr uint32_t groups_of_arrivals = 64, groups_of_learning = 256, groups_of_signals = 1024;

// The number of workgroups that share the spikes of a source, however many there are: enough to fill a GPU for a large source,
// few enough to cost nothing without spikes.
constexpr uint32_t neurons_of_a_group = 128, least_groups = 16, most_groups_of_spikes = 2048;

// The number of invocations that share the row of a spike: long rows should take few rounds, short rows leave few idle.
uint32_t lanes_for(uint64_t synapses_of_a_row) {
    return synapses_of_a_row > 128 ? shader::GROUP_SIZE : synapses_of_a_row > 24 ? 32 : 16;
}

}  // namespace

void VulkanExecutor::prepare_dispatches() {
    prepare_dispatches(0);
    if (!device_.is_on_paper()) prepare_dispatches(1);
}

void VulkanExecutor::prepare_dispatches(uint32_t parity) {
    parity_ = parity;
    Steps& steps = dispatches_[parity] = Steps(device_.is_strict());
    // A plan is one step that is the same every time, so it advances the position in place, before anything else.
    const bool in_place = device_.is_on_paper();
    Dispatch advance;
    advance.pipeline = pipelines_.get("advance", {in_place});
    advance.set = pipelines_.bind({run(), in_place ? run() : run_[1 - parity]});
    advance.take(shader::Advance{1, static_cast<uint32_t>(inputs_.size())});
    if (in_place) steps.add_level(advance);
    else steps.add(advance, {});
    std::vector<uint8_t> bundle_is_added(bundles_.size(), 0);
    const auto add_delivery_once = [&](uint32_t q) {
        if (bundle_of_[q] == no_bundle) return add_delivery(steps, q);
        if (network().projection(q).bias) add_delivery(steps, q);
        if (bundle_is_added[bundle_of_[q]]++ == 0) add_bundle(steps, bundles_[bundle_of_[q]]);
    };
    for (uint32_t input = 0; input < inputs_.size(); ++input) add_input(steps, input);
    const std::vector<uint8_t> early = early_deliveries();
    for (const KernelCall& call : plan_->step)
        if (call.kernel == Kernel::deliver && early[call.index]) add_delivery_once(call.index);
    for (const KernelCall& call : plan_->step) {
        switch (call.kernel) {
            case Kernel::deliver:
                if (!early[call.index]) add_delivery_once(call.index);
                break;
            case Kernel::neuron_step: add_neurons(steps, call.index); break;
            // The neuron_step shader finishes the sums that it reads and clears them for the next step.
            case Kernel::clear_receptors:
            case Kernel::finish_receptors: break;
            case Kernel::learn: add_learning(steps, call.index); break;
            case Kernel::neuron_adjoint:
            case Kernel::deliver_adjoint:
            case Kernel::input_gradient: break;
        }
    }
}

// Projections whose synapses all have a delay are delivered early: side by side, before any neuron steps. A float sum keeps its
// order, so a projection is late if an earlier one onto the same receptor is late.
std::vector<uint8_t> VulkanExecutor::early_deliveries() const {
    std::vector<uint8_t> early(projections_.size(), 0);
    std::set<std::pair<uint32_t, uint32_t>> late;  // target and receptor
    for (const KernelCall& call : plan_->step) {
        if (call.kernel != Kernel::deliver) continue;
        const Projection& projection = network().projection(call.index);
        const std::pair receptor(projection.target, projection.receptor);
        const bool has_order = !projection.is_fixed() || projection.bias;
        early[call.index] = projection.min_delay() > 0 && !(has_order && late.contains(receptor));
        if (has_order && !early[call.index]) late.insert(receptor);
    }
    return early;
}

void VulkanExecutor::add_input(Steps& steps, uint32_t input) {
    const uint32_t p = inputs_[input];
    const PopulationMemory& population = populations_[p];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get("load_input", {population.is_binary});
    const Range& host = host_buffers_[p].input;
    dispatch.set =
        pipelines_.bind({run(), host.buffer ? host : frames_, {}, {}, {}, population.ring, counter_of_population(p)});
    dispatch.take(shader::LoadInput{population.activity, host.buffer ? 0 : frames_begin_[p], shader::RUN_INPUTS + input});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = batch_size_;
    steps.add(dispatch, {{resource(p, of_activity), Use::write}});
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
    const std::vector<Use> uses{use_of_source(projection), {resource(projection.target, of_sums), Use::write}};
    const auto add = [&](const char* name, const ProjectionMemory::Segment& segment, uint32_t targets,
                         std::vector<uint32_t> constants = {}) {
        Dispatch dispatch;
        constants.insert(constants.begin(), source.is_binary);
        dispatch.pipeline = pipelines_.get(name, constants);
        dispatch.set = pipelines_.bind({run(), source.ring, target.sums, segment.synapses, segment.rows, memory.bias_range,
                                       counter_of_projection(index)});
        dispatch.take(arguments);
        dispatch.groups[0] = groups_for(targets);
        dispatch.groups[1] = batch_size_;
        steps.add(dispatch, uses);
        arguments.bias = shader::NOWHERE;  // the first segment has added it
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
            // The shader's constant MODE: 0 convolution, 1 sum or average, 2 maximum.
            return add("deliver_window", memory.segments[0], target.size,
                       {!pools ? 0u : projection.pool_mode == SNN_POOL_MAX ? 2u : 1u});
        }
        case Delivery::sparse:
            for (const ProjectionMemory::Segment& segment : memory.segments) {
                // Each segment adds the bias of its own targets.
                arguments.bias = projection.bias ? 0 : shader::NOWHERE;
                arguments.first = segment.first;
                arguments.last = segment.last;
                add("deliver_sparse", segment, segment.last - segment.first);
            }
            return;
        case Delivery::spikes:
        case Delivery::plastic:
            if (projection.bias) add("deliver_bias", {}, target.size);
            if (memory.delivery == Delivery::plastic) add_arrivals(steps, index);
            return;
    }
}

void VulkanExecutor::add_bundle(Steps& steps, const SpikeBundle& bundle) {
    if (bundle.segments.empty()) return;  // no synapse
    const PopulationMemory& source = populations_[bundle.source];
    const PopulationMemory& target = populations_[network().projection(bundle.projections[0]).target];
    const auto delay_count = static_cast<uint32_t>(bundle.delays.size());
    shader::DeliverSpikes arguments{};
    arguments.source = source.activity;
    arguments.sum_stride = target.fixed_stride;
    arguments.first_delay = bundle.delays.front();
    arguments.delay_count = delay_count;
    arguments.part_count = static_cast<uint32_t>(bundle.parts.size());
    arguments.lists = bundle.lists_of_delay();
    arguments.samples = batch_size_;
    std::vector<Use> uses{use_of_source(network().projection(bundle.projections[0]))};
    for (const uint32_t q : bundle.projections)
        uses.push_back({fixed_sums_resource(network().projection(q).target), Use::add});
    const uint32_t lanes = lanes_for(bundle.synapse_count / (uint64_t{source.size} * delay_count));
    for (const SpikeBundle::Segment& segment : bundle.segments) {
        arguments.first = segment.first;
        arguments.last = segment.last;
        arguments.ends = segment.ends;
        arguments.part_bytes = segment.part_bytes;
        Dispatch dispatch;
        dispatch.pipeline = pipelines_.get("deliver_spikes", {bundle.compact, lanes, bundle.has_consecutive_delays(),
                                                              bundle.table.has_part_bytes, bundle.table.entry_bits});
        dispatch.set = pipelines_.bind({run(), source.ring, target.fixed_sums, segment.synapses, segment.rows, {},
                                       counter_of_projection(bundle.projections[0])});
        dispatch.take(arguments);
        dispatch.groups[0] = std::clamp(source.size / neurons_of_a_group, least_groups, most_groups_of_spikes);
        set_y_and_z(dispatch.groups, groups_for(delay_count * batch_size_));
        steps.add(dispatch, uses);
    }
}

Dispatch VulkanExecutor::look_at_target(uint32_t index) {
    const PlasticMemory& plastic = *plastic_[index];
    const PopulationMemory& target = populations_[network().projection(index).target];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get("plastic_target");
    dispatch.set = pipelines_.bind({run_[0], target.states, {}, {}, {}, plastic.traces});
    dispatch.take(plastic.target_arguments);
    dispatch.groups[0] = groups_for(target.size);
    dispatch.groups[1] = plastic.target_state_count;
    return dispatch;
}

void VulkanExecutor::add_arrivals(Steps& steps, uint32_t index) {
    const Projection& projection = network().projection(index);
    const PlasticMemory& plastic = *plastic_[index];
    if (plastic.segments.empty()) return;  // no synapse
    const PopulationMemory& source = populations_[projection.source];
    const PopulationMemory& target = populations_[projection.target];
    if (plastic.target_state_count > 0)
        steps.add(look_at_target(index),
                  {{resource(projection.target, of_states), Use::read}, {plastic_resource(index), Use::write}});
    Dispatch dispatch;
    dispatch.pipeline =
        pipelines_.get(plastic.arrival_shader, {}, text("plastic_arrive of ", projection.plasticity->rule->name));
    for (size_t s = 0; s < plastic.segments.size(); ++s) {
        const ProjectionMemory::Segment& segment = plastic.segments[s];
        dispatch.set = pipelines_.bind({run(), source.ring, target.fixed_sums, segment.synapses, segment.rows, plastic.traces,
                                       counter_of_projection(index)});
        shader::Plastic arguments = plastic.arguments_of(s);
        arguments.from = source.activity;
        arguments.first_sum = target.first_fixed_sum + projection.receptor * target.fixed_receptor_stride;
        dispatch.take(arguments);
        dispatch.groups[0] = std::min(source.size, groups_of_arrivals);
        dispatch.groups[1] = arguments.delay_count;
        steps.add(dispatch, {use_of_source(projection),
                             {fixed_sums_resource(projection.target), Use::add},
                             {plastic_resource(index), Use::write}});
    }
}

void VulkanExecutor::add_learning(Steps& steps, uint32_t index) {
    const Projection& projection = network().projection(index);
    const PlasticMemory& plastic = *plastic_[index];
    if (!plastic.learns_from_targets) return;
    const PopulationMemory& target = populations_[projection.target];
    Dispatch dispatch;
    dispatch.pipeline =
        pipelines_.get(plastic.learning_shader, {}, text("plastic_learn of ", projection.plasticity->rule->name));
    for (size_t s = 0; s < plastic.segments.size(); ++s) {
        dispatch.set =
            pipelines_.bind({run(), target.ring, {}, plastic.segments[s].synapses, plastic.incoming[s], plastic.traces});
        shader::Plastic arguments = plastic.arguments_of(s);
        arguments.from = target.activity;
        dispatch.take(arguments);
        dispatch.groups[0] = std::min(target.size, groups_of_learning);
        steps.add(dispatch, {{resource(projection.target, of_activity), Use::read}, {plastic_resource(index), Use::write}});
    }
}

// Runs at once, in its own submission. Later steps see its effect as they see written weights.
void VulkanExecutor::signal(uint32_t index, float value) {
    check_not_on_paper();
    const PlasticMemory& plastic = *plastic_[index];
    if (plastic.segments.empty()) return;  // no synapse
    check_whole();
    check_set();
    settle();
    const auto step_to_come = static_cast<uint32_t>(now_ + 1);
    device_.upload(run_[0], shader::RUN_NOW * 4, &step_to_come, sizeof step_to_come);
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(plastic.signal_shader, {},
                                        text("plastic_signal of ", network().projection(index).plasticity->rule->name));
    std::vector<Dispatch> dispatches;
    for (size_t s = 0; s < plastic.segments.size(); ++s) {
        const ProjectionMemory::Segment& segment = plastic.segments[s];
        dispatch.set = pipelines_.bind({run_[0], {}, {}, segment.synapses, segment.rows, plastic.traces});
        shader::Plastic arguments = plastic.arguments_of(s);
        arguments.signal = std::bit_cast<uint32_t>(value);
        dispatch.take(arguments);
        dispatch.groups[0] = std::min((arguments.last - arguments.first) * arguments.delay_count, groups_of_signals);
        dispatches.push_back(dispatch);
    }
    if (!signal_) signal_ = device_.make_commands();
    device_.begin(signal_, false);
    copies_before_kernels_barrier(device_, signal_);
    if (plastic.target_state_count > 0) {
        record_dispatch(device_, pipelines_.layout(), signal_, look_at_target(index));
        kernel_barrier(device_, signal_);
    }
    for (const Dispatch& one : dispatches) record_dispatch(device_, pipelines_.layout(), signal_, one);
    host_barrier(device_, signal_);
    device_.end(signal_);
    run_on_state({signal_});
}

void VulkanExecutor::add_neurons(Steps& steps, uint32_t p) {
    const PopulationMemory& population = populations_[p];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get(population.shader, {}, text("neuron_step of ", network().population(p).model->name));
    // A model that does not spike writes no ring, but its shader declares one. It is bound to the population's own states, so
    // that dispatches side by side share no writable memory.
    const Range& ring = population.has_activity ? population.ring : population.states;
    const Range& fixed_sums = population.fixed_receptors > 0 ? population.fixed_sums : population.states;  // likewise
    dispatch.set = pipelines_.bind({run(), population.sums, population.states, population.constants, fixed_sums, ring,
                                   counter_of_population(p)});
    dispatch.take(shader::NeuronStep{.own = population.activity,
                                     .frame = population.frame,
                                     .float_sums = population.float_sums,
                                     .first_fixed_sum = population.first_fixed_sum,
                                     .fixed_receptor_stride = population.fixed_receptor_stride,
                                     .fixed_stride = population.fixed_stride,
                                     .scales = population.scales,
                                     .poisson = population.poisson,
                                     .shared_constants = population.shared_constants,
                                     .own_constants = population.own_constants,
                                     .population = p,
                                     .first_sample = first_sample_,
                                     .first_neuron = network().population(p).first_neuron,
                                     .normal_table = normal_table_at_});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = batch_size_;
    steps.add(dispatch, {{resource(p, of_sums), Use::write},
                         {fixed_sums_resource(p), Use::write},
                         {resource(p, of_activity), Use::write},
                         {resource(p, of_states), Use::write}});
    if (host_buffers_[p].spikes.buffer) add_spike_copy(steps, p, false);
    if (host_buffers_[p].spike_count.buffer) add_spike_copy(steps, p, true);
}

// Copies the spikes of a population from `lag` steps ago to a buffer of floats; `adds_up`: adds them to its values.
Dispatch VulkanExecutor::spike_copy(const Range& run, uint32_t p, const Range& to, bool adds_up, uint32_t lag) {
    const PopulationMemory& population = populations_[p];
    Dispatch dispatch;
    dispatch.pipeline = pipelines_.get("copy_spikes", {adds_up});
    dispatch.set = pipelines_.bind({run, population.ring, to});
    dispatch.take(shader::CopySpikes{population.activity, lag});
    dispatch.groups[0] = groups_for(population.size);
    dispatch.groups[1] = batch_size_;
    return dispatch;
}

void VulkanExecutor::add_spike_copy(Steps& steps, uint32_t p, bool adds_up) {
    steps.add(spike_copy(run(), p, adds_up ? host_buffers_[p].spike_count : host_buffers_[p].spikes, adds_up, 0),
              {{resource(p, of_activity), Use::read}, {resource(p, adds_up ? of_spike_count : of_spike_copy), Use::write}});
}

}  // namespace snn::vulkan
