#include "train/loss_head.h"

#include "common/error.h"

namespace snn {

LossHead::LossHead(const Network& network, uint32_t population, uint32_t loss, uint32_t batch_size, const SNNTrainerDef& def,
                   const char* what)
    : population_(population), rate_on_(static_cast<double>(def.rate_on)), rate_off_(static_cast<double>(def.rate_off)) {
    const Population& output = network.population(population);
    if (output.is_input())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, "population ", population, " ('", output.name, "') is an input");
    if (loss >= loss_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, "loss is ", loss, "; expected one of SNN_LOSS_*");
    const LossKind& kind = loss_kind(loss);
    if (!kind.of_membrane() && !output.is_binary())
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, "loss looks at spikes, but population '", output.name, "' has model '",
                    output.model->name, "', which does not spike; use a membrane loss");
    if (kind.of_membrane() && !output.model->has_membrane)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, "loss is over the membrane, but population '", output.name,
                    "' has model '", output.model->name, "', which has none");
    const size_t frame = size_t{batch_size} * output.size;
    if (frame > SIZE_MAX / 64 / def.step_count)
        throw Error(SNN_ERROR_INVALID_ARGUMENT, what, "step_count ", def.step_count, " is too large for this batch and output");
    shape_ = {loss, def.step_count, batch_size, output.size, network.dt_ms(), def.van_rossum_tau_ms, def.label_smoothing};
    state_ = kind.of_membrane() ? output.model->membrane_state : 0;
    of_spike_times_ = def.rule == SNN_LEARNING_EVENTPROP && output.model->spiking;
    scores_.resize(frame);
    score_gradient_.resize(frame);
    maximum_steps_.resize(kind.score == LossKind::max_membrane ? frame : 0);
    frames_.resize(kind.needs_frames() ? frame * def.step_count : 0);
    gradient_.resize(kind.gradient_in_time() ? frame * def.step_count : frame);
}

void LossHead::add_records(std::vector<RecordFrames>& io_records) {
    if (!kind().needs_frames()) return;
    io_records.push_back({kind().of_membrane() ? RecordFrames::state : RecordFrames::activity, population_, state_,
                          DType::float64, frames_.data(), scores_.size()});
}

void LossHead::add_gradients(std::vector<OutputGradient>& io_gradients) const {
    io_gradients.push_back({kind().of_membrane() ? OutputGradient::state : OutputGradient::activity, population_, state_,
                            DType::float64, gradient_.data(), kind().gradient_in_time() ? scores_.size() : 0});
}

LossResult LossHead::evaluate(uint32_t step_count, std::span<const double> counts, const int32_t* labels, const float* targets,
                              double weight) {
    // The rows of these steps: a window may have fewer than the arrays have room for.
    const size_t rows = step_count * scores_.size();
    shape_.step_count = step_count;
    const auto frames = std::span<const double>(frames_).first(kind().needs_frames() ? rows : 0);
    const auto gradient = std::span(gradient_).first(kind().gradient_in_time() ? rows : gradient_.size());
    loss_scores(shape_, counts, frames, scores_, maximum_steps_);
    LossResult result;
    if (kind().in_time()) {
        result = evaluate_loss_in_time(shape_, scores_, frames, labels, targets, gradient);
    } else {
        result = evaluate_loss(shape_, scores_, labels, targets, rate_on_, rate_off_, score_gradient_);
        spread_gradient(shape_, score_gradient_, frames, maximum_steps_, gradient);
    }
    if (of_spike_times_) spike_time_gradient(shape_, score_gradient_, frames, gradient);
    result.loss *= weight;
    for (double& value : gradient) value *= weight;
    loss_sum_ += result.loss;
    evaluations_ += 1;
    return result;
}

}  // namespace snn
