#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/error.h"
#include "common/random.h"

namespace snn {

namespace {

void check_number(double value, double minimum, bool above, const char* field) {
    if (!std::isfinite(value) || value < minimum || (above && value == minimum))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->", field, " is ", value, "; expected a finite number ",
                    above ? "above " : "of at least ", minimum);
}

void check_definition(const SNNTrainerDef& def, const Network& network) {
    if (def.step_count == 0) throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->step_count is 0; expected at least 1");
    if (def.loss != SNN_LOSS_NONE && network.population(def.output_population).is_input())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->output_population ", def.output_population, " ('",
                    network.population(def.output_population).name, "') is an input");
    if (def.optimizer > SNN_OPTIMIZER_LION)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->optimizer is ", def.optimizer,
                    "; expected one of SNN_OPTIMIZER_*");
    check_number(def.learning_rate, 0, false, "learning_rate");
    check_number(def.momentum, 0, false, "momentum");
    check_number(def.beta1, 0, false, "beta1");
    check_number(def.beta2, 0, false, "beta2");
    if (def.beta1 >= 1 || def.beta2 >= 1)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->beta1 is ", def.beta1, " and def->beta2 is ", def.beta2,
                    "; both must be below 1");
    check_number(def.epsilon, 0, true, "epsilon");
    check_number(def.weight_decay, 0, false, "weight_decay");
    check_number(def.gradient_clip_norm, 0, false, "gradient_clip_norm");
    check_number(def.rate_regularization, 0, false, "rate_regularization");
    check_number(def.rate_target, 0, false, "rate_target");
    check_number(def.rate_on, -1e30, false, "rate_on");
    check_number(def.rate_off, -1e30, false, "rate_off");
    check_number(def.parameter_rate_factor, 0, false, "parameter_rate_factor");
    check_number(def.l1_regularization, 0, false, "l1_regularization");
    if (!(def.label_smoothing >= 0 && def.label_smoothing <= 1))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->label_smoothing is ", def.label_smoothing, "; expected 0 to 1");
    if (def.loss == SNN_LOSS_VAN_ROSSUM) check_number(def.van_rossum_tau_ms, 0, true, "van_rossum_tau_ms");
    if (def.rule > SNN_LEARNING_EVENTPROP)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->rule is ", def.rule, "; expected one of SNN_LEARNING_*");
    if (def.window_updates > 1)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->window_updates is ", def.window_updates, "; expected 0 or 1");
}

Trainable& checked_training(Executor& executor, const Plan& plan, const SNNTrainerDef& def) {
    check_definition(def, *plan.network);
    if (plan.step_adjoint.empty())
        throw Error(SNN_ERROR_UNSUPPORTED, "the network cannot be trained: ", plan.not_trainable_because);
    if (Trainable* const training = executor.trainable()) return *training;
    throw Error(SNN_ERROR_UNSUPPORTED, "this device cannot train; \"cpu\" can");
}

}  // namespace

Trainer::Trainer(Executor& executor, const Plan& plan, uint32_t batch_size, const SNNTrainerDef& def,
                 ParameterStore* parameters)
    : executor_(executor), training_(checked_training(executor, plan, def)), plan_(plan), def_(def), batch_size_(batch_size),
      steps_(def.step_count), learned_(plan), latent_(executor, training_, plan, batch_size, def.step_count), parameters_(parameters) {
    if (def.loss != SNN_LOSS_NONE)
        head_ = std::make_unique<LossHead>(*plan.network, def.output_population, def.loss, batch_size, def, "def->");
    if (def.rule != SNN_LEARNING_BPTT) {
        check_rule();
        prepare_rule();
    }
    prepare_spike_counts();
    collect_outputs();
    optimizer_memory_ = training_.make_optimizer_memory(def.optimizer);
}

