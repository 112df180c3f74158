// Parameters of neurons that training changes: from the gradients of a step's constants to those of the parameters, and their
// optimiser. A handful of numbers beside the weights, so this is done here, in double, for every backend.
//
// A parameter p that must lie above m is stepped as theta = log(p - m), dL/dtheta = (p - m) dL/dp: it stays above m, and a step
// changes p - m by a share of itself, whatever its unit. Others are stepped as they are and held within their limits.
// (Parametric LIF, Fang et al. 2021, steps a logit of the decay for the same reasons; here every positive parameter of every
// model is treated alike.)
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "backend/trainable.h"
#include "network/plan.h"
#include "train/trained_session.h"

namespace snn {

class LearnedParameters {
public:
    explicit LearnedParameters(const Plan& plan);

    bool empty() const { return populations_.empty(); }
    // After a backward pass; `from_reset`: of a run that began at the initial states.
    void take_gradients(const Gradients& gradients, TrainedSession& session, bool from_reset);
    double square_sum() const;  // of the gradients as they are stepped
    // Throws SNN_ERROR_DIVERGED with the parameter whose gradient is infinite or not a number.
    void check_gradients_are_finite() const;
    // What the parameters and the memory of the optimiser become with apply(). Throws SNN_ERROR_DIVERGED when a parameter leaves
    // its range; nothing has changed then.
    void prepare(const OptimizerStep& step, const TrainedSession& session);
    void apply(TrainedSession& session);

    // The moments, as OptimizerMemory's.
    size_t count() const;
    void read(std::span<double> out_values) const;
    void write(std::span<const double> values);
    void for_squares(const std::function<void(size_t begin, size_t end)>& use) const;

private:
    struct Learned {
        uint32_t parameter;
        std::vector<double> gradient;  // dL/dtheta, one for each value
        std::vector<double> first, second;
        std::vector<double> next_first{}, next_second{};
    };
    struct OfPopulation {
        uint32_t population;
        std::vector<Learned> learned;
        Parameters gradients;  // dL/dp
        Parameters next;
        PopulationConstants next_constants;
    };

    const Plan& plan_;
    std::vector<OfPopulation> populations_;
};

}  // namespace snn
