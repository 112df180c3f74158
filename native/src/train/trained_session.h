// What a trainer asks of the session that it trains.
#pragma once

#include <cstdint>

#include "network/plan.h"

namespace snn {

// Who holds what a trainer works on: the parameters that are in use, and the state that a run begins with and leaves.
class TrainedSession {
public:
    virtual ~TrainedSession() = default;
    // The state is lost from begin_run() to end_run(); after an error meanwhile, fail_run() resets it if the executor can.
    // `anew`: begins with the initial states; else goes on from the end of the run before.
    virtual void begin_run(bool anew) = 0;
    virtual void end_run(uint64_t steps_since_reset) = 0;
    virtual void fail_run() noexcept = 0;
    virtual const Parameters& parameters_of(uint32_t population) const = 0;
    virtual void set_parameters(uint32_t population, Parameters parameters, const PopulationConstants& constants) = 0;
    virtual void set_parameter_gradients(uint32_t population, const Parameters& gradients) = 0;
};

}  // namespace snn