void Trainer::check_rule() const {
    const char* const names[] = {"back-propagation", "OTTT", "e-prop", "EventProp"};
    const char* const name = names[def_.rule];
    const auto& populations = plan_.network->populations();
    if (!head_)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->rule is ", name, ", which needs one of the library's losses; def->loss is ",
                    "SNN_LOSS_NONE");
    for (const Population& population : populations)
        if (population.learns())
            throw Error(SNN_ERROR_UNSUPPORTED, name, " trains weights; population '", population.name,
                        "' has a learnable parameter");
    if (def_.rule == SNN_LEARNING_EVENTPROP) {
        check_spike_times(*head_);
        if (def_.rate_regularization > 0)
            throw Error(SNN_ERROR_UNSUPPORTED, "EventProp: def->rate_regularization is ", def_.rate_regularization,
                        ", and a rate does not change with the times of spikes; expected 0");
    }
    if (def_.rule != SNN_LEARNING_EPROP) return;
    std::vector<uint8_t> gets_signals(populations.size());
    gets_signals[def_.output_population] = 1;
    for (const Projection& projection : plan_.network->projections())
        if (projection.target == def_.output_population && !projection.detached) gets_signals[projection.source] = 1;
    for (const Projection& projection : plan_.network->projections())
        if (projection.trainable && !gets_signals[projection.target])
            throw Error(SNN_ERROR_UNSUPPORTED, "e-prop: projection '", projection.name, "' cannot learn, since population '",
                        populations[projection.target].name, "' does not project onto the output population '",
                        populations[def_.output_population].name, "'");
}

// EventProp knows how a loss changes with the times of spikes, not with how many there are.
void Trainer::check_spike_times(const LossHead& head) const {
    const LossKind& kind = head.kind();
    const Population& output = plan_.network->population(head.population());
    if (!kind.of_membrane() && kind.score != LossKind::latency && kind.form != LossKind::van_rossum)
        throw Error(SNN_ERROR_UNSUPPORTED, "EventProp: the loss of population '", output.name, "' counts spikes, and a count does not ",
                    "change with their times; use one of latency, of the membrane, or VAN_ROSSUM");
    if (kind.of_membrane() && output.model->spiking)
        throw Error(SNN_ERROR_UNSUPPORTED, "EventProp: the loss is over the membrane, and population '", output.name, "' has model '",
                    output.model->name, "', whose resets make it jump; use an output that does not spike");
}

void Trainer::prepare_rule() {
    const auto step_of = def_.rule == SNN_LEARNING_EVENTPROP ? event_step : linear_step;
    linear_.resize(plan_.populations.size());
    for (const KernelCall& call : plan_.step_adjoint) {
        if (call.kernel != Kernel::neuron_adjoint) continue;
        const Population& population = plan_.network->population(call.index);
        const Parameters& own = parameters_ ? parameters_->parameters_of(call.index) : population.parameters;
        linear_[call.index] =
            own.empty() ? step_of(population, plan_.populations[call.index])
                        : step_of(population, make_population_constants(population, own, plan_.network->dt_ms()));
    }
}

// Spikes are counted in every spiking population: for the statistics, the regularisation and the losses over counts.
void Trainer::prepare_spike_counts() {
    const auto& populations = plan_.network->populations();
    for (uint32_t p = 0; p < populations.size(); ++p) {
        if (populations[p].is_input() || !populations[p].is_binary()) continue;
        const size_t count = size_t{batch_size_} * populations[p].size;
        const bool regularized = def_.rate_regularization > 0 && plan_.populations[p].needs_activity_gradient;
        spiking_.push_back({p, std::vector<double>(count), std::vector<double>(regularized ? count : 0)});
    }
}

// What a run is to record, and the gradients that a backward takes.
void Trainer::collect_outputs() {
    records_.clear();
    gradients_.clear();
    for (Spiking& entry : spiking_) {
        records_.push_back({RecordFrames::activity_sum, entry.population, 0, DType::float64, entry.counts.data(), 0});
        if (!entry.gradient.empty())
            gradients_.push_back({OutputGradient::activity, entry.population, 0, DType::float64, entry.gradient.data(), 0});
    }
    const auto add = [&](LossHead& head) {
        head.add_records(records_);
        head.add_gradients(gradients_);
    };
    if (head_) add(*head_);
    for (auto& [population, auxiliary] : auxiliary_) add(*auxiliary.head);
}

