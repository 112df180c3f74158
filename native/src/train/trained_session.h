// What a trainer needs from the session that it trains.
#pragma once

#include <cstdint>

#include "network/plan.h"

namespace snn {

// Owns what a trainer works on: the parameters in use, and the state before and after a run.
class TrainedSession {
public:
    virtual ~TrainedSession() = default;
    // The state is invalid from begin_run() to end_run(). After an error in between, fail_run() resets it if the executor can.
    // `anew`: the run begins with the initial states; otherwise it continues from the end of the previous run.
    virtual void begin_run(bool anew) = 0;
    virtual void end_run(uint64_t steps_since_reset) = 0;
    virtual void fail_run() noexcept = 0;
    virtual const Parameters& parameters_of(uint32_t population) const = 0;
    virtual void set_parameters(uint32_t population, Parameters parameters, const PopulationConstants& constants) = 0;
    virtual void set_parameter_gradients(uint32_t population, const Parameters& gradients) = 0;
};

}  // namespace snn
