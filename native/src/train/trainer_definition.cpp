#include "train/trainer_definition.h"

#include <cmath>

#include "common/error.h"

namespace snn {

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
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->optimizer is ", def.optimizer, "; expected one of SNN_OPTIMIZER_*");
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

void check_rule(const SNNTrainerDef& def, const Network& network, const LossHead* head) {
    const char* const names[] = {"back-propagation", "OTTT", "e-prop", "EventProp"};
    const char* const name = names[def.rule];
    const auto& populations = network.populations();
    if (!head)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, "def->rule is ", name,
                    ", which needs one of the library's losses; def->loss is SNN_LOSS_NONE");
    for (const Population& population : populations)
        if (population.learns())
            throw Error(SNN_ERROR_UNSUPPORTED, name, " trains weights; population '", population.name,
                        "' has a learnable parameter");
    if (def.rule == SNN_LEARNING_EVENTPROP) {
        check_spike_times(network, *head);
        if (def.rate_regularization > 0)
            throw Error(SNN_ERROR_UNSUPPORTED, "EventProp: def->rate_regularization is ", def.rate_regularization,
                        ", and a rate does not change with the times of spikes; expected 0");
    }
    if (def.rule != SNN_LEARNING_EPROP) return;
    std::vector<uint8_t> gets_signals(populations.size());
    gets_signals[def.output_population] = 1;
    for (const Projection& projection : network.projections())
        if (projection.target == def.output_population && !projection.detached) gets_signals[projection.source] = 1;
    for (const Projection& projection : network.projections())
        if (projection.trainable && !gets_signals[projection.target])
            throw Error(SNN_ERROR_UNSUPPORTED, "e-prop: projection '", projection.name, "' cannot learn, since population '",
                        populations[projection.target].name, "' does not project onto the output population '",
                        populations[def.output_population].name, "'");
}

void check_spike_times(const Network& network, const LossHead& head) {
    const LossKind& kind = head.kind();
    const Population& output = network.population(head.population());
    if (!kind.of_membrane() && kind.score != LossKind::latency && kind.form != LossKind::van_rossum)
        throw Error(SNN_ERROR_UNSUPPORTED, "EventProp: the loss of population '", output.name,
                    "' counts spikes, and a count does not change with their times; use one of latency, of the membrane, or ",
                    "VAN_ROSSUM");
    if (kind.of_membrane() && output.model->spiking)
        throw Error(SNN_ERROR_UNSUPPORTED, "EventProp: the loss is over the membrane, and population '", output.name,
                    "' has model '", output.model->name, "', whose resets make it jump; use an output that does not spike");
}

}  // namespace snn