void Trainer::set_auxiliary_loss(uint32_t population, uint32_t loss, double weight) {
    if (!head_)
        throw Error(SNN_ERROR_STATE, "the trainer has SNN_LOSS_NONE: the caller's loss may look at any population");
    const Population& chosen = plan_.network->population(population);
    if (population == def_.output_population)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", chosen.name, "' is the output population, which has def->loss");
    if (!(weight >= 0) || !std::isfinite(weight))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "weight is ", weight, "; expected a finite number of at least 0");
    if (def_.rule == SNN_LEARNING_EPROP)
        throw Error(SNN_ERROR_UNSUPPORTED, "e-prop: learning signals come from one output population, and '", chosen.name,
                    "' would be a second one");
    if (weight == 0) {
        auxiliary_.erase(population);
    } else {
        auto head = std::make_unique<LossHead>(*plan_.network, population, loss, batch_size_, def_, "");
        if (head->output_count() != head_->output_count())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", chosen.name, "' has ", head->output_count(), " neurons and the ",
                        "output population ", head_->output_count(), "; their losses look at the same labels or targets");
        if (head->kind().targets_in_time() != head_->kind().targets_in_time())
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "loss is ", loss, " and def->loss is ", def_.loss,
                        "; either both take targets of each step or none does");
        if (def_.rule == SNN_LEARNING_EVENTPROP) check_spike_times(*head);
        head->set_class_weights(class_weights_);
        auxiliary_[population] = {std::move(head), weight};
    }
    collect_outputs();
    phase_ = Phase::idle;
}

void Trainer::set_class_weights(std::span<const float> weights) {
    if (!head_)
        throw Error(SNN_ERROR_STATE, "the weights of classes are for the library's losses; the trainer has SNN_LOSS_NONE");
    if (!weights.empty() && weights.size() != head_->output_count())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "count is ", weights.size(), "; expected ", head_->output_count(),
                    " (outputs), or 0 for none");
    for (size_t k = 0; k < weights.size(); ++k)
        if (!(weights[k] >= 0) || !std::isfinite(weights[k]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "weights[", k, "] is ", weights[k], "; expected a finite number of at least 0");
    class_weights_.assign(weights.begin(), weights.end());
    head_->set_class_weights(class_weights_);
    for (auto& [population, auxiliary] : auxiliary_) auxiliary.head->set_class_weights(class_weights_);
    phase_ = Phase::idle;
}

// Whether the loss has what it compares with.
void Trainer::check_targets_of(const LossHead& head, bool with_targets) const {
    const LossKind& kind = head.kind();
    if (with_targets && kind.takes_no_targets())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->targets belong to the MEAN_SQUARE losses and VAN_ROSSUM; the loss of population '",
                    plan_.network->population(head.population()).name, "' takes labels");
    if (!with_targets && !kind.takes_labels_alone())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->targets is null; the loss of population '",
                    plan_.network->population(head.population()).name, "' compares with targets and takes labels beside them only");
}

