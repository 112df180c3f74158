// Learning rules other than back-propagation through time (docs/semantics.md, "Learning rules"): which sources errors go back
// to, and how states depend on the states before. For OTTT and e-prop, also the traces that continue from run to run.
// src/cpu/backpropagation_rules.cpp and backpropagation_events.cpp explain why each rule is a backward pass.
#include <algorithm>
#include <bit>

#include "common/error.h"
#include "vulkan/training.h"
#include "vulkan/workgroups.h"

namespace snn::vulkan {

// OTTT: errors go back through layers within a step. e-prop: they go only from the output population to its sources.
bool Training::goes_to_source(uint32_t q) const {
    const Projection& projection = network().projection(q);
    if (!has_adjoint_[q] || projection.detached || !populations_[projection.source].has_gradient) return false;
    if (shape_.rule == LearningRule::ottt) return projection.min_delay() == 0;
    return shape_.rule != LearningRule::eprop || projection.target == shape_.readout;
}

Training::OwnSums Training::sums_for_source(uint32_t q) const {
    OwnSums sums = own_sums(q);
    if (keeps_instant()) sums.begin += populations_[network().projection(q).target].instant();
    return sums;
}

// ---- The linear step, for the adjoint

uint32_t Training::linear_words(uint32_t p) const {
    const TapedPopulation& population = populations_[p];
    const bool is_needed = has_rule() && population.has_gradient && !population.is_input;
    return is_needed ? (population.states + population.receptors) * population.states + shader::CROSSING_WORDS : 0;
}

void Training::write_linear(uint32_t p, uint32_t* out_words) const {
    if (linear_words(p) == 0) return;
    const LinearStep& linear = linear_[p];
    const TapedPopulation& population = populations_[p];
    const auto put = [&](double value) { *out_words++ = std::bit_cast<uint32_t>(static_cast<float>(value)); };
    for (uint32_t after = 0; after < population.states; ++after)
        for (uint32_t before = 0; before < population.states; ++before) put(linear.from(after, before));
    for (uint32_t r = 0; r < population.receptors; ++r)
        for (uint32_t after = 0; after < population.states; ++after) put(linear.of_input(r, after));
    for (const double value : {linear.crossing.offset, linear.crossing.threshold, linear.crossing.steepening}) put(value);
}

// Sets the arguments of the adjoint that depend on the learning rule.
void Training::set_rule(uint32_t p, shader::TrainAdjoint& io_arguments) const {
    const TapedPopulation& population = populations_[p];
    VkDeviceSize outputs = 0;  // words of the gradients from the loss
    for (const OutputShape& one : outputs_)
        if (one.population == p) outputs += shader::OUTPUT_WORDS + VkDeviceSize{one.in_time ? steps_ : 1} * population.frame;
    io_arguments.states = population.states;
    io_arguments.receptors = population.receptors;
    io_arguments.linear = static_cast<uint32_t>(outputs);
    io_arguments.instant = keeps_instant() ? population.instant() : 0;
    io_arguments.credit = population.credit();
    if (shape_.rule != LearningRule::eventprop) return;
    io_arguments.is_event = 1;
    io_arguments.membrane = population.before_of;
    io_arguments.befores = population.befores;
    const std::vector<TapeInfo>& tape = place_.plan.populations[p].tape;
    for (uint32_t k = 0; k < tape.size(); ++k)
        if (tape[k].step_register == linear_[p].crossing.risen) io_arguments.risen = k;
}

// ---- Traces

bool Training::is_traced(uint32_t q) const {
    return shape_.traces && projections_[q].is_trained && has_adjoint_[q] && projections_[q].parameter_count() > 0;
}

Training::TraceLayout Training::trace_layout(uint32_t q) const {
    const Projection& projection = network().projection(q);
    const TapedPopulation& source = populations_[projection.source];
    TraceLayout layout;
    layout.states = populations_[projection.target].states;
    layout.slots = projection.max_delay() - projection.min_delay() + 1;
    layout.state_words = VkDeviceSize{layout.slots} * source.samples * source.size;
    layout.words = layout.states * (1 + layout.state_words);
    layout.before = VkDeviceSize{layout.states} * (layout.states + 1);
    return layout;
}

void Training::reserve_traces() {
    traces_.resize(projections_.size());
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!is_traced(q)) continue;
        const TraceLayout layout = trace_layout(q);
        traces_[q].reserve(place_.device, (layout.before + 2 * layout.words) * 4, Memory::device,
                           text("the traces of projection '", network().projection(q).name, "'"));
    }
}

