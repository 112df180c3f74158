// Training: what it needs of the executor, and what goes between them.
#include "common/error.h"
#include "vulkan/executor.h"

namespace snn::vulkan {

Training& VulkanExecutor::training() {
    if (training_) return *training_;
    TrainingPlace place{.device = device_,
                        .pipelines = pipelines_,
                        .plan = *plan_,
                        .batch_size = batch_size_,
                        .first_sample = first_sample_,
                        .populations = populations_,
                        .projections = projections_,
                        .run = run_[0],
                        .normal_table = normal_table_at_,
                        .projection_counters = {},
                        .thread_count = thread_count_,
                        .job_system = job_system_,
                        .set_weights = [this](uint32_t q, std::vector<float> weights) { set_weights(q, std::move(weights)); }};
    for (uint32_t q = 0; q < projections_.size(); ++q) place.projection_counters.push_back(counter_of_projection(q));
    training_ = std::make_unique<Training>(std::move(place));
    return *training_;
}

void VulkanExecutor::run_taped(const RunRequest& request) {
    for (const InputFrames& input : request.inputs)
        if (host_buffers_[input.population].input.buffer)
            throw Error(SNN_ERROR_UNSUPPORTED, "input '", network().population(input.population).name,
                        "' is read from a buffer of the host program; training on the device \"vulkan\" takes inputs from "
                        "batches only");
    training().run(request, seed_);
    now_ += request.step_count;
}

void VulkanExecutor::backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) {
    training().backward(gradients, inputs);
}

double VulkanExecutor::gradient_square_sum(uint32_t projection) const {
    return training_ ? training_->gradient_square_sum(projection) : 0;
}

bool VulkanExecutor::gradient_is_finite(uint32_t projection) const {
    return !training_ || training_->gradient_is_finite(projection);
}

void VulkanExecutor::read_constant_gradient(uint32_t population, uint32_t place, double* out_values) const {
    training_->read_constant_gradient(population, place, out_values);
}

void VulkanExecutor::read_initial_gradient(uint32_t population, uint32_t state, double* out_values) const {
    training_->read_initial_gradient(population, state, out_values);
}

void VulkanExecutor::read_gamma_gradient(uint32_t projection, double* out_values) const {
    training_->read_gamma_gradient(projection, out_values);
}

std::unique_ptr<OptimizerMemory> VulkanExecutor::make_optimizer_memory(uint32_t optimizer) {
    return training().make_optimizer_memory(optimizer);
}

void VulkanExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    training().update(step, static_cast<Moments&>(memory));
}

}  // namespace snn::vulkan
