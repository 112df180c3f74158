// The training calls of the executor: what they need is made at the first of them.
#include "common/error.h"
#include "cpu/backpropagation.h"
#include "cpu/executor.h"
#include "train/optimizer.h"

namespace snn::cpu {

void CpuExecutor::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    if (!tape_) throw Error(SNN_ERROR_STATE, "backward needs a taped run before it");
    if (!backpropagation_) backpropagation_ = std::make_unique<Backpropagation>(context_, *tape_);
    backpropagation_->run(gradients, inputs);
}

double CpuExecutor::gradient_square_sum(uint32_t projection) const {
    return backpropagation_ ? backpropagation_->gradient_square_sum(projection) : 0.0;
}

bool CpuExecutor::gradient_is_finite(uint32_t projection) const {
    return !backpropagation_ || backpropagation_->gradient_is_finite(projection);
}

void CpuExecutor::read_constant_gradient(uint32_t population, uint32_t place, double* out_values) const {
    if (!backpropagation_) throw Error(SNN_ERROR_STATE, "there was no backward pass yet");
    backpropagation_->read_constant_gradient(population, place, out_values);
}

void CpuExecutor::read_initial_gradient(uint32_t population, uint32_t state, double* out_values) const {
    if (!backpropagation_) throw Error(SNN_ERROR_STATE, "there was no backward pass yet");
    backpropagation_->read_initial_gradient(population, state, out_values);
}

void CpuExecutor::read_gamma_gradient(uint32_t projection, double* out_values) const {
    const std::vector<double>& gradient = context_.normalized[projection]->rows.gamma_gradient;
    std::copy(gradient.begin(), gradient.end(), out_values);
}

std::unique_ptr<OptimizerMemory> CpuExecutor::make_optimizer_memory(uint32_t optimizer) {
    return std::make_unique<Moments>(context_, has_second_moment(optimizer));
}

void CpuExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    if (!backpropagation_) throw Error(SNN_ERROR_STATE, "update needs a backward pass before it");
    backpropagation_->update(step, static_cast<Moments&>(memory));
}

}  // namespace snn::cpu