void Trainer::check_targets(const int32_t* labels, size_t label_count, const float* targets, size_t target_count) const {
    if (label_count != (labels ? batch_size_ : 0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->label_count is ", label_count, "; expected ",
                    labels ? text(batch_size_, " (batch_size)") : "0, because labels is null");
    const uint32_t outputs = head_ ? head_->output_count() : 0;
    const bool in_time = head_ && head_->kind().targets_in_time();
    const size_t expected = size_t{batch_size_} * outputs * (in_time ? def_.step_count : 1);
    if (target_count != (targets ? expected : 0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->target_count is ", target_count, "; expected ",
                    targets ? text(expected, in_time ? text(" (steps ", def_.step_count, " x ") : std::string(" ("),
                                   "batch_size ", batch_size_, " x outputs ", outputs, ")")
                            : "0, because targets is null");
    if (!labels && !targets && head_)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch has neither labels nor targets");
    if (targets && !head_)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->targets are for the library's losses; the trainer has SNN_LOSS_NONE");
    if (head_) check_targets_of(*head_, targets != nullptr);
    for (const auto& [population, auxiliary] : auxiliary_) check_targets_of(*auxiliary.head, targets != nullptr);
    for (uint32_t sample = 0; labels && sample < batch_size_; ++sample)
        if (labels[sample] < -1 || (head_ && labels[sample] >= static_cast<int64_t>(outputs)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "labels[", sample, "] is ", labels[sample], "; expected ",
                        head_ ? text("0 to ", outputs - 1) : std::string("0 or more"), ", or -1 for padding");
    for (size_t i = 0; targets && i < target_count; ++i)
        if (!std::isfinite(targets[i]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "targets[", i, "] is ", targets[i], "; targets must be finite");
}

void Trainer::run_taped(Steps steps, std::span<const InputFrames> inputs, const int32_t* labels,
                        std::span<const RecordFrames> records) {
    phase_ = Phase::idle;
    for (Spiking& entry : spiking_) std::fill(entry.counts.begin(), entry.counts.end(), 0.0);
    if (steps.begin == 0) {
        executor_.reset_state();
        draw_dropout();
        if (def_.rule != SNN_LEARNING_BPTT) prepare_rule();  // parameters may have changed
    }
    window_inputs_.clear();
    for (const InputFrames& input : inputs) window_inputs_.push_back(input.from(steps.begin, batch_size_));
    RunRequest request;
    request.first_step = steps.begin;
    request.dropout = masks_;
    request.step_count = steps.count;
    request.inputs = window_inputs_;
    request.records = records;
    request.tape = true;
    request.tape_steps = tape_steps(steps);
    // Rules with traces look back through them, wherever windows end.
    request.gradient_steps = has_traces() ? 0 : def_.window_steps;
    request.rule = static_cast<LearningRule>(def_.rule);
    request.linear = linear_;
    request.readout = def_.output_population;
    request.traces = has_traces() && steps.count < def_.step_count;
    steps_ = steps.count;
    request.normalization = latent_.normalization(labels);
    latent_.begin();
    try {
        executor_.run(request);
    } catch (...) {
        latent_.end();
        throw;
    }
    latent_.end();
    run_ = training_.taped_run_count();
}

void Trainer::go_back(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    latent_.begin();
    try {
        training_.backward(gradients, inputs);
    } catch (...) {
        latent_.end();
        throw;
    }
    latent_.take_gradients();
    latent_.end();
    if (!learned_.empty()) learned_.take_gradients(*training_.gradients(), *parameters_, window_ == 0);
}

// Inputs for a backward in another call, where it reads them again: the caller's arrays may be gone by then.
std::span<const InputFrames> Trainer::kept(std::span<const InputFrames> inputs) {
    if (keeps_all_steps()) return inputs;
    kept_inputs_.assign(inputs.begin(), inputs.end());
    input_copies_.resize(inputs.size());
    spike_copies_.resize(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].offsets) {
            const uint32_t* const offsets = inputs[i].offsets;
            const size_t rows = size_t{batch_size_} * def_.step_count;
            SpikeCopy& copy = spike_copies_[i];
            copy.offsets.assign(offsets, offsets + rows + 1);
            copy.neurons.assign(inputs[i].neurons, inputs[i].neurons + offsets[rows]);
            kept_inputs_[i].offsets = copy.offsets.data();
            kept_inputs_[i].neurons = copy.neurons.data();
            continue;
        }
        const size_t frame = size_t{batch_size_} * plan_.network->population(inputs[i].population).size;
        const size_t count = inputs[i].step_stride == 0 ? frame : frame * def_.step_count;
        input_copies_[i].assign(inputs[i].data, inputs[i].data + count);
        kept_inputs_[i].data = input_copies_[i].data();
    }
    return kept_inputs_;
}

// A run over windows that are trained one by one takes no more memory than they do.
uint32_t Trainer::tape_steps(Steps steps) const {
    if (def_.checkpoint_steps == UINT32_MAX) return static_cast<uint32_t>(std::ceil(std::sqrt(steps.count)));
    if (def_.checkpoint_steps == 0 && window_count() > 1) return def_.window_steps;
    return def_.checkpoint_steps;
}

// What comes after the loss, whoever computes it.
void Trainer::finish_forward(const int32_t* labels, ForwardResult& io_result) {
    for (const Spiking& entry : spiking_) {
        const size_t size = entry.counts.size() / batch_size_;
        for (uint32_t sample = 0; sample < batch_size_; ++sample) {
            if (labels && labels[sample] < 0) continue;
            const double* const first = entry.counts.data() + sample * size;
            io_result.spike_count += std::reduce(first, first + size);  // whole numbers: exact in any order
        }
    }
    if (def_.rate_regularization > 0) add_regularization(labels, io_result);
    last_ = io_result.loss;
    phase_ = Phase::forward_done;
}

ForwardResult Trainer::forward(std::span<const InputFrames> inputs, const int32_t* labels, const float* targets) {
    begin_window(0, 1);
    return forward_steps({0, def_.step_count}, kept(inputs), labels, targets);
}

uint32_t Trainer::window_count() const {
    if (def_.window_steps == 0 || !def_.window_updates) return 1;
    return (def_.step_count - 1) / def_.window_steps + 1;
}

uint32_t Trainer::window_end(uint32_t window) const {
    return window + 1 == window_count() ? def_.step_count : (window + 1) * def_.window_steps;
}

void Trainer::begin_window(uint32_t window, uint32_t count) {
    window_ = window;
    ends_batch_ = window + 1 == count;
    if (window > 0) return;
    windows_loss_ = 0;
    if (head_) head_->begin_batch();
    for (auto& [population, auxiliary] : auxiliary_) auxiliary.head->begin_batch();
}

ForwardResult Trainer::forward_window(uint32_t window, std::span<const InputFrames> inputs, const int32_t* labels,
                                      const float* targets) {
    begin_window(window, window_count());
    const uint32_t begin = window == 0 ? 0 : window_end(window - 1);
    if (targets && head_ && head_->kind().targets_in_time()) targets += size_t{begin} * batch_size_ * head_->output_count();
    return forward_steps({begin, window_end(window) - begin}, inputs, labels, targets);
}

ForwardResult Trainer::forward_steps(Steps steps, std::span<const InputFrames> inputs, const int32_t* labels,
                                     const float* targets) {
    if (!head_)
        throw Error(SNN_ERROR_STATE, "forward computes a loss, and the trainer has SNN_LOSS_NONE; run leaves it to the caller");
    run_taped(steps, inputs, labels, records_);
    ForwardResult result;
    result.loss = evaluate(*head_, steps, labels, targets, 1);
    for (auto& [population, auxiliary] : auxiliary_)
        result.loss.loss += evaluate(*auxiliary.head, steps, labels, targets, auxiliary.weight).loss;
    finish_forward(labels, result);
    scored_ = true;
    return result;
}

LossResult Trainer::evaluate(LossHead& io_head, Steps steps, const int32_t* labels, const float* targets, double weight) {
    const auto counted = std::find_if(spiking_.begin(), spiking_.end(),
                                      [&](const Spiking& entry) { return entry.population == io_head.population(); });
    const std::span<const double> counts = counted == spiking_.end() ? std::span<const double>() : counted->counts;
    return io_head.evaluate(steps.count, counts, labels, targets, weight);
}

ForwardResult Trainer::run(std::span<const InputFrames> inputs, const int32_t* labels, std::span<const RecordFrames> records) {
    if (head_)
        throw Error(SNN_ERROR_STATE, "run leaves the loss to the caller, and the trainer has one of the library's; "
                    "create it with SNN_LOSS_NONE");
    std::vector<RecordFrames> all = records_;
    all.insert(all.end(), records.begin(), records.end());
    begin_window(0, 1);
    run_taped({0, def_.step_count}, kept(inputs), labels, all);
    ForwardResult result;
    for (uint32_t sample = 0; sample < batch_size_; ++sample)
        result.loss.sample_count += !labels || labels[sample] >= 0;
    finish_forward(labels, result);
    regularization_ = result.loss.loss;
    return result;
}

// s * mean over neurons and samples of (rate - target)^2, rate = count / T.
void Trainer::add_regularization(const int32_t* labels, ForwardResult& io_result) {
    size_t neurons = 0;
    for (const Spiking& entry : spiking_) neurons += entry.counts.size() / batch_size_;
    const double weight = io_result.loss.sample_count
                              ? def_.rate_regularization / (static_cast<double>(neurons) * io_result.loss.sample_count)
                              : 0;
    for (Spiking& entry : spiking_) {
        const size_t size = entry.counts.size() / batch_size_;
        for (size_t i = 0; i < entry.counts.size(); ++i) {
            const bool padding = labels && labels[i / size] < 0;
            const double difference = padding ? 0 : entry.counts[i] / steps_ - def_.rate_target;
            io_result.loss.loss += weight * difference * difference;
            if (!entry.gradient.empty()) entry.gradient[i] = weight * 2 * difference / steps_;
        }
    }
}

void Trainer::check_run_is_the_last(const char* what) const {
    if (training_.taped_run_count() != run_)
        throw Error(SNN_ERROR_STATE, what, ": another trainer of this session has run forward since; begin again with forward");
}

void Trainer::backward() {
    if (!head_)
        throw Error(SNN_ERROR_STATE, "backward differentiates a loss, and the trainer has SNN_LOSS_NONE; run_backward takes the gradients of the caller's");
    if (phase_ != Phase::forward_done)
        throw Error(SNN_ERROR_STATE, "backward needs a forward before it, each forward serves one backward");
    check_run_is_the_last("backward");
    phase_ = Phase::idle;
    go_back(gradients_, {});
    phase_ = Phase::backward_done;
}

// The tape stays until the next forward, so another backward only adds up anew.
void Trainer::run_backward(double loss, std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    if (head_)
        throw Error(SNN_ERROR_STATE, "run_backward takes gradients of the caller's loss, and the trainer has one of the library's; "
                    "create it with SNN_LOSS_NONE");
    if (phase_ == Phase::idle)
        throw Error(SNN_ERROR_STATE, "run_backward needs a run before it, with the weights that the network has now");
    check_run_is_the_last("run_backward");
    std::vector<OutputGradient> all = gradients_;
    all.insert(all.end(), gradients.begin(), gradients.end());
    phase_ = Phase::idle;
    go_back(all, inputs);
    last_.loss = loss + regularization_;
    phase_ = Phase::backward_done;
}

double Trainer::gradient_norm(uint32_t projection) const {
    return std::sqrt(latent_.square_sum(projection));
}

// One update from a loss or gradient that is not finite would spoil every weight for good.
void Trainer::check_gradients_are_finite() const {
    if (!std::isfinite(last_.loss))
        throw Error(SNN_ERROR_STATE, "the loss is ", last_.loss, ", so the weights were not updated; a lower learning rate or ",
                    "gradient clipping may help");
    const auto& projections = plan_.network->projections();
    const Gradients* const gradients = training_.gradients();
    for (uint32_t p = 0; gradients && p < projections.size(); ++p)
        if (projections[p].trainable && !gradients->is_finite(p))
            throw Error(SNN_ERROR_STATE, "projection '", projections[p].name, "': its gradient has the norm ",
                        gradient_norm(p), ", so the weights were not updated; a lower learning rate or gradient clipping ",
                        "may help");
    learned_.check_gradients_are_finite();
    latent_.check_gradients_are_finite();
}

void Trainer::update() {
    if (phase_ != Phase::backward_done)
        throw Error(SNN_ERROR_STATE, "update needs a backward before it, each backward serves one update");
    check_run_is_the_last("update");
    phase_ = Phase::idle;
    check_gradients_are_finite();
    double scale = 1.0;
    if (def_.gradient_clip_norm > 0) {
        double sum = 0;
        const auto& projections = plan_.network->projections();
        for (uint32_t p = 0; p < projections.size(); ++p)
            if (projections[p].trainable) sum += latent_.square_sum(p);
        sum += learned_.square_sum() + latent_.square_sum_of_scales();
        if (std::sqrt(sum) > def_.gradient_clip_norm) scale = def_.gradient_clip_norm / std::sqrt(sum);
    }
    const OptimizerStep step{def_.optimizer, update_ + 1,  def_.learning_rate, def_.momentum, def_.beta1,
                             def_.beta2,     def_.epsilon, def_.weight_decay,  def_.l1_regularization, scale};
    OptimizerStep of_parameters = step;
    of_parameters.learning_rate *= def_.parameter_rate_factor;
    of_parameters.weight_decay = of_parameters.l1_regularization = 0;  // a time constant has no reason to go to zero
    if (!learned_.empty()) learned_.prepare(of_parameters, *parameters_);
    latent_.update(step, *optimizer_memory_);
    if (!learned_.empty()) learned_.apply(*parameters_);
    ++update_;
    windows_loss_ += last_.loss;
    if (!ends_batch_) return;
    epoch_samples_ += last_.sample_count;
    epoch_correct_ += last_.correct_count;
    epoch_loss_ += windows_loss_ / (window_ + 1) * last_.sample_count;
}

std::span<const double> Trainer::scores() const {
    if (!scored_) throw Error(SNN_ERROR_STATE, "there are no scores before the first forward");
    return head_->scores();
}

double Trainer::loss_of(uint32_t population) const {
    const Population& chosen = plan_.network->population(population);
    if (head_ && population == def_.output_population) return head_->mean_loss();
    const auto found = auxiliary_.find(population);
    if (found == auxiliary_.end())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", chosen.name, "' has no loss of the library's in this trainer");
    return found->second.head->mean_loss();
}

void Trainer::set_learning_rate(double learning_rate) {
    check_number(learning_rate, 0, false, "learning_rate");
    def_.learning_rate = learning_rate;
}

void Trainer::set_dropout(uint32_t population, double probability, uint64_t seed) {
    const Population& dropped = plan_.network->population(population);
    if (!(probability >= 0 && probability < 1))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "probability is ", probability, "; expected 0 to 1, without 1");
    if (dropped.is_input() || !dropped.is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", dropped.name, "' ",
                    dropped.is_input() ? "is an input" : "does not spike", "; dropout silences neurons that spike");
    for (const Projection& projection : plan_.network->projections()) {
        if (projection.source != population || probability == 0) continue;
        const bool maximum = projection.kind == SNN_CONNECT_POOL2D && projection.pool_mode == SNN_POOL_MAX;
        if (projection.is_fixed() || maximum)
            throw Error(SNN_ERROR_UNSUPPORTED, "dropout of population '", dropped.name, "': projection '", projection.name, "' ",
                        maximum ? "is maximum pooling" : "sums in fixed point", "; what it delivers cannot be scaled");
    }
    if (probability == 0) dropout_.erase(population);
    else dropout_[population] = {probability, seed, std::vector<uint8_t>(size_t{batch_size_} * dropped.size)};
    phase_ = Phase::idle;
}

void Trainer::set_quantization(uint32_t projection, uint32_t bits, bool per_channel) {
    phase_ = Phase::idle;
    latent_.set_quantization(projection, bits, per_channel);
}

void Trainer::set_normalization(uint32_t projection, double scale, double momentum, double epsilon) {
    if (scale > 0 && (def_.rule != SNN_LEARNING_BPTT || def_.window_steps > 0 || def_.checkpoint_steps > 0))
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", plan_.network->projection(projection).name, "' cannot be normalised: its "
                    "statistics are over all steps, which need to be on the tape at once and learned from as one, by SNN_LEARNING_BPTT "
                    "without window_steps and checkpoint_steps");
    phase_ = Phase::idle;
    latent_.set_normalization(projection, scale, momentum, epsilon);
}

