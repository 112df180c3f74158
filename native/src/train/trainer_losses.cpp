#include "train/trainer_losses.h"

#include <cmath>

#include "common/error.h"
#include "train/trainer_definition.h"

namespace snn {

template <class Use>
void TrainerLosses::for_heads(Use&& use) const {
    if (main_) use(*main_, 1.0);
    for (const auto& [population, auxiliary] : auxiliary_) use(*auxiliary.head, auxiliary.weight);
}

TrainerLosses::TrainerLosses(const Network& network, uint32_t batch_size, const SNNTrainerDef& def)
    : network_(network), batch_size_(batch_size), def_(def) {
    if (def.loss != SNN_LOSS_NONE)
        main_ = std::make_unique<LossHead>(network, def.output_population, def.loss, batch_size, def, "def->");
}

// ---- Settings

void TrainerLosses::set_auxiliary(uint32_t population, uint32_t loss, double weight) {
    if (!main_) throw Error(SNN_ERROR_STATE, "the trainer has SNN_LOSS_NONE: the caller's loss may look at any population");
    const Population& chosen = network_.population(population);
    if (population == def_.output_population)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", chosen.name, "' is the output population, which has def->loss");
    if (!(weight >= 0) || !std::isfinite(weight))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "weight is ", weight, "; expected a finite number of at least 0");
    if (def_.rule == SNN_LEARNING_EPROP)
        throw Error(SNN_ERROR_UNSUPPORTED, "e-prop: learning signals come from one output population, and '", chosen.name,
                    "' would be a second one");
    if (weight == 0) {
        auxiliary_.erase(population);
        return;
    }
    auto head = std::make_unique<LossHead>(network_, population, loss, batch_size_, def_, "");
    if (head->output_count() != main_->output_count())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", chosen.name, "' has ", head->output_count(),
                    " neurons and the output population ", main_->output_count(),
                    "; their losses look at the same labels or targets");
    if (head->kind().targets_in_time() != main_->kind().targets_in_time())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "loss is ", loss, " and def->loss is ", def_.loss,
                    "; either both take targets of each step or none does");
    if (def_.rule == SNN_LEARNING_EVENTPROP) check_spike_times(network_, *head);
    head->set_class_weights(class_weights_);
    auxiliary_[population] = {std::move(head), weight};
}

void TrainerLosses::set_class_weights(std::span<const float> weights) {
    if (!main_)
        throw Error(SNN_ERROR_STATE, "the weights of classes are for the library's losses; the trainer has SNN_LOSS_NONE");
    if (!weights.empty() && weights.size() != main_->output_count())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "count is ", weights.size(), "; expected ", main_->output_count(),
                    " (outputs), or 0 for none");
    for (size_t k = 0; k < weights.size(); ++k)
        if (!(weights[k] >= 0) || !std::isfinite(weights[k]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "weights[", k, "] is ", weights[k],
                        "; expected a finite number of at least 0");
    class_weights_.assign(weights.begin(), weights.end());
    for_heads([&](LossHead& head, double) { head.set_class_weights(class_weights_); });
}

// ---- Labels and targets

// Checks that the loss has what it compares the output with.
void TrainerLosses::check_targets_of(const LossHead& head, bool with_targets) const {
    const LossKind& kind = head.kind();
    if (with_targets && kind.takes_no_targets())
        throw Error(SNN_ERROR_INVALID_ARGUMENT,
                    "batch->targets belong to the MEAN_SQUARE losses and VAN_ROSSUM; the loss of population '",
                    network_.population(head.population()).name, "' takes labels");
    if (!with_targets && !kind.takes_labels_alone())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->targets is null; the loss of population '",
                    network_.population(head.population()).name, "' compares with targets and takes labels beside them only");
}

void TrainerLosses::check_targets(const int32_t* labels, size_t label_count, const float* targets, size_t target_count) const {
    if (label_count != (labels ? batch_size_ : 0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->label_count is ", label_count, "; expected ",
                    labels ? text(batch_size_, " (batch_size)") : "0, because labels is null");
    const uint32_t outputs = main_ ? main_->output_count() : 0;
    const bool in_time = main_ && main_->kind().targets_in_time();
    const size_t expected = size_t{batch_size_} * outputs * (in_time ? def_.step_count : 1);
    if (target_count != (targets ? expected : 0))
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->target_count is ", target_count, "; expected ",
                    targets ? text(expected, in_time ? text(" (steps ", def_.step_count, " x ") : std::string(" ("),
                                   "batch_size ", batch_size_, " x outputs ", outputs, ")")
                            : "0, because targets is null");
    if (!labels && !targets && main_) throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch has neither labels nor targets");
    if (targets && !main_)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "batch->targets are for the library's losses; the trainer has SNN_LOSS_NONE");
    for_heads([&](const LossHead& head, double) { check_targets_of(head, targets != nullptr); });
    for (uint32_t sample = 0; labels && sample < batch_size_; ++sample)
        if (labels[sample] < -1 || (main_ && labels[sample] >= static_cast<int64_t>(outputs)))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "labels[", sample, "] is ", labels[sample], "; expected ",
                        main_ ? text("0 to ", outputs - 1) : std::string("0 or more"), ", or -1 for padding");
    for (size_t i = 0; targets && i < target_count; ++i)
        if (!std::isfinite(targets[i]))
            throw Error(SNN_ERROR_INVALID_ARGUMENT, "targets[", i, "] is ", targets[i], "; targets must be finite");
}

// ---- In a run

void TrainerLosses::add_records(std::vector<RecordFrames>& io_records) {
    for_heads([&](LossHead& head, double) { head.add_records(io_records); });
}

void TrainerLosses::add_gradients(std::vector<OutputGradient>& io_gradients) const {
    for_heads([&](const LossHead& head, double) { head.add_gradients(io_gradients); });
}

void TrainerLosses::begin_batch() {
    for_heads([](LossHead& head, double) { head.begin_batch(); });
}

LossResult TrainerLosses::evaluate(uint32_t first_step, uint32_t step_count, const SpikeCounts& spikes, const int32_t* labels,
                                   const float* targets) {
    // Either all losses take targets of each step or none does.
    if (targets && main_->kind().targets_in_time()) targets += size_t{first_step} * batch_size_ * main_->output_count();
    LossResult sum;
    for_heads([&](LossHead& head, double weight) {
        const LossResult result = head.evaluate(step_count, spikes.of(head.population()), labels, targets, weight);
        if (&head == main_.get()) sum = result;
        else sum.loss += result.loss;
    });
    return sum;
}

double TrainerLosses::mean_of(uint32_t population) const {
    const Population& chosen = network_.population(population);
    if (main_ && population == def_.output_population) return main_->mean_loss();
    const auto found = auxiliary_.find(population);
    if (found == auxiliary_.end())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "population '", chosen.name, "' has no loss of the library's in this trainer");
    return found->second.head->mean_loss();
}

}  // namespace snn
