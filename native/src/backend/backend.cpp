#include "backend/backend.h"

#include "common/error.h"

namespace snn {

namespace {

[[noreturn]] void cannot_signal() {
    throw Error(SNN_ERROR_UNSUPPORTED,
                "on this device the parameters of a rule of plasticity stay, and it takes no signals; on \"cpu\" ",
                "they change");
}

}  // namespace

void check_shared_weights(const ExecutorOptions& options, std::string_view device) {
    if (options.flags & SNN_FLAG_SAMPLE_WEIGHTS)
        throw Error(SNN_ERROR_UNSUPPORTED, "device '", device,
                    "' has no weights for each sample (SNN_FLAG_SAMPLE_WEIGHTS); \"cpu\" has");
}

void refuse_lost_state() {
    throw Error(SNN_ERROR_STATE, "an error ended an earlier change of this session's state (a run, a reset, a load, a write) ",
                "when some of it was done, so the state is not that of its step count; reset the session or load a state");
}

void Executor::set_plasticity(uint32_t, std::shared_ptr<const PlasticityPlan>) { cannot_signal(); }
void Executor::signal(uint32_t, float) { cannot_signal(); }

}  // namespace snn
