// Parameters of neurons that training changes: turns the gradients of a step's constants into those of the parameters, and
// optimises the parameters. They are few compared with the weights, so this is done here, in double, for every backend.
//
// A parameter p that must stay above m is optimised as theta = log(p - m), with dL/dtheta = (p - m) dL/dp. So p stays above m,
// and a step changes p - m by a proportion of itself, whatever its unit. Other parameters are changed directly and clamped to
// their limits. (Parametric LIF, Fang et al. 2021, optimises a logit of the decay for the same reasons; here every positive
// parameter of every model is treated alike.)
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
    // Call after a backward pass. `from_reset`: the run began at the initial states.
    void take_gradients(const Gradients& gradients, TrainedSession& session, bool from_reset);
    double square_sum() const;  // of the gradients by theta
    // Throws SNN_ERROR_DIVERGED with the name of a parameter whose gradient is infinite or not a number.
    void check_gradients_are_finite() const;
    // Computes the new parameters and the optimiser's new moments, which apply() then puts into effect. Throws
    // SNN_ERROR_DIVERGED if a parameter leaves its range; in this case nothing has changed.
    void prepare(const OptimizerStep& step, const TrainedSession& session);
    void apply(TrainedSession& session);

    // The moments, in the form of OptimizerMemory.
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
