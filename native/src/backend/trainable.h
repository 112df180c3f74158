// What an executor that trains can do besides (backend.h): back-propagate through its last taped run, and update weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "backend/backend.h"

namespace snn {

// dL/d(activity) or dL/d(state after the step) that a loss hands in.
struct OutputGradient {
    enum Kind : uint8_t { activity, state };
    Kind kind;
    uint32_t population;
    uint32_t state_index;
    DType dtype;         // float32 or float64
    const void* data;    // first step's [batch][size]
    size_t step_stride;  // elements to the next step's frame; 0: the same at every step
};

// Where dL/d(activity) of an input goes, when the plan has input gradients.
struct InputGradient {
    uint32_t population;
    DType dtype;         // float32 or float64
    void* data;          // first step's [batch][size]
    size_t step_stride;  // elements to the next step's frame
};

struct OptimizerStep {
    uint32_t optimizer;  // SNN_OPTIMIZER_*
    uint64_t update;     // 1 = the first
    double learning_rate, momentum, beta1, beta2, epsilon, weight_decay, l1_regularization;
    double gradient_scale;  // from clipping; applied to the gradient before anything else
};

// What an optimiser remembers from update to update: the moments of every trainable projection, in the device's memory.
// Each trainer has its own.
class OptimizerMemory {
public:
    virtual ~OptimizerMemory() = default;
    // All of it as numbers, in an order of the backend's own; exact.
    virtual size_t count() const = 0;
    virtual void read(std::span<double> out_values) const = 0;
    virtual void write(std::span<const double> values) = 0;
    // Calls use(begin, end) for each stretch of them that are second moments: means of squares, never negative.
    virtual void for_squares(const std::function<void(size_t begin, size_t end)>& use) const = 0;
};

// What a backward pass found. The gradients of weights and biases themselves are slots.
class Gradients {
public:
    // Sum of squares of one projection's weight and bias gradient, added up in index order in double.
    virtual double square_sum(uint32_t projection) const = 0;
    // False when a value of the projection's gradient is infinite or not a number.
    virtual bool is_finite(uint32_t projection) const = 0;
    // Of each neuron of a population that learns, summed over the samples in order, in double: dL/d(a constant, as the steps
    // read it); `place` counts LearningPlan::constants.
    virtual void read_constant(uint32_t population, uint32_t place, double* out_values) const = 0;
    // The same, dL/d(a float state before the first step).
    virtual void read_initial(uint32_t population, uint32_t state, double* out_values) const = 0;

protected:
    ~Gradients() = default;
};

class Trainable {
public:
    // Whether runs may have normalised projections.
    virtual bool can_normalize() const = 0;
    // Whether all that is learned is in the host's memory, and no device that fails takes it away.
    virtual bool outlasts_devices() const { return false; }
    // Whether a taped run may have lists of spikes in place of frames (InputFrames::neurons).
    virtual bool takes_taped_spike_lists() const { return false; }
    // Looks through an input that is not held for a taped run of so many steps, by all threads: first_wrong() of
    // common/values.h for its frames. It changes nothing that a run sees. `packs`: the run has all steps on the tape together,
    // so that what it needs of them may be made in passing: InputFrames::bits, valid until the next call. Without an answer it
    // did not look, and the caller has to.
    virtual std::optional<size_t> first_wrong(InputFrames& io_input, uint32_t step_count, bool packs) {
        static_cast<void>(io_input), static_cast<void>(step_count), static_cast<void>(packs);
        return std::nullopt;
    }
    // How many taped runs there were, failed ones included: the number of the run that tape and gradients are from.
    virtual uint64_t taped_run_count() const = 0;
    // Gradients of all trainable weights and biases over the steps of the last taped run (overwrites the gradient
    // slots), and of the inputs asked for. May be called again for the same run.
    virtual void backward(std::span<const OutputGradient> gradients, std::span<const InputGradient> inputs) = 0;
    // Of the last backward pass, also after an update; to be asked for again after every other call. Null or zeros: there was
    // none.
    virtual const Gradients* gradients() const = 0;
    // Moments at zero for SNN_OPTIMIZER_*. May not outlive the executor.
    virtual std::unique_ptr<OptimizerMemory> make_optimizer_memory(uint32_t optimizer) = 0;
    // Updates weights, biases and the optimiser's moments of every trainable projection. Weights of fixed-point
    // projections are held within the range their scale allows. `memory` was made by this executor for this optimiser.
    virtual void update(const OptimizerStep& step, OptimizerMemory& memory) = 0;

protected:
    ~Trainable() = default;
};

}  // namespace snn
