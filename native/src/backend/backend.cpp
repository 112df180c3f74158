#include "backend/backend.h"

#include "common/error.h"

namespace snn {

namespace {

[[noreturn]] void cannot_train() { throw Error(SNN_ERROR_UNSUPPORTED, "this device cannot train; \"cpu\" can"); }

[[noreturn]] void cannot_share() {
    throw Error(SNN_ERROR_UNSUPPORTED, "the session is not on a Vulkan device: it has no buffers there and records no commands");
}

[[noreturn]] void cannot_signal() {
    throw Error(SNN_ERROR_UNSUPPORTED, "on this device the parameters of a rule of plasticity stay, and it takes no signals; on \"cpu\" ",
                "they change");
}

}  // namespace

void check_shared_weights(const ExecutorOptions& options, std::string_view device) {
    if (options.flags & SNN_FLAG_SAMPLE_WEIGHTS)
        throw Error(SNN_ERROR_UNSUPPORTED, "device '", device,
                    "' has no weights for each sample (SNN_FLAG_SAMPLE_WEIGHTS); \"cpu\" has");
}

void Executor::set_plasticity(uint32_t, std::shared_ptr<const PlasticityPlan>) { cannot_signal(); }
void Executor::signal(uint32_t, float) { cannot_signal(); }
void Executor::record(const RunRequest&, void*) { cannot_share(); }
void* Executor::begin_submission() { cannot_share(); }
void Executor::submit(void*, const SNNVulkanSubmission&) { cannot_share(); }
DeviceBuffer Executor::state_buffer(uint32_t, uint32_t) const { cannot_share(); }
void Executor::bind_buffer(uint32_t, Port, const DeviceBuffer*) { cannot_share(); }
void Executor::set_readback(std::span<const Slot>, uint32_t) { cannot_share(); }
void Executor::record_readback(uint64_t, void*) { cannot_share(); }
bool Executor::read_back(size_t, uint64_t, DType, void*, uint64_t&) const { cannot_share(); }
void Executor::plan(const RunRequest&, SNNVulkanPlan&) { cannot_share(); }
void Executor::backward(std::span<const OutputGradient>, std::span<const InputGradient>) { cannot_train(); }
double Executor::gradient_square_sum(uint32_t) const { cannot_train(); }
bool Executor::gradient_is_finite(uint32_t) const { cannot_train(); }
void Executor::read_constant_gradient(uint32_t, uint32_t, double*) const { cannot_train(); }
void Executor::read_initial_gradient(uint32_t, uint32_t, double*) const { cannot_train(); }
void Executor::read_gamma_gradient(uint32_t, double*) const { cannot_train(); }
std::unique_ptr<OptimizerMemory> Executor::make_optimizer_memory(uint32_t) { cannot_train(); }
void Executor::update(const OptimizerStep&, OptimizerMemory&) { cannot_train(); }

}  // namespace snn
