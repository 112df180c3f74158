// What an executor that trains offers in addition (backend.h): back-propagation through its last taped run, and updates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "backend/backend.h"

namespace snn {

// dL/d(activity) or dL/d(state after the step) that a loss passes in.
struct OutputGradient {
    enum Kind : uint8_t { activity, state };
    Kind kind;
    uint32_t population;
    uint32_t state_index;
    DType dtype;         // float32 or float64
    const void* data;    // [batch][size] of the first step
    size_t step_stride;  // elements to the next step's frame; 0: the same at every step
};

// Where dL/d(activity) of an input is written, if the plan has input gradients.
struct InputGradient {
    uint32_t population;
    DType dtype;         // float32 or float64
    void* data;          // [batch][size] of the first step
    size_t step_stride;  // elements to the next step's frame
};

struct OptimizerStep {
    uint32_t optimizer;  // SNN_OPTIMIZER_*
    uint64_t update;     // 1 = the first
    double learning_rate, momentum, beta1, beta2, epsilon, weight_decay, l1_regularization;
    double gradient_scale;  // from clipping; applied to the gradient before anything else
};

// What an optimiser carries from update to update: the moments of every trainable projection, in the device's memory. Each
// trainer has its own.
class OptimizerMemory {
public:
    virtual ~OptimizerMemory() = default;
    // The whole memory as numbers, in the backend's own order; exact.
    virtual size_t count() const = 0;
    virtual void read(std::span<double> out_values) const = 0;
    virtual void write(std::span<const double> values) = 0;
    // Calls use(begin, end) for each range of these numbers that holds second moments: means of squares, never negative.
    virtual void for_squares(const std::function<void(size_t begin, size_t end)>& use) const = 0;
};

// The results of a backward pass. The gradients of weights and biases themselves are slots.
class Gradients {
public:
    // Sum of squares of one projection's weight and bias gradient, added up in index order in double.
    virtual double square_sum(uint32_t projection) const = 0;
    // False if a value of the projection's gradient is infinite or not a number.
    virtual bool is_finite(uint32_t projection) const = 0;
    // For each neuron of a population with learnable parameters: dL/d(constant, as the steps read it), summed over the samples
    // in order, in double. `place` is an index into LearningPlan::constants.
    virtual void read_constant(uint32_t population, uint32_t place, double* out_values) const = 0;
    // The same for dL/d(float state before the first step).
    virtual void read_initial(uint32_t population, uint32_t state, double* out_values) const = 0;

protected:
    ~Gradients() = default;
};

class Trainable {
public:
    // Whether runs may normalise projections.
    virtual bool can_normalize() const = 0;
    // Whether all that is learned is in the host's memory, and no device that fails takes it away.
    virtual bool outlasts_devices() const { return false; }
    // Whether a taped run may have lists of spikes in place of frames (InputFrames::neurons).
    virtual bool takes_taped_spike_lists() const { return false; }
    // Checks an input (not a held one) for a taped run of `step_count` steps, with all threads, like first_wrong() of
    // common/values.h. It changes nothing that a run sees. `packs`: the run keeps all steps on the tape at once, so the check
    // may also make the packed form that the run needs, InputFrames::bits, valid until the next call. Returns nothing if it
    // did not check the input; the caller then has to.
    virtual std::optional<size_t> first_wrong(InputFrames& io_input, uint32_t step_count, bool packs) {
        static_cast<void>(io_input), static_cast<void>(step_count), static_cast<void>(packs);
        return std::nullopt;
    }
    // How many taped runs were started, failed ones included. This number identifies the run of the tape and the gradients.
    virtual uint64_t taped_run_count() const = 0;
    // Computes the gradients of all trainable weights and biases over the steps of the last taped run (overwrites the gradient
    // slots), and of the inputs asked for. May be called again for the same run.
    virtual void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) = 0;
    // The results of the last backward pass, also after an update. Ask for the pointer again after every other call. Null or
    // zeros: there was no backward pass.
    virtual const Gradients* gradients() const = 0;
    // Makes zero moments for SNN_OPTIMIZER_*. They may not outlive the executor.
    virtual std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) = 0;
    // Updates weights, biases and the optimiser's moments of every trainable projection. Weights of fixed-point
    // projections are held within the range their scale allows. `memory` was made by this executor for this optimiser.
    virtual void update(const OptimizerStep& step, OptimizerMemory& memory) = 0;

protected:
    ~Trainable() = default;
};

}  // namespace snn
