// Stages: the parts into which batch normalisation through time divides a network. A normalised projection delivers nothing
// before its source has gone through all steps, so a run takes one stage after the other, each through all steps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace snn {

// Whether the source of a projection can be reached from its target, also through delays.
bool lies_on_cycle(const Network& network, uint32_t projection);

// For each population, the largest number of normalised projections on any path that begins at it. A run begins with the
// populations of the largest number, a backward pass with those of 0. No normalised projection may lie on a cycle.
std::vector<uint32_t> stages_of(const Network& network, std::span<const uint32_t> normalized);

}  // namespace snn
