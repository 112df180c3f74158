// The executor's side of training: what Training needs from it, taped runs and updates.
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
                        // This does not go through write(): after an error, settle() repeats it, so steps stay possible.
                        .load_weights = [this](uint32_t q, std::vector<float> weights) {
                            load_weights(q, std::move(weights));
                        }};
    for (uint32_t q = 0; q < projections_.size(); ++q) place.projection_counters.push_back(counter_of_projection(q));
    Device::Claim claim(device_);
    training_ = std::make_unique<Training>(std::move(place));
    claim.keep();
    return *training_;
}

void VulkanExecutor::run_taped(const RunRequest& request) {
    for (const InputFrames& input : request.inputs)
        if (host_buffers_[input.population].input.buffer)
            throw Error(SNN_ERROR_UNSUPPORTED, "input '", network().population(input.population).name,
                        "' is read from a buffer of the host program; training on the device \"vulkan\" takes inputs from "
                        "batches only");
    const bool was_ahead = training().is_ahead();
    try {
        change_state([&] { training().run(request, seed_); });
    } catch (...) {
        is_torn_ |= was_ahead && !training().is_ahead();
        throw;
    }
    now_ += request.step_count;
}

// After an update that fails midway, it is unknown which weights have changed: all trained ones become unset.
void VulkanExecutor::update(const OptimizerStep& step, OptimizerMemory& memory) {
    check_set();
    Training& training = this->training();
    training.record_update(step, static_cast<Moments&>(memory));
    const uint64_t before = device_.change_count();
    try {
        training.run_update();
    } catch (...) {
        if (device_.change_count() != before)
            for (uint32_t q = 0; q < projections_.size(); ++q) {
                const Projection& projection = network().projection(q);
                if (!training.is_trained(q)) continue;
                if (projection.weight_count() > 0) is_set_[of_weights][q] = 0;
                if (projection.bias) is_set_[of_bias][q] = 0;
            }
        throw;
    }
}

}  // namespace snn::vulkan
