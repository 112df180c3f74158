#include "train/trainer.h"

#include <cmath>

#include "common/error.h"
#include "train/trainer_definition.h"

namespace snn {

namespace {

Trainable& checked_training(Executor& executor, const Plan& plan, const SNNTrainerDef& def) {
    check_definition(def, *plan.network);
    if (plan.step_adjoint.empty())
        throw Error(SNN_ERROR_UNSUPPORTED, "the network cannot be trained: ", plan.not_trainable_because);
    if (Trainable* const training = executor.trainable()) return *training;
    throw Error(SNN_ERROR_UNSUPPORTED, "this device cannot train; \"cpu\" can");
}

}  // namespace

Trainer::Trainer(Executor& executor, const Plan& plan, uint32_t batch_size, const SNNTrainerDef& def,
                 TrainedSession* session)
    : executor_(executor),
      training_(checked_training(executor, plan, def)),
      plan_(plan),
      def_(def),
      batch_size_(batch_size),
      losses_(*plan.network, batch_size, def_),
      spikes_(plan, batch_size, def),
      dropout_(*plan.network, batch_size),
      run_(*plan.network, batch_size, def),
      optimizer_memory_(training_.make_optimizer_memory(def.optimizer)),
      learned_(plan),
      latent_(executor, training_, plan, batch_size, def.step_count),
      state_(*optimizer_memory_, learned_, latent_),
      session_(session) {
    if (def.rule != SNN_LEARNING_BPTT) {
        check_rule(def, *plan.network, losses_.main());
        prepare_rule();
    }
    collect_outputs();
}

void Trainer::prepare_rule() {
    const auto step_of = [&](uint32_t index, const PopulationConstants& constants) {
        const Population& population = plan_.network->population(index);
        if (def_.rule != SNN_LEARNING_EVENTPROP) return linear_step(population, constants);
        std::vector<uint8_t> has_input(population.model->receptors.size(), 0);
        for (const Projection& projection : plan_.network->projections())
            if (projection.target == index) has_input[projection.receptor] = 1;
        return event_step(population, constants, has_input);
    };
    linear_.resize(plan_.populations.size());
    for (const KernelCall& call : plan_.step_adjoint) {
        if (call.kernel != Kernel::neuron_adjoint) continue;
        const Population& population = plan_.network->population(call.index);
        const Parameters& own = session_ ? session_->parameters_of(call.index) : population.parameters;
        linear_[call.index] = own.empty()
                                  ? step_of(call.index, plan_.populations[call.index])
                                  : step_of(call.index, make_population_constants(population, own, plan_.network->dt_ms()));
    }
}

// Collects the records that a run must make, and the gradients that a backward pass takes.
void Trainer::collect_outputs() {
    records_.clear();
    gradients_.clear();
    spikes_.add_records(records_);
    spikes_.add_gradients(gradients_);
    losses_.add_records(records_);
    losses_.add_gradients(gradients_);
}

// ---- Settings

void Trainer::set_auxiliary_loss(uint32_t population, uint32_t loss, double weight) {
    losses_.set_auxiliary(population, loss, weight);
    collect_outputs();
    phase_ = Phase::idle;
}

void Trainer::set_class_weights(std::span<const float> weights) {
    losses_.set_class_weights(weights);
    phase_ = Phase::idle;
}

void Trainer::set_learning_rate(double learning_rate) {
    check_number(learning_rate, 0, false, "learning_rate");
    def_.learning_rate = learning_rate;
}

void Trainer::set_dropout(uint32_t population, double probability, uint64_t seed) {
    dropout_.set(population, probability, seed);
    phase_ = Phase::idle;
}

void Trainer::set_quantization(uint32_t projection, uint32_t bits, bool per_channel) {
    phase_ = Phase::idle;
    latent_.set_quantization(projection, bits, per_channel);
}

void Trainer::set_normalization(uint32_t projection, double scale, double momentum, double epsilon) {
    if (scale > 0 && (def_.rule != SNN_LEARNING_BPTT || def_.window_steps > 0 || def_.checkpoint_steps > 0))
        throw Error(SNN_ERROR_UNSUPPORTED, "projection '", plan_.network->projection(projection).name,
                    "' cannot be normalised: its statistics are over all steps, which need to be on the tape at once and ",
                    "learned from as one, by SNN_LEARNING_BPTT without window_steps and checkpoint_steps");
    phase_ = Phase::idle;
    latent_.set_normalization(projection, scale, momentum, epsilon);
}

void Trainer::set_delay_learning(uint32_t projection, uint32_t kernel, double width, double rate_factor) {
    phase_ = Phase::idle;
    latent_.set_delay_learning(projection, kernel, width, rate_factor);
}

// ---- Forward

ForwardResult Trainer::forward(std::span<const InputFrames> inputs, const int32_t* labels, const float* targets) {
    run_.begin_whole(inputs);
    return forward_run(labels, targets);
}

ForwardResult Trainer::forward_window(uint32_t window, std::span<const InputFrames> inputs, const int32_t* labels,
                                      const float* targets) {
    run_.begin_window(window, inputs);
    return forward_run(labels, targets);
}

ForwardResult Trainer::forward_run(const int32_t* labels, const float* targets) {
    if (!losses_.main())
        throw Error(SNN_ERROR_STATE, "forward computes a loss, and the trainer has SNN_LOSS_NONE; run leaves it to the caller");
    run_taped(labels, records_);
    ForwardResult result;
    const WindowedRun::Steps steps = run_.steps();
    result.loss = losses_.evaluate(steps.begin, steps.count, spikes_, labels, targets);
    finish_forward(labels, result);
    scored_ = true;
    return result;
}

ForwardResult Trainer::run(std::span<const InputFrames> inputs, const int32_t* labels, std::span<const RecordFrames> records) {
    if (losses_.main())
        throw Error(SNN_ERROR_STATE,
                    "run leaves the loss to the caller, and the trainer has one of the library's; ",
                    "create it with SNN_LOSS_NONE");
    std::vector<RecordFrames> all = records_;
    all.insert(all.end(), records.begin(), records.end());
    run_.begin_whole(inputs);
    run_taped(labels, all);
    ForwardResult result;
    for (uint32_t sample = 0; sample < batch_size_; ++sample) result.loss.sample_count += !labels || labels[sample] >= 0;
    finish_forward(labels, result);
    regularization_ = result.loss.loss;
    return result;
}

// Executes the run that run_ has begun.
void Trainer::run_taped(const int32_t* labels, std::span<const RecordFrames> records) {
    phase_ = Phase::idle;
    spikes_.clear();
    if (run_.begins_batch()) {
        losses_.begin_batch();
        state_.begin_batch();
        dropout_.draw(state_.update_count());
        if (def_.rule != SNN_LEARNING_BPTT) prepare_rule();  // parameters may have changed
    }
    const WindowedRun::Steps steps = run_.steps();
    RunRequest request;
    request.first_step = steps.begin;
    request.dropout = dropout_.masks();
    request.step_count = steps.count;
    request.inputs = run_.inputs();
    request.records = records;
    request.tape = true;
    request.tape_steps = run_.tape_steps();
    // Rules with traces reach back beyond the beginning of a window, through the traces.
    request.gradient_steps = has_traces(def_) ? 0 : def_.window_steps;
    request.rule = static_cast<LearningRule>(def_.rule);
    request.linear = linear_;
    request.readout = def_.output_population;
    request.traces = has_traces(def_) && steps.count < def_.step_count;
    request.normalization = latent_.normalization(labels);
    try {
        if (session_) session_->begin_run(run_.begins_batch());
        else if (run_.begins_batch()) executor_.reset_state();
        with_latent_weights([&] { executor_.run(request); });
    } catch (...) {
        if (session_) session_->fail_run();
        throw;
    }
    if (session_) session_->end_run(uint64_t{steps.begin} + steps.count);
    taped_run_ = training_.taped_run_count();
}

// The steps after the loss, whether the library or the caller computes it.
void Trainer::finish_forward(const int32_t* labels, ForwardResult& io_result) {
    io_result.spike_count = spikes_.sum(labels);
    spikes_.regularize(run_.steps().count, labels, io_result.loss);
    last_ = io_result.loss;
    phase_ = Phase::forward_done;
}

// Calls use() while the executor holds the weights that training computes with.
template <class Use>
void Trainer::with_latent_weights(Use&& use) {
    latent_.begin();
    try {
        use();
    } catch (...) {
        latent_.end();
        throw;
    }
    latent_.end();
}

// ---- Backward

void Trainer::check_run_is_the_last(const char* what) const {
    if (training_.taped_run_count() != taped_run_)
        throw Error(SNN_ERROR_STATE, what, ": another trainer of this session has run forward since; begin again with forward");
}

void Trainer::backward() {
    if (!losses_.main())
        throw Error(SNN_ERROR_STATE,
                    "backward differentiates a loss, and the trainer has SNN_LOSS_NONE; run_backward takes the gradients ",
                    "of the caller's");
    if (phase_ != Phase::forward_done)
        throw Error(SNN_ERROR_STATE, "backward needs a forward before it, each forward serves one backward");
    check_run_is_the_last("backward");
    phase_ = Phase::idle;
    go_back(gradients_, {});
    phase_ = Phase::backward_done;
}

// The tape stays until the next forward, so backward may be called again for the same run.
void Trainer::run_backward(double loss, std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    if (losses_.main())
        throw Error(SNN_ERROR_STATE,
                    "run_backward takes gradients of the caller's loss, and the trainer has one of the library's; ",
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

void Trainer::go_back(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    with_latent_weights([&] {
        training_.backward(gradients, inputs);
        latent_.take_gradients();
    });
    if (!learned_.empty()) learned_.take_gradients(*training_.gradients(), *session_, run_.begins_batch());
}

// ---- Update

double Trainer::gradient_norm(uint32_t projection) const { return std::sqrt(latent_.square_sum(projection)); }

// A single update from a loss or gradient that is not finite would spoil every weight permanently.
void Trainer::check_gradients_are_finite() const {
    if (!std::isfinite(last_.loss))
        throw Error(SNN_ERROR_DIVERGED, "the loss is ", last_.loss, ", so the weights were not updated; a lower learning rate or ",
                    "gradient clipping may help");
    const auto& projections = plan_.network->projections();
    const Gradients* const gradients = training_.gradients();
    for (uint32_t p = 0; gradients && p < projections.size(); ++p)
        if (projections[p].trainable && !gradients->is_finite(p))
            throw Error(SNN_ERROR_DIVERGED, "projection '", projections[p].name, "': its gradient has the norm ", gradient_norm(p),
                        ", so the weights were not updated; a lower learning rate or gradient clipping may help");
    learned_.check_gradients_are_finite();
    latent_.check_gradients_are_finite();
}

// The factor for gradients that keeps their norm within the limit.
double Trainer::clipping() const {
    if (!(def_.gradient_clip_norm > 0)) return 1.0;
    double sum = 0;
    const auto& projections = plan_.network->projections();
    for (uint32_t p = 0; p < projections.size(); ++p)
        if (projections[p].trainable) sum += latent_.square_sum(p);
    sum += learned_.square_sum() + latent_.square_sum_of_scales();
    return std::sqrt(sum) > def_.gradient_clip_norm ? def_.gradient_clip_norm / std::sqrt(sum) : 1.0;
}

void Trainer::update() {
    if (phase_ != Phase::backward_done)
        throw Error(SNN_ERROR_STATE, "update needs a backward before it, each backward serves one update");
    check_run_is_the_last("update");
    phase_ = Phase::idle;
    check_gradients_are_finite();
    const OptimizerStep step{
        def_.optimizer, state_.update_count() + 1, def_.learning_rate,     def_.momentum, def_.beta1, def_.beta2,
        def_.epsilon,   def_.weight_decay,         def_.l1_regularization, clipping()};
    OptimizerStep of_parameters = step;
    of_parameters.learning_rate *= def_.parameter_rate_factor;
    of_parameters.weight_decay = of_parameters.l1_regularization = 0;  // a time constant should not decay to zero
    if (!learned_.empty()) learned_.prepare(of_parameters, *session_);
    latent_.update(step, *optimizer_memory_);
    if (!learned_.empty()) learned_.apply(*session_);
    state_.count_update(last_, run_.runs_of_batch(), run_.ends_batch());
}

std::span<const double> Trainer::scores() const {
    if (!scored_) throw Error(SNN_ERROR_STATE, "there are no scores before the first forward");
    return losses_.main()->scores();
}

void Trainer::write_state(std::span<const double> values) {
    state_.write(values);
    phase_ = Phase::idle;
}

}  // namespace snn