void Trainer::set_delay_learning(uint32_t projection, uint32_t kernel, double width, double rate_factor) {
    phase_ = Phase::idle;
    latent_.set_delay_learning(projection, kernel, width, rate_factor);
}

// Which neurons are silenced follows from the seed and the number of updates, so training that is resumed goes on with the same.
void Trainer::draw_dropout() {
    constexpr uint32_t number = 4095;  // no draw of a model has it
    masks_.clear();
    for (auto& [population, dropout] : dropout_) {
        const uint32_t size = plan_.network->population(population).size;
        for (uint32_t sample = 0; sample < batch_size_; ++sample)
            for (uint32_t neuron = 0; neuron < size; ++neuron)
                dropout.kept[size_t{sample} * size + neuron] =
                    draw_word({dropout.seed, update_, population, sample, neuron}, number) >= dropout.probability * 0x1p32;
        masks_.push_back({population, dropout.kept.data(), static_cast<float>(1.0 / (1.0 - dropout.probability))});
    }
}

namespace {

constexpr size_t counter_count = 5;

}  // namespace

size_t Trainer::state_count() const { return counter_count + optimizer_memory_->count() + learned_.moment_count() + latent_.count(); }

void Trainer::read_state(std::span<double> out_values) const {
    const double counters[counter_count] = {static_cast<double>(update_), static_cast<double>(epoch_),
                                            static_cast<double>(epoch_samples_), static_cast<double>(epoch_correct_), epoch_loss_};
    std::copy(std::begin(counters), std::end(counters), out_values.begin());
    const size_t of_weights = optimizer_memory_->count(), rest = counter_count + of_weights;
    optimizer_memory_->read(out_values.subspan(counter_count, of_weights));
    learned_.read_moments(out_values.subspan(rest));
    latent_.read(out_values.subspan(rest + learned_.moment_count()));
}

