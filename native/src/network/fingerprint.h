// Tells whether a saved run belongs to the same network as the present one. Not a protection against a crafted network.
#pragma once

#include <cstdint>
#include <string>

#include "network/network.h"

namespace snn {

// Describes in words what determines the meaning of each weight: weights fit any projection with the same description.
// For windows it covers shapes, for the other kinds only sizes.
std::string wiring_of(const Network& network, const Projection& projection);

// The same, with everything else that determines what the projection delivers.
std::string delivery_of(const Network& network, const Projection& projection);

// Describes in words what determines the meaning of a population's state: shape, model and options.
std::string nature_of(const Population& population);

// A hash as it is written to files: 16 digits.
std::string hexadecimal(uint64_t hash);

// Hash of the definition (an op list) of a model or a plasticity rule, independent of white space in its text.
uint64_t hash_of_definition(const std::string& json);

// Hash over all synapses, whatever form they have: arrays, and a rule that makes the same synapses, have the same hash. The
// synapses of a rule are made row by row, which takes a moment for hundreds of millions.
struct ProjectionHash {
    uint64_t connections = 0;  // 0 if wiring_of() already describes all connections
    uint64_t weights = 0;      // weights as delivered (rounded if compact), and the bias
};
ProjectionHash hash_of_projection(const Projection& projection);

}  // namespace snn
