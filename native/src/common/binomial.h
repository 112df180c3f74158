#pragma once

#include <cstdint>

#include "common/random.h"

namespace snn {

// How many of `trials` independent events of probability p happen. Exact up to the rounding of double. If few events are
// expected, it draws the distances between events, else it uses transformed rejection (BTRS; W. Hoermann, "The generation of
// binomial random variates", Journal of Statistical Computation and Simulation 46, 1993). trials below 2^53, 0 <= p <= 1.
uint64_t draw_binomial(RandomStream& io_stream, uint64_t trials, double p);

}  // namespace snn
