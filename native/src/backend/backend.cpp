#include "backend/backend.h"

#include "common/error.h"

namespace snn {

namespace {

[[noreturn]] void cannot_train() { throw Error(SNN_ERROR_UNSUPPORTED, "this device cannot train"); }

}  // namespace

void Executor::backward(std::span<const OutputGradient>) { cannot_train(); }
double Executor::gradient_square_sum(uint32_t) const { cannot_train(); }
void Executor::update(const OptimizerStep&) { cannot_train(); }

}  // namespace snn
