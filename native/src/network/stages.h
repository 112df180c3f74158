// Stages of a network: what batch normalisation through time cuts it into. A normalised projection delivers nothing before its
// source has gone through all steps, so a run takes the stages one after the other, and each through all steps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/network.h"

namespace snn {

// Whether the source of a projection can be reached from its target, through delays too.
bool lies_on_cycle(const Network& network, uint32_t projection);

// For each population, how many of the normalised projections there are at most on a way from it to anywhere: a run begins with
// the populations of the largest number, a backward pass with those of 0. None of them may lie on a cycle.
std::vector<uint32_t> stages_of(const Network& network, std::span<const uint32_t> normalized);

}  // namespace snn
