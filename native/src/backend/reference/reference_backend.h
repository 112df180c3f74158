// The executable definition of every kernel: docs/semantics.md as plain loops, one neuron and one connection at a time,
// without vector instructions or threads. Every other backend is tested against it.
//
//   synapses.h      which synapses a source neuron has, in stored order: the one place that knows the connection kinds
//   evaluate.h      op lists, one operation after the other
//   executor.cpp    forward: the plan's kernel calls in order
//   gradient.cpp    backward: the adjoint of each kernel, from the last step to the first, and the optimisers
//
// float32 gives the bits that every backend gives. SNN_FLAG_FLOAT64 computes the same in double, without rounding weights to
// fixed point. With SNN_FLAG_SMOOTH_SPIKES, spikes are also replaced by the surrogate's smooth function, so the whole network
// is a differentiable function of its weights and finite differences can check every gradient. This holds if the model
// differentiates what it computes, which needs reset_gradient "attached", and if nothing counts spikes in whole numbers
// (refractory periods, resets in the next step). A detached reset leaves a term out on purpose, so finite differences disagree
// with it by design; the model compiler's numpy targets check those adjoints term by term.
#pragma once

#include "backend/backend.h"

namespace snn {

extern const Backend reference_backend;

}  // namespace snn