// Uploads the matrices J and B, which change with learned parameters.
void Training::upload_traces() {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!is_traced(q)) continue;
        const Projection& projection = network().projection(q);
        const LinearStep& linear = linear_[projection.target];
        std::vector<float> words(linear.jacobian.begin(), linear.jacobian.end());
        for (size_t after = 0; after < linear.state_count; ++after)
            words.push_back(static_cast<float>(linear.of_input(projection.receptor, after)));
        place_.device.upload(*traces_[q], 0, words.data(), words.size() * 4);
    }
}

// The traces of the previous run become those from before this run.
void Training::begin_traces(Recorder& recorder) {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!is_traced(q)) continue;
        const TraceLayout layout = trace_layout(q);
        if (shape_.goes_on)
            recorder.copy(*traces_[q], (layout.before + layout.words) * 4, *traces_[q], layout.before * 4, layout.words * 4);
        else recorder.fill(*traces_[q], layout.before * 4, layout.words * 4);
    }
}

void Training::add_traces(Recorder& recorder) {
    for (uint32_t q = 0; q < projections_.size(); ++q) {
        if (!is_traced(q)) continue;
        const Projection& projection = network().projection(q);
        const TapedPopulation& source = populations_[projection.source];
        const TraceLayout layout = trace_layout(q);
        Dispatch dispatch = dispatch_of("train_traces", {*source.own, *traces_[q]}, {source.is_binary});
        dispatch.take(shader::TrainTraces{.source = source.activity,
                                          .samples = place_.batch_size,
                                          .step_count = source.steps,
                                          .states = layout.states,
                                          .most_delay = projection.max_delay(),
                                          .before = static_cast<uint32_t>(layout.before),
                                          .now = static_cast<uint32_t>(layout.before + layout.words)});
        dispatch.groups[0] = groups_for(source.size + 1);  // one more for the bias
        dispatch.groups[1] = place_.batch_size;
        dispatch.groups[2] = layout.slots;
        recorder.add(dispatch, {{resource(projection.source, of_activity), Use::read}, {trace_resource(q), Use::write}});
    }
}

// Multiplies the credit that is left at the beginning of the run with the traces of each state that input reaches, as if the
// credit were the sums of one more step. Returns the number of slices that this adds to the gradient.
uint32_t Training::add_trace_gradient(Recorder& recorder, uint32_t q, uint32_t slices) {
    if (!is_traced(q)) return 0;
    const Projection& projection = network().projection(q);
    const TapedPopulation& source = populations_[projection.source];
    const TapedPopulation& target = populations_[projection.target];
    const TraceLayout layout = trace_layout(q);
    shader::TrainProjection arguments = arguments_of(q, 0, 1);
    arguments.slice_rows = place_.batch_size;
    const uint32_t frame = source.samples * source.size;
    uint32_t added = 0;
    for (uint32_t state = 0; state < layout.states; ++state) {
        if (!linear_[projection.target].reached[state]) continue;
        arguments.first_slice = slices + added++;
        // Traces are sorted with the largest delay first, so looking back by a delay finds that delay's trace.
        const VkDeviceSize first = layout.before + layout.states + state * layout.state_words;
        arguments.source = {static_cast<uint32_t>(first + VkDeviceSize{projection.max_delay()} * frame), frame, source.size,
                            source.size};
        arguments.pool_weight = static_cast<uint32_t>(layout.before + state);
        const OwnSums credit{*target.gradients, target.credit() + state * target.frame,
                             resource(projection.target, of_neurons)};
        add_gradient_parts(recorder, q, arguments, {*traces_[q], trace_resource(q), false, true}, credit, credit, 1);
    }
    return added;
}

}  // namespace snn::vulkan