void Trainer::write_state(std::span<const double> values) {
    for (size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]) || (i + 1 < counter_count && (values[i] < 0 || values[i] > 0x1p53 || values[i] != std::floor(values[i]))))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "values[", i, "] is ", values[i], "; this is not the state of a trainer");
    const size_t of_weights = optimizer_memory_->count(), rest = counter_count + of_weights;
    const auto check_squares = [&](size_t from, const auto& memory) {
        memory.for_squares([&](size_t begin, size_t end) {
            for (size_t i = from + begin; i < from + end; ++i)
                if (values[i] < 0)
                    throw Error(SNN_ERROR_INVALID_ARGUMENT, "values[", i, "] is ", values[i], "; second moments and variances are at ",
                                "least 0: this is not the state of a trainer");
        });
    };
    check_squares(counter_count, *optimizer_memory_);
    check_squares(rest, learned_);
    check_squares(rest + learned_.moment_count(), latent_);
    phase_ = Phase::idle;
    update_ = static_cast<uint64_t>(values[0]);
    epoch_ = static_cast<uint64_t>(values[1]);
    epoch_samples_ = static_cast<uint64_t>(values[2]);
    epoch_correct_ = static_cast<uint64_t>(values[3]);
    epoch_loss_ = values[4];
    optimizer_memory_->write(values.subspan(counter_count, of_weights));
    learned_.write_moments(values.subspan(rest));
    latent_.write(values.subspan(rest + learned_.moment_count()));
}

SNNEpoch Trainer::end_epoch() {
    SNNEpoch epoch{sizeof epoch, ++epoch_, epoch_samples_, epoch_correct_,
                   epoch_samples_ ? epoch_loss_ / static_cast<double>(epoch_samples_) : 0.0};
    epoch_samples_ = epoch_correct_ = 0;
    epoch_loss_ = 0;
    return epoch;
}

}  // namespace snn
